"""Whoever answers an outbound call: greeted, if it is a person; else hung up on, or left a message.

Nobody who speaks for himself is lost to a verdict: until the line is closed he takes it back, by
the same way by which a caller takes back a farewell. The agent's first words wait for the callee's,
who says hello first, and whom a mailbox imitates.
"""

from __future__ import annotations

from typing import Final, Protocol

from calls.engine import notes
from calls.engine.commands import AddNote, Purpose
from calls.engine.core import Core, Phase
from calls.engine.events import AnsweredBy, ResponseFinished
from calls.engine.left_message import LeftMessage, Message
from calls.engine.machines import Answerer, MachineEvidence
from calls.engine.mailboxes import Hint, hint_in
from calls.engine.profile import OnMachine
from calls.engine.timers import Timer
from calls.engine.tones import BeepDetector
from calls.engine.transcript import Verdict

# A mailbox whose greeting goes on after a long pause has the message said to it once more.
MESSAGES: Final = 2
# The words of a greeting are known after its beep, but not so long after it.
BEEP_S: Final = 5.0
MACHINES: Final = (Answerer.MACHINE, Answerer.FAX)
# There is a conversation to be ended, and nobody ends it yet.
OPEN: Final = (Phase.GREETING, Phase.LISTENING, Phase.THINKING, Phase.SPEAKING, Phase.HELD)
# The carrier has heard the greeting to its end.
GREETING_OVER: Final = ("machine_end_beep", "machine_end_silence", "machine_end_other")


class Floor(Protocol):
    """What the conversation does about whoever has answered."""

    def greet(self, now: float) -> None: ...

    def introduce(self, now: float) -> None: ...

    def leave_to_machine(self, now: float) -> None: ...


