"""The other end of a socket to the model, doing what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import orjson
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

CREATED: Final = orjson.dumps({"type": "session.created", "session": {}}).decode()

Behaviour = Callable[[ServerConnection], Awaitable[None]]


async def says_hello(connection: ServerConnection) -> None:
    """Opens a session and waits for the other side to end it."""
    await connection.send(CREATED)
    await connection.wait_closed()


class ModelServer:
    def __init__(self) -> None:
        self.behaviour: Behaviour = says_hello
        self.refuses_with: HTTPStatus | None = None
        self.admits = asyncio.Event()  # cleared: the handshake is not answered yet
        self.admits.set()
        self.requests: list[Request] = []
        self.connections: list[ServerConnection] = []
        self._server: Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"ws://127.0.0.1:{port}/v1"

    @property
    def keys(self) -> list[str]:
        return [request.headers["Authorization"] for request in self.requests]

    @property
    def open_connections(self) -> int:
        return sum(connection.close_code is None for connection in self.connections)

    async def _process_request(
        self, connection: ServerConnection, request: Request
    ) -> Response | None:
        self.requests.append(request)
        await self.admits.wait()
        if self.refuses_with is not None:
            refusal = connection.respond(self.refuses_with, "no\n")
            if self.refuses_with is HTTPStatus.TEMPORARY_REDIRECT:
                refusal.headers["Location"] = f"{self.url}/elsewhere"
            return refusal
        return None

    async def _handle(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        await self.behaviour(connection)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with serve(
            self._handle,
            "127.0.0.1",
            0,
            process_request=self._process_request,
            compression=None,
            max_size=None,
            close_timeout=1,
        ) as self._server:
            yield
            self.admits.set()
