from __future__ import annotations

from calls.models.agent_settings import AgentSettings, BargeIn, RecordingMode
from calls.models.call import (
    CARRIER_STATUSES,
    FAULTS,
    LIVE,
    REJECTIONS,
    TERMINAL,
    TOKEN_LIFETIME,
    AnsweredBy,
    Call,
    CallStatus,
    CarrierVerdict,
    EndReason,
    MachinePolicy,
)
from calls.models.callback import CallbackEvent, CallbackSource
from calls.models.conversation import ToolCall, Turn
from calls.models.do_not_call import DoNotCall, DoNotCallVia
from calls.models.http_tool import HttpTool
from calls.models.lead import Gender, Lead, LeadStatus
from calls.models.lead_field import FieldKind, LeadField
from calls.models.lead_note import LeadNote
from calls.models.note import CALL_NOTE_LIMIT, CallNote
from calls.models.prompt_binding import PromptBinding
from calls.models.recording import Recording, RecordingStatus, recordings_storage
from calls.models.schedule import Appointment, ClosedDay, OpeningHours, Weekday
from calls.models.transfer import (
    FAILED_TRANSFERS,
    LIVE_TRANSFERS,
    Transfer,
    TransferQuerySet,
    TransferStatus,
    TransferTarget,
)
from calls.models.words import WORD_LIMIT, NameWord, SpokenWord

__all__ = [
    "CALL_NOTE_LIMIT",
    "CARRIER_STATUSES",
    "FAILED_TRANSFERS",
    "FAULTS",
    "LIVE",
    "LIVE_TRANSFERS",
    "REJECTIONS",
    "TERMINAL",
    "TOKEN_LIFETIME",
    "WORD_LIMIT",
    "AgentSettings",
    "AnsweredBy",
    "Appointment",
    "BargeIn",
    "Call",
    "CallNote",
    "CallStatus",
    "CallbackEvent",
    "CallbackSource",
    "CarrierVerdict",
    "ClosedDay",
    "DoNotCall",
    "DoNotCallVia",
    "EndReason",
    "FieldKind",
    "Gender",
    "HttpTool",
    "Lead",
    "LeadField",
    "LeadNote",
    "LeadStatus",
    "MachinePolicy",
    "NameWord",
    "OpeningHours",
    "PromptBinding",
    "Recording",
    "RecordingMode",
    "RecordingStatus",
    "SpokenWord",
    "ToolCall",
    "Transfer",
    "TransferQuerySet",
    "TransferStatus",
    "TransferTarget",
    "Turn",
    "Weekday",
    "recordings_storage",
]