class Answering:
    def __init__(self, core: Core, floor: Floor) -> None:
        self.opening = False  # the agent's first words wait for the callee's
        self.waiting = False  # a machine has answered, and the line stays open for a while
        self._core = core
        self._floor = floor
        self._policy = core.profile.machine
        self._evidence = MachineEvidence(core.limits, core.metrics.counters)
        self._beeps = BeepDetector()
        self._beep_at = -BEEP_S
        self._began: dict[str, float] = {}  # turns of the callee's
        self._first: set[str] = set()  # of them, before the agent was heard
        self._introduced = False
        self._greeting_over = False
        self._closed_at: float | None = None
        self._message_at: float | None = None
        self._messages = 0
        self._message = LeftMessage(core)

    # The agent's first words

    def hold_greeting(self) -> None:
        if self._policy is not None:
            self.opening = self._core.ledger.withheld = True

    def open(self, now: float) -> None:
        """The model is there to hear what the callee says."""
        self.hold_greeting()
        self.nobody_speaks(now)
        self._act(now)

    def nobody_speaks(self, now: float) -> None:
        """As far as is known; a model that is away would not say so."""
        if self.opening:
            self._wait_to_greet(self._core.limits.opening_s, now)

    def greet_if_clear(self, now: float) -> None:
        """Unless that was half a mailbox's greeting."""
        if self.opening and not self._evidence.suspects:
            self._core.timers.clear(Timer.OPENING)
            self.opening_due(now)

    def opening_due(self, now: float) -> None:
        core = self._core
        if self.opening and not (core.transcript.caller_speaking or core.ledger.empty):
            self._floor.greet(now)

    def end_opening(self) -> None:
        if self.opening:
            self.opening = self._core.ledger.withheld = False
            self._core.timers.clear(Timer.OPENING)

    @property
    def patience_s(self) -> float:
        """How long the callee may be silent: an assistant asks somebody, who has to read first."""
        limits = self._core.limits
        screened = self._evidence.answerer is Answerer.SCREENING
        return max(limits.screening_s if screened else 0.0, limits.silence_prompt_s)

    def _wait_to_greet(self, seconds: float, now: float) -> None:
        self._core.timers.set(Timer.OPENING, now + seconds)

    # What the callee does

    @property
    def listens(self) -> bool:
        """Is there a beep to be heard?"""
        return self._policy is not None and self._message_at is None and not self._evidence.settled

    def sound(self, frame: bytes, now: float) -> None:
        beep = self._beeps.hear(frame)
        if beep is None:
            return
        self._beep_at = now
        self._evidence.beep(beep)
        if self.waiting and self._leaves_message:
            self._leave_message(now)
        self._act(now)

    def started(self, item_id: str, now: float) -> None:
        if self._policy is None:
            return
        self._began[item_id] = now
        if not self._core.ledger.frames_sent:
            self._first.add(item_id)
        if self.waiting:
            self._core.timers.clear(Timer.MACHINE)

    def stopped(self, now: float) -> None:
        self._go_on_waiting(now)
        self.nobody_speaks(now)

    def committed(self, now: float) -> None:
        """His words follow; who says hello is not kept waiting for longer than any answer is."""
        if self.opening:
            self._wait_to_greet(self._core.limits.verdict_s, now)

    def understood(self, item_id: str, verdict: Verdict, speech_ms: int, now: float) -> bool:
        """True if that is dealt with: it is not for the agent to answer."""
        if self._policy is None or self.closing or self._evidence.settled:
            return False
        hint = None if verdict is Verdict.ECHO else self._hint(item_id)
        if hint is None and verdict is not Verdict.NONE:
            return self.not_understood(item_id, speech_ms, now)
        self._evidence.words(hint, speech_ms, reply=item_id not in self._first)
        self.nobody_speaks(now)
        if hint is not Hint.SCREENING or self._introduced or self._core.phase not in OPEN:
            return self._act(now)
        self._introduced = True
        self._core.metrics.counters["machine.screening"] += 1
        self._floor.introduce(now)
        return True

    def not_understood(self, item_id: str, speech_ms: int, now: float) -> bool:
        if self._policy is None or self.closing:
            return False
        self._evidence.wordless(speech_ms, reply=item_id not in self._first)
        return self._act(now)

    def carrier_says(self, event: AnsweredBy, now: float) -> None:
        """It may say so before the stream, after the verdict, twice, or never."""
        if self._policy is None:
            self._core.metrics.counters["answered_by_unasked"] += 1
            return
        self._evidence.carrier_says(event.verdict)
        if event.verdict in GREETING_OVER:
            self._greeting_over = True
            self._go_on_waiting(now)
        self._act(now)

    def _hint(self, item_id: str) -> Hint | None:
        return hint_in(self._core.transcript.words_heard(item_id))

    def _act(self, now: float) -> bool:
        """A fax is hung up on whatever the policy is: nobody is there to be talked to."""
        evidence = self._evidence
        if self.closing or not evidence.convicts:
            return False
        if evidence.answerer not in MACHINES:
            evidence.convict()
        assert self._policy is not None  # or nothing would have been looked for
        if self._policy.then is OnMachine.TALK and evidence.answerer is Answerer.MACHINE:
            return False
        if self._core.phase not in OPEN:
            return False
        self._floor.leave_to_machine(now)
        return True

    # A machine

    def closed(self, now: float) -> None:
        """The agent has fallen silent on a machine."""
        core = self._core
        self._closed_at = now
        self.waiting = self._leaves_message or not self._evidence.certain
        core.timers.set(Timer.FAREWELL, now + core.limits.mailbox_s)
        if self._leaves_message and now - self._beep_at < BEEP_S:
            self._leave_message(now)
        else:
            self._go_on_waiting(now)

    def due(self, now: float) -> None:
        """So long nobody has said anything."""
        if self._leaves_message:
            self._leave_message(now)
        else:
            self.waiting = False

    def give_up(self) -> None:
        """Nobody is left who could leave a message, or hear a person."""
        self.waiting = False

    def takes_back(self, item_id: str) -> bool:
        """Is that a person, who has said this to a line that is being closed on a machine?"""
        hint = self._hint(item_id)
        if hint is not None:
            return hint is Hint.PERSON
        since = self._closed_at if self._message_at is None else self._message_at
        after = since is not None and self._began.get(item_id, 0.0) >= since
        return after and self._doubtful

    @property
    def closing(self) -> bool:
        return self._closed_at is not None

    def reopened(self) -> str:
        """What the model is to know of it, if this was what had closed the line."""
        if not self.closing:
            return ""
        self._evidence.take_back()
        self.waiting = False
        self._message.stopped()
        self._closed_at = self._message_at = None
        self._core.timers.clear(Timer.MACHINE)
        return notes.NOT_A_MACHINE

    @property
    def _doubtful(self) -> bool:
        """A greeting that is certain to be one goes on, with a name or a number in between; who
        speaks into the message is somebody."""
        return self._message_at is not None or not self._evidence.certain

    @property
    def _leaves_message(self) -> bool:
        return (
            self._policy is not None
            and self._policy.then is OnMachine.LEAVE_MESSAGE
            and bool(self._policy.message)
            and self._evidence.answerer is Answerer.MACHINE
            and self._messages < MESSAGES
        )

    def _go_on_waiting(self, now: float) -> None:
        """For the line to be quiet, or, where the carrier knows that the greeting is over, for no
        longer than somebody speaks into it all the same."""
        limits, leaves = self._core.limits, self._leaves_message
        if not self.waiting or self._core.transcript.caller_speaking:
            return
        if leaves and self._greeting_over:
            self._leave_message(now)
        else:
            wait_s = limits.mailbox_quiet_s if leaves else limits.machine_doubt_s
            self._core.timers.set(Timer.MACHINE, now + wait_s)

    # The message

    def _leave_message(self, now: float) -> None:
        core = self._core
        assert self._policy is not None  # whose message it is
        self.waiting = False
        self._message_at = now
        self._messages += 1
        core.metrics.counters["machine.message"] += 1
        core.timers.clear(Timer.MACHINE)
        core.timers.set(Timer.FAREWELL, now + core.limits.message_s)
        core.tell(AddNote(notes.leave_message(self._policy.message)))
        core.do(*core.arbiter.request(Purpose.MESSAGE))

    def agent_speaks(self, item_id: str, now: float) -> None:
        if Timer.OPENING not in self._core.timers:
            self.opening_due(now)  # his greeting is late
        if self._core.arbiter.purpose is Purpose.MESSAGE:
            self._message.speaks(item_id, self._messages)

    def response_made(self, event: ResponseFinished, purpose: Purpose) -> None:
        if purpose is Purpose.MESSAGE and event.status == "completed":
            self._message.whole = True

    @property
    def message(self) -> Message:
        return self._message.outcome

    @property
    def answered_by(self) -> str:
        return "" if self._policy is None else str(self._evidence.answerer)
