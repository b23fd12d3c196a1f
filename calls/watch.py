"""News of a call's end from other processes: a hint by the channel layer, the truth by its row.

The hint is quick and may be lost; so one question for all calls of this process goes to the
database twice a second while there are any.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from typing import Final
from weakref import WeakKeyDictionary

import structlog
from django.db import DatabaseError, InterfaceError

from calls.models import Call
from calls.threads import off_loop
from tenants.scoping import PlatformReason, platform_scope

logger = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 0.5

OnEnd = Callable[[str, str], None]  # reason, detail


class LiveCalls:
    """The calls whose media this process carries."""

    def __init__(self) -> None:
        self._calls: dict[uuid.UUID, OnEnd] = {}
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call_id: uuid.UUID, on_end: OnEnd) -> None:
        self._calls[call_id] = on_end
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(), name="watch-live-calls")

    def discard(self, call_id: uuid.UUID) -> None:
        self._calls.pop(call_id, None)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def check(self) -> None:
        """Look once, at every call. Database trouble is news for later, not for the calls."""
        try:
            ended = await off_loop(ended_calls)(list(self._calls))
        except (DatabaseError, InterfaceError):
            logger.warning("live_calls_not_checked", calls=len(self._calls))
            return
        for call_id, reason, detail in ended:
            if (on_end := self._calls.get(call_id)) is not None:
                on_end(reason, detail)

    async def _look(self) -> None:
        while self._calls:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._calls:
                await self.check()


_live: WeakKeyDictionary[asyncio.AbstractEventLoop, LiveCalls] = WeakKeyDictionary()


def live_calls() -> LiveCalls:
    """Of this process: of this event loop, since the bridges belong to one."""
    return _live.setdefault(asyncio.get_running_loop(), LiveCalls())


def ended_calls(call_ids: Sequence[uuid.UUID]) -> list[tuple[uuid.UUID, str, str]]:
    """Of these calls, those whose row says that they are over: id, reason, detail."""
    with platform_scope(PlatformReason.WATCH_CALLS):
        ended = Call.objects.filter(pk__in=call_ids).exclude(ended_at=None)
        return list(ended.values_list("pk", "end_reason", "end_detail"))
