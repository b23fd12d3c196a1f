"""What a person of a business sees of calls, one screen a module."""

from __future__ import annotations

from calls.views.appointments import (
    appointment,
    appointments,
    cancel_appointment,
    edit_appointment,
    new_appointment,
)

__all__ = [
    "appointment",
    "appointments",
    "cancel_appointment",
    "edit_appointment",
    "new_appointment",
]
