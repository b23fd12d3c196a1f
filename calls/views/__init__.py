"""What a member of the team sees of calls, one screen a module."""

from __future__ import annotations

from calls.views.appointments import (
    appointment,
    appointments,
    cancel_appointment,
    edit_appointment,
    new_appointment,
)
from calls.views.calls import call, calls, delete_note, write_note
from calls.views.live import (
    hang_up,
    instruct,
    live,
    live_call,
    live_calls,
    live_conversation,
    take_over,
)
from calls.views.recordings import recording
from calls.views.try_agent import begin_test, test_conversation, try_agent

__all__ = [
    "appointment",
    "appointments",
    "begin_test",
    "call",
    "calls",
    "cancel_appointment",
    "delete_note",
    "edit_appointment",
    "hang_up",
    "instruct",
    "live",
    "live_call",
    "live_calls",
    "live_conversation",
    "new_appointment",
    "recording",
    "take_over",
    "test_conversation",
    "try_agent",
    "write_note",
]
