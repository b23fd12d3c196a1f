"""Whose turn it is: the caller's and the agent's, and what each does to the other's.

Who has the floor is the phase. A caller's turn that ends while nobody else has it is answered
*speculatively*: the response is asked for at once and withheld until the turn is judged, so that
judging costs no time, and a hum is answered with nothing.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from calls.engine import events, notes
from calls.engine.answering import Answering
from calls.engine.commands import (
    AddItem,
    AddNote,
    ClearPlayback,
    DeleteItem,
    EndReason,
    Purpose,
    ReportKey,
    TruncateItem,
)
from calls.engine.core import Core, Phase
from calls.engine.ending import Ending
from calls.engine.energy import VoiceMeter
from calls.engine.events import FunctionCall
from calls.engine.farewells import is_leave_taking
from calls.engine.keypad import Keypad
from calls.engine.link import ModelLink
from calls.engine.playback import Heard
from calls.engine.profile import BargeIn, Role
from calls.engine.responses import FATAL_CODES
from calls.engine.retries import ANSWER_TIMERS, Retries
from calls.engine.timers import Timer
from calls.engine.tool_desk import END_CALL, ToolDesk, ending
from calls.engine.transcript import Verdict
from calls.engine.turns import Decision, TurnTaking
from calls.engine.understanding import Understanding

GREETING: Final = "greeting"  # the item of a greeting that is not the model's own
TAKEN_OVER: Final = "somebody of the business took the call over"
GREETING_HEARD: Final = "greeting_heard"
FLOOR: Final = (Phase.GREETING, Phase.THINKING, Phase.SPEAKING, Phase.HELD)
# A transcript that is not to be believed, of so short a sound: it was none of words.
SHORT_MS: Final = 400


class Owed(Enum):
    """What is known of a turn that has no answer yet."""

    UNJUDGED = auto()
    MEANT = auto()
    DISMISSED = auto()  # too short to be words, and no transcript says otherwise


class Conversation:
    def __init__(self, core: Core, link: ModelLink, tools: ToolDesk, end: Ending) -> None:
        self.turns = TurnTaking(core.profile.barge_in, core.limits)
        self.answering = Answering(core, self)
        self.retries = Retries(core, link, end, self)
        self._core = core
        self._link = link
        self._tools = tools
        self._end = end
        self._meter = VoiceMeter()
        self._keypad = Keypad(core)
        self._understanding = Understanding(core)
        # The caller's turns that nobody has answered: those that no response knows of, and those
        # that the response at hand knows of.
        self._owed: dict[str, Owed] = {}
        self._covered: set[str] = set()
        self._speculative = ""  # the turn on whose verdict the withheld answer waits
        self._calls_waiting: tuple[FunctionCall, ...] = ()  # of a response that may be taken back
        self._items_waiting: tuple[str, ...] = ()
        self._spoken_with_calls = False
        self._held_from = Phase.SPEAKING
        self._protected_until = 0.0
        self._tool_answer_owed = False
        self._warning_owed = False
        self._silences = 0

    # The beginning

    def play_greeting(self, now: float) -> None:
        """A greeting that is there already is heard before the model is."""
        core = self._core
        core.transcript.agent_spoke(GREETING)
        core.transcript.agent_transcribed(GREETING, core.profile.greeting_text)
        core.ledger.add("", GREETING, core.profile.greeting_audio)
        core.ledger.complete(GREETING)
        self.answering.hold_greeting()
        self._protect(now)

    def begin(self, now: float) -> None:
        """The model is there, and has been told what it is."""
        core = self._core
        core.do(ReportKey())
        core.go_online()
        if core.profile.resumption is not None:
            self._link.restore()
            core.tell(AddNote(notes.RESUMED[core.profile.resumption]))
            self._ask(Purpose.RESUMPTION, now)
        elif core.profile.greeting_audio:
            self._tell_greeting(GREETING)
            self._link.expand(now)
            core.phase = Phase.GREETING
            self.answering.open(now)
            self.settle(now)
        else:
            core.phase = Phase.GREETING
            core.timers.set(Timer.GREETING_AUDIO, now + core.limits.greeting_audio_s)
            core.do(*core.arbiter.request(Purpose.GREETING))
            self.answering.open(now)

    def reconnected(self, now: float) -> None:
        core = self._core
        self.answering.nobody_speaks(now)
        self._link.restore()
        core.go_online()
        if core.arbiter.purpose is Purpose.GREETING:
            core.timers.set(Timer.GREETING_AUDIO, now + core.limits.greeting_audio_s)
        elif not core.arbiter.idle and core.phase is not Phase.CLOSING:
            self.retries.arm(now)

    def model_went(self, now: float) -> None:
        """Nobody listens to the caller until it is back; what he said may never be transcribed."""
        core = self._core
        core.transcript.caller_gone_silent()
        self.answering.nobody_speaks(now)
        if self._speculative:
            self._release(now)
        self._act(self.turns.unknown(), now)
        if core.phase is Phase.LISTENING:
            self._hand_over(now)  # what waited for the end of his words need not wait for it
        self._tools.session_lost()  # those included that have waited for a verdict until now
        self.settle(now)

    def model_went_closing(self, now: float) -> None:
        """What it has said is still played, and nothing more will be."""
        self._core.arbiter.abandon()
        self.answering.give_up()
        self.settle(now)

    def _protect(self, now: float) -> None:
        """A deadline and no flag, which could stick."""
        if self._core.profile.greeting_protected:
            self._protected_until = now + self._core.limits.greeting_protected_s

    def _tell_greeting(self, item_id: str) -> None:
        words = self._core.transcript.words_heard(GREETING)
        if words:
            self._core.tell(AddItem(Role.AGENT, words, item_id, first=True))

    # The caller speaks

    def caller_started(self, event: events.CallerStarted, now: float) -> None:
        core = self._core
        self.caller_started_unheeded(event, now)
        self._understanding.caller_started(event.item_id, now)
        self.answering.started(event.item_id, now)
        if core.phase is Phase.LISTENING:
            core.timers.clear(Timer.SILENCE)
        elif self._interruptible(now):
            if self._meter.quiet:
                core.metrics.counters["quiet_speech"] += 1
            self._act(self.turns.started(event.item_id, now), now)

    def caller_started_unheeded(self, event: events.CallerStarted, _now: float) -> None:
        self._core.transcript.caller_started(event.item_id, event.at_ms)

    def caller_stopped(self, event: events.CallerStopped, now: float) -> None:
        self._core.transcript.caller_stopped(event.item_id, event.at_ms)
        self.turns.stopped(event.item_id, now)
        self.answering.stopped(now)
        self._arm_candidate()
        if self._core.phase is Phase.LISTENING:
            self._arm_silence(now)

    def caller_committed(self, event: events.CallerCommitted, now: float) -> None:
        core = self._core
        self.caller_committed_unheeded(event, now)
        self._owed[event.item_id] = Owed.UNJUDGED
        self.answering.committed(now)
        if core.phase is Phase.LISTENING:
            self._answer_speculatively(event.item_id, now)
        else:
            self.turns.committed(event.item_id, now)
            self._arm_candidate()
        verdict = core.transcript.verdict_on(event.item_id)
        if verdict is not None:  # his words came before the end of his turn
            self._apply(verdict, event.item_id, now)

    def caller_committed_unheeded(self, event: events.CallerCommitted, now: float) -> None:
        core = self._core
        core.do(core.transcript.caller_committed(event.item_id, core.ms(now)))

    def attentive(self, now: float) -> bool:
        """Is every frame of the caller's to be listened to? Only while the agent speaks, or while
        the beep of a mailbox may come."""
        return self.answering.listens or self._minds_sounds(now)

    def _minds_sounds(self, now: float) -> bool:
        core = self._core
        if self.turns.candidate is None and not core.ledger.sounding:
            return False
        return self._interruptible(now)

    def caller_sound(self, frame: bytes, now: float) -> bool:
        """True if that came to a decision."""
        if self.answering.listens:
            self.answering.sound(frame, now)
        if not self._minds_sounds(now):
            return False
        decision = self.turns.sound(self._meter.hear(frame), now)
        if decision is Decision.GO_ON:
            decision = self.turns.expire(now)
        self._act(decision, now)
        return decision is not Decision.GO_ON

    def agent_frame(self, frame: bytes) -> None:
        self._meter.agent_frame(frame)

    def candidate_due(self, now: float) -> None:
        self._act(self.turns.expire(now), now)

    def _interruptible(self, now: float) -> bool:
        core = self._core
        if core.phase is Phase.CLOSING:
            return self._end.reopenable
        if core.phase is Phase.GREETING:
            # A caller who says "hello?" into the silence before the greeting is answered by it.
            return core.ledger.sounding and now >= self._protected_until
        return core.phase in FLOOR

    # What he said

    def caller_transcribed(self, event: events.CallerTranscribed, now: float) -> None:
        core = self._core
        if not core.transcript.caller_transcribed(event.item_id, event.text):
            core.metrics.counters["transcript_unused"] += 1
            return
        verdict = self._understanding.judge(event.item_id, event.text)
        core.do(core.transcript.caller_judged(event.item_id, verdict))
        speech_ms = self._understanding.speech_ms(event.item_id)
        if not self.answering.understood(event.item_id, verdict, speech_ms, now):
            self._apply(verdict, event.item_id, now)
            self.answering.greet_if_clear(now)

    def _apply(self, verdict: Verdict, item_id: str, now: float) -> None:
        if item_id == self._speculative:
            self._judge_speculation(item_id, verdict, now)
        elif item_id in self._owed:
            self._judge_owed(item_id, verdict, now)
        elif item_id in self._covered:
            self._judge_covered(item_id, verdict, now)

    def transcription_failed(self, event: events.TranscriptionFailed, now: float) -> None:
        self._core.metrics.counters[f"transcription_failed.{event.code}"] += 1
        speech_ms = self._understanding.speech_ms(event.item_id)
        if self.answering.not_understood(event.item_id, speech_ms, now):
            return
        if event.item_id == self._speculative:
            self._release(now)
        elif event.item_id in self._owed:
            self._act(self.turns.untranscribed(event.item_id), now)

    def _judge_speculation(self, item_id: str, verdict: Verdict, now: float) -> None:
        believed = verdict is Verdict.NONE
        if believed or (
            verdict is Verdict.DOUBTED and self._understanding.speech_ms(item_id) >= SHORT_MS
        ):
            self._release(now)
        else:
            self._take_back(item_id, now)

    def _judge_owed(self, item_id: str, verdict: Verdict, now: float) -> None:
        if verdict is Verdict.DOUBTED:
            self._owed[item_id] = Owed.DISMISSED  # unless his voice was long enough
            self._act(self.turns.untranscribed(item_id), now)
        elif verdict is not Verdict.NONE:
            self._forget_turn(item_id)
            self._act(self.turns.judged(item_id, meant=False), now)
        elif self._is_closing and not self._takes_back_the_end(item_id):
            self._owed.pop(item_id)
            self._act(self.turns.judged(item_id, meant=False), now)
        else:
            self._owed[item_id] = Owed.MEANT
            if self._interruptible(now):
                self._act(self.turns.judged(item_id, meant=True), now)

    def _takes_back_the_end(self, item_id: str) -> bool:
        if self.answering.closing:
            return self.answering.takes_back(item_id)
        return not is_leave_taking(self._core.transcript.words_heard(item_id))

    def _judge_covered(self, item_id: str, verdict: Verdict, now: float) -> None:
        """The response at hand knows of it, and stands whatever it was."""
        unheard = not self._core.ledger.sounding
        if unheard and verdict in (Verdict.NO_MEANING, Verdict.ECHO):
            self._forget_turn(item_id)
        candidate = self.turns.candidate
        if candidate is not None and candidate.item_id == item_id:
            self._act(Decision.RESUME, now)

    def _forget_turn(self, item_id: str) -> None:
        """It was none: the model is not to answer it later either."""
        self._owed.pop(item_id, None)
        self._covered.discard(item_id)
        self._core.tell_of(item_id, DeleteItem(item_id))

    # Whoever has answered an outbound call

    def greet(self, now: float) -> None:
        """Whoever has said hello has his answer in that."""
        self.answering.end_opening()
        self._covered |= self._owed.keys()
        self._owed.clear()
        self.settle(now)

    def introduce(self, now: float) -> None:
        """To an assistant that wants to know who is calling, instead of what was to be said."""
        self._yield_floor(now)
        self._core.tell(AddNote(notes.SCREENED))
        self._ask(Purpose.ANSWER, now)

    def leave_to_machine(self, now: float) -> None:
        self._break_off(now)
        self._forget_machine()
        self._close(EndReason.VOICEMAIL, "a machine has answered", "", now)
        self.answering.closed(now)
        self.settle(now)

    def _forget_machine(self) -> None:
        """What it has said is answered by nobody. Turns without words yet may be a person's."""
        turns = [*self._covered, *self._owed]
        verdicts = {each: self._core.transcript.verdict_on(each) for each in turns}
        for each, verdict in verdicts.items():
            if verdict in (Verdict.NO_MEANING, Verdict.ECHO):
                self._forget_turn(each)
        unknown = [each for each, verdict in verdicts.items() if verdict is None]
        self._owed = dict.fromkeys(unknown, Owed.UNJUDGED)
        self._covered.clear()
        self._keypad.forget()

    # A speculative answer

    def _answer_speculatively(self, item_id: str, now: float) -> None:
        self._silences = 0
        self._speculative = item_id
        self._items_waiting = ()
        self._core.ledger.withheld = True
        self._core.timers.set(Timer.VERDICT, now + self._core.limits.verdict_s)
        tool_answer_owed = self._tool_answer_owed  # still, should this answer be taken back
        self._ask(Purpose.ANSWER, now)
        self._tool_answer_owed = tool_answer_owed

    def verdict_due(self, now: float) -> None:
        self._core.metrics.counters["verdict_late"] += 1
        self._release(now)

    def _release(self, now: float) -> None:
        """The turn counts, or nobody can tell: the answer may be heard."""
        core = self._core
        self._end_speculation()
        self._tool_answer_owed = False
        if core.phase is Phase.THINKING and not core.ledger.empty:
            core.phase = Phase.SPEAKING
        self._run_waiting_calls(now)
        self.settle(now)

    def _take_back(self, item_id: str, now: float) -> None:
        """A turn without meaning gets no answer, and the model is to remember neither."""
        begun = item_id in self._covered
        self._forget_turn(item_id)
        if self._tool_answer_owed or (self._covered if begun else self._owed):
            self._release(now)  # the answer is to something else that he said before
            return
        core = self._core
        core.metrics.counters["answers_taken_back"] += 1
        running = core.arbiter.response_id
        core.do(*core.arbiter.cancel())
        items = self._items_waiting
        for heard in core.ledger.clear(now):
            self._record_heard(heard)
            if heard.response_id != running and heard.item_id not in items:
                items += (heard.item_id,)
        self._calls_waiting = ()
        self._end_speculation()
        self._delete_unheard(items)
        self._hand_over(now)

    def _drop_waiting_calls(self) -> None:
        """They stay open in the conversation unless they are taken out of it."""
        calls, self._calls_waiting = self._calls_waiting, ()
        if calls:
            spoken = self._core.transcript.spoken
            self._delete_unheard(tuple(each for each in self._items_waiting if not spoken(each)))

    def _end_speculation(self) -> None:
        self._speculative = ""
        if not self._calls_waiting:  # they may be taken back yet, by an interruption
            self._items_waiting = ()
        self._core.ledger.withheld = False
        self._core.timers.clear(Timer.VERDICT)

    # An interruption, or none

    def _act(self, decision: Decision, now: float) -> None:
        match decision:
            case Decision.HOLD:
                self._hold(now)
            case Decision.DUCK:
                self._core.ledger.ducked = True
            case Decision.INTERRUPT:
                self._interrupt(now)
            case Decision.RESUME:
                self._resume(now)
        self._arm_candidate()

    def _hold(self, now: float) -> None:
        """Silent at once, and nothing lost: what was not heard yet can still be said."""
        core = self._core
        core.metrics.counters["holds"] += 1
        if core.ledger.sounding:
            core.do(ClearPlayback())
        for heard in core.ledger.hold(now):
            self._record_heard(heard)
        self._held_from, core.phase = core.phase, Phase.HELD
        if self._nothing_to_come:
            self._act(Decision.RESUME, now)  # he has begun where the agent ended

    def _resume(self, now: float) -> None:
        core = self._core
        core.metrics.counters["resumes"] += 1
        self._dismiss()
        core.ledger.resume()
        core.ledger.ducked = False
        if core.phase is Phase.HELD:
            core.phase = self._held_from
            if core.phase is Phase.THINKING and not (core.ledger.empty or core.ledger.withheld):
                core.phase = Phase.SPEAKING
        self._run_waiting_calls(now)
        if self._tool_answer_owed and not self._speculative:
            self._ask_about_tools(now)
        self.settle(now)

    def _dismiss(self) -> None:
        candidate = self.turns.candidate
        if candidate is not None and not candidate.item_id:
            self._meter.false_alarm()
        if candidate is not None and self._owed.get(candidate.item_id) is Owed.UNJUDGED:
            self._owed[candidate.item_id] = Owed.DISMISSED
        self.turns.forget()

    def _interrupt(self, now: float) -> None:
        """The caller has the floor, and an answer to what he said if he has finished."""
        self._yield_floor(now)
        if self._owed and not self._core.transcript.caller_speaking:
            self._ask(Purpose.ANSWER, now)

    def _yield_floor(self, now: float) -> None:
        """What he was told is what he has heard."""
        core = self._core
        self.turns.forget()
        if self._is_closing:
            self._end.reopen()
            self.turns.barge_in = core.profile.barge_in
            self._silences = 0
            core.tell(AddNote(self.answering.reopened() or notes.NOT_OVER))
        self._drop_waiting_calls()
        self._end_speculation()
        if self._silence_agent(now):
            core.metrics.barge_ins += 1
        self._listen(now)

    @property
    def _is_closing(self) -> bool:
        phase = self._core.phase
        return Phase.CLOSING is (self._held_from if phase is Phase.HELD else phase)

    def _silence_agent(self, now: float) -> bool:
        """At once, whatever he was saying; the model is told how much of it was heard. Was any?"""
        core = self._core
        running = core.arbiter.response_id
        if core.ledger.sounding:
            core.do(ClearPlayback())
        core.do(*core.arbiter.cancel())
        anything_heard = False
        for heard in core.ledger.clear(now):
            self._record_heard(heard)
            anything_heard |= heard.heard_ms > 0
            if heard.heard_ms and not heard.in_full:
                self._tell_of_cut(heard)
            elif not heard.heard_ms and (not running or heard.response_id != running):
                core.tell_of(heard.item_id, DeleteItem(heard.item_id))  # of a running one: later
        if not anything_heard:
            self._owed = dict.fromkeys(self._covered, Owed.MEANT) | self._owed
        self._covered.clear()
        return anything_heard

    def _tell_of_cut(self, heard: Heard) -> None:
        core = self._core
        if heard.item_id == GREETING:
            core.tell_of(GREETING, DeleteItem(GREETING))
            self._tell_greeting(GREETING_HEARD)
        else:
            core.tell_of(heard.item_id, TruncateItem(heard.item_id, heard.heard_ms))

    def _record_heard(self, heard: Heard) -> None:
        self._end.record_heard(heard)

    # The agent speaks

    def response_started(self, event: events.ResponseStarted, _now: float) -> None:
        core = self._core
        core.do(*core.arbiter.started(event.response_id, event.request_id))
        given_words = core.arbiter.purpose is Purpose.MESSAGE  # which answer nobody
        if core.arbiter.accepts(event.response_id) and not given_words:
            self._covered |= self._owed.keys()
            self._owed.clear()

    def agent_audio(self, event: events.AgentAudio, now: float) -> None:
        core = self._core
        accepted = core.arbiter.accepts(event.response_id)
        if not accepted or not self._link.configuration.format_confirmed:
            core.metrics.counters["late_audio"] += 1
            return
        if Timer.GREETING_AUDIO in core.timers:
            self._protect(now)
        core.timers.clear(*ANSWER_TIMERS)
        core.transcript.agent_spoke(event.item_id)
        core.ledger.add(event.response_id, event.item_id, event.data)
        self.answering.agent_speaks(event.item_id, now)
        if core.phase is Phase.THINKING and not core.ledger.withheld:
            core.phase = Phase.SPEAKING

    def agent_audio_done(self, event: events.AgentAudioDone, _now: float) -> None:
        self._core.ledger.complete(event.item_id)

    def agent_text(self, event: events.AgentTextDelta, _now: float) -> None:
        if self._core.arbiter.accepts(event.response_id):
            self._core.transcript.agent_text(event.item_id, event.text)

    def agent_transcribed(self, event: events.AgentTranscribed, _now: float) -> None:
        turn = self._core.transcript.agent_transcribed(event.item_id, event.text)
        if turn is None:
            self._core.metrics.counters["transcript_unused"] += 1
        else:
            self._core.do(turn)

    def response_finished(self, event: events.ResponseFinished, now: float) -> None:
        core = self._core
        if not core.online:
            self.stray_response_finished(event, now)
            return
        core.metrics.add_usage(event.usage)
        purpose = core.arbiter.purpose if core.arbiter.accepts(event.response_id) else None
        core.ledger.complete_response(event.response_id)
        if purpose is None:
            self._delete_unheard(event.item_ids)
        self._link.expand(now)
        core.do(*core.arbiter.finished(event.response_id))
        if purpose is not None:
            self._items_waiting = event.item_ids
            self._judge_response(event, purpose, now)
        self.settle(now)

    def stray_response_finished(self, event: events.ResponseFinished, _now: float) -> None:
        """The model spoke before it was told what it is, and is not to believe that it was heard."""
        core = self._core
        core.metrics.add_usage(event.usage)
        core.do(*[DeleteItem(item_id) for item_id in event.item_ids])
        core.do(*core.arbiter.finished(event.response_id))

    def _delete_unheard(self, item_ids: tuple[str, ...]) -> None:
        for item_id in filter(self._core.transcript.unheard, item_ids):
            self._core.tell_of(item_id, DeleteItem(item_id))

    def _judge_response(self, event: events.ResponseFinished, purpose: Purpose, now: float) -> None:
        spoken = any(map(self._core.transcript.spoken, event.item_ids))
        self.answering.response_made(event, purpose)
        if event.function_calls and event.status == "completed":
            self._calls_waiting, self._spoken_with_calls = event.function_calls, spoken
            self._run_waiting_calls(now)
        elif event.error_code in FATAL_CODES:
            self._end.lose_model(
                f"the response failed: {event.error_code}", now, code=event.error_code
            )
        elif not spoken and event.status != "completed":
            self.retries.recreate(purpose, event, now)

    def mark_reached(self, event: events.MarkReached, now: float) -> None:
        heard = self._core.ledger.reached(event.mark, now)
        if heard is not None:
            self._record_heard(heard)
            self.settle(now)

    # Tools

    def _run_waiting_calls(self, now: float) -> None:
        """Not before it is certain that the response which asked for them stands."""
        core = self._core
        if not self._calls_waiting or self._speculative or core.phase is Phase.HELD:
            return
        calls, self._calls_waiting = self._calls_waiting, ()
        core.tell(*[ending(call) for call in calls if call.name == END_CALL])
        rest = tuple(call for call in calls if call.name != END_CALL)
        if rest:
            if core.arbiter.idle:  # the tools' own deadline takes the place of these
                core.timers.clear(*ANSWER_TIMERS)
            self._tools.start(rest, now)
        if core.phase is Phase.CLOSING:
            return  # for the reason and until the deadline that stand already
        if len(rest) < len(calls):
            note = "" if self._spoken_with_calls else notes.SAY_GOODBYE
            self._close(EndReason.AGENT_GOODBYE, "the agent ended the call", note, now)
        elif self._tools.exhausted:
            self._go_on_after_tools(now)

    def tool_finished(self, event: events.ToolFinished, now: float) -> None:
        core = self._core
        if not self._tools.finished(event.call_id, event.outcome):
            core.metrics.counters["late_tool"] += 1
        else:
            self._go_on_after_tools(now)

    def tools_overdue(self, now: float) -> None:
        self._core.metrics.counters["tool_overdue"] += 1
        self._tools.give_up()
        self._go_on_after_tools(now)

    def _go_on_after_tools(self, now: float) -> None:
        core = self._core
        if self._tools.busy or self._is_closing:
            return
        if self._tools.transferring:
            self._leave(now)
        elif core.phase is Phase.HELD or core.transcript.caller_speaking:
            self._tool_answer_owed = True
            self.settle(now)
        else:
            self._ask_about_tools(now)

    def _ask_about_tools(self, now: float) -> None:
        core = self._core
        self._tool_answer_owed = False
        if core.phase is Phase.LISTENING:
            core.timers.clear(Timer.SILENCE)
            core.phase = Phase.THINKING
        self.retries.arm(now)
        purpose = Purpose.WORDS if self._tools.exhausted else Purpose.ANSWER
        core.do(*core.arbiter.request(purpose))

    def _leave(self, now: float) -> None:
        """A person takes over, as soon as the caller has heard that one does."""
        if self._core.phase is Phase.HELD:
            self._core.ledger.resume()
        self.turns.forget()
        note = "" if self._spoken_with_calls else notes.SAY_CONNECTING
        self._close(EndReason.TRANSFER, "the caller was put through", note, now)
        self.settle(now)

    def _close(self, reason: EndReason, detail: str, note: str, now: float) -> None:
        """A farewell is interrupted by words alone, which only hold leaves time to hear."""
        self.turns.barge_in = BargeIn.HOLD
        self.answering.end_opening()
        self._end.close(reason, detail, note, now)

    # Keys of the telephone

    def key_pressed(self, event: events.KeyPressed, now: float) -> None:
        """What it means is known when no other follows: a number that begins with 0 asks for
        nobody. But whoever presses a key has the floor."""
        core = self._core
        core.metrics.counters["keys"] += 1
        if core.phase is Phase.CLOSING:
            return
        self._take_floor(now)
        core.timers.clear(Timer.SILENCE)
        if self._keypad.press(event.digit, now):
            self.keys_complete(now)

    def keys_complete(self, now: float) -> None:
        core = self._core
        keys = self._keypad.take()
        means_a_tool = len(set(keys)) == 1 and not self._is_closing
        tool = core.profile.keys.get(keys[0]) if means_a_tool else None
        if tool is None:
            self._tell_keys(keys, now)
        elif not self._tools.running(tool):
            self._take_floor(now)
            self._spoken_with_calls = False
            self._tools.new_turn()
            self._tools.start_key(tool, now)
            core.phase = Phase.THINKING

    def _tell_keys(self, keys: str, now: float) -> None:
        core, item_id = self._core, self._keypad.tell(keys, now)
        self._owed[item_id] = Owed.MEANT
        self._silences = 0
        if core.phase is Phase.LISTENING and not core.transcript.caller_speaking:
            self._ask(Purpose.ANSWER, now)

    def _take_floor(self, now: float) -> None:
        if self._core.phase in FLOOR:
            self._yield_floor(now)

    # Whose turn it is

    def settle(self, now: float) -> None:
        """When nothing more is to come and all of it was heard, the turn is the caller's."""
        core = self._core
        if core.phase is Phase.CLOSING:
            to_come = core.arbiter.next_purpose is not None or not core.ledger.empty
            if not (to_come or self.answering.waiting):
                self._end.finish(now)
        elif core.phase in FLOOR and core.phase is not Phase.HELD:
            self._hand_over_if_done(now)

    def _hand_over_if_done(self, now: float) -> None:
        if self._nothing_to_come and not self._speculative:
            self._hand_over(now)

    @property
    def _nothing_to_come(self) -> bool:
        core = self._core
        return (
            core.arbiter.idle
            and core.ledger.empty
            and not self._tools.busy
            and not self._calls_waiting
            and Timer.RATE_LIMIT not in core.timers
        )

    def _hand_over(self, now: float) -> None:
        self._covered.clear()
        self._listen(now)
        if self._core.transcript.caller_speaking:
            return  # what he is owed comes when he has finished
        for item_id in [each for each, owed in self._owed.items() if owed is Owed.DISMISSED]:
            self._forget_turn(item_id)
        unjudged = [each for each, owed in self._owed.items() if owed is Owed.UNJUDGED]
        if unjudged:
            self._answer_speculatively(unjudged[-1], now)
        elif self._owed or self._tool_answer_owed:
            self._ask(Purpose.ANSWER, now)
        elif self._warning_owed:
            self._warn(now)
        elif self._link.wants_rotation:
            self.rotate(now)

    def _ask(self, purpose: Purpose, now: float) -> None:
        """The caller is owed a word from the agent, and not for ever."""
        core = self._core
        core.phase = Phase.THINKING
        self.retries.forget()
        self._tool_answer_owed = False
        self._tools.new_turn()
        core.timers.clear(Timer.SILENCE)
        self.retries.arm(now)
        core.do(*core.arbiter.request(purpose))

    def _listen(self, now: float) -> None:
        core = self._core
        core.phase = Phase.LISTENING
        self.answering.end_opening()
        self._understanding.agent_is_silent(now)
        self.turns.forget()
        core.ledger.ducked = False
        self._meter.agent_is_silent()
        core.timers.clear(*ANSWER_TIMERS, Timer.RATE_LIMIT, Timer.CANDIDATE)
        self._arm_silence(now)

    def _arm_silence(self, now: float) -> None:
        if self._core.transcript.caller_speaking:
            self._core.timers.clear(Timer.SILENCE)
        else:
            self._core.timers.set(Timer.SILENCE, now + self.answering.patience_s)

    def _arm_candidate(self) -> None:
        due_at = self.turns.due_at()
        if due_at is None:
            self._core.timers.clear(Timer.CANDIDATE)
        else:
            self._core.timers.set(Timer.CANDIDATE, due_at)

    # Timers

    def greeting_overdue(self, now: float) -> None:
        """Go on without one: the full prompt, and the turn to the caller."""
        self._core.metrics.counters["greeting_overdue"] += 1
        self._core.do(*self._core.arbiter.abandon())
        self._link.expand(now)
        self._hand_over(now)

    def silent(self, now: float) -> None:
        core = self._core
        if self._silences < core.limits.silence_prompts:
            self._silences += 1
            core.tell(AddNote(notes.SILENCE))
            self._ask(Purpose.SILENCE, now)
        else:
            self._close(EndReason.SILENCE, "the caller stayed silent", notes.NO_ANSWER, now)

    def warning_due(self, now: float) -> None:
        self._warning_owed = True
        if self._core.phase is Phase.LISTENING and not self._core.transcript.caller_speaking:
            self._warn(now)

    def _warn(self, now: float) -> None:
        self._warning_owed = False
        self._core.tell(AddNote(notes.WARNING))
        self._ask(Purpose.WARNING, now)

    def time_is_up(self, now: float) -> None:
        self._break_off(now)
        reason, detail = EndReason.MAX_DURATION, "the time limit was reached"
        self._close(reason, detail, notes.TIME_IS_UP, now)

    # The team of the business

    def instruct(self, event: events.TeamInstructed, _now: float) -> None:
        """For the next response, whatever it is asked for."""
        self._core.metrics.counters["instructions"] += 1
        self._core.tell(AddNote(notes.instructed(event.text)))

    def take_over(self, _event: events.TakeOverRequested, now: float) -> None:
        self._break_off(now)
        self._close(EndReason.TRANSFER, TAKEN_OVER, notes.SAY_CONNECTING, now)

    def _break_off(self, now: float) -> None:
        """Whatever goes on, nothing comes of it any more."""
        core = self._core
        self.turns.forget()
        core.timers.clear(Timer.CANDIDATE)
        self._drop_waiting_calls()
        self._end_speculation()
        if not core.ledger.empty:
            self._silence_agent(now)
        core.ledger.resume()  # an answer that was asked for, and held before it came
        core.ledger.ducked = False
        core.do(*core.arbiter.cancel())

    def rotation_due(self, now: float) -> None:
        self._link.rotation_due()
        if self._core.phase is Phase.LISTENING and not self._core.transcript.caller_speaking:
            self.rotate(now)

    def rotate(self, now: float) -> None:
        self._link.rotate(now)
        self.model_went(now)
