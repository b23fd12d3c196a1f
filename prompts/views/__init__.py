"""What the agent says, inbound and outbound, one screen a module."""

from __future__ import annotations

from prompts.views.editing import advice, edit
from prompts.views.overview import overview
from prompts.views.starting import questions, start
from prompts.views.versions import greeting, publish_version, version, versions

__all__ = [
    "advice",
    "edit",
    "greeting",
    "overview",
    "publish_version",
    "questions",
    "start",
    "version",
    "versions",
]
