"""CallSession: one call as a state machine.

Feed it with `receive(event, now)` and `expire(now)`, execute the commands that come back, in their
order, then send whatever `next_output(now)` has until it has nothing, and wake it at `deadline`.
Two paths are too hot for events: `caller_frame()` per frame in, `next_output()` per frame out; and
while `attentive(now)`, `caller_sound()` per frame in.

Which event may arrive in which phase stands in TABLE, and no cell of it is missing. What is done
about it stands in the parts: the model's other end (`link`), whose turn it is (`conversation`),
tools (`tool_desk`), the end (`ending`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from calls.engine import events
from calls.engine.commands import Command, Disposition, EndReason
from calls.engine.conversation import TAKEN_OVER, Conversation
from calls.engine.core import Core, Phase
from calls.engine.ending import Ending
from calls.engine.events import Event, Mark
from calls.engine.fillers import Meaning
from calls.engine.limits import Limits
from calls.engine.link import LinkState, ModelLink
from calls.engine.metrics import Metrics
from calls.engine.profile import Profile
from calls.engine.responses import BUSY_CODE, EXPIRED_CODE, FATAL_CODES
from calls.engine.retries import Retries
from calls.engine.timers import Timer
from calls.engine.tool_desk import ToolDesk

DEFAULT_PROFILE: Final = Profile()


class EngineError(Exception):
    """The adapter did what it may not: a fault of ours, never of the other side."""


class CallSession:
    def __init__(self, limits: Limits, now: float, profile: Profile = DEFAULT_PROFILE) -> None:
        self.limits = limits
        self.core = Core(limits, profile, now)
        self.link = ModelLink(self.core, now)
        self.ending = Ending(self.core)
        self.conversation = Conversation(self.core, self.link, ToolDesk(self.core), self.ending)
        timers = self.core.timers
        timers.set(Timer.CARRIER_SILENT, now + limits.carrier_silent_s)
        timers.set(Timer.MAX_CALL, now + limits.max_call_s)
        if limits.max_call_s > limits.warning_s:
            timers.set(Timer.WARNING, now + limits.max_call_s - limits.warning_s)
        if profile.greeting_audio and profile.resumption is None:
            self.conversation.play_greeting(now)

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
        return self.core.take_commands()

    def expire(self, now: float) -> list[Command]:
        """Act on every timer whose time has come. Early or needless calls do nothing."""
        core = self.core
        while (timer := core.timers.pop_due(now)) is not None:
            EXPIRIES[timer](self, now)
        for heard in core.ledger.overdue(now):
            self.metrics.counters["mark_missing"] += 1
            self.ending.record_heard(heard)
        self.conversation.settle(now)
        return core.take_commands()

    @property
    def deadline(self) -> float | None:
        """When to call expire() and next_output() again; None when the call is over."""
        core = self.core
        if core.phase is Phase.ENDED:
            return None
        deadline = core.timers.next_at
        for at in (core.ledger.output_at(), core.ledger.overdue_at()):
            if at is not None and (deadline is None or at < deadline):
                deadline = at
        return deadline

    def caller_frame(self, now: float) -> None:
        """A frame came from the carrier."""
        self.core.metrics.frames_in += 1
        self.core.last_frame_at = now

    def attentive(self, now: float) -> bool:
        """Is caller_sound() to be told what is in the frame?"""
        return self.conversation.attentive(now)

    def caller_sound(self, frame: bytes, now: float) -> list[Command]:
        """A caller's frame, decoded: is it a voice?"""
        self.conversation.caller_sound(frame, now)
        return self.core.take_commands()

    def next_output(self, now: float) -> bytes | Mark | None:
        """The next frame or mark for the carrier, or None when none is due."""
        output = self.core.ledger.next_output(now)
        if isinstance(output, bytes):
            self.conversation.agent_frame(output)
            if self.metrics.greeting_latency_ms is None:
                self.metrics.greeting_latency_ms = self.core.ms(now)
        return output

    @property
    def phase(self) -> Phase:
        return self.core.phase

    @property
    def metrics(self) -> Metrics:
        return self.core.metrics

    def summary(self) -> Metrics:
        """The metrics, complete as far as the call has come."""
        metrics, transcript = self.core.metrics, self.core.transcript
        metrics.compact_sent = self.link.configuration.compact_sent
        metrics.full_sent = self.link.configuration.full_sent
        metrics.full_confirmed = self.link.configuration.full_confirmed
        metrics.frames_sent = self.core.ledger.frames_sent
        metrics.utterances_total = transcript.utterances
        metrics.utterances_empty = transcript.by_meaning[Meaning.EMPTY]
        metrics.utterances_very_short = transcript.by_meaning[Meaning.VERY_SHORT]
        metrics.utterances_filler_only = transcript.by_meaning[Meaning.FILLER]
        metrics.answered_by = self.conversation.answering.answered_by
        metrics.message = self.conversation.answering.message
        return metrics

    # The model comes and goes

    def _on_model_ready(self, _event: events.ModelReady, now: float) -> None:
        self.core.phase = Phase.CONFIGURING
        self.link.configure(now)

    def _on_model_back(self, _event: events.ModelReady, now: float) -> None:
        if self.link.state is not LinkState.CONNECTING:
            raise EngineError(f"ModelReady while it is {self.link.state.name.lower()}")
        self.link.configure(now)

    def _on_model_unavailable(self, event: events.ModelUnavailable, now: float) -> None:
        self.ending.lose_model(event.detail, now, event.code)

    def _on_model_away(self, event: events.ModelUnavailable, now: float) -> None:
        """It could not be reached again. Our last words are heard all the same."""
        if self.link.state is not LinkState.CONNECTING:
            raise EngineError(f"ModelUnavailable while it is {self.link.state.name.lower()}")
        if self.core.phase is Phase.CLOSING:
            self.conversation.model_went_closing(now)
        elif event.code in FATAL_CODES or not self.link.reconnect(now):
            self.ending.lose_model(event.detail, now, event.code)

    def _on_model_lost(self, event: events.ModelLost, now: float) -> None:
        if not self.link.reconnect(now):
            self.ending.lose_model(event.detail, now)
            return
        if self.core.phase is Phase.CONFIGURING:
            self.core.phase = Phase.CONNECTING
        else:
            self.conversation.model_went(now)

    def _on_model_lost_closing(self, _event: events.ModelLost, now: float) -> None:
        """What it has said of the farewell is still played, and nobody is told anything."""
        self.core.go_offline()
        self.core.ledger.complete_all()
        self.conversation.model_went_closing(now)

    def _on_confirmed(self, event: events.SessionConfirmed, now: float) -> None:
        if self.link.confirm(event, now):
            self.conversation.begin(now)

    def _on_confirmed_again(self, event: events.SessionConfirmed, now: float) -> None:
        if self.link.confirm(event, now):
            self.conversation.reconnected(now)

    def _on_configuration_error(self, event: events.ModelError, now: float) -> None:
        self.link.configuration.refusal = f"error {event.code}: {event.message}"
        if event.code in FATAL_CODES:
            self.ending.lose_model(self.link.configuration.refusal, now, event.code)

    def _on_model_error(self, event: events.ModelError, now: float) -> None:
        self.metrics.counters[f"model_error.{event.code}"] += 1
        if event.code in FATAL_CODES:
            self.ending.lose_model(f"error {event.code}: {event.message}", now, event.code)
        elif event.code == EXPIRED_CODE:
            self.conversation.retries.renew_model(f"error {event.code}", now)
        else:
            self._refuse_request(event, now)

    def _refuse_request(self, event: events.ModelError, now: float) -> None:
        arbiter = self.core.arbiter
        purpose = arbiter.purpose
        busy = event.code == BUSY_CODE
        commands, refused = arbiter.refused(event.event_id, busy=busy)
        self.core.do(*commands)
        if refused and not busy and purpose is not None:
            self.conversation.retries.recreate(purpose, event, now)
            self.conversation.settle(now)

    def _retry_configuration(self, _now: float) -> None:
        self.link.retry()

    def _give_up_configuration(self, now: float) -> None:
        self.ending.lose_model(self.link.configuration.refusal, now)

    def _retry_expansion(self, _now: float) -> None:
        self.link.repeat_expansion()

    # The carrier, and news from outside

    def _on_carrier_stopped(self, _event: events.CarrierStopped, now: float) -> None:
        self.ending.caller_left(EndReason.CALLER_HANGUP, "the caller hung up", now)

    def _on_carrier_lost(self, event: events.CarrierLost, now: float) -> None:
        then = Disposition.HANG_UP if event.for_good else Disposition.LEAVE
        self.ending.caller_left(EndReason.CARRIER, event.detail, now, then)

    def _on_carrier_check(self, now: float) -> None:
        """Twilio sends a frame every 20 ms, silence included: none for long means nobody is there."""
        silent_at = self.core.last_frame_at + self.limits.carrier_silent_s
        if now < silent_at:
            self.core.timers.set(Timer.CARRIER_SILENT, silent_at)
        else:
            self.ending.end(EndReason.CARRIER, "the carrier sent no audio any more", now)

    def _on_end_requested(self, event: events.EndRequested, now: float) -> None:
        self.ending.end(event.reason, event.detail, now)

    def _on_answered_by(self, event: events.AnsweredBy, now: float) -> None:
        self.conversation.answering.carrier_says(event, now)

    def _on_take_over_now(self, _event: events.TakeOverRequested, now: float) -> None:
        """There is no agent yet that could say so."""
        self.ending.end(EndReason.TRANSFER, TAKEN_OVER, now, Disposition.LEAVE)

    def _on_take_over_closing(self, _event: events.TakeOverRequested, _now: float) -> None:
        self.ending.hand_over(TAKEN_OVER)

    def _on_opening_due(self, now: float) -> None:
        self.conversation.answering.opening_due(now)

    def _on_machine_due(self, now: float) -> None:
        self.conversation.answering.due(now)

    def _on_max_call(self, now: float) -> None:
        if self.phase in (Phase.CONNECTING, Phase.CONFIGURING):
            reason, detail = EndReason.MAX_DURATION, "the time limit was reached"
            self.ending.end(reason, detail, now, Disposition.APOLOGISE)
        elif self.phase is not Phase.CLOSING:
            self.conversation.time_is_up(now)

    def _on_farewell_overdue(self, now: float) -> None:
        self.ending.finish(now)


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


