from __future__ import annotations

from calls.models.agent_settings import AgentSettings, BargeIn, RecordingMode
from calls.models.call import (
    CARRIER_STATUSES,
    FAULTS,
    LIVE,
    LONGEST_TEST,
    REJECTIONS,
    TERMINAL,
    TOKEN_LIFETIME,
    AnsweredBy,
    Call,
    CallOrigin,
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
from calls.models.live_order import INSTRUCTION_LIMIT, LiveOrder
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
from calls.models.words import WORD_LIMIT, SpokenWord

__all__ = [
    "AgentSettings",
    "AnsweredBy",
    "Appointment",
    "BargeIn",
    "CALL_NOTE_LIMIT",
    "CARRIER_STATUSES",
    "Call",
    "CallNote",
    "CallOrigin",
    "CallStatus",
    "CallbackEvent",
    "CallbackSource",
    "CarrierVerdict",
    "ClosedDay",
    "DoNotCall",
    "DoNotCallVia",
    "EndReason",
    "FAILED_TRANSFERS",
    "FAULTS",
    "FieldKind",
    "Gender",
    "HttpTool",
    "INSTRUCTION_LIMIT",
    "LIVE",
    "LIVE_TRANSFERS",
    "LONGEST_TEST",
    "Lead",
    "LeadField",
    "LeadNote",
    "LeadStatus",
    "LiveOrder",
    "MachinePolicy",
    "OpeningHours",
    "PromptBinding",
    "REJECTIONS",
    "Recording",
    "RecordingMode",
    "RecordingStatus",
    "SpokenWord",
    "TERMINAL",
    "TOKEN_LIFETIME",
    "ToolCall",
    "Transfer",
    "TransferQuerySet",
    "TransferStatus",
    "TransferTarget",
    "Turn",
    "WORD_LIMIT",
    "Weekday",
    "recordings_storage",
]
