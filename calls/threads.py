"""Database work of the media processes, away from the event loop.

A small pool of its own, not the one thread that Django's synchronous views share: a slow query in
one call must not keep the others from being admitted, written down or ended. Audio never comes here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")

THREADS: Final = ThreadPoolExecutor(max_workers=4, thread_name_prefix="calls-db")
# For what may wait for the carrier, and must not keep a call from being admitted meanwhile.
PATIENT_THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="calls-carrier")


def off_loop(
    function: Callable[P, R], threads: ThreadPoolExecutor = THREADS
) -> Callable[P, Awaitable[R]]:
    """Run a function that uses the database in a thread; its connection is given back after.

    A task that is cancelled meanwhile stays cancelled: asgiref waits for the thread and then hands
    its result to the task as if nothing had happened, so a loop around it would go on for ever.
    """
    in_thread: Callable[P, Awaitable[R]] = database_sync_to_async(
        function, thread_sensitive=False, executor=threads
    )

    @wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        result = await in_thread(*args, **kwargs)
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        return result

    return call
