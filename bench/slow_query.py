"""The product with somebody's slow query always in it: `daphne bench.slow_query:application`.

The query runs through the synchronous ORM, in the thread that Django keeps for such work, again and
again for as long as the process lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from asgiref.sync import sync_to_async

from bench.candidates import QUERY_HAS_RUN, QUERY_S
from prosaas.asgi import application as product

# Django is set up by the import above.
from django.db import connection  # isort: skip


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class SlowQueries:
    """From the first request on."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._task is None:
            self._task = asyncio.create_task(_ask_for_ever())
        await product(scope, receive, send)


async def _ask_for_ever() -> None:
    ask = sync_to_async(_ask, thread_sensitive=True)
    while True:
        await ask()
        print(QUERY_HAS_RUN, flush=True)


def _ask() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [QUERY_S])


application = SlowQueries()
