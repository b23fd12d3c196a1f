from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from calls import greetings, resolve
from calls.engine.audio import BYTES_PER_MS
from calls.greetings import GreetingError
from calls.realtime_client import Account
from calls.resolve import VersionAddress
from prompts.models import GreetingClip, PromptVersion
from tenants.credentials import CredentialMissing, openai_account
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

# They are spoken side by side, so a run takes no longer than the slowest of them may.
CLIPS_A_RUN: Final = 5
# A draft that nobody has published by then is hardly worth what its greeting costs.
DRAFT_IS_FRESH: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Order:
    """What the model is asked and paid for."""

    clip: GreetingClip
    version: PromptVersion
    account: Account


def make_greeting_clips(*, now: datetime) -> None:
    """Have the model speak the greetings that are not stored yet.

    One of each business a run: the next one may find that it only has to take over this one's
    audio. What fails comes up again, at longer and longer intervals.
    """
    due = resolve.greetings_to_make(drafts_since=now - DRAFT_IS_FRESH, now=now, most=CLIPS_A_RUN)
    orders = [order for address in due if (order := _claim(address, now))]
    if orders:
        for order, result in zip(orders, asyncio.run(_spoken(orders)), strict=True):
            _store(order, result, now)


def _claim(address: VersionAddress, now: datetime) -> Order | None:
    """None when there is nothing to be spoken: another worker does it, it is there, or it cannot."""
    business_id = address.business_id
    with business_scope(business_id):
        version = PromptVersion.objects.for_business(business_id).get(pk=address.version_id)
        clip = GreetingClip.objects.for_business(business_id).of(version)
        if not clip.claim(now) or _take_over(clip, version, now):
            return None
        return _order(clip, version)


def _take_over(clip: GreetingClip, version: PromptVersion, now: datetime) -> bool:
    """Text and voice make the audio; but the same words of another business are another's."""
    made = GreetingClip.objects.for_business(version.business_id).made()
    twin = made.saying(version.greeting, voice=version.voice).first()
    if twin is None:
        return False
    clip.take_over(twin, now)
    return True


def _order(clip: GreetingClip, version: PromptVersion) -> Order | None:
    if version.greeting_has_gaps:
        clip.fail("The greeting has gaps to be filled in during a call.", permanent=True)
        return None
    try:
        account = openai_account(version.business_id)
    except CredentialMissing as missing:
        clip.fail(str(missing), permanent=True)
        return None
    return Order(clip, version, Account(account.owner, account.api_key))


async def _spoken(orders: Sequence[Order]) -> list[bytes | GreetingError]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_attempt(order)) for order in orders]
    return [task.result() for task in tasks]


async def _attempt(order: Order) -> bytes | GreetingError:
    """One that fails leaves the others alone."""
    version = order.version
    try:
        return await greetings.speak(order.account, text=version.greeting, voice=version.voice)
    except GreetingError as error:
        return error


def _store(order: Order, result: bytes | GreetingError, now: datetime) -> None:
    names = {"business_id": str(order.version.business_id), "version_id": str(order.version.pk)}
    with business_scope(order.version.business_id):
        if isinstance(result, GreetingError):
            order.clip.fail(str(result), permanent=result.permanent)
            logger.warning("greeting_not_made", permanent=result.permanent, **names)
        else:
            duration_ms = len(result) // BYTES_PER_MS
            order.clip.keep(audio=result, duration_ms=duration_ms, now=now)
            logger.info("greeting_made", duration_ms=duration_ms, **names)
