"""CallSession: one call as a state machine.

Feed it with `receive(event, now)` and `expire(now)`, execute the commands that come back, in their
order, then send whatever `next_output(now)` has until it has nothing, and wake it at `deadline`.
Two paths are too hot for events: `caller_frame()` per frame in, `next_output()` per frame out.

Everything that changes the phase is in this file; which event may arrive in which phase stands in
TABLE, and no cell of it is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from calls.engine import events, notes
from calls.engine.commands import (
    AddNote,
    AnswerTool,
    ClearPlayback,
    Command,
    DeleteItem,
    EndCall,
    EndReason,
    Purpose,
    SaveTurn,
    TruncateItem,
)
from calls.engine.configuration import Configuration
from calls.engine.events import Event, FunctionCall, Mark
from calls.engine.fillers import Meaning
from calls.engine.limits import Limits
from calls.engine.metrics import Metrics
from calls.engine.playback import Heard, PlaybackLedger
from calls.engine.responses import BUSY_CODE, FATAL_CODES, ResponseArbiter
from calls.engine.timers import Timer, Timers
from calls.engine.transcript import Transcript
from calls.engine.turns import Decision, judge_candidate

END_CALL: Final = "end_call"
# Rounds of tool calls without a word to the caller, after which the model is left to itself.
TOOL_ROUNDS: Final = 5


class EngineError(Exception):
    """The adapter did what it may not: a fault of ours, never of the other side."""


class Phase(StrEnum):
    CONNECTING = "connecting"
    CONFIGURING = "configuring"
    GREETING = "greeting"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    CLOSING = "closing"
    ENDED = "ended"


class CallSession:
    def __init__(self, limits: Limits, now: float) -> None:
        self.limits = limits
        self.phase = Phase.CONNECTING
        self.metrics = Metrics()
        self.configuration = Configuration()
        self.arbiter = ResponseArbiter()
        self.ledger = PlaybackLedger(limits)
        self.transcript = Transcript()
        self.timers = Timers()
        self._started_at = now
        self._last_frame_at = now
        self._commands: list[Command] = []
        self._recreated = False  # the response at hand has had its second chance
        self._answer_owed = False  # a caller's turn that no response knows of
        self._warning_owed = False
        self._silences = 0
        self._tool_rounds = 0
        self._ending: tuple[EndReason, str] | None = None  # set while closing
        self.timers.set(Timer.CONFIGURE_GIVE_UP, now + limits.configure_give_up_s)
        self.timers.set(Timer.CARRIER_SILENT, now + limits.carrier_silent_s)
        self.timers.set(Timer.MAX_CALL, now + limits.max_call_s)
        if limits.max_call_s > limits.warning_s:
            self.timers.set(Timer.WARNING, now + limits.max_call_s - limits.warning_s)

    # The adapter's side

    def receive(self, event: Event, now: float) -> list[Command]:
        """What to do about an event. Raises EngineError for one that cannot be in this phase."""
        cell = TABLE[type(event)][self.phase]
        if cell is ILLEGAL:
            raise EngineError(f"{type(event).__name__} cannot arrive while {self.phase}")
        if cell is IGNORE:
            self.metrics.counters[f"ignored.{type(event).__name__}"] += 1
        else:
            cell(self, event, now)
        return self._take_commands()

    def expire(self, now: float) -> list[Command]:
        """Act on every timer whose time has come. Early or needless calls do nothing."""
        while (timer := self.timers.pop_due(now)) is not None:
            EXPIRIES[timer](self, now)
        for heard in self.ledger.overdue(now):
            self.metrics.counters["mark_missing"] += 1
            self._record_heard(heard)
        self._settle(now)
        return self._take_commands()

    @property
    def deadline(self) -> float | None:
        """When to call expire() and next_output() again; None when the call is over."""
        if self.phase is Phase.ENDED:
            return None
        deadline = self.timers.next_at
        for at in (self.ledger.output_at(), self.ledger.overdue_at()):
            if at is not None and (deadline is None or at < deadline):
                deadline = at
        return deadline

    def caller_frame(self, now: float) -> None:
        """A frame came from the carrier; whether it carries speech is the model's to say."""
        self.metrics.frames_in += 1
        self._last_frame_at = now

    def next_output(self, now: float) -> bytes | Mark | None:
        """The next frame or mark for the carrier, or None when none is due."""
        output = self.ledger.next_output(now)
        if self.metrics.greeting_latency_ms is None and output is not None:
            self.metrics.greeting_latency_ms = self._ms(now)
        return output

    def summary(self) -> Metrics:
        """The metrics, complete as far as the call has come."""
        self.metrics.compact_sent = self.configuration.compact_sent
        self.metrics.full_sent = self.configuration.full_sent
        self.metrics.full_confirmed = self.configuration.full_confirmed
        self.metrics.frames_sent = self.ledger.frames_sent
        self.metrics.utterances_total = self.transcript.utterances
        self.metrics.utterances_empty = self.transcript.by_meaning[Meaning.EMPTY]
        self.metrics.utterances_very_short = self.transcript.by_meaning[Meaning.VERY_SHORT]
        self.metrics.utterances_filler_only = self.transcript.by_meaning[Meaning.FILLER]
        return self.metrics

    # Set-up: compact prompt, confirmation, greeting, full prompt

    def _on_model_ready(self, _event: events.ModelReady, now: float) -> None:
        self.phase = Phase.CONFIGURING
        self._do(self.configuration.compact())
        self.timers.set(Timer.CONFIGURE_RETRY, now + self.limits.configure_retry_s)

    def _on_model_unavailable(self, event: events.ModelUnavailable, now: float) -> None:
        self._end(EndReason.MODEL_UNAVAILABLE, event.detail, now, apologise=True)

    def _on_confirmed(self, event: events.SessionConfirmed, now: float) -> None:
        if not self.configuration.confirms(event):
            return
        self.timers.clear(Timer.CONFIGURE_RETRY, Timer.CONFIGURE_GIVE_UP)
        self.phase = Phase.GREETING
        self.timers.set(Timer.GREETING_AUDIO, now + self.limits.greeting_audio_s)
        self._do(self.arbiter.request(Purpose.GREETING))

    def _on_expansion_confirmed(self, event: events.SessionConfirmed, _now: float) -> None:
        if self.configuration.confirms(event):
            self.timers.clear(Timer.EXPANSION_RETRY)

    def _on_configuration_error(self, event: events.ModelError, now: float) -> None:
        self.configuration.refusal = f"error {event.code}: {event.message}"
        if event.code in FATAL_CODES:
            self._give_up_configuration(now)

    def _retry_configuration(self, _now: float) -> None:
        self._do(self.configuration.compact())

    def _give_up_configuration(self, now: float) -> None:
        self._end(EndReason.MODEL_UNAVAILABLE, self.configuration.refusal, now, apologise=True)

    def _expand(self, now: float) -> None:
        """The one planned change of the prompt: from compact to full."""
        if not self.configuration.full_sent:
            self._do(self.configuration.full())
            self.timers.set(Timer.EXPANSION_RETRY, now + self.limits.expansion_retry_s)

    def _retry_expansion(self, _now: float) -> None:
        self._do(self.configuration.full())

    # The caller

    def _on_caller_started_listening(self, event: events.CallerStarted, now: float) -> None:
        self._on_caller_started_noted(event, now)
        self.timers.clear(Timer.SILENCE)

    def _on_caller_started(self, event: events.CallerStarted, now: float) -> None:
        """He speaks while the agent speaks, or is about to."""
        self._on_caller_started_noted(event, now)
        greeting = self.phase is Phase.GREETING
        decision = judge_candidate(agent_audible=not self.ledger.empty, greeting=greeting)
        if decision is Decision.INTERRUPT:
            self.metrics.barge_ins += 1
            self._silence_agent(now)
            self._listen(now)
        elif decision is Decision.WITHDRAW:
            self._do(self.arbiter.cancel())
            self._listen(now)

    def _on_caller_started_noted(self, event: events.CallerStarted, _now: float) -> None:
        self.transcript.caller_started(event.item_id, event.at_ms)

    def _on_caller_stopped(self, event: events.CallerStopped, now: float) -> None:
        self.transcript.caller_stopped(event.item_id, event.at_ms)
        if self.phase is Phase.LISTENING:
            self._arm_silence(now)

    def _on_turn(self, event: events.CallerCommitted, now: float) -> None:
        self._on_turn_noted(event, now)
        self._silences = 0
        self._ask(Purpose.ANSWER, now)

    def _on_turn_meanwhile(self, event: events.CallerCommitted, now: float) -> None:
        """A turn while the agent is at it. The next response to begin will know of it."""
        self._on_turn_noted(event, now)
        self._answer_owed = True

    def _on_turn_noted(self, event: events.CallerCommitted, now: float) -> None:
        self._do([self.transcript.caller_committed(event.item_id, self._ms(now))])

    def _on_transcribed(self, event: events.CallerTranscribed, _now: float) -> None:
        self._save(self.transcript.caller_transcribed(event.item_id, event.text))

    def _on_transcription_failed(self, event: events.TranscriptionFailed, _now: float) -> None:
        self.metrics.counters[f"transcription_failed.{event.code}"] += 1

    # The agent

    def _on_response_started(self, event: events.ResponseStarted, _now: float) -> None:
        self._do(self.arbiter.started(event.response_id, event.request_id))
        if self.arbiter.accepts(event.response_id):
            self._answer_owed = False

    def _on_agent_audio(self, event: events.AgentAudio, _now: float) -> None:
        if not self.arbiter.accepts(event.response_id) or not self.configuration.format_confirmed:
            self.metrics.counters["late_audio"] += 1
            return
        self.timers.clear(Timer.GREETING_AUDIO, Timer.ANSWER_RECREATE, Timer.ANSWER_GIVE_UP)
        self.transcript.agent_spoke(event.item_id)
        self.ledger.add(event.response_id, event.item_id, event.data)
        if self.phase is Phase.THINKING:
            self.phase = Phase.SPEAKING

    def _on_agent_audio_done(self, event: events.AgentAudioDone, _now: float) -> None:
        self.ledger.complete(event.item_id)

    def _on_agent_transcribed(self, event: events.AgentTranscribed, _now: float) -> None:
        self._save(self.transcript.agent_transcribed(event.item_id, event.text))

    def _on_response_finished(self, event: events.ResponseFinished, now: float) -> None:
        self.metrics.add_usage(event.usage)
        wanted = self.arbiter.accepts(event.response_id)
        purpose = self.arbiter.purpose if wanted else None
        self.ledger.complete_response(event.response_id)
        if not wanted:
            self._delete_unheard(event.item_ids)
        self._expand(now)
        self._do(self.arbiter.finished(event.response_id))
        if purpose is not None:
            self._judge_response(event, purpose, now)
        self._settle(now)

    def _on_stray_response_finished(self, event: events.ResponseFinished, _now: float) -> None:
        """The model spoke before it was told what it is, and is not to believe that it was heard."""
        self.metrics.add_usage(event.usage)
        self._delete_unheard(event.item_ids)
        self._do(self.arbiter.finished(event.response_id))

    def _delete_unheard(self, item_ids: tuple[str, ...]) -> None:
        unheard = filter(self.transcript.unheard, item_ids)
        self._do([DeleteItem(item_id) for item_id in unheard])

    def _judge_response(self, event: events.ResponseFinished, purpose: Purpose, now: float) -> None:
        spoken = any(map(self.transcript.spoken, event.item_ids))
        if event.function_calls and event.status == "completed":
            self._run_tools(event.function_calls, spoken, now)
        elif event.error_code in FATAL_CODES:
            self._lose_model(f"the response failed: {event.error_code}", now)
        elif not spoken and event.status != "completed":
            self._recreate(purpose, f"{event.status} {event.error_code}".rstrip(), now)

    def _recreate(self, purpose: Purpose, why: str, now: float) -> None:
        """A response came to nothing: unless we ask again, the caller hears nothing but silence."""
        self.metrics.counters["response_recreated"] += 1
        if purpose not in (Purpose.GREETING, Purpose.ANSWER):
            return
        if self._recreated:
            self._lose_model(f"two responses came to nothing: {why}", now)
            return
        self._recreated = True
        self._do(self.arbiter.request(purpose))

    def _run_tools(self, calls: tuple[FunctionCall, ...], spoken: bool, now: float) -> None:
        self._do([_answer(call) for call in calls])
        if self.phase is Phase.CLOSING:
            return  # for the reason and until the deadline that stand already
        if any(call.name == END_CALL for call in calls):
            note = "" if spoken else notes.SAY_GOODBYE
            self._close(EndReason.AGENT_GOODBYE, "the agent ended the call", note, now)
        elif self._tool_rounds < TOOL_ROUNDS:
            self._tool_rounds += 1
            self._arm_answer(now)
            self._do(self.arbiter.request(Purpose.ANSWER))

    def _on_mark(self, event: events.MarkReached, now: float) -> None:
        heard = self.ledger.reached(event.mark, now)
        if heard is not None:
            self._record_heard(heard)
            self._settle(now)

    def _silence_agent(self, now: float) -> None:
        """At once, whatever he was saying; the model is told how much of it was heard."""
        self._do([ClearPlayback()])
        running = self.arbiter.response_id
        self._do(self.arbiter.cancel())
        for heard in self.ledger.clear(now):
            self._record_heard(heard)
            if heard.heard_ms and not heard.in_full:
                self._do([TruncateItem(heard.item_id, heard.heard_ms)])
            elif not heard.heard_ms and heard.response_id != running:
                self._do([DeleteItem(heard.item_id)])  # of a running one: when that is done

    def _record_heard(self, heard: Heard) -> None:
        self.metrics.heard_ms += heard.heard_ms
        started_ms = self._ms(heard.started_at if heard.heard_ms else self._last_frame_at)
        self._do([self.transcript.agent_heard(heard, started_ms)])

    # Whose turn it is

    def _ask(self, purpose: Purpose, now: float) -> None:
        """The caller is owed a word from the agent, and not for ever."""
        self.phase = Phase.THINKING
        self._recreated = False
        self._tool_rounds = 0
        self._answer_owed = False
        self.timers.clear(Timer.SILENCE)
        self._arm_answer(now)
        self._do(self.arbiter.request(purpose))

    def _arm_answer(self, now: float) -> None:
        self.timers.set(Timer.ANSWER_RECREATE, now + self.limits.answer_recreate_s)
        self.timers.set(Timer.ANSWER_GIVE_UP, now + self.limits.answer_give_up_s)

    def _settle(self, now: float) -> None:
        """When nothing more is to come and all of it was heard, the turn is the caller's."""
        if not (self.arbiter.idle and self.ledger.empty):
            return
        if self.phase is Phase.CLOSING:
            self._finish_closing(now)
        elif self.phase in (Phase.GREETING, Phase.THINKING, Phase.SPEAKING):
            self._hand_over(now)

    def _hand_over(self, now: float) -> None:
        self._listen(now)
        if self.transcript.caller_speaking:
            return  # what he is owed comes when he has finished
        if self._answer_owed:
            self._ask(Purpose.ANSWER, now)
        elif self._warning_owed:
            self._warn(now)

    def _listen(self, now: float) -> None:
        self.phase = Phase.LISTENING
        self.timers.clear(Timer.GREETING_AUDIO, Timer.ANSWER_RECREATE, Timer.ANSWER_GIVE_UP)
        self._arm_silence(now)

    def _arm_silence(self, now: float) -> None:
        if self.transcript.caller_speaking:
            self.timers.clear(Timer.SILENCE)
        else:
            self.timers.set(Timer.SILENCE, now + self.limits.silence_prompt_s)

    # Timers

    def _on_greeting_overdue(self, now: float) -> None:
        """Go on without one: the full prompt, and the turn to the caller."""
        self.metrics.counters["greeting_overdue"] += 1
        self._do(self.arbiter.abandon())
        self._expand(now)
        self._hand_over(now)

    def _on_answer_overdue(self, _now: float) -> None:
        self.metrics.counters["answer_overdue"] += 1
        purpose = self.arbiter.next_purpose or Purpose.ANSWER
        self._do(self.arbiter.abandon())
        self._do(self.arbiter.request(purpose))

    def _on_answer_lost(self, now: float) -> None:
        self._lose_model("no audio came in answer to the caller", now)

    def _on_silence(self, now: float) -> None:
        if self._silences < self.limits.silence_prompts:
            self._silences += 1
            self._do([AddNote(notes.SILENCE)])
            self._ask(Purpose.SILENCE, now)
        else:
            self._close(EndReason.SILENCE, "the caller stayed silent", notes.NO_ANSWER, now)

    def _on_warning(self, now: float) -> None:
        self._warning_owed = True
        if self.phase is Phase.LISTENING and not self.transcript.caller_speaking:
            self._warn(now)

    def _warn(self, now: float) -> None:
        self._warning_owed = False
        self._do([AddNote(notes.WARNING)])
        self._ask(Purpose.WARNING, now)

    def _on_max_call(self, now: float) -> None:
        if self.phase in (Phase.CONNECTING, Phase.CONFIGURING):
            self._end(EndReason.MAX_DURATION, "the time limit was reached", now, apologise=True)
            return
        if not self.ledger.empty:
            self._silence_agent(now)
        self._do(self.arbiter.cancel())
        self._close(EndReason.MAX_DURATION, "the time limit was reached", notes.TIME_IS_UP, now)

    def _on_carrier_check(self, now: float) -> None:
        """Twilio sends a frame every 20 ms, silence included: none for long means nobody is there."""
        silent_at = self._last_frame_at + self.limits.carrier_silent_s
        if now < silent_at:
            self.timers.set(Timer.CARRIER_SILENT, silent_at)
        else:
            self._end(EndReason.CARRIER, "the carrier sent no audio any more", now)

    # The end

    def _on_model_error(self, event: events.ModelError, now: float) -> None:
        self.metrics.counters[f"model_error.{event.code}"] += 1
        if event.code in FATAL_CODES:
            self._lose_model(f"error {event.code}: {event.message}", now)
            return
        purpose = self.arbiter.purpose
        busy = event.code == BUSY_CODE
        commands, refused = self.arbiter.refused(event.event_id, busy=busy)
        self._do(commands)
        if refused and not busy and purpose is not None:
            self._recreate(purpose, f"error {event.code}", now)
            self._settle(now)

    def _on_model_lost(self, event: events.ModelLost, now: float) -> None:
        self._lose_model(event.detail, now)

    def _on_model_lost_closing(self, _event: events.ModelLost, now: float) -> None:
        """What it has said of the farewell is still played."""
        self.arbiter.abandon()
        self.ledger.complete_all()
        self._settle(now)

    def _lose_model(self, detail: str, now: float) -> None:
        self._end(EndReason.MODEL_LOST, detail, now, apologise=True)

    def _on_carrier_stopped(self, _event: events.CarrierStopped, now: float) -> None:
        reason, detail = self._ending or (EndReason.CALLER_HANGUP, "the caller hung up")
        self._end(reason, detail, now)

    def _on_carrier_lost(self, event: events.CarrierLost, now: float) -> None:
        reason, detail = self._ending or (EndReason.CARRIER, event.detail)
        self._end(reason, detail, now)

    def _on_end_requested(self, event: events.EndRequested, now: float) -> None:
        self._end(event.reason, event.detail, now)

    def _close(self, reason: EndReason, detail: str, note: str, now: float) -> None:
        """The last words; then the line is hung up."""
        self.phase = Phase.CLOSING
        self._ending = (reason, detail)
        self.timers.clear_all()
        self.timers.set(Timer.FAREWELL, now + self.limits.farewell_s)
        self.timers.set(Timer.CARRIER_SILENT, self._last_frame_at + self.limits.carrier_silent_s)
        if note:
            self._do([AddNote(note)])
            self._do(self.arbiter.request(Purpose.FAREWELL))

    def _finish_closing(self, now: float) -> None:
        assert self._ending is not None  # _close() has set it, and the phase
        self._end(*self._ending, now)

    def _end(self, reason: str, detail: str, now: float, *, apologise: bool = False) -> None:
        for heard in self.ledger.clear(now):
            self._record_heard(heard)
        self.phase = Phase.ENDED
        self.timers.clear_all()
        self._do([EndCall(str(reason), detail, apologise)])

    # Small things

    def _do(self, commands: list[Command]) -> None:
        self._commands += commands

    def _save(self, turn: SaveTurn | None) -> None:
        if turn is None:
            self.metrics.counters["transcript_unused"] += 1
        else:
            self._commands.append(turn)

    def _take_commands(self) -> list[Command]:
        commands, self._commands = self._commands, []
        return commands

    def _ms(self, at: float) -> int:
        """Milliseconds since the media stream started."""
        return max(0, round((at - self._started_at) * 1000))


