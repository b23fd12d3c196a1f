"""What must hold at every moment of every call, told from outside: by what the model sent, what
the engine commanded, and what the caller heard.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import NoneType
from typing import Any, Final

from calls.engine import commands, events, notes
from calls.engine.audio import BYTES_PER_MS, DUCK, FRAME_BYTES, FRAME_MS, SILENCE
from calls.engine.commands import Command, Purpose, SaveTurn, Stage
from calls.engine.configuration import AUDIO_FORMAT
from calls.engine.core import Phase
from calls.engine.events import Event
from calls.engine.farewells import is_leave_taking
from calls.engine.fillers import Meaning, meaning
from calls.engine.limits import Limits
from calls.engine.profile import BargeIn, PastItem, Role
from calls.engine.session import CallSession
from calls.engine.timers import Timer
from calls.engine.transcript import Verdict
from tests.calls.engine.machine_rules import MachineRules
from tests.calls.engine.model import Model, Response
from tests.calls.engine.retelling import Retelling, in_order
from tests.calls.engine.telephone import EPSILON_S, Telephone, Utterance

# Where no mark is held up, what was heard is known to the millisecond.
TOLERANCE_MS: Final = 1
# Of held audio at most a frame is heard twice, and nothing is lost.
REPEATED_MS: Final = FRAME_MS
# Said to a caller who speaks, these would be said over him.
WAITS_FOR_THE_CALLER: Final = (Purpose.ANSWER, Purpose.SILENCE, Purpose.WARNING)
SPOKEN_OVER_HIM: Final = (Phase.CONNECTING, Phase.CONFIGURING, Phase.GREETING, Phase.CLOSING)
# What is asked for meanwhile is held back until he has finished.
ASKED_FOR_MEANWHILE: Final = (*SPOKEN_OVER_HIM, Phase.HELD)
ASKED_FOR_TWICE: Final = (Purpose.GREETING, Purpose.ANSWER)
GIVES_UP: Final = (
    NoneType,
    events.CallerStarted,
    events.CallerCommitted,
    events.CallerTranscribed,
    events.KeyPressed,
)
PATIENT: Final = ("agent_goodbye", "silence", "max_duration", "transfer")
ANNOUNCED: Final = ("silence", "max_duration")
IMPATIENT: Final = (
    events.CarrierStopped,
    events.CarrierLost,
    events.EndRequested,
    events.ModelLost,
)
CUTS: Final = (commands.ClearPlayback, commands.EndCall)
TO_THE_MODEL: Final = (
    commands.ConfigureSession,
    commands.ClearInputAudio,
    commands.RequestResponse,
    commands.CancelResponse,
    commands.TruncateItem,
    commands.DeleteItem,
    commands.AddNote,
    commands.AddItem,
    commands.AnswerTool,
)
BEFORE_THE_GREETING: Final = (Phase.CONNECTING, Phase.CONFIGURING)
# A stored greeting plays on until the model is there to hear who speaks into it.
NOT_TO_BE_STOPPED: Final = (*BEFORE_THE_GREETING, Phase.CLOSING, Phase.ENDED)
DEAF_TO_KEYS: Final = (*BEFORE_THE_GREETING, Phase.CLOSING)


class RuleBroken(AssertionError):  # noqa: N818 - it reads as a sentence
    pass


class Rules:
    def __init__(self, session: CallSession, model: Model, telephone: Telephone) -> None:
        self._session = session
        self._model = model
        self._telephone = telephone
        self._retelling = Retelling(session.core.profile)
        self.machine = MachineRules(session)
        self.live: deque[Utterance] = deque()  # wanted, and not heard to the end yet
        self.saved: dict[str, SaveTurn] = {}
        self.caller_speaking = False
        self.ended = False
        self.now = 0.0
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
        self._open: dict[str, float] = {}  # the caller's turns without an answer, and since when
        self._known: dict[str, dict[str, float]] = {}  # response id: of which turns it knew
        self.judged: dict[str, bool] = {}  # turns that were transcribed: meant?
        self.failed: set[str] = set()  # turns whose words will never come
        self._purposes: dict[str, Purpose] = {}
        self._purpose: dict[str, Purpose | None] = {}  # of responses
        self._more_to_say = False  # tools have answered, or a model was lost in mid-sentence
        self._told_more: set[str] = set()  # requests for that
        self._tells_all: set[str] = set()  # and no more has come since they were made
        self._unheeded: set[str] = set()  # turns that nothing was asked for, or begun, since
        self._unwanted: set[str] = set()  # responses
        self.confirmations_due = 0
        self._event: Event | None = None  # that brought about the batch at hand
        self._cut_off = False  # did that batch cut anything off?
        self._word_owed = False  # asked for, for the caller's sake, and not come to anything
        self._closing_at: float | None = None
        # Since when the agent owes a word, however often it is asked for
        self.asked_since: float | None = None
        self._farewell_asked = ""  # by which request
        self.calls_open: set[str] = set()  # tool calls that wait for their output
        self.calls_running: list[str] = []
        self._call_of: dict[str, str] = {}  # by item
        self._calls_run: set[str] = set()
        self.noise = False  # frames of the caller's were measured: the server is not alone
        self._full_before = False  # in a session that is gone
        self._watch()
        self._expect_greeting()

    def _watch(self) -> None:
        self._caller_at = 0.0  # when he was last heard of
        self._phase_before = Phase.CONNECTING  # the event at hand
        self._response_of: dict[str, str] = {}  # by tool call
        self._judged_now = ""  # the turn that the transcript at hand was the first of
        self._judged_late = False  # a hum, when nobody waited for the verdict any more
        self._judged_at: dict[str, float] = {}  # turns
        self._run_at: dict[str, float] = {}  # tool calls
        self._result_owed = False
        self._tools_answered: set[str] = set()
        self._connects = 0
        self._silence_prompts = 0  # since he last did anything
        self._greeted_at: float | None = None
        self._latest_turn = ""
        self._keys = ""  # that the model has not been told of
        self._keys_at = 0.0

    def _expect_greeting(self) -> None:
        """One that was stored is played before anybody says so."""
        audio = self._session.core.profile.greeting_audio
        if audio and not self._session.core.profile.resumption:
            greeting = Utterance("greeting", "", bytearray(audio), done=True)
            self._utterances["greeting"] = greeting
            self._appear("greeting")
            self.live.append(greeting)

    def utterance(self, item_id: str) -> Utterance:
        return self._utterances[item_id]

    # What the engine is about to be told

    def hear(self, event: Event, now: float) -> None:
        self._phase_before = self._session.phase
        self.machine.hear(event, now)
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

    def _hear_caller_start(self, event: events.CallerStarted, now: float) -> None:
        self._caller_at = now
        self._silence_prompts = 0
        self._result_owed = False  # he has the floor
        self._appear(event.item_id)
        self._model.items.add(event.item_id)
        self.caller_speaking = True
        self._unheeded.clear()  # what he goes on to say is answered once he has said it

    def _hear_caller_stop(self, _event: events.CallerStopped, now: float) -> None:
        self._caller_at = now
        self.caller_speaking = False

    def hear_sound(self, now: float) -> None:
        self.noise = True
        self._caller_at = now

    def _hear_turn(self, event: events.CallerCommitted, now: float) -> None:
        self._appear(event.item_id)
        self._model.items.add(event.item_id)
        self.caller_speaking = False
        self._caller_at = now
        self._silence_prompts = 0
        self._retelling.committed.add(event.item_id)
        self._latest_turn = event.item_id
        if self._session.phase in BEFORE_THE_GREETING:
            return  # the greeting answers it
        self._open[event.item_id] = now
        self._unheeded.add(event.item_id)

    def _hear_transcript(self, event: events.CallerTranscribed, now: float) -> None:
        self._judged_now = ""
        if event.item_id in self.judged:
            return
        meant = meaning(event.text) is Meaning.MEANINGFUL
        self.judged[event.item_id] = meant
        self._judged_at[event.item_id] = now
        self._judged_now = event.item_id
        if not meant:
            self._unheeded.discard(event.item_id)
            at = self._open.get(event.item_id, now)
            self._judged_late |= now >= at + self._limits.verdict_s - EPSILON_S

    def _hear_failure(self, event: events.TranscriptionFailed, _now: float) -> None:
        self.failed.add(event.item_id)

    def _hear_response_start(self, event: events.ResponseStarted, _now: float) -> None:
        self._known[event.response_id] = dict(self._open)
        self._purpose[event.response_id] = self._purposes.get(event.request_id)
        if event.request_id in self._told_more:
            self._told_more.add(event.response_id)
        if event.request_id in self._tells_all:
            self._tells_all.add(event.response_id)
        if event.request_id:
            self._unheeded.clear()
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
        if response.response_id in self._tells_all:
            self._more_to_say = False
        self._word_owed = self._result_owed = False
        self.asked_since = None

    def _hear_text(self, event: events.AgentTextDelta, _now: float) -> None:
        response = self._model.active
        if response is not None and response.wanted and response.response_id == event.response_id:
            self._retelling.agent_writes(event.item_id, event.text)

    def _hear_words(self, event: events.AgentTranscribed, _now: float) -> None:
        self._retelling.agent_wrote(event.item_id, event.text)

    def _hear_key(self, event: events.KeyPressed, now: float) -> None:
        if self._session.phase in DEAF_TO_KEYS:
            return
        self._silence_prompts = 0
        self._caller_at = self._keys_at = now
        self._keys += event.digit.strip("#")

    def _hear_response_end(self, event: events.ResponseFinished, _now: float) -> None:
        self._responses_finished += 1
        if event.status == "completed" and event.response_id not in self._unwanted:
            self._word_owed = self._result_owed = False
            if not event.item_ids:  # it has nothing to say
                for item_id in self._known[event.response_id]:
                    self._open.pop(item_id, None)
            self.calls_open |= {call.call_id for call in event.function_calls}
            self._response_of |= {call.call_id: event.response_id for call in event.function_calls}
            items = event.item_ids[len(event.item_ids) - len(event.function_calls) :]
            self._call_of |= dict(
                zip(items, [c.call_id for c in event.function_calls], strict=True)
            )

    def _hear_model_lost(self, _event: events.ModelLost, _now: float) -> None:
        """What it has said is still heard."""
        self._lose_session()

    def _hear_tool(self, event: events.ToolFinished, _now: float) -> None:
        if event.call_id in self.calls_running:
            self.calls_running.remove(event.call_id)
            if event.call_id in self._tools_answered:
                return  # that it was too late
            self._tools_answered.add(event.call_id)
            self._result_owed = True
            self._have_more_to_say()

    def _have_more_to_say(self) -> None:
        self._more_to_say = True
        self._tells_all.clear()

    def _lose_session(self) -> None:
        for utterance in self.live:
            utterance.done = True
        self.caller_speaking = False
        self._farewell_asked = ""  # a new one goes on with what the lost one was saying
        self.failed |= self._retelling.committed  # whoever was to transcribe them is gone
        self._retelling.session_lost()
        self._full_before |= bool(self._full_at)
        self._compact_at, self._full_at = [], []
        self._confirmed_at = None
        self._full_confirmed = self._format_right = False
        self.confirmations_due = 0
        self.calls_open.clear()
        self._have_more_to_say()
        self.asked_since = None

    def _appear(self, item_id: str) -> None:
        if item_id not in self._appeared:
            self._appeared.append(item_id)

    # What the engine commands

    def judge(self, batch: list[Command], now: float, event: Event | None) -> None:
        """Before any of it is done. Without an event it was a deadline that brought it about."""
        self._event = event
        cut = self._take_off(batch, now)
        self._cut_off = bool(cut)
        for command in batch:
            if self.ended:
                raise RuleBroken(f"a call that has ended does something: {command}")
            if isinstance(command, TO_THE_MODEL) and self._model.gone:
                raise RuleBroken(f"{command}, and nobody is there to hear it")
            if (judge := JUDGES.get(type(command))) is not None:
                judge(self, command, now)
        if self.ended:
            return
        self._judge_cut(cut)
        if isinstance(event, events.SessionConfirmed) and self._format_right:
            self._judge_beginning(batch)

    def _take_off(self, batch: list[Command], now: float) -> list[Utterance]:
        """What nobody will hear any more. What is held is heard later."""
        ledger = self._session.core.ledger
        cleared = any(isinstance(command, CUTS) for command in batch)
        if cleared and not ledger.empty:
            self._rewind(now)
            return []
        return self._cut(now) if cleared or (ledger.empty and self.live) else []

    def _rewind(self, now: float) -> None:
        self._telephone.clear(now)
        self.forget_heard()
        for utterance in self.live:
            utterance.sent = utterance.heard
            utterance.rewound = utterance.heard > 0

    def _cut(self, now: float) -> list[Utterance]:
        """Nothing more is heard of what is queued: what was heard of it is certain."""
        self._telephone.clear(now)
        cut = [utterance for utterance in self.live if not _heard_in_full(utterance)]
        self.live.clear()
        heard = {each.response_id for each in self._utterances.values() if each.heard_ms}
        for utterance in cut:
            utterance.cut = True
            if utterance.response_id not in heard:
                self._open |= self._known.get(utterance.response_id, {})
        return cut

    def _judge_cut(self, cut: list[Utterance]) -> None:
        for utterance in cut:
            item = utterance.item_id
            if item not in self._model.items:
                continue  # of a session that is gone
            if item == "greeting":  # of text: what was heard takes its place
                self._require_deleted(item)
                continue
            if utterance.heard_ms and item not in self._truncated:
                raise RuleBroken(f"{item} was cut, and the model was not told where")
            if not utterance.heard_ms and not self._running(utterance):
                self._require_deleted(item)

    def _require_deleted(self, item_id: str) -> None:
        if item_id in self._model.items and item_id not in self._deleted:
            raise RuleBroken(f"nobody heard {item_id}, and the model believes to have said it")

    # What a session of the model begins with

    def _judge_beginning(self, batch: list[Command]) -> None:
        told = [each for each in batch if isinstance(each, commands.AddItem)]
        if self._retelling.due:
            self._judge_retelling(in_order(told))
        elif not self._retelling.begun and self._session.core.profile.greeting_audio:
            self._judge_greeting_told(told)
        self._retelling.due, self._retelling.begun = False, True

    def _judge_retelling(self, told: list[PastItem]) -> None:
        said = [item for item in told if item.role is not Role.SYSTEM]
        expected = self._retelling.conversation(self._appeared, self._utterances, self.saved)
        if said != expected:
            told_texts, expected_texts = [item.text for item in said], [x.text for x in expected]
            raise RuleBroken(f"the new session is told {told_texts}, and not {expected_texts}")
        results = len(told) - len(said)
        if not len(self._tools_answered) <= results <= len(self._calls_run):
            raise RuleBroken(f"the new session is told of {results} tools")

    def _judge_greeting_told(self, told: list[commands.AddItem]) -> None:
        greeting = self._session.core.profile.greeting_text
        if [(each.role, each.text, each.first) for each in told] != [(Role.AGENT, greeting, True)]:
            raise RuleBroken("the model does not know how the caller was greeted")

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
        if self._full_before or self._session.core.profile.resumption:
            return
        if self._confirmed_at is None or self._full_confirmed:
            raise RuleBroken("the full prompt goes out before its time, or once more")
        if self._session.core.profile.greeting_audio:
            return
        greeted = self._responses_finished > 0
        if not greeted and now - self._confirmed_at < self._limits.greeting_audio_s - EPSILON_S:
            raise RuleBroken("the full prompt keeps the greeting waiting")

    def _judge_request(self, command: commands.RequestResponse, now: float) -> None:
        if self._confirmed_at is None:
            raise RuleBroken("a response is asked for before the session is confirmed")
        self._judge_second_request(now)
        _require_none(self.machine.asks(command, now))
        if command.purpose is Purpose.FAREWELL:
            self._judge_farewell(command.request_id)
        if command.purpose is Purpose.GREETING and self._utterances:
            raise RuleBroken("the caller is greeted a second time")
        due = self._open or self._word_owed
        if command.purpose is Purpose.ANSWER and not due and self._tools_busy(now):
            raise RuleBroken("the agent is to go on before all tools have answered")
        over_him = self.caller_speaking and self._session.phase not in ASKED_FOR_MEANWHILE
        over_him = over_him and self._barge_in is not BargeIn.CONFIRM and not self.noise
        if over_him and command.purpose in WAITS_FOR_THE_CALLER:
            raise RuleBroken("the agent is to speak while the caller speaks")
        due = self._open or self._more_to_say or self._word_owed or self._judged_late
        self._judged_late = False
        if command.purpose is Purpose.ANSWER and not due:
            raise RuleBroken("the caller is answered a second time")
        self._purposes[command.request_id] = command.purpose
        if self._more_to_say:
            self._told_more.add(command.request_id)
            self._tells_all.add(command.request_id)
        self._unheeded.clear()
        self._word_owed = command.purpose in ASKED_FOR_TWICE
        if self.asked_since is None or isinstance(self._event, events.CallerCommitted):
            self.asked_since = now

    def _judge_note(self, command: commands.AddNote, _now: float) -> None:
        if command.text != notes.SILENCE:
            return
        self._silence_prompts += 1
        if self._silence_prompts > self._limits.silence_prompts:
            raise RuleBroken("a caller who says nothing is asked again and again")

    def _tools_busy(self, now: float) -> bool:
        return bool(self.calls_running) and not self._tools_overdue(now)

    def _tools_overdue(self, now: float) -> bool:
        """Counted from the latest: together they answer, and together they are given up."""
        latest = max((self._run_at[call] for call in self.calls_running), default=now)
        return now - latest >= self._limits.tool_s - EPSILON_S

    def _judge_farewell(self, request_id: str) -> None:
        again = self._farewell_asked not in ("", request_id)  # the same one may have to wait
        if again and self._closing_at is not None:
            raise RuleBroken("the agent says goodbye a second time")
        self._farewell_asked = request_id

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
        if command.item_id not in self._model.items:
            raise RuleBroken(f"{command}, and this session has not said it")
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
        if self.judged.get(command.item_id) and not self._disbelieved(command.item_id):
            raise RuleBroken(f"{command.item_id} was meant, and the model is to forget it")
        self._open.pop(command.item_id, None)
        self._unheeded.discard(command.item_id)
        self.calls_open.discard(self._call_of.get(command.item_id, ""))
        replaced = command.item_id == "greeting"  # by what was heard of it
        if (
            utterance is not None
            and not replaced
            and (utterance.heard_ms or self._running(utterance))
        ):
            raise RuleBroken(f"{command.item_id} was heard, or is still being made")
        self._deleted.add(command.item_id)

    def _disbelieved(self, item_id: str) -> bool:
        verdict = self._session.core.transcript.verdict_on(item_id)
        return verdict in (Verdict.ECHO, Verdict.DOUBTED)

    def _judge_turn(self, turn: SaveTurn, _now: float) -> None:
        if turn.item_id.startswith("keys_"):
            self._appear(turn.item_id)
            self._open[turn.item_id] = self.now
            self._unheeded.add(turn.item_id)
            self.failed.add(turn.item_id)
            self._retelling.caller_typed(turn.item_id, self._keys)
            if self._model.gone or not self._session.core.online:
                self._keys = ""  # the next session is told of them
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
        if command.call_id not in self.calls_open:
            raise RuleBroken(f"{command.call_id} is answered twice, or was never to be")
        self.calls_open.remove(command.call_id)
        if command.call_id in self._calls_run:
            self._tools_answered.add(command.call_id)
        self._have_more_to_say()

    def _judge_run(self, command: commands.RunTool, now: float) -> None:
        if command.call_id in self._calls_run:
            raise RuleBroken(f"{command.call_id} is executed twice")
        if self._session.phase is Phase.HELD:
            raise RuleBroken("a tool is run for a response that may be taken back")
        self._judge_answer(self._response_of.get(command.call_id, ""), now)
        self._calls_run.add(command.call_id)
        self._run_at[command.call_id] = now
        self.calls_running.append(command.call_id)

    def _judge_connect(self, _command: commands.ConnectModel, _now: float) -> None:
        self._lose_session()
        self._connects += 1
        rotated = self._session.metrics.counters["session_rotated"]
        if self._connects - rotated > self._limits.reconnects:
            raise RuleBroken("the model is looked for again and again")

    def _judge_item(self, command: commands.AddItem, _now: float) -> None:
        if command.item_id in self._retelling.typed and self._keys in command.text:
            self._keys = ""
        if command.item_id:
            self._model.items.add(command.item_id)
            self._appear(command.item_id)
            self._deleted.discard(command.item_id)

    def _judge_end(self, command: commands.EndCall, now: float) -> None:
        self.ended = True  # and any command behind this one is one too many
        if command.reason in PATIENT and not isinstance(self._event, IMPATIENT):
            self._judge_patient_end(command, now)
        unsaved = self._utterances.keys() - self.saved.keys()
        if unsaved:
            raise RuleBroken(f"{unsaved} stand in no row")
        summary = self._session.summary()
        heard_ms = sum(turn.heard_ms for turn in self.saved.values())
        if (summary.heard_ms, summary.frames_sent) != (heard_ms, self._telephone.frames):
            raise RuleBroken("the metrics do not add up")
        said: dict[str, list[bool]] = {}
        for item_id, utterance in self._utterances.items():
            in_full = not self.saved[item_id].interrupted
            said.setdefault(utterance.response_id, []).append(in_full)
        _require_none(self.machine.ends(command.reason, said, self._unwanted))
        if not self._telephone.mark_lost_at and summary.counters["mark_missing"]:
            raise RuleBroken("a mark is missed that was on its way")

    def _judge_patient_end(self, command: commands.EndCall, now: float) -> None:
        """A call that the agent ends, ends when the caller has heard his farewell."""
        response = self._model.active
        to_come = self._model.pending or (response is not None and response.wanted)
        waited = 0.0 if self._closing_at is None else now - self._closing_at
        overdue = waited >= self._limits.farewell_s - EPSILON_S
        wordless = command.reason in ANNOUNCED and not self._farewell_asked
        if wordless and self._retelling.begun and not (overdue or self._model.gone):
            raise RuleBroken("the line is hung up without a word")
        if not overdue and (to_come or self._cut_off):
            raise RuleBroken("the line is hung up before the farewell was heard")

    # What goes to the carrier

    def recognise(self, frame: bytes) -> tuple[Utterance, int]:
        """Whose frame this is and how much of it is audio; it must be the next one that is due."""
        utterance = self._next_to_send()
        if utterance is None:
            raise RuleBroken("a frame that nobody may hear")
        self._judge_floor(utterance)
        if utterance.rewound:
            self._find_resumption(utterance, frame)
        audio = bytes(utterance.audio[utterance.sent : utterance.sent + FRAME_BYTES])
        if not audio or (len(audio) < FRAME_BYTES and not utterance.done):
            raise RuleBroken("a frame is filled up before the end of its item")
        if frame != self._as_played(audio):
            raise RuleBroken("a frame is lost, repeated, or not what the model said")
        utterance.sent += len(audio)
        for item_id in self._known.get(utterance.response_id, ()):
            self._open.pop(item_id, None)
        return utterance, len(audio)

    def _judge_floor(self, utterance: Utterance) -> None:
        over_him = self.caller_speaking and self._session.phase not in SPOKEN_OVER_HIM
        over_him = over_him and self._purpose.get(utterance.response_id) is not Purpose.RESUMPTION
        if over_him and self._barge_in is not BargeIn.CONFIRM and not self.noise:
            raise RuleBroken("the agent speaks over the caller")
        if self._session.core.ledger.ducked and not self._may_duck():
            raise RuleBroken("the agent goes on more quietly for nobody")
        purpose = self._purpose.get(utterance.response_id)
        speaking = self.caller_speaking and not self.noise
        first = not (utterance.sent or utterance.rewound)
        _require_none(self.machine.speaks(purpose, first=first, caller_speaking=speaking))
        if self._greeted_at is None:
            self._greeted_at = self.now
            self._answer_by_greeting()
        if not utterance.sent:
            self._judge_answer(utterance.response_id, self.now)

    def _answer_by_greeting(self) -> None:
        """Whoever is called says hello first, and the greeting is the answer to that."""
        if self._session.core.profile.machine and self._session.phase is Phase.GREETING:
            self._open.clear()
            self._unheeded.clear()

    def _judge_answer(self, response_id: str, now: float) -> None:
        """What is said, or done, for a turn's sake waits until somebody knows what that was."""
        known = self._known.get(response_id, {})
        if self._purpose.get(response_id) is not Purpose.ANSWER or not known:
            return
        if response_id in self._told_more:
            return
        in_time = self._limits.verdict_s - EPSILON_S
        if all(
            self.judged.get(item) is False and self._judged_at[item] < at + in_time
            for item, at in known.items()
        ):
            raise RuleBroken("a sound without meaning is answered")
        heard_of = self.judged.keys() | self.failed
        fresh = [at for item, at in known.items() if item not in heard_of]
        if len(fresh) == len(known) and now < min(fresh) + in_time:
            raise RuleBroken("an answer is heard before anybody knows whether one is due")

    def _may_duck(self) -> bool:
        in_time = self.now <= self._caller_at + self._limits.verdict_s + EPSILON_S
        return self._barge_in is BargeIn.CONFIRM and (self.caller_speaking or in_time)

    def _find_resumption(self, utterance: Utterance, frame: bytes) -> None:
        """It goes on at what was not heard; a little may be heard twice."""
        utterance.rewound = False
        utterance.peak = max(utterance.peak, utterance.heard)
        again_ms = (utterance.peak - utterance.heard) // BYTES_PER_MS  # held twice at once
        at_most_ms = REPEATED_MS + self._telephone.mark_late_ms + again_ms
        for repeated_ms in range(at_most_ms + 1):
            start = (utterance.peak // BYTES_PER_MS - repeated_ms) * BYTES_PER_MS
            audio = bytes(utterance.audio[start : start + FRAME_BYTES])
            if start >= 0 and frame == self._as_played(audio):
                utterance.sent = utterance.heard = start
                return
        raise RuleBroken("what was held does not go on where it was heard to")

    def _as_played(self, audio: bytes) -> bytes:
        if self._session.core.ledger.ducked:
            audio = audio.translate(DUCK)
        return audio.ljust(FRAME_BYTES, SILENCE)

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
        if self._session.phase not in (Phase.CLOSING, Phase.HELD, Phase.ENDED):
            self._closing_at, self._farewell_asked = None, ""  # taken back
        item = self._judged_now if isinstance(event, events.CallerTranscribed) else ""
        believed = self._session.core.transcript.verdict_on(item)
        _require_none(self.machine.rest(event, now, believed=believed))
        if (judge := AFTERWARDS.get(type(event))) is not None:
            judge(self, event, now)
        if not self.ended:
            self._judge_holding(now)
            self._judge_keys(now)
            self._judge_debts(now, event)

    def _judge_debts(self, now: float, event: Event | None) -> None:
        """Whoever is owed something gets it, as soon as nothing else goes on."""
        if self._open_calls_forgotten(now):
            raise RuleBroken("a tool call stays open in the conversation")
        if isinstance(event, events.CallerStopped):
            return  # the end of his turn follows
        if self._unheeded and self._nothing_goes_on(now):
            raise RuleBroken("the caller waits for an answer, and none is asked for")
        if isinstance(event, GIVES_UP) and self._session.phase is Phase.LISTENING:
            self._word_owed = False  # withdrawn, or waited for long enough
        if self._word_owed and self._nothing_goes_on(now):
            raise RuleBroken("a response came to nothing, and is not asked for again")
        if self._result_owed and self._nothing_goes_on(now):
            raise RuleBroken("a tool has answered, and the caller does not hear of it")

    def _judge_holding(self, now: float) -> None:
        """Nobody waits for a verdict longer than it may take."""
        quiet_s = now - self._caller_at
        if self._session.conversation.answering.opening:
            there = self._retelling.begun and self._next_to_send() is not None
            if there and not self.caller_speaking:
                _require_none(self.machine.holds_back(now))
            return
        if not self.caller_speaking and quiet_s > self._limits.verdict_s + EPSILON_S:
            ledger = self._session.core.ledger
            if ledger.held or (self._next_to_send() is not None and ledger.withheld):
                raise RuleBroken("the agent holds his tongue, and nobody speaks")
        longest_s = self._limits.speech_interrupts_s + self._limits.vad_silence_ms / 1000
        if self._session.phase is Phase.HELD and quiet_s > longest_s + EPSILON_S:
            raise RuleBroken("who speaks for so long has interrupted")

    def _judge_keys(self, now: float) -> None:
        if self._session.core.profile.keys and Timer.KEYS not in self._session.core.timers:
            self._keys = ""  # a key that means a tool is told by what came of it
        if self._session.conversation.answering.closing:
            self._keys = ""  # a machine presses none
        told_late = self._keys and now - self._keys_at > self._limits.keys_s + EPSILON_S
        there = self._session.core.online and self._session.phase is not Phase.CLOSING
        if told_late and there:
            raise RuleBroken("the model does not know which keys the caller has pressed")

    def judge_patience(self) -> None:
        """After a minute in which nobody said anything, the call is over."""
        response = self._model.active
        mid_sentence = response is not None and response.wanted and bool(response.utterances)
        taking_leave = Timer.FAREWELL in self._session.core.timers
        if not (self.ended or self.caller_speaking or mid_sentence or taking_leave):
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
        ledger = self._session.core.ledger
        if ledger.held or ledger.withheld:
            return False
        utterance = self._next_to_send()
        if utterance is None:
            return False
        waiting = len(utterance.audio) - utterance.sent
        return waiting >= FRAME_BYTES or (utterance.done and waiting > 0)

    def forget_heard(self) -> None:
        while self.live and self.live[0].done and self.live[0].heard == len(self.live[0].audio):
            self.live.popleft()

    def _judge_silence(self, _event: events.CallerStarted, now: float) -> None:
        if self._agent_goes_on(now):
            raise RuleBroken("the agent speaks on over the caller")
        if (
            self._barge_in is BargeIn.HOLD
            and self._phase_before is not Phase.HELD
            and self._cut_off
        ):
            raise RuleBroken("the agent gives way to what may be nothing")

    def _agent_goes_on(self, now: float) -> bool:
        if self._session.phase in NOT_TO_BE_STOPPED or self._protected(now):
            return False
        if self._session.conversation.answering.opening:
            return False  # he has not begun
        if self._barge_in is BargeIn.CONFIRM and self._session.phase is not Phase.HELD:
            return bool(self.live) and not self._session.core.ledger.ducked
        return self._telephone.level_ms(now) > 0

    def _protected(self, now: float) -> bool:
        if not self._session.core.profile.greeting_protected or self._greeted_at is None:
            return False
        until = self._greeted_at + self._limits.greeting_protected_s
        return self._session.phase is Phase.GREETING and now < until

    @property
    def _barge_in(self) -> BargeIn:
        return self._session.core.profile.barge_in

    def _judge_forgetting(self, event: events.CallerTranscribed, now: float) -> None:
        """A turn without meaning that nobody has answered is none."""
        item = event.item_id
        if item != self._judged_now:
            return
        remembered = item in self._open and item in self._model.items
        in_time = now < self._open.get(item, now) + self._limits.verdict_s - EPSILON_S
        if remembered and in_time and not self.judged[item]:
            raise RuleBroken(f"{item} meant nothing, and the model remembers it")
        if self.ended or self.caller_speaking or item != self._latest_turn:
            return
        if self._session.phase is Phase.HELD:
            raise RuleBroken(f"it is known what {item} was, and the agent still waits")
        was_held = self._phase_before is Phase.HELD
        if was_held and self._cut_off and not self.judged[item]:
            raise RuleBroken(f"{item} meant nothing, and the agent gives way to it")
        reopened = self._session.phase is not Phase.CLOSING or self._disbelieved(item)
        reopened |= self._session.conversation.answering.closing  # on what may be a machine's words
        if was_held and self.judged[item] and not (reopened or is_leave_taking(event.text)):
            raise RuleBroken("the caller asks on, and the agent hangs up")

    def _open_calls_forgotten(self, now: float) -> bool:
        """Only a call whose response may be taken back waits, and one that is being executed."""
        waiting = self._session.phase is Phase.HELD or self._session.core.ledger.withheld
        if self._session.phase is Phase.CLOSING:
            return False  # what is left of the conversation is the farewell
        running = set() if self._tools_overdue(now) else set(self.calls_running)
        return not waiting and bool(self.calls_open - running)

    def _judge_deletions(self, event: events.ResponseFinished, _now: float) -> None:
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
        withheld = self._session.phase is Phase.HELD or self._session.core.ledger.withheld
        if withheld or self.calls_running or self._model.gone or self._awaits_verdict(now):
            return False
        timers = self._session.core.timers
        if self._confirmed_at is None or Timer.KEYS in timers or Timer.RATE_LIMIT in timers:
            return False
        if self.caller_speaking or self._telephone.level_ms(now) or self._telephone.marks():
            return False
        if now - self._telephone.mark_lost_at <= self._limits.mark_slack_s:
            return False  # the engine cannot know yet that all was heard
        return self._model.active is None and not self._model.pending

    def _awaits_verdict(self, now: float) -> bool:
        """By `confirm` he thinks on, more quietly as it were."""
        in_time = now <= self._caller_at + self._limits.verdict_s + EPSILON_S
        return self._barge_in is BargeIn.CONFIRM and in_time

    def _running(self, utterance: Utterance) -> bool:
        response = self._model.active
        return response is not None and response.response_id == utterance.response_id

    @property
    def _limits(self) -> Limits:
        return self._session.limits


def _require_none(fault: str) -> None:
    if fault:
        raise RuleBroken(fault)


def _heard_in_full(utterance: Utterance) -> bool:
    return utterance.done and utterance.heard_ms >= utterance.generated_ms


HEARS: Final[dict[type[Event], Callable[[Rules, Any, float], None]]] = {
    events.SessionConfirmed: Rules._hear_confirmation,
    events.CallerStarted: Rules._hear_caller_start,
    events.CallerStopped: Rules._hear_caller_stop,
    events.CallerCommitted: Rules._hear_turn,
    events.CallerTranscribed: Rules._hear_transcript,
    events.TranscriptionFailed: Rules._hear_failure,
    events.ResponseStarted: Rules._hear_response_start,
    events.AgentAudio: Rules._hear_audio,
    events.AgentTextDelta: Rules._hear_text,
    events.AgentTranscribed: Rules._hear_words,
    events.KeyPressed: Rules._hear_key,
    events.ResponseFinished: Rules._hear_response_end,
    events.ModelLost: Rules._hear_model_lost,
    events.ToolFinished: Rules._hear_tool,
}

AFTERWARDS: Final[dict[type, Callable[[Rules, Any, float], None]]] = {
    events.CallerStarted: Rules._judge_silence,
    events.CallerTranscribed: Rules._judge_forgetting,
    events.ResponseFinished: Rules._judge_deletions,
}

JUDGES: Final[dict[type[Command], Callable[[Rules, Any, float], None]]] = {
    commands.ConfigureSession: Rules._judge_configuration,
    commands.RequestResponse: Rules._judge_request,
    commands.CancelResponse: Rules._judge_cancel,
    commands.TruncateItem: Rules._judge_truncation,
    commands.DeleteItem: Rules._judge_deletion,
    commands.SaveTurn: Rules._judge_turn,
    commands.AnswerTool: Rules._judge_tool,
    commands.RunTool: Rules._judge_run,
    commands.ConnectModel: Rules._judge_connect,
    commands.AddItem: Rules._judge_item,
    commands.AddNote: Rules._judge_note,
    commands.EndCall: Rules._judge_end,
}
