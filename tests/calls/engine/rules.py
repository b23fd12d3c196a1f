"""What must hold at every moment of every call, told from outside: by what the model sent, what
the engine commanded, and what the caller heard.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import NoneType
from typing import Any, Final

from calls.engine import commands, events
from calls.engine.audio import FRAME_BYTES, FRAME_MS, SILENCE
from calls.engine.commands import Command, Purpose, SaveTurn, Stage
from calls.engine.configuration import AUDIO_FORMAT
from calls.engine.events import Event
from calls.engine.limits import Limits
from calls.engine.session import CallSession, Phase
from tests.calls.engine.model import Model, Response
from tests.calls.engine.telephone import EPSILON_S, Telephone, Utterance

# Where no mark is held up, what was heard is known to the millisecond.
TOLERANCE_MS: Final = 1
# Said to a caller who speaks, these would be said over him.
WAITS_FOR_THE_CALLER: Final = (Purpose.ANSWER, Purpose.SILENCE, Purpose.WARNING)
SPOKEN_OVER_HIM: Final = (Phase.GREETING, Phase.CLOSING)
ASKED_FOR_TWICE: Final = (Purpose.GREETING, Purpose.ANSWER)
GIVES_UP: Final = (NoneType, events.CallerStarted)
PATIENT: Final = ("agent_goodbye", "silence", "max_duration")
IMPATIENT: Final = (
    events.CarrierStopped,
    events.CarrierLost,
    events.EndRequested,
    events.ModelLost,
)
CUTS: Final = (commands.ClearPlayback, commands.EndCall)
BEFORE_THE_GREETING: Final = (Phase.CONNECTING, Phase.CONFIGURING)


class RuleBroken(AssertionError):  # noqa: N818 - it reads as a sentence
    pass


class Rules:
    def __init__(self, session: CallSession, model: Model, telephone: Telephone) -> None:
        self._session = session
        self._model = model
        self._telephone = telephone
        self.live: deque[Utterance] = deque()  # wanted, and not heard to the end yet
        self.saved: dict[str, SaveTurn] = {}
        self.caller_speaking = False
        self.ended = False
        self._utterances: dict[str, Utterance] = {}  # of the agent's, as far as they were wanted
        self._appeared: list[str] = []  # items of both sides, in the order of the call
        self._truncated: set[str] = set()
        self._deleted: set[str] = set()
        # Configuration
        self._confirmed_at: float | None = None
        self._format_right = False
        self._compact_at: list[float] = []
        self._full_at: list[float] = []
        self._full_confirmed = False
        self._responses_finished = 0
        # Who owes whom an answer
        self._turns = 0  # of the caller's, committed
        self._turns_answered = 0  # as far as a response knew of them and said something
        self._turns_known: dict[str, int] = {}  # response id: turns when it began
        self._answer_owed = False
        self._unwanted: set[str] = set()  # responses
        self.confirmations_due = 0
        self._event: Event | None = None  # that brought about the batch at hand
        self._heard_out = True  # did that batch cut nothing off?
        self._word_owed = False  # asked for, for the caller's sake, and not come to anything
        self._closing_at: float | None = None
        # Since when the agent owes a word, however often it is asked for
        self.asked_since: float | None = None
        self._farewell_asked = False
        self._calls_open: set[str] = set()  # tool calls that wait for their output

    # What the engine is about to be told

    def hear(self, event: Event, now: float) -> None:
        hears = HEARS.get(type(event))
        if hears is not None and not self.ended:
            hears(self, event, now)

    def _hear_confirmation(self, event: events.SessionConfirmed, now: float) -> None:
        self.confirmations_due -= 1
        self._format_right = event.input_format == event.output_format == AUDIO_FORMAT
        if self._format_right and self._confirmed_at is None:
            self._confirmed_at = now
        if self._format_right and self._full_at:
            self._full_confirmed = True

    def _hear_caller_start(self, event: events.CallerStarted, _now: float) -> None:
        self._appear(event.item_id)
        self.caller_speaking = True
        self._answer_owed = False  # to what he goes on to say, once he has said it

    def _hear_caller_stop(self, _event: events.CallerStopped, _now: float) -> None:
        self.caller_speaking = False

    def _hear_turn(self, event: events.CallerCommitted, _now: float) -> None:
        self._appear(event.item_id)
        self.caller_speaking = False
        self._turns += 1
        self._answer_owed = True

    def _hear_response_start(self, event: events.ResponseStarted, _now: float) -> None:
        self._turns_known[event.response_id] = self._turns
        if event.request_id:
            self._answer_owed = False
        else:
            self._unwanted.add(event.response_id)

    def _hear_audio(self, event: events.AgentAudio, _now: float) -> None:
        response = self._model.active
        if response is None or event.response_id != response.response_id:
            return
        if not response.wanted or not self._format_right:
            return
        utterance = response.utterances[-1]
        if utterance.item_id not in self._utterances:
            self._appear(utterance.item_id)
            self._utterances[utterance.item_id] = utterance
            self.live.append(utterance)
        utterance.audio += event.data
        self._word_owed = False
        self.asked_since = None
        self._turns_answered = self._turns_known[response.response_id]

    def _hear_response_end(self, event: events.ResponseFinished, _now: float) -> None:
        self._responses_finished += 1
        if event.function_calls:
            self._turns_answered = 0  # what was said was not the answer yet
        if event.status == "completed" and event.response_id not in self._unwanted:
            self._word_owed = False
            self._calls_open |= {call.call_id for call in event.function_calls}

    def _hear_model_lost(self, _event: events.ModelLost, _now: float) -> None:
        """Only a farewell outlives the model: what there is of it."""
        if self._session.phase is Phase.CLOSING:
            for utterance in self.live:
                utterance.done = True

    def _appear(self, item_id: str) -> None:
        if item_id not in self._appeared:
            self._appeared.append(item_id)

    # What the engine commands

    def judge(self, batch: list[Command], now: float, event: Event | None) -> None:
        """Before any of it is done. Without an event it was a deadline that brought it about."""
        self._event = event
        cut = self._cut(now) if any(isinstance(command, CUTS) for command in batch) else []
        self._heard_out = not cut
        for command in batch:
            if self.ended:
                raise RuleBroken(f"a call that has ended does something: {command}")
            if (judge := JUDGES.get(type(command))) is not None:
                judge(self, command, now)
        if not self.ended:
            self._judge_cut(cut)

    def _cut(self, now: float) -> list[Utterance]:
        """Nothing more is heard of what is queued: what was heard of it is certain."""
        self._telephone.clear(now)
        cut = [utterance for utterance in self.live if not _heard_in_full(utterance)]
        self.live.clear()
        for utterance in cut:
            utterance.cut = True
        return cut

    def _judge_cut(self, cut: list[Utterance]) -> None:
        for utterance in cut:
            item = utterance.item_id
            if utterance.heard_ms and item not in self._truncated:
                raise RuleBroken(f"{item} was cut, and the model was not told where")
            if not utterance.heard_ms and not self._running(utterance):
                self._require_deleted(item)

    def _require_deleted(self, item_id: str) -> None:
        if item_id not in self._deleted:
            raise RuleBroken(f"nobody heard {item_id}, and the model believes to have said it")

    def _judge_configuration(self, command: commands.ConfigureSession, now: float) -> None:
        compact = command.stage is Stage.COMPACT
        sent = self._compact_at if compact else self._full_at
        retry_s = self._limits.configure_retry_s if compact else self._limits.expansion_retry_s
        if len(sent) == 2 or (sent and now - sent[0] < retry_s - EPSILON_S):
            raise RuleBroken(f"the {command.stage} prompt is sent too often")
        if compact and self._confirmed_at is not None:
            raise RuleBroken("the compact prompt replaces one that was confirmed")
        if not compact:
            self._judge_full(now)
        sent.append(now)
        self.confirmations_due += 1

    def _judge_full(self, now: float) -> None:
        if self._confirmed_at is None or self._full_confirmed:
            raise RuleBroken("the full prompt goes out before its time, or once more")
        greeted = self._responses_finished > 0
        if not greeted and now - self._confirmed_at < self._limits.greeting_audio_s - EPSILON_S:
            raise RuleBroken("the full prompt keeps the greeting waiting")

    def _judge_request(self, command: commands.RequestResponse, now: float) -> None:
        if self._confirmed_at is None:
            raise RuleBroken("a response is asked for before the session is confirmed")
        self._judge_second_request(now)
        if command.purpose is Purpose.FAREWELL:
            self._judge_farewell()
        over_him = self.caller_speaking and self._session.phase not in SPOKEN_OVER_HIM
        if over_him and command.purpose in WAITS_FOR_THE_CALLER:
            raise RuleBroken("the agent is to speak while the caller speaks")
        if command.purpose is Purpose.ANSWER and 0 < self._turns_answered == self._turns:
            raise RuleBroken("the caller is answered a second time")
        self._answer_owed = False
        self._word_owed = command.purpose in ASKED_FOR_TWICE
        if self.asked_since is None or isinstance(self._event, events.CallerCommitted):
            self.asked_since = now

    def _judge_farewell(self) -> None:
        if self._farewell_asked:
            raise RuleBroken("the agent says goodbye a second time")
        self._farewell_asked = True

    def _judge_second_request(self, now: float) -> None:
        response = self._model.active
        if response is not None and not self._given_up(response, now):
            raise RuleBroken("a response is asked for while one is active")
        if not all(self._overdue(request.since, now) for request in self._model.pending):
            raise RuleBroken("a response is asked for while one is asked for")

    def _given_up(self, response: Response, now: float) -> bool:
        """Long enough without a word, or without an end: the engine may ask again."""
        if not response.request_id:
            return True  # it knows of none but its own
        spoke = any(utterance.audio for utterance in response.utterances)
        since = response.cancelled_at if spoke else response.asked_since
        return since is not None and self._overdue(since, now)

    def _overdue(self, since: float, now: float) -> bool:
        return self._event is None or now - since >= self._limits.greeting_audio_s - EPSILON_S

    def _judge_cancel(self, command: commands.CancelResponse, _now: float) -> None:
        response = self._model.active
        if response is None or response.response_id != command.response_id:
            raise RuleBroken(f"{command.response_id!r} is cancelled, and is not active")
        if response.cancelled_at is not None:
            raise RuleBroken(f"{command.response_id} is cancelled twice")
        self._unwanted.add(command.response_id)

    def _judge_truncation(self, command: commands.TruncateItem, _now: float) -> None:
        utterance = self._utterances[command.item_id]
        if not 0 < command.audio_end_ms <= utterance.generated_ms:
            raise RuleBroken(f"{command} is not within (0, {utterance.generated_ms}]")
        if not self._heard_about(command.audio_end_ms, utterance):
            raise RuleBroken(f"{command}, and {utterance.heard_ms} ms were heard")
        if command.item_id in self._truncated or utterance in self.live:
            raise RuleBroken(f"{command.item_id} is truncated twice, or goes on")
        self._truncated.add(command.item_id)

    def _judge_deletion(self, command: commands.DeleteItem, _now: float) -> None:
        utterance = self._utterances.get(command.item_id)
        if command.item_id in self._deleted:
            raise RuleBroken(f"{command.item_id} is deleted twice")
        if utterance is not None and (utterance.heard_ms or self._running(utterance)):
            raise RuleBroken(f"{command.item_id} was heard, or is still being made")
        self._deleted.add(command.item_id)

    def _judge_turn(self, turn: SaveTurn, _now: float) -> None:
        if turn.item_id not in self._appeared:
            raise RuleBroken(f"{turn.item_id} was said by nobody")
        if turn.position != self._appeared.index(turn.item_id) + 1:
            raise RuleBroken(f"{turn.item_id} is not turn {turn.position} of the call")
        if turn.started_ms > turn.ended_ms:
            raise RuleBroken(f"{turn.item_id} ends before it starts")
        if turn.speaker == "agent":
            self._judge_agent_turn(turn, self._utterances[turn.item_id])
        self.saved[turn.item_id] = turn

    def _judge_agent_turn(self, turn: SaveTurn, utterance: Utterance) -> None:
        if turn.generated_ms != utterance.generated_ms:
            raise RuleBroken(f"{turn} was {utterance.generated_ms} ms long")
        if not self._heard_about(turn.heard_ms, utterance):
            raise RuleBroken(f"{turn}, and {utterance.heard_ms} ms were heard")
        if turn.interrupted is (utterance.done and turn.heard_ms >= turn.generated_ms):
            raise RuleBroken(f"{turn}: interrupted or not?")

    def _heard_about(self, claimed_ms: int, utterance: Utterance) -> bool:
        """A mark that was held up puts the caller as far back as it was late, and never ahead."""
        late = utterance.heard_ms - claimed_ms
        return -TOLERANCE_MS <= late <= TOLERANCE_MS + self._telephone.mark_late_ms

    def _judge_tool(self, command: commands.AnswerTool, _now: float) -> None:
        if command.call_id not in self._calls_open:
            raise RuleBroken(f"{command.call_id} is answered twice, or was never to be")
        self._calls_open.remove(command.call_id)

    def _judge_end(self, command: commands.EndCall, now: float) -> None:
        self.ended = True  # and any command behind this one is one too many
        if command.reason in PATIENT and not isinstance(self._event, IMPATIENT):
            self._judge_patient_end(now)
        unsaved = self._utterances.keys() - self.saved.keys()
        if unsaved:
            raise RuleBroken(f"{unsaved} stand in no row")
        summary = self._session.summary()
        heard_ms = sum(turn.heard_ms for turn in self.saved.values())
        if (summary.heard_ms, summary.frames_sent) != (heard_ms, self._telephone.frames):
            raise RuleBroken("the metrics do not add up")
        if not self._telephone.mark_lost_at and summary.counters["mark_missing"]:
            raise RuleBroken("a mark is missed that was on its way")

    def _judge_patient_end(self, now: float) -> None:
        """A call that the agent ends, ends when the caller has heard his farewell."""
        response = self._model.active
        to_come = self._model.pending or (response is not None and response.wanted)
        waited = 0.0 if self._closing_at is None else now - self._closing_at
        overdue = waited >= self._limits.farewell_s - EPSILON_S
        if not overdue and (to_come or not self._heard_out):
            raise RuleBroken("the line is hung up before the farewell was heard")

    # What goes to the carrier

    def recognise(self, frame: bytes) -> tuple[Utterance, int]:
        """Whose frame this is and how much of it is audio; it must be the next one that is due."""
        utterance = self._next_to_send()
        if utterance is None:
            raise RuleBroken("a frame that nobody may hear")
        if self.caller_speaking and self._session.phase not in SPOKEN_OVER_HIM:
            raise RuleBroken("the agent speaks over the caller")
        audio = bytes(utterance.audio[utterance.sent : utterance.sent + FRAME_BYTES])
        if not audio or (len(audio) < FRAME_BYTES and not utterance.done):
            raise RuleBroken("a frame is filled up before the end of its item")
        if frame != audio.ljust(FRAME_BYTES, SILENCE):
            raise RuleBroken("a frame is lost, repeated, or not what the model said")
        utterance.sent += len(audio)
        return utterance, len(audio)

    def _next_to_send(self) -> Utterance | None:
        for utterance in self.live:
            if not (utterance.done and utterance.sent == len(utterance.audio)):
                return utterance
        return None

    # What holds between two steps

    def rest(self, now: float, event: Event | None) -> None:
        """After a step, when all output that was due has gone out."""
        self._judge_deadline(now)
        if self._telephone.level_ms(now) > self._limits.lead_ms:
            raise RuleBroken("the carrier holds more than the lead")
        self.judge_pace(now)
        if self._session.phase is Phase.CLOSING and self._closing_at is None:
            self._closing_at = now
        if isinstance(event, events.CallerStarted) and self._agent_goes_on():
            raise RuleBroken("the agent speaks on over the caller")
        if isinstance(event, events.ResponseFinished):
            self._judge_deletions(event)
        if self._calls_open:
            raise RuleBroken("a tool call stays open in the conversation")
        if self._answer_owed and self._nothing_goes_on(now):
            raise RuleBroken("the caller waits for an answer, and none is asked for")
        if isinstance(event, GIVES_UP) and self._session.phase is Phase.LISTENING:
            self._word_owed = False  # withdrawn, or waited for long enough
        if self._word_owed and self._nothing_goes_on(now):
            raise RuleBroken("a response came to nothing, and is not asked for again")

    def judge_patience(self) -> None:
        """After a minute in which nobody said anything, the call is over."""
        response = self._model.active
        mid_sentence = response is not None and response.wanted and bool(response.utterances)
        if not (self.ended or self.caller_speaking or mid_sentence):
            raise RuleBroken("the caller sits in silence, and is not told why")

    def _judge_deadline(self, now: float) -> None:
        deadline = self._session.deadline
        if self.ended is not (deadline is None):
            raise RuleBroken(f"the deadline is {deadline}")
        if self.ended is not (self._session.phase is Phase.ENDED):
            raise RuleBroken("the phase and EndCall disagree")
        if deadline is not None and deadline <= now:
            raise RuleBroken("the deadline lies in the past")

    def judge_pace(self, now: float) -> None:
        """Before and after each step: the buffer is as full as it is to be, if there is audio."""
        least = self._limits.lead_ms - self._limits.lead_margin_ms - FRAME_MS
        if self._sendable() and self._telephone.level_ms(now) < least - EPSILON_S * 1000:
            raise RuleBroken("the caller's buffer runs low while there is more to play")

    def _sendable(self) -> bool:
        utterance = self._next_to_send()
        if utterance is None:
            return False
        waiting = len(utterance.audio) - utterance.sent
        return waiting >= FRAME_BYTES or (utterance.done and waiting > 0)

    def forget_heard(self) -> None:
        while self.live and self.live[0].done and self.live[0].heard == len(self.live[0].audio):
            self.live.popleft()

    def _agent_goes_on(self) -> bool:
        return bool(self.live) and self._session.phase not in (Phase.CLOSING, Phase.ENDED)

    def _judge_deletions(self, event: events.ResponseFinished) -> None:
        """What the caller did not hear of an unwanted response, the model has not said."""
        if event.response_id not in self._unwanted or self.ended:
            return
        for item_id in event.item_ids:
            utterance = self._utterances.get(item_id)
            if utterance is None or (utterance.cut and not utterance.heard_ms):
                self._require_deleted(item_id)

    def _nothing_goes_on(self, now: float) -> bool:
        if self._session.phase in (*BEFORE_THE_GREETING, Phase.CLOSING, Phase.ENDED):
            return False
        if self.caller_speaking or self._telephone.level_ms(now) or self._telephone.marks():
            return False
        if now - self._telephone.mark_lost_at <= self._limits.mark_slack_s:
            return False  # the engine cannot know yet that all was heard
        return self._model.active is None and not self._model.pending

    def _running(self, utterance: Utterance) -> bool:
        response = self._model.active
        return response is not None and response.response_id == utterance.response_id

    @property
    def _limits(self) -> Limits:
        return self._session.limits


def _heard_in_full(utterance: Utterance) -> bool:
    return utterance.done and utterance.heard_ms >= utterance.generated_ms


HEARS: Final[dict[type[Event], Callable[[Rules, Any, float], None]]] = {
    events.SessionConfirmed: Rules._hear_confirmation,
    events.CallerStarted: Rules._hear_caller_start,
    events.CallerStopped: Rules._hear_caller_stop,
    events.CallerCommitted: Rules._hear_turn,
    events.ResponseStarted: Rules._hear_response_start,
    events.AgentAudio: Rules._hear_audio,
    events.ResponseFinished: Rules._hear_response_end,
    events.ModelLost: Rules._hear_model_lost,
}

JUDGES: Final[dict[type[Command], Callable[[Rules, Any, float], None]]] = {
    commands.ConfigureSession: Rules._judge_configuration,
    commands.RequestResponse: Rules._judge_request,
    commands.CancelResponse: Rules._judge_cancel,
    commands.TruncateItem: Rules._judge_truncation,
    commands.DeleteItem: Rules._judge_deletion,
    commands.SaveTurn: Rules._judge_turn,
    commands.AnswerTool: Rules._judge_tool,
    commands.EndCall: Rules._judge_end,
}
