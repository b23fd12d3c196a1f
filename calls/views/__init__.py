"""What a member of the team sees of calls, one screen a module."""

from __future__ import annotations

from calls.views.live import (
    hang_up,
    instruct,
    live,
    live_call,
    live_calls,
    live_conversation,
    take_over,
)
from calls.views.try_agent import begin_test, test_conversation, try_agent

__all__ = [
    "begin_test",
    "hang_up",
    "instruct",
    "live",
    "live_call",
    "live_calls",
    "live_conversation",
    "take_over",
    "test_conversation",
    "try_agent",
]
