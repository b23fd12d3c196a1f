from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from calls.engine.tooling import ToolOutcome
from calls.threads import off_loop
from calls.tools.asking import NOT_KNOWN, NOT_NOW
from calls.tools.executing import Errand, StillRunning, finish, take_up
from calls.tools.http import ToolHttp

logger = structlog.get_logger(__name__)

DEADLINE_S: Final = 4.0
ASK_AGAIN_S: Final = 0.1


class BusinessTools:
    """Runs the tools of one call, for `calls.engine.tooling.ToolRunner`.

    A thread that waits for the database cannot be told to stop. So an execution is a task of its
    own: at the deadline the model gets an answer, and what is still under way goes on and is
    written down. `close()` waits for it.
    """

    def __init__(
        self,
        *,
        business_id: uuid.UUID,
        call_id: uuid.UUID,
        http: ToolHttp | None = None,
        clock: Callable[[], datetime] = timezone.now,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._business_id = business_id
        self._call_id = call_id
        self._http = http or ToolHttp()
        self._clock = clock
        self._deadline_s = deadline_s
        self._running: set[asyncio.Task[ToolOutcome]] = set()
        self._log = logger.bind(call_id=str(call_id), business_id=str(business_id))

    async def run(self, tool_call_id: str, name: str, arguments: str) -> ToolOutcome:
        task = asyncio.create_task(self._execute(tool_call_id, name, arguments))
        self._running.add(task)
        task.add_done_callback(self._done)
        await asyncio.wait({task}, timeout=self._deadline_s)
        if not task.done():
            self._log.warning("tool_past_deadline", tool=name[:64])
            return NOT_KNOWN.outcome
        if task.cancelled() or task.exception() is not None:
            return NOT_NOW.outcome
        return task.result()

    async def close(self) -> None:
        """The call is over. What is still under way ends by its own limits within seconds."""
        if self._running:
            await asyncio.wait(self._running)

    def _done(self, task: asyncio.Task[ToolOutcome]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("tool_broke", exc_info=error)

    async def _execute(self, tool_call_id: str, name: str, arguments: str) -> ToolOutcome:
        try:
            found = await self._take_up(tool_call_id, name, arguments)
            while isinstance(found, StillRunning):
                await asyncio.sleep(ASK_AGAIN_S)
                found = await self._take_up(tool_call_id, name, arguments)
        except (DatabaseError, InterfaceError):
            self._log.exception("tool_not_run", tool=name[:64])
            return NOT_NOW.outcome
        if isinstance(found, Errand):
            return await self._go(found)
        return found

    async def _take_up(
        self, tool_call_id: str, name: str, arguments: str
    ) -> ToolOutcome | Errand | StillRunning:
        return await off_loop(take_up)(
            business_id=self._business_id,
            call_id=self._call_id,
            tool_call_id=tool_call_id,
            name=name,
            arguments=arguments,
            now=self._clock(),
        )

    async def _go(self, errand: Errand) -> ToolOutcome:
        reply = await self._http.send(errand.request, now=self._clock())
        try:
            await off_loop(finish)(
                business_id=self._business_id,
                row_id=errand.row_id,
                reply=reply,
                now=self._clock(),
            )
        except (DatabaseError, InterfaceError):
            self._log.exception("tool_result_not_written")
        return reply.answer.outcome
