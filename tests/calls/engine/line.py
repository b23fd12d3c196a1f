"""A whole call in one thread without a socket: the engine, the model, the caller's telephone.

`Line` does what the adapter does, in the adapter's order (feed, execute, play, wake at the
deadline), and holds every step against the rules.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Final, TypeVar

from calls.engine import commands, events
from calls.engine.commands import Command, Purpose
from calls.engine.configuration import AUDIO_FORMAT
from calls.engine.core import Phase
from calls.engine.events import Event, Mark
from calls.engine.limits import Limits
from calls.engine.profile import BargeIn, MachinePolicy, OnMachine, PastItem, Profile
from calls.engine.session import CallSession
from calls.engine.tooling import ToolEffect, ToolOutcome
from tests.calls.engine.model import Model
from tests.calls.engine.retelling import in_order
from tests.calls.engine.rules import Rules
from tests.calls.engine.telephone import EPSILON_S, Telephone

LIMITS: Final = Limits()
INSTANT: Final = Profile(barge_in=BargeIn.INSTANT)
HOLD: Final = Profile(barge_in=BargeIn.HOLD)
CONFIRM: Final = Profile(barge_in=BargeIn.CONFIRM)
GREETING_MS: Final = 600
# Another voice than the model's: random, so that no two stretches of it are alike.
GREETING_AUDIO: Final = random.Random(7).randbytes(GREETING_MS * 8)
CACHED: Final = Profile(
    barge_in=BargeIn.HOLD, greeting_audio=GREETING_AUDIO, greeting_text="Hello, how can I help?"
)
MESSAGE_TEXT: Final = "This is Flora's flowers. Your order is ready."
# Calls that go out, by what becomes of them when a machine answers.
HANGING_UP: Final = Profile(machine=MachinePolicy(OnMachine.HANG_UP))
LEAVING: Final = Profile(machine=MachinePolicy(OnMachine.LEAVE_MESSAGE, MESSAGE_TEXT))
TALKING_ON: Final = Profile(machine=MachinePolicy(OnMachine.TALK))
BEGAN_AT: Final = 100.0  # no clock starts at 0
BYTES_PER_MS: Final = 8

C = TypeVar("C", bound=Command)


class Line:
    def __init__(self, limits: Limits = LIMITS, profile: Profile = INSTANT) -> None:
        self.now = BEGAN_AT
        self.session = CallSession(limits, self.now, profile)
        self.model = Model()
        self.telephone = Telephone()
        self.rules = Rules(self.session, self.model, self.telephone)
        self.done: list[Command] = []  # all that the engine commanded
        self.carrier_sends = True  # a frame of the caller's every 20 ms, silence included
        self.caller_items = 0
        self._play()

    # The adapter's part

    def feed(self, event: Event) -> list[Command]:
        """Tell the engine; what it commands is done, and what comes of that is fed as well."""
        self._wake_if_due()
        self.rules.hear(event, self.now)
        batch = self.session.receive(event, self.now)
        self._step(batch, event)
        return batch

    def wait(self, seconds: float) -> None:
        """Time passes; every deadline and every mark has its moment."""
        until = self.now + seconds
        while (at := self._next_moment()) is not None and at <= until + EPSILON_S:
            self._pass_to(max(at, self.now))
            if self._mark_due():
                self._echo(self.telephone.take_mark(self.now))
            else:
                self._wake_if_due()
        self._pass_to(max(until, self.now))

    def stall(self, seconds: float) -> None:
        """Time passes, and the adapter does not get to run before the end of it."""
        while self._mark_due():  # of an earlier stall
            self._echo(self.telephone.take_mark(self.now))
        self.now += seconds
        self.telephone.play(self.now)
        self.rules.forget_heard()
        self._step(self.session.expire(self.now), None)

    @property
    def ended(self) -> bool:
        return self.rules.ended

    def _next_moment(self) -> float | None:
        moments = (self.session.deadline, self.telephone.next_mark_at)
        return min((at for at in moments if at is not None), default=None)

    def _mark_due(self) -> bool:
        at = self.telephone.next_mark_at
        return at is not None and at <= self.now + EPSILON_S

    def _pass_to(self, now: float) -> None:
        self.now = now
        self.telephone.play(now)
        self.rules.judge_pace(now)
        self.rules.forget_heard()
        if self.carrier_sends:
            self.session.caller_frame(now)

    def _wake_if_due(self) -> None:
        deadline = self.session.deadline
        if deadline is not None and deadline <= self.now:
            self._step(self.session.expire(self.now), None)

    def _step(self, batch: list[Command], event: Event | None) -> None:
        marks = self.telephone.marks()
        self.rules.judge(batch, self.now, event)
        self.done += batch
        replies = list(self._execute(batch, marks))
        self._play()
        self.rules.rest(self.now, event)
        for reply in replies:
            self._reply(reply)

    def _execute(self, batch: list[Command], marks: list[Mark]) -> Iterable[Event]:
        for command in batch:
            match command:
                case commands.RequestResponse(request_id):
                    since = self.rules.asked_since or self.now
                    if (refusal := self.model.asked(request_id, since)) is not None:
                        yield refusal
                case commands.CancelResponse(response_id):
                    self.model.cancelled(response_id, self.now)
                case commands.ClearPlayback():
                    yield from map(events.MarkReached, marks)
                case commands.ConnectModel():
                    self.model.leaves()
                    self.model.sought = True

    def _reply(self, reply: Event) -> None:
        if isinstance(reply, events.MarkReached):
            self._echo(reply.mark)
        else:
            self.feed(reply)

    def _echo(self, mark: Mark) -> None:
        if self.telephone.marks_return:
            self.feed(events.MarkReached(mark))
        else:
            self.telephone.mark_lost_at = self.now

    def _play(self) -> None:
        self.rules.now = self.now
        while (output := self.session.next_output(self.now)) is not None:
            if isinstance(output, Mark):
                self.telephone.queue_mark(output, self.now)
            else:
                self.telephone.queue_frame(output, *self.rules.recognise(output), self.now)

    # What the model does

    def model_ready(self) -> list[Command]:
        return self.feed(events.ModelReady())

    def confirmed(self, output_format: str = AUDIO_FORMAT) -> list[Command]:
        return self.feed(events.SessionConfirmed(AUDIO_FORMAT, output_format))

    def response_begins(self) -> list[Command]:
        started, refused = self.model.begins(self.now)
        batch = self.feed(started)
        for refusal in refused:
            self.feed(refusal)
        return batch

    def agent_sends(self, size: int) -> list[Command]:
        """So many bytes of the agent's voice, in one delta."""
        return self.feed(self.model.says(size))

    def agent_says(self, ms: int) -> str:
        """An item of so many milliseconds; its id."""
        audio = self.model.says(ms * BYTES_PER_MS)
        self.feed(audio)
        self.feed(self.model.ends_item())
        return audio.item_id

    def item_ends(self) -> list[Command]:
        return self.feed(self.model.ends_item())

    def response_ends(
        self, status: str = "completed", *, tools: tuple[str, ...] = (), code: str = ""
    ) -> list[Command]:
        return self.feed(self.model.finishes(status, code, tools))

    def agent_responds(self, ms: int = 500) -> str:
        """A whole response of one item, delivered in a burst as the API does; the item's id."""
        self.response_begins()
        item_id = self.agent_says(ms)
        self.response_ends()
        return item_id

    def agent_writes(self, text: str) -> list[Command]:
        return self.feed(self.model.writes(text))

    def model_returns(self) -> list[Command]:
        return self.feed(self.model.returns())

    def tool_finishes(
        self, call_id: str, output: str = "{}", effect: ToolEffect = ToolEffect.NONE
    ) -> list[Command]:
        outcome = ToolOutcome(output, succeeded=True, effect=effect)
        return self.feed(events.ToolFinished(call_id, outcome))

    def model_goes(self, why: str = "reset by peer") -> list[Command]:
        return self.feed(self.model.goes(why))

    def request_fails(self) -> list[Command]:
        return self.feed(self.model.refuses())

    # What the caller does

    def caller_starts(self) -> str:
        self.caller_items += 1
        item_id = f"caller_{self.caller_items}"
        self.feed(events.CallerStarted(item_id, self._ms))
        return item_id

    def caller_commits(self) -> str:
        """He falls silent, and what he said is a turn."""
        item_id = f"caller_{self.caller_items}"
        self.feed(events.CallerStopped(item_id, self._ms))
        self.feed(events.CallerCommitted(item_id))
        return item_id

    def caller_says(self, text: str = "What does it cost?") -> str:
        """And his words are known at once."""
        self.caller_starts()
        return self.caller_ends(text)

    def transcribed(self, text: str, item_id: str = "") -> list[Command]:
        """His last turn, or another one."""
        item_id = item_id or f"caller_{self.caller_items}"
        return self.feed(events.CallerTranscribed(item_id, text))

    def caller_sounds(self, *frames: bytes) -> None:
        """Frames of his, 20 ms apart."""
        for frame in frames:
            self.rules.hear_sound(self.now)
            if self.session.attentive(self.now):
                self._step(self.session.caller_sound(frame, self.now), None)
            self.wait(0.02)

    def caller_ends(self, text: str = "What does it cost?") -> str:
        """He has finished, and his words are known at once."""
        item_id = self.caller_commits()
        self.transcribed(text)
        return item_id

    @property
    def _ms(self) -> int:
        return round((self.now - BEGAN_AT) * 1000)

    # Where a test begins

    @classmethod
    def configuring(cls, limits: Limits = LIMITS, profile: Profile = INSTANT) -> Line:
        line = cls(limits, profile)
        line.model_ready()
        return line

    @classmethod
    def greeting(cls, limits: Limits = LIMITS, profile: Profile = INSTANT) -> Line:
        """The session is confirmed and the greeting asked for."""
        line = cls.configuring(limits, profile)
        line.confirmed()
        return line

    @classmethod
    def listening(cls, limits: Limits = LIMITS, profile: Profile = INSTANT) -> Line:
        """Greeted in 500 ms, the full prompt confirmed, the caller's turn."""
        line = cls.greeting(limits, profile)
        line.agent_responds(500)
        line.confirmed()
        line.wait(0.5)
        assert line.phase is Phase.LISTENING
        return line

    @classmethod
    def thinking(cls, limits: Limits = LIMITS, profile: Profile = INSTANT) -> Line:
        line = cls.listening(limits, profile)
        line.caller_says()
        return line

    @classmethod
    def holding(cls, profile: Profile = HOLD) -> Line:
        """He has begun to speak into an answer of which half a second was heard."""
        line = cls.speaking(profile=profile)
        line.wait(0.5)
        line.caller_starts()
        line.assert_phase(Phase.HELD)
        return line

    @classmethod
    def closing(cls, profile: Profile = HOLD) -> Line:
        """The agent has said goodbye, for a second, and hangs up when that was heard."""
        line = cls.thinking(profile=profile)
        line.response_begins()
        line.agent_says(1000)
        line.response_ends(tools=("end_call",))
        line.assert_phase(Phase.CLOSING)
        return line

    @classmethod
    def waiting_for_tool(
        cls, profile: Profile = HOLD, tools: tuple[str, ...] = ("look_up",)
    ) -> Line:
        line = cls.thinking(profile=profile)
        line.response_begins()
        line.response_ends(tools=tools)
        return line

    @classmethod
    def reconnecting(cls, limits: Limits = LIMITS, profile: Profile = INSTANT) -> Line:
        """In mid-call, with nobody at the model's end: the caller's turn."""
        line = cls.listening(limits, profile)
        line.model_goes()
        return line

    @classmethod
    def speaking(cls, limits: Limits = LIMITS, ms: int = 1000, profile: Profile = INSTANT) -> Line:
        """An answer is under way: so much of it has been delivered, and it goes on."""
        line = cls.thinking(limits, profile)
        line.response_begins()
        line.agent_sends(ms * BYTES_PER_MS)
        return line

    # What a test asks

    @property
    def phase(self) -> Phase:
        return self.session.phase

    @property
    def heard(self) -> bytes:
        """All that came out of the telephone, to the sample."""
        return self.telephone.heard_until(self.now)

    def commanded(self, kind: type[C]) -> list[C]:
        return [command for command in self.done if isinstance(command, kind)]

    def requested(self) -> list[Purpose]:
        return [request.purpose for request in self.commanded(commands.RequestResponse)]

    def told(self) -> list[PastItem]:
        """What a session of the model was told that it has not heard, as it then reads it."""
        return in_order(self.commanded(commands.AddItem))

    def turn(self, item_id: str) -> commands.SaveTurn:
        """The row of an item as it stands."""
        return self.rules.saved[item_id]

    def assert_phase(self, phase: Phase) -> None:
        assert self.phase is phase

    def assert_heard(self, audio: bytes) -> None:
        assert self.heard == audio, f"{len(self.heard)} bytes were heard, not {len(audio)}"

    def assert_silent_within(self, ms: int) -> None:
        level = self.telephone.level_ms(self.now)
        assert level <= ms, f"the caller still hears {level} ms"
        assert self.session.next_output(self.now) is None

    def assert_truncated(self, item_id: str, ms: int) -> None:
        cuts = self.commanded(commands.TruncateItem)
        assert cuts == [commands.TruncateItem(item_id, ms)]

    def assert_deleted(self, *item_ids: str) -> None:
        assert [command.item_id for command in self.commanded(commands.DeleteItem)] == [*item_ids]

    def assert_cancelled(self, *response_ids: str) -> None:
        cancels = self.commanded(commands.CancelResponse)
        assert [command.response_id for command in cancels] == [*response_ids]

    def assert_one_active_response(self) -> None:
        assert self.model.active is not None
        assert not self.model.pending

    def assert_ended(self, reason: str, *, apologise: bool = False) -> None:
        then = commands.Disposition.APOLOGISE if apologise else commands.Disposition.HANG_UP
        self.assert_left(reason, then)

    def assert_left(self, reason: str, then: commands.Disposition) -> None:
        ends = self.commanded(commands.EndCall)
        assert [(end.reason, end.then) for end in ends] == [(reason, then)]
        assert self.phase is Phase.ENDED
        assert self.session.deadline is None

    def assert_goes_on(self) -> None:
        assert not self.commanded(commands.EndCall)
        assert self.phase is not Phase.ENDED
