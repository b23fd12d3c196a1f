"""Look-ups that come before the business is known.

Each sees the rows of all businesses, reads ids and nothing else, and leaves the rest to the
`business_scope` that follows.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import NamedTuple

from calls.models import Call, Recording, ToolCall, Transfer
from prompts.models import PromptVersion
from tenants.models import Business, PhoneNumber
from tenants.scoping import PlatformReason, platform_scope


class NumberOwner(NamedTuple):
    number_id: uuid.UUID
    business_id: uuid.UUID


class CallAddress(NamedTuple):
    call_id: uuid.UUID
    business_id: uuid.UUID


class TransferAddress(NamedTuple):
    transfer_id: uuid.UUID
    business_id: uuid.UUID


class ToolCallAddress(NamedTuple):
    row_id: uuid.UUID
    business_id: uuid.UUID


class RecordingAddress(NamedTuple):
    recording_id: uuid.UUID
    business_id: uuid.UUID


class VersionAddress(NamedTuple):
    version_id: uuid.UUID
    business_id: uuid.UUID


def business_by_slug(slug: str) -> uuid.UUID | None:
    with platform_scope(PlatformReason.ROUTE_NUMBER):
        return Business.objects.filter(slug=slug).values_list("pk", flat=True).first()


def owner_of_number(e164: str) -> NumberOwner | None:
    with platform_scope(PlatformReason.ROUTE_NUMBER):
        found = PhoneNumber.objects.filter(e164=e164, active=True)
        row = found.values_list("pk", "business_id").first()
    return NumberOwner(*row) if row else None


def business_of_token(call_id: uuid.UUID) -> uuid.UUID | None:
    with platform_scope(PlatformReason.RESOLVE_TOKEN):
        return Call.objects.filter(pk=call_id).values_list("business_id", flat=True).first()


def business_of_call(call_id: uuid.UUID) -> uuid.UUID:
    """Raises `Call.DoesNotExist`."""
    with platform_scope(PlatformReason.RESOLVE_CALL):
        return Call.objects.values_list("business_id", flat=True).get(pk=call_id)


def business_of_transfer(transfer_id: uuid.UUID) -> uuid.UUID:
    """Raises `Transfer.DoesNotExist`."""
    with platform_scope(PlatformReason.RESOLVE_CALL):
        return Transfer.objects.values_list("business_id", flat=True).get(pk=transfer_id)


def unsettled_calls(*, quiet_since: datetime, most: int) -> list[CallAddress]:
    with platform_scope(PlatformReason.SWEEP):
        due = Call.objects.due_for_check(quiet_since)
        return [CallAddress(*row) for row in due.values_list("pk", "business_id")[:most]]


def abandoned_tests(*, now: datetime) -> list[CallAddress]:
    with platform_scope(PlatformReason.SWEEP):
        left = Call.objects.abandoned_tests(now)
        return [CallAddress(*row) for row in left.values_list("pk", "business_id")]


def greetings_to_make(*, drafts_since: datetime, now: datetime, most: int) -> list[VersionAddress]:
    """At most one of each business: the newest, and what is published before any draft."""
    found: dict[uuid.UUID, VersionAddress] = {}
    with platform_scope(PlatformReason.MAKE_GREETINGS):
        due = PromptVersion.objects.awaiting_clip(now)
        for versions in (due.published(), due.written_since(drafts_since)):
            newest = versions.order_by("business_id", "-created_at").distinct("business_id")
            for address in newest.values_list("pk", "business_id"):
                found.setdefault(address[1], VersionAddress(*address))
    return list(found.values())[:most]


def left_over_transfers(*, ended_before: datetime, most: int) -> list[TransferAddress]:
    with platform_scope(PlatformReason.SWEEP):
        left = Transfer.objects.left_over(ended_before)
        return [TransferAddress(*row) for row in left.values_list("pk", "business_id")[:most]]


def left_over_tools(*, asked_before: datetime, most: int) -> list[ToolCallAddress]:
    with platform_scope(PlatformReason.SWEEP):
        left = ToolCall.objects.left_over(asked_before).order_by("created_at")
        return [ToolCallAddress(*row) for row in left.values_list("pk", "business_id")[:most]]


def recordings_to_keep(*, now: datetime, most: int) -> list[RecordingAddress]:
    """So many at most of those that have served their time, and of the others that are due: one
    that cannot be deleted keeps nobody from being heard.
    """
    with platform_scope(PlatformReason.SWEEP):
        expired, due = Recording.objects.expired(now), Recording.objects.due(now)
        found = [
            RecordingAddress(*row)
            for rows in (expired, due)
            for row in rows.values_list("pk", "business_id")[:most]
        ]
    return list(dict.fromkeys(found))


def every_business() -> list[uuid.UUID]:
    """Suspended ones too: what they have promised their callers holds on."""
    with platform_scope(PlatformReason.SWEEP):
        return list(Business.objects.order_by("pk").values_list("pk", flat=True))
