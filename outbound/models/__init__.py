from __future__ import annotations

from outbound.models.attempt import LIVE_ATTEMPTS, AttemptState, DialAttempt
from outbound.models.filling import Change, Emptying, Filling
from outbound.models.installation import CarrierAccount, SuppressedNumber
from outbound.models.job import ENDED, OPEN, UNDER_WAY, JobStatus, OutboundCallJob
from outbound.models.limits import DialUsage, OutboundSettings
from outbound.models.lists import (
    ImportStatus,
    LeadImport,
    LeadImportError,
    LeadImportPart,
    LeadList,
    LeadListEntry,
)
from outbound.models.number_test import (
    LIVE_TESTS,
    NumberTest,
    NumberTestState,
    NumberTrouble,
)
from outbound.models.run import (
    AT_REST,
    OVER,
    OutboundCallRun,
    PauseReason,
    RunStatus,
)
from outbound.models.two_people import TwoPeople
from outbound.models.verdict import DialVerdict, Gate

__all__ = [
    "AT_REST",
    "ENDED",
    "LIVE_ATTEMPTS",
    "OPEN",
    "OVER",
    "UNDER_WAY",
    "AttemptState",
    "CarrierAccount",
    "Change",
    "DialAttempt",
    "DialUsage",
    "DialVerdict",
    "Emptying",
    "Filling",
    "Gate",
    "ImportStatus",
    "JobStatus",
    "LIVE_TESTS",
    "LeadImport",
    "LeadImportError",
    "LeadImportPart",
    "LeadList",
    "LeadListEntry",
    "NumberTest",
    "NumberTestState",
    "NumberTrouble",
    "OutboundCallJob",
    "OutboundCallRun",
    "OutboundSettings",
    "PauseReason",
    "RunStatus",
    "SuppressedNumber",
    "TwoPeople",
]
