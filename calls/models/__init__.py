from __future__ import annotations

from calls.models.call import (
    CARRIER_STATUSES,
    LIVE,
    REJECTIONS,
    TERMINAL,
    TOKEN_LIFETIME,
    Call,
    CallStatus,
    EndReason,
)
from calls.models.callback import CallbackEvent, CallbackSource
from calls.models.conversation import Recording, ToolCall, Turn
from calls.models.lead import Lead
from calls.models.prompt_binding import PromptBinding

__all__ = [
    "CARRIER_STATUSES",
    "LIVE",
    "REJECTIONS",
    "TERMINAL",
    "TOKEN_LIFETIME",
    "Call",
    "CallStatus",
    "CallbackEvent",
    "CallbackSource",
    "EndReason",
    "Lead",
    "PromptBinding",
    "Recording",
    "ToolCall",
    "Turn",
]
