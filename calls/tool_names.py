from __future__ import annotations

from enum import StrEnum


class BuiltIn(StrEnum):
    """The tools that every business's agent may be given; no tool of its own may be called so."""

    END_CALL = "end_call"
    TRANSFER_TO_HUMAN = "transfer_to_human"
    SAVE_LEAD_DETAILS = "save_lead_details"
    MARK_DO_NOT_CALL = "mark_do_not_call"
    CHECK_AVAILABILITY = "check_availability"
    SCHEDULE_APPOINTMENT = "schedule_appointment"
