"""What a process that carries media does besides carrying it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import structlog

from calls.engine.audio import AUDIO_CONFIG
from calls.realtime_client import warm_pool
from calls.watch import live_calls

logger = structlog.get_logger(__name__)

# How long a thread that computes (a webhook, a page of the admin) may keep the loop from running
# whenever that has waited for something. Python's own 5 ms doubles the delay of a frame.
THREADS_GIVE_WAY_S: Final = 0.0005

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class MediaProcess:
    """ASGI middleware: sockets to the model are warm before the first call's media arrives.

    Servers with the lifespan protocol (uvicorn) warm them at start and close them at the end.
    Daphne has none: there the first request of any kind does it, a health check or a webhook.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        # A full collection goes through all of Django, 60 to 110 ms in which nobody is sent a
        # frame: longer than the carrier's buffer lasts. What is there now is there to stay.
        gc.collect()
        gc.freeze()
        sys.setswitchinterval(THREADS_GIVE_WAY_S)
        logger.info("audio_mode", mode=AUDIO_CONFIG.describe())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        warm_pool()
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._application(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        await live_calls().close()
        await warm_pool().close()
        await send({"type": "lifespan.shutdown.complete"})