def _in(part: Callable[[Conversation, Any, float], None]) -> Handler:
    def handle(session: CallSession, event: Any, now: float) -> None:
        part(session.conversation, event, now)

    handle.__name__ = part.__name__
    return handle


_C = Conversation

# What the other sides send is data: it is handled or ignored, and illegal is only what our own
# adapter can get wrong.
TABLE: Final[dict[type[Event], dict[Phase, Handler]]] = {
    events.ModelReady: _row(
        connecting=_S._on_model_ready, configuring=ILLEGAL, live=_S._on_model_back, ended=IGNORE
    ),
    events.ModelUnavailable: _row(
        connecting=_S._on_model_unavailable,
        configuring=ILLEGAL,
        live=_S._on_model_away,
        ended=IGNORE,
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
        live=_S._on_confirmed_again,
        ended=IGNORE,
    ),
    events.CallerStarted: _row(
        connecting=ILLEGAL,
        configuring=_in(_C.caller_started_unheeded),
        live=_in(_C.caller_started),
        ended=IGNORE,
    ),
    events.CallerStopped: _row(
        connecting=ILLEGAL,
        configuring=_in(_C.caller_stopped),
        live=_in(_C.caller_stopped),
        ended=IGNORE,
    ),
    events.CallerCommitted: _row(
        connecting=ILLEGAL,
        configuring=_in(_C.caller_committed_unheeded),
        live=_in(_C.caller_committed),
        ended=IGNORE,
    ),
    events.CallerTranscribed: _row(
        connecting=ILLEGAL,
        configuring=_in(_C.caller_transcribed),
        live=_in(_C.caller_transcribed),
        ended=IGNORE,
    ),
    events.TranscriptionFailed: _row(
        connecting=ILLEGAL,
        configuring=_in(_C.transcription_failed),
        live=_in(_C.transcription_failed),
        ended=IGNORE,
    ),
    events.ResponseStarted: _row(
        connecting=ILLEGAL,
        configuring=_in(_C.response_started),
        live=_in(_C.response_started),
        ended=IGNORE,
    ),
    events.AgentAudio: _row(
        connecting=ILLEGAL, configuring=IGNORE, live=_in(_C.agent_audio), ended=IGNORE
    ),
    events.AgentAudioDone: _row(
        connecting=ILLEGAL, configuring=IGNORE, live=_in(_C.agent_audio_done), ended=IGNORE
    ),
    events.AgentTextDelta: _row(
        connecting=ILLEGAL, configuring=IGNORE, live=_in(_C.agent_text), ended=IGNORE
    ),
    events.AgentTranscribed: _row(
        connecting=ILLEGAL, configuring=IGNORE, live=_in(_C.agent_transcribed), ended=IGNORE
    ),
    events.ResponseFinished: _row(
        connecting=ILLEGAL,
        configuring=_in(_C.stray_response_finished),
        live=_in(_C.response_finished),
        ended=IGNORE,
    ),
    events.ModelError: _row(
        connecting=ILLEGAL,
        configuring=_S._on_configuration_error,
        live=_S._on_model_error,
        ended=IGNORE,
    ),
    events.MarkReached: _row(
        connecting=_in(_C.mark_reached),
        configuring=_in(_C.mark_reached),
        live=_in(_C.mark_reached),
        ended=IGNORE,
    ),
    events.KeyPressed: _row(
        connecting=IGNORE, configuring=IGNORE, live=_in(_C.key_pressed), ended=IGNORE
    ),
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
    events.ToolFinished: _row(
        connecting=ILLEGAL, configuring=ILLEGAL, live=_in(_C.tool_finished), ended=IGNORE
    ),
    events.AnsweredBy: _row(
        connecting=_S._on_answered_by,
        configuring=_S._on_answered_by,
        live=_S._on_answered_by,
        ended=IGNORE,
    ),
    events.TeamInstructed: _row(
        connecting=_in(_C.instruct),
        configuring=_in(_C.instruct),
        live=_in(_C.instruct),
        ended=IGNORE,
    ),
    events.TakeOverRequested: _row(
        connecting=_S._on_take_over_now,
        configuring=_S._on_take_over_now,
        live=_in(_C.take_over),
        closing=_S._on_take_over_closing,
        ended=IGNORE,
    ),
    events.EndRequested: _row(
        connecting=_S._on_end_requested,
        configuring=_S._on_end_requested,
        live=_S._on_end_requested,
        ended=IGNORE,
    ),
}