def _answer(call: FunctionCall) -> AnswerTool:
    if call.name == END_CALL:
        return AnswerTool(call.call_id, call.name, call.arguments, '{"status":"ending"}', True)
    error = json.dumps({"error": f"there is no tool named {call.name}; go on without it"})
    return AnswerTool(call.call_id, call.name, call.arguments, error, False)


Handler = Callable[[CallSession, Any, float], None]


def _ignore(_session: CallSession, _event: Any, _now: float) -> None:
    raise AssertionError("receive() counts what is ignored")


def _illegal(_session: CallSession, _event: Any, _now: float) -> None:
    raise AssertionError("receive() raises on what is illegal")


IGNORE: Final[Handler] = _ignore
ILLEGAL: Final[Handler] = _illegal


def _row(
    *, connecting: Handler, configuring: Handler, live: Handler, ended: Handler, **phases: Handler
) -> dict[Phase, Handler]:
    """A row of TABLE. `live` is every phase between configuring and ended that is not named."""
    row = dict.fromkeys(Phase, live)
    row |= {Phase(name): handler for name, handler in phases.items()}
    return row | {
        Phase.CONNECTING: connecting,
        Phase.CONFIGURING: configuring,
        Phase.ENDED: ended,
    }


_S = CallSession

# What the other sides send is data: it is handled or ignored, and illegal is only what our own
# adapter can get wrong.
TABLE: Final[dict[type[Event], dict[Phase, Handler]]] = {
    events.ModelReady: _row(
        connecting=_S._on_model_ready, configuring=ILLEGAL, live=ILLEGAL, ended=IGNORE
    ),
    events.ModelUnavailable: _row(
        connecting=_S._on_model_unavailable, configuring=ILLEGAL, live=ILLEGAL, ended=IGNORE
    ),
    events.ModelLost: _row(
        connecting=ILLEGAL,
        configuring=_S._on_model_lost,
        live=_S._on_model_lost,
        closing=_S._on_model_lost_closing,
        ended=IGNORE,
    ),
    events.SessionConfirmed: _row(
        connecting=ILLEGAL,
        configuring=_S._on_confirmed,
        live=_S._on_expansion_confirmed,
        ended=IGNORE,
    ),
    events.CallerStarted: _row(
        connecting=ILLEGAL,
        configuring=_S._on_caller_started_noted,
        live=_S._on_caller_started,
        listening=_S._on_caller_started_listening,
        closing=_S._on_caller_started_noted,
        ended=IGNORE,
    ),
    events.CallerStopped: _row(
        connecting=ILLEGAL,
        configuring=_S._on_caller_stopped,
        live=_S._on_caller_stopped,
        ended=IGNORE,
    ),
    events.CallerCommitted: _row(
        connecting=ILLEGAL,
        configuring=_S._on_turn_noted,
        live=_S._on_turn_meanwhile,
        listening=_S._on_turn,
        closing=_S._on_turn_noted,
        ended=IGNORE,
    ),
    events.CallerTranscribed: _row(
        connecting=ILLEGAL,
        configuring=_S._on_transcribed,
        live=_S._on_transcribed,
        ended=IGNORE,
    ),
    events.TranscriptionFailed: _row(
        connecting=ILLEGAL,
        configuring=_S._on_transcription_failed,
        live=_S._on_transcription_failed,
        ended=IGNORE,
    ),
    events.ResponseStarted: _row(
        connecting=ILLEGAL,
        configuring=_S._on_response_started,
        live=_S._on_response_started,
        ended=IGNORE,
    ),
    events.AgentAudio: _row(
        connecting=ILLEGAL, configuring=IGNORE, live=_S._on_agent_audio, ended=IGNORE
    ),
    events.AgentAudioDone: _row(
        connecting=ILLEGAL, configuring=IGNORE, live=_S._on_agent_audio_done, ended=IGNORE
    ),
    events.AgentTranscribed: _row(
        connecting=ILLEGAL, configuring=IGNORE, live=_S._on_agent_transcribed, ended=IGNORE
    ),
    events.ResponseFinished: _row(
        connecting=ILLEGAL,
        configuring=_S._on_stray_response_finished,
        live=_S._on_response_finished,
        ended=IGNORE,
    ),
    events.ModelError: _row(
        connecting=ILLEGAL,
        configuring=_S._on_configuration_error,
        live=_S._on_model_error,
        ended=IGNORE,
    ),
    events.MarkReached: _row(connecting=IGNORE, configuring=IGNORE, live=_S._on_mark, ended=IGNORE),
    events.CarrierStopped: _row(
        connecting=_S._on_carrier_stopped,
        configuring=_S._on_carrier_stopped,
        live=_S._on_carrier_stopped,
        ended=IGNORE,
    ),
    events.CarrierLost: _row(
        connecting=_S._on_carrier_lost,
        configuring=_S._on_carrier_lost,
        live=_S._on_carrier_lost,
        ended=IGNORE,
    ),
    events.EndRequested: _row(
        connecting=_S._on_end_requested,
        configuring=_S._on_end_requested,
        live=_S._on_end_requested,
        ended=IGNORE,
    ),
}

EXPIRIES: Final[dict[Timer, Callable[[CallSession, float], None]]] = {
    Timer.CONFIGURE_RETRY: _S._retry_configuration,
    Timer.CONFIGURE_GIVE_UP: _S._give_up_configuration,
    Timer.EXPANSION_RETRY: _S._retry_expansion,
    Timer.GREETING_AUDIO: _S._on_greeting_overdue,
    Timer.ANSWER_RECREATE: _S._on_answer_overdue,
    Timer.ANSWER_GIVE_UP: _S._on_answer_lost,
    Timer.SILENCE: _S._on_silence,
    Timer.WARNING: _S._on_warning,
    Timer.MAX_CALL: _S._on_max_call,
    Timer.FAREWELL: _S._finish_closing,
    Timer.CARRIER_SILENT: _S._on_carrier_check,
}
