from __future__ import annotations

from calls.models.agent_settings import AgentSettings, BargeIn
from calls.models.call import (
    CARRIER_STATUSES,
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
from calls.models.conversation import Recording, ToolCall, Turn
from calls.models.do_not_call import DoNotCall, DoNotCallVia
from calls.models.http_tool import HttpTool
from calls.models.lead import Lead
from calls.models.live_order import INSTRUCTION_LIMIT, LiveOrder
from calls.models.prompt_binding import PromptBinding
from calls.models.schedule import Appointment, ClosedDay, OpeningHours, Weekday
from calls.models.transfer import (
    FAILED_TRANSFERS,
    LIVE_TRANSFERS,
    Transfer,
    TransferQuerySet,
    TransferStatus,
    TransferTarget,
)

__all__ = [
    "CARRIER_STATUSES",
    "FAILED_TRANSFERS",
    "INSTRUCTION_LIMIT",
    "LIVE",
    "LIVE_TRANSFERS",
    "LONGEST_TEST",
    "REJECTIONS",
    "TERMINAL",
    "TOKEN_LIFETIME",
    "AgentSettings",
    "AnsweredBy",
    "Appointment",
    "BargeIn",
    "Call",
    "CallOrigin",
    "CallStatus",
    "CallbackEvent",
    "CallbackSource",
    "CarrierVerdict",
    "ClosedDay",
    "DoNotCall",
    "DoNotCallVia",
    "EndReason",
    "HttpTool",
    "Lead",
    "LiveOrder",
    "MachinePolicy",
    "OpeningHours",
    "PromptBinding",
    "Recording",
    "ToolCall",
    "Transfer",
    "TransferQuerySet",
    "TransferStatus",
    "TransferTarget",
    "Turn",
    "Weekday",
]