def _due(part: Callable[[Conversation, float], None]) -> Callable[[CallSession, float], None]:
    def ring(session: CallSession, now: float) -> None:
        part(session.conversation, now)

    ring.__name__ = part.__name__
    return ring


def _of_retries(part: Callable[[Retries, float], None]) -> Callable[[CallSession, float], None]:
    def ring(session: CallSession, now: float) -> None:
        part(session.conversation.retries, now)

    ring.__name__ = part.__name__
    return ring


EXPIRIES: Final[dict[Timer, Callable[[CallSession, float], None]]] = {
    Timer.CONFIGURE_RETRY: _S._retry_configuration,
    Timer.CONFIGURE_GIVE_UP: _S._give_up_configuration,
    Timer.EXPANSION_RETRY: _S._retry_expansion,
    Timer.GREETING_AUDIO: _due(_C.greeting_overdue),
    Timer.ANSWER_RECREATE: _of_retries(Retries.answer_overdue),
    Timer.ANSWER_GIVE_UP: _of_retries(Retries.answer_lost),
    Timer.RATE_LIMIT: _of_retries(Retries.rate_limit_over),
    Timer.TOOL: _due(_C.tools_overdue),
    Timer.ROTATE: _due(_C.rotation_due),
    Timer.CANDIDATE: _due(_C.candidate_due),
    Timer.VERDICT: _due(_C.verdict_due),
    Timer.KEYS: _due(_C.keys_complete),
    Timer.SILENCE: _due(_C.silent),
    Timer.OPENING: _S._on_opening_due,
    Timer.MACHINE: _S._on_machine_due,
    Timer.WARNING: _due(_C.warning_due),
    Timer.MAX_CALL: _S._on_max_call,
    Timer.FAREWELL: _S._on_farewell_overdue,
    Timer.CARRIER_SILENT: _S._on_carrier_check,
}
