"""What a person sees of calls, one screen a module."""

from __future__ import annotations

from calls.views.calls import call, calls, delete_note, write_note

__all__ = ["call", "calls", "delete_note", "write_note"]
