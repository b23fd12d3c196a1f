"""Database work of the media processes, away from the event loop.

A small pool of its own, not the one thread that Django's synchronous views share: a slow query in
one call must not keep the others from being admitted, written down or ended. Audio never comes here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")

THREADS: Final = ThreadPoolExecutor(max_workers=4, thread_name_prefix="calls-db")


def off_loop(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Run a function that uses the database in a thread; its connection is given back after."""
    wrapped: Callable[P, Awaitable[R]] = database_sync_to_async(
        function, thread_sensitive=False, executor=THREADS
    )
    return wrapped
