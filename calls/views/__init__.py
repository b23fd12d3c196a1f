"""What a person sees of calls and of the agent, one screen a module."""

from __future__ import annotations
