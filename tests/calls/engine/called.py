"""Outbound calls, as far as a test wants them to have come."""

from __future__ import annotations

from calls.engine import events
from calls.engine.core import Phase
from calls.engine.limits import Limits
from calls.engine.profile import Profile
from tests.calls.engine.histories import MAILBOX
from tests.calls.engine.line import HANGING_UP, LEAVING, LIMITS, Line

MESSAGE_MS = 1000


def called(profile: Profile = LEAVING, limits: Limits = LIMITS) -> Line:
    """The callee has taken the call, and nobody has said anything yet."""
    return Line.greeting(limits, profile)


def greeting_waits(profile: Profile = LEAVING) -> Line:
    """The agent has 500 ms to say, as soon as the callee has said something."""
    line = called(profile)
    line.agent_responds(500)
    return line


def a_mailbox_answers(profile: Profile = LEAVING) -> Line:
    """Its greeting is over, and its words are known."""
    line = greeting_waits(profile)
    line.caller_starts()
    line.wait(3)
    line.caller_ends(MAILBOX)
    return line


def a_message_is_left() -> Line:
    """The beep was heard, and the message has begun."""
    line = a_mailbox_answers()
    line.feed(events.AnsweredBy("machine_end_beep"))
    line.response_begins()
    line.agent_sends(MESSAGE_MS * 8)
    line.wait(0.3)
    line.assert_phase(Phase.CLOSING)
    return line


def perhaps_a_machine(profile: Profile = HANGING_UP) -> Line:
    """A long first sentence of no known kind, and the carrier's word: no more than that."""
    line = greeting_waits(profile)
    line.caller_starts()
    line.wait(9)
    line.caller_ends("The days are getting longer, and the garden is full of birds again.")
    line.feed(events.AnsweredBy("machine_start"))
    line.assert_phase(Phase.CLOSING)
    return line


def greeted(profile: Profile = LEAVING) -> Line:
    """A person has said hello, and was greeted in 500 ms."""
    line = called(profile)
    line.caller_says("Hello?")
    line.agent_responds(500)
    line.wait(0.5)
    line.assert_phase(Phase.LISTENING)
    return line
