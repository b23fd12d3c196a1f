"""The operator's pages about calls, one subject a module."""

from __future__ import annotations

from calls.admin.agents import AgentSettingsAdmin, HttpToolAdmin, TransferTargetAdmin
from calls.admin.callbacks import CallbackEventAdmin
from calls.admin.calls import CallAdmin
from calls.admin.leads import DoNotCallAdmin, LeadAdmin, LeadFieldAdmin, LeadNoteAdmin
from calls.admin.number_requests import NumberRequestAdmin
from calls.admin.recordings import RecordingAdmin
from calls.admin.schedule import AppointmentAdmin, ClosedDayAdmin, OpeningHoursAdmin
from calls.admin.transfers import TransferAdmin

__all__ = [
    "AgentSettingsAdmin",
    "AppointmentAdmin",
    "CallAdmin",
    "CallbackEventAdmin",
    "ClosedDayAdmin",
    "DoNotCallAdmin",
    "HttpToolAdmin",
    "LeadAdmin",
    "LeadFieldAdmin",
    "LeadNoteAdmin",
    "NumberRequestAdmin",
    "OpeningHoursAdmin",
    "RecordingAdmin",
    "TransferAdmin",
    "TransferTargetAdmin",
]
