"""The sound of a call, for whoever of the team listens in: copied only while somebody does.

The call waits for none of it. A frame costs it one append to a queue with a bound; whatever is not
fetched in time, or cannot be sent, is lost to the listener alone.
"""

from __future__ import annotations

import asyncio
from binascii import a2b_base64
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

# A listener who goes without a word is forgotten after that; one who stays says so more often.
LEASE_S: Final = 5.0
RENEW_EVERY_S: Final = 2.0
TOGETHER_S: Final = 0.1
FRAMES_KEPT: Final = 50  # of each side: a second

Publish = Callable[[bytes, bytes], Awaitable[None]]


class Tap:
    """The newest frames of both sides."""

    def __init__(self) -> None:
        self._caller: deque[str] = deque(maxlen=FRAMES_KEPT)
        self._agent: deque[bytes] = deque(maxlen=FRAMES_KEPT)

    def caller(self, payload: str) -> None:
        self._caller.append(payload)

    def agent(self, frame: bytes) -> None:
        self._agent.append(frame)

    def take(self) -> tuple[bytes, bytes]:
        """As mu-law: the caller's, the agent's."""
        caller = b"".join(map(a2b_base64, self._caller))
        agent = b"".join(self._agent)
        self._caller.clear()
        self._agent.clear()
        return caller, agent


class Ear:
    """Carries the sound of one call out of its process, for as long as somebody asks for it."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._until = 0.0
        self._wanted = asyncio.Event()

    def renew(self) -> None:
        self._until = asyncio.get_running_loop().time() + LEASE_S
        self._wanted.set()

    async def run(self, listen: Callable[[Tap | None], None]) -> None:
        """Until it is cancelled; `listen` is told which tap the call is to fill, if any."""
        while True:
            await self._wanted.wait()
            tap = Tap()
            listen(tap)
            try:
                await self._carry(tap)
            finally:
                listen(None)
            self._wanted.clear()

    async def _carry(self, tap: Tap) -> None:
        clock = asyncio.get_running_loop().time
        while clock() < self._until:
            await asyncio.sleep(TOGETHER_S)
            caller, agent = tap.take()
            if caller or agent:
                await self._publish(caller, agent)
