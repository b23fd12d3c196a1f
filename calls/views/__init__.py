"""What a person sees of calls, one screen a module."""

from __future__ import annotations

from calls.views.appointments import (
    appointment,
    appointments,
    cancel_appointment,
    edit_appointment,
    new_appointment,
)
from calls.views.calls import call, calls, delete_note, write_note

__all__ = [
    "appointment",
    "appointments",
    "call",
    "calls",
    "cancel_appointment",
    "delete_note",
    "edit_appointment",
    "new_appointment",
    "write_note",
]
