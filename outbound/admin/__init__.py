"""The operator's pages about outbound calls, one subject a module."""

from __future__ import annotations

from outbound.admin.attempts import DialAttemptAdmin
from outbound.admin.imports import LeadImportAdmin, LeadImportErrorAdmin
from outbound.admin.installation import CarrierAccountAdmin, SuppressedNumberAdmin
from outbound.admin.jobs import OutboundCallJobAdmin
from outbound.admin.limits import DialUsageAdmin, OutboundSettingsAdmin
from outbound.admin.lists import LeadListAdmin, LeadListEntryAdmin, TwoPeopleAdmin
from outbound.admin.number_tests import NumberTestAdmin
from outbound.admin.runs import OutboundCallRunAdmin
from outbound.admin.verdicts import DialVerdictAdmin

__all__ = [
    "CarrierAccountAdmin",
    "DialAttemptAdmin",
    "DialUsageAdmin",
    "DialVerdictAdmin",
    "LeadImportAdmin",
    "LeadImportErrorAdmin",
    "LeadListAdmin",
    "LeadListEntryAdmin",
    "NumberTestAdmin",
    "OutboundCallJobAdmin",
    "OutboundCallRunAdmin",
    "OutboundSettingsAdmin",
    "SuppressedNumberAdmin",
    "TwoPeopleAdmin",
]
