"""What a member of the team sees of calls, one screen a module."""

from __future__ import annotations

from calls.views.try_agent import begin_test, test_conversation, try_agent

__all__ = ["begin_test", "test_conversation", "try_agent"]
