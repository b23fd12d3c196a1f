"""News of a call from other processes: a hint by the channel layer, the truth by its row.

That it has ended, what the carrier takes the callee for, and what the team orders.

The hint is quick and may be lost; so one question for all calls of this process goes to the
database twice a second while there are any.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import structlog
from django.db import DatabaseError, InterfaceError
from django.db.models import Q
from django.utils import timezone

from calls.end_tasks import end_tasks
from calls.models import Call, LiveOrder
from calls.threads import off_loop
from tenants.scoping import PlatformReason, platform_scope

logger = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 0.5

OnEnd = Callable[[str, str], None]  # reason, detail
OnAnswer = Callable[[str], None]  # the carrier's verdict
OnOrder = Callable[[str, str], None]  # kind, text


@dataclass(frozen=True, slots=True)
class News:
    call_id: uuid.UUID
    end_reason: str  # empty: it goes on
    end_detail: str
    answered_by: str
    orders: tuple[tuple[str, str], ...] = ()  # of the team: kind, text


def _no_order(_kind: str, _text: str) -> None:
    """A call that takes none."""


class Watched:
    """A call of this process; of the same verdict it is told once."""

    def __init__(self, on_end: OnEnd, on_answer: OnAnswer, on_order: OnOrder) -> None:
        self._on_end = on_end
        self._on_answer = on_answer
        self._on_order = on_order
        self._answered_by = ""

    def hear(self, news: News) -> None:
        if news.answered_by != self._answered_by:
            self._answered_by = news.answered_by
            self._on_answer(news.answered_by)
        for order in news.orders:
            self._on_order(*order)
        if news.end_reason:
            self._on_end(news.end_reason, news.end_detail)


class LiveCalls:
    """The calls whose media this process carries."""

    def __init__(self) -> None:
        self._calls: dict[uuid.UUID, Watched] = {}
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._calls)

    def add(
        self,
        call_id: uuid.UUID,
        on_end: OnEnd,
        on_answer: OnAnswer,
        on_order: OnOrder = _no_order,
    ) -> None:
        self._calls[call_id] = Watched(on_end, on_answer, on_order)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(), name="watch-live-calls")

    def discard(self, call_id: uuid.UUID) -> None:
        self._calls.pop(call_id, None)

    async def close(self) -> None:
        if self._task is not None:
            await end_tasks(self._task)

    async def check(self) -> None:
        """Look once, at every call. Database trouble is news for later, not for the calls."""
        try:
            found = await off_loop(news_of_calls)(list(self._calls))
        except (DatabaseError, InterfaceError):
            logger.warning("live_calls_not_checked", calls=len(self._calls))
            return
        for news in found:
            if (call := self._calls.get(news.call_id)) is not None:
                call.hear(news)

    async def _look(self) -> None:
        while self._calls:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._calls:
                await self.check()


_live: WeakKeyDictionary[asyncio.AbstractEventLoop, LiveCalls] = WeakKeyDictionary()


def live_calls() -> LiveCalls:
    """Of this process: of this event loop, since the bridges belong to one."""
    return _live.setdefault(asyncio.get_running_loop(), LiveCalls())


def news_of_calls(call_ids: Sequence[uuid.UUID]) -> list[News]:
    """Of these calls, those that are over, of which the carrier has said who has answered, or for
    which the team has an order. An order is given out once.
    """
    with platform_scope(PlatformReason.WATCH_CALLS):
        orders = LiveOrder.objects.take(call_ids, timezone.now())
        told = Q(ended_at__isnull=False) | ~Q(carrier_answered_by="") | Q(pk__in=orders.keys())
        found = Call.objects.filter(told, pk__in=call_ids)
        rows = found.values_list("pk", "end_reason", "end_detail", "carrier_answered_by")
        return [News(*row, tuple(orders.get(row[0], ()))) for row in rows]
