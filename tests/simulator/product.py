"""The smallest product that a carrier can talk to: answers webhooks, takes media sockets."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import WSMsgType, web

ACCOUNT = "AC" + "1" * 32
TOKEN = "the token that both sides know"
PATIENCE_S = 30  # for what never comes: a broken test ends instead of hanging
NUMBER = "+97235550100"


@dataclass
class Hook:
    """One request that the carrier made."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]


@dataclass
class MediaSocket:
    """The product's end of a media socket."""

    socket: web.WebSocketResponse
    headers: dict[str, str]
    request: web.Request
    messages: list[dict[str, Any]] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, event: str, count: int = 1) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.named(event)) < count:
                self.changed.clear()
                await self.changed.wait()
        return self.named(event)[count - 1]

    def named(self, event: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["event"] == event]

    @property
    def stream_sid(self) -> str:
        return str(self.named("start")[0]["streamSid"])

    @property
    def heard(self) -> bytes:
        payloads = [message["media"]["payload"] for message in self.named("media")]
        return b"".join(base64.b64decode(payload) for payload in payloads)

    async def play(self, audio: bytes) -> None:
        await self.send("media", media={"payload": base64.b64encode(audio).decode()})

    async def mark(self, name: str) -> None:
        await self.send("mark", mark={"name": name})

    def break_off(self) -> None:
        assert self.request.transport is not None
        self.request.transport.abort()

    async def send(self, event: str, **body: object) -> None:
        await self.socket.send_json({"event": event, "streamSid": self.stream_sid, **body})


Answer = Callable[[Hook], Awaitable[web.Response]]


class Product:
    def __init__(self) -> None:
        self.base_url = ""
        self.hooks: list[Hook] = []
        self.sockets: list[MediaSocket] = []
        self.documents: dict[str, str] = {}  # by path: the TwiML to answer with
        self.answers: dict[str, Answer] = {}  # by path: instead of a document
        self.refuse_socket = 0  # with this status, when not zero
        self.talk: Callable[[MediaSocket], Awaitable[None]] | None = None
        self._changed = asyncio.Event()

    @property
    def ws_url(self) -> str:
        return self.base_url.replace("http", "ws", 1) + "/media"

    def streams(self, *, action: str = "", parameters: str = "", behind: str = "") -> str:
        """TwiML that connects a stream, for the path /voice."""
        action = f' action="{action}"' if action else ""
        url, callback = self.ws_url, f"{self.base_url}/stream-status"
        stream = f'<Stream url="{url}" statusCallback="{callback}">{parameters}</Stream>'
        document = f"<Response><Connect{action}>{stream}</Connect>{behind}</Response>"
        self.documents["/voice"] = document
        return document

    @property
    def voice_url(self) -> str:
        return f"{self.base_url}/voice"

    def of(self, path: str) -> list[Hook]:
        return [hook for hook in self.hooks if hook.path == path]

    def stream_events(self) -> list[str]:
        return [hook.form["StreamEvent"] for hook in self.of("/stream-status")]

    async def socket(self, number: int = 1) -> MediaSocket:
        """The n-th media socket, once `start` has come on it."""
        socket = await self.opened_socket(number)
        await socket.until("start")
        return socket

    async def opened_socket(self, number: int = 1) -> MediaSocket:
        while len(self.sockets) < number:
            await self._change()
        return self.sockets[number - 1]

    async def hook(self, path: str, number: int = 1) -> Hook:
        """The n-th request to a path, once it has come."""
        while len(self.of(path)) < number:
            await self._change()
        return self.of(path)[number - 1]

    async def _change(self) -> None:
        self._changed.clear()
        async with asyncio.timeout(PATIENCE_S):
            await self._changed.wait()

    async def _take_hook(self, request: web.Request) -> web.Response:
        text = await request.text()
        fields = parse_qsl(text or request.query_string, keep_blank_values=True)
        hook = Hook(request.path, dict(fields), dict(request.headers))
        self.hooks.append(hook)
        self._changed.set()
        if request.path in self.answers:
            return await self.answers[request.path](hook)
        if request.path in self.documents:
            return web.Response(text=self.documents[request.path], content_type="text/xml")
        return web.Response(status=204)

    async def _take_socket(self, request: web.Request) -> web.StreamResponse:
        if self.refuse_socket:
            return web.Response(status=self.refuse_socket)
        response = web.WebSocketResponse()
        await response.prepare(request)
        socket = MediaSocket(response, dict(request.headers), request)
        self.sockets.append(socket)
        self._changed.set()
        try:
            async with asyncio.TaskGroup() as group:
                talking = group.create_task(self._talk(socket))
                async for message in response:
                    if message.type is WSMsgType.TEXT:
                        socket.messages.append(orjson.loads(message.data))
                        socket.changed.set()
                talking.cancel()
        finally:
            socket.closed.set()
        return response

    async def _talk(self, socket: MediaSocket) -> None:
        if self.talk is not None:
            await socket.until("start")
            await self.talk(socket)


@asynccontextmanager
async def running_product() -> AsyncIterator[Product]:
    product = Product()
    app = web.Application()
    app.router.add_get("/media", product._take_socket)
    app.router.add_route("*", "/{path:.*}", product._take_hook)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    product.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield product
    finally:
        await runner.cleanup()
