"""The socket to the model, and a few of them kept warm.

Frames come by callback, not through a task, and sending is a plain method call: that is what
picows is for. A socket belongs to the account whose key opened it and never serves another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import quote
from weakref import WeakKeyDictionary

import picows
import structlog
from django.conf import settings
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from calls.end_tasks import end_tasks
from calls.engine.events import ModelError
from calls.engine.responses import FATAL_CODES
from calls.wire.fields import MAX_SENTENCE, shown
from calls.wire.realtime import SessionCreated, decode

logger = structlog.get_logger(__name__)

CONNECT_S: Final = 3.0
RETRY_AFTER_S: Final = (0.2, 0.8)
# `conversation.item.retrieved` carries a whole utterance; everything else is far smaller.
MAX_MESSAGE: Final = 16 * 1024 * 1024
# A session ends after 60 minutes, however long it lay idle: a call needs the most of them.
WARM_AGE_S: Final = 600.0
LOOK_AGAIN_S: Final = 5.0
CLOSE_WITHIN_S: Final = 0.5
UNAUTHORIZED: Final = 401
REFUSALS: Final = frozenset({401, 403, 404})


class ModelUnreachableError(Exception):
    """No socket to the model. `permanent` when the key or the model's name is refused; `code` is
    one of the API's own."""

    def __init__(self, message: str, *, permanent: bool = False, code: str = "") -> None:
        super().__init__(message)
        self.permanent = permanent
        self.code = code


class Receiver(Protocol):
    """Who listens to a socket. Called from the event loop; neither method may raise."""

    def model_message(self, message: bytes) -> None: ...

    def model_lost(self, detail: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Account:
    """Whose key: sockets are pooled by `owner` and never cross over."""

    owner: str
    api_key: str = field(repr=False)


class ModelSocket(WSListener):  # type: ignore[misc, unused-ignore]
    def __init__(self) -> None:
        self.opened_at = asyncio.get_running_loop().time()
        self.congested = False
        self._receiver: Receiver | None = None
        self._transport: WSTransport | None = None
        self._fragments = bytearray()
        self._closing = False
        self._close_detail = ""
        self._answered = asyncio.Event()  # it was opened, or never will be
        self._failure: ModelUnreachableError | None = None
        self._abort: asyncio.TimerHandle | None = None

    @property
    def alive(self) -> bool:
        return self._transport is not None and not self._closing

    async def opened(self) -> None:
        """Until it has said session.created and is alive. Raises ModelUnreachableError."""
        await self._answered.wait()
        if self._failure is not None:
            raise self._failure

    def adopt(self, receiver: Receiver) -> None:
        """From now on, messages and the loss of the socket go to this call."""
        self._receiver = receiver

    def send(self, message: bytes) -> None:
        if self._transport is not None and not self._closing:
            self._transport.send(WSMsgType.TEXT, message)

    def close(self) -> None:
        """Close for good, even before it is connected: what still arrives is nobody's."""
        self._receiver = None
        if self._transport is not None and not self._closing:
            self._say_goodbye(self._transport)
        self._closing = True

    # picows calls these

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        if self._closing:  # whoever wanted it has gone, and picows finished the handshake
            self._say_goodbye(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            self._close_detail = _close_detail(frame.get_payload_as_bytes())
            self._say_goodbye(transport)
        elif frame.msg_type in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            self._take(frame.get_payload_as_bytes(), last=frame.fin)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        detail = self._close_detail or "the connection broke"
        receiver, self._receiver = self._receiver, None
        self._closing = True
        if self._abort is not None:
            self._abort.cancel()
        if receiver is not None:
            receiver.model_lost(detail)
        else:
            self._fail(ModelUnreachableError(f"the model ended the connection: {detail}"))

    def pause_writing(self) -> None:
        self.congested = True

    def resume_writing(self) -> None:
        self.congested = False

    def _say_goodbye(self, transport: WSTransport) -> None:
        """What is queued may still go out, but not for ever: a model that takes nothing would keep
        the socket open for as long as the kernel is patient."""
        transport.send_close(WSCloseCode.OK)
        transport.disconnect()
        loop = asyncio.get_running_loop()
        self._abort = self._abort or loop.call_later(CLOSE_WITHIN_S, transport.disconnect, False)

    def _take(self, payload: bytes, *, last: bool) -> None:
        if self._fragments or not last:
            self._fragments += payload
            if not last:
                self._bound_fragments()
                return
            payload = bytes(self._fragments)
            self._fragments.clear()
        if self._receiver is not None:
            self._receiver.model_message(payload)
        else:
            self._take_hello(payload)

    def _bound_fragments(self) -> None:
        """picows bounds a frame only, and a message may have any number of them."""
        if len(self._fragments) > MAX_MESSAGE and self._transport is not None:
            self._close_detail = f"a message larger than {MAX_MESSAGE} bytes"
            self._fragments.clear()
            self._transport.disconnect()

    def _take_hello(self, payload: bytes) -> None:
        """Before session.created nothing may be sent. An error instead of it, or right behind it,
        is how the API refuses a key or an account after the handshake."""
        event = decode(payload)
        if isinstance(event, SessionCreated):
            self._answered.set()
        elif isinstance(event, ModelError):
            permanent = event.code in FATAL_CODES
            refusal = f"the model refused: {event.code}"
            self._fail(ModelUnreachableError(refusal, permanent=permanent, code=event.code))
            self.close()

    def _fail(self, failure: ModelUnreachableError) -> None:
        self._failure = self._failure or failure
        self._answered.set()


def _close_detail(payload: bytes) -> str:
    """RFC 6455, 5.5.1: two bytes of code, then a reason; both may be left out."""
    code = int.from_bytes(payload[:2], "big") or "no code"
    reason = shown(payload[2:].decode(errors="replace"), MAX_SENTENCE)
    return f"closed with {code}: {reason}" if reason else f"closed with {code}"


async def connect(account: Account) -> ModelSocket:
    """A socket that has said session.created. Raises ModelUnreachableError."""
    try:
        async with asyncio.timeout(CONNECT_S):
            return await _open(account)
    except TimeoutError:
        raise ModelUnreachableError("the model did not answer the connection in time") from None


async def connect_with_retries(account: Account) -> ModelSocket:
    for pause in RETRY_AFTER_S:
        try:
            return await connect(account)
        except ModelUnreachableError as error:
            if error.permanent:
                raise
            logger.warning("model_connection_retried", detail=str(error), owner=account.owner)
            await asyncio.sleep(pause)
    return await connect(account)


async def _open(account: Account) -> ModelSocket:
    url = f"{settings.OPENAI_WEBSOCKET_BASE_URL}/realtime?model={quote(settings.OPENAI_REALTIME_MODEL)}"
    socket = ModelSocket()
    try:
        _, listener = await picows.ws_connect(
            lambda: socket,
            url,
            extra_headers=_authorization(account),
            websocket_handshake_timeout=CONNECT_S,
            max_frame_size=MAX_MESSAGE,
            max_redirects=0,
            enable_auto_ping=True,
            auto_ping_idle_timeout=20,
            auto_ping_reply_timeout=20,
        )
        if listener is None:  # so picows tells of a connection that ended in the handshake
            raise ModelUnreachableError("the connection broke during the handshake")
        await socket.opened()
    except picows.WSHandshakeError as error:
        raise _refused(error) from error
    except (OSError, picows.WSError) as error:
        raise ModelUnreachableError(
            f"no connection to the model: {type(error).__name__}"
        ) from error
    except BaseException:
        # A handshake goes on when nobody waits for it any more: the session would stay open.
        socket.close()
        raise
    return socket


def _authorization(account: Account) -> dict[str, str]:
    """A line break would make another header of the rest, and an exception about a character that
    no header has would carry the key into the log."""
    if not (account.api_key.isascii() and account.api_key.isprintable()):
        raise ModelUnreachableError("the API key has a character that no key has", permanent=True)
    return {"Authorization": f"Bearer {account.api_key}"}


def _refused(error: picows.WSHandshakeError) -> ModelUnreachableError:
    status = int(error.response.status) if error.response is not None else 0
    return ModelUnreachableError(
        f"the model refused the connection (HTTP {status})",
        permanent=status in REFUSALS,
        code="invalid_api_key" if status == UNAUTHORIZED else "",
    )


class WarmPool:
    """Sockets opened before the telephone rings: no handshake while a caller waits.

    Only of the installation's own key. One task keeps the number up; it lives as long as the
    process serves, and `close()` awaits its end.
    """

    def __init__(self, account: Account, size: int) -> None:
        self._account = account
        self._size = size
        self._sockets: deque[ModelSocket] = deque()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._task is None and self._size and self._account.api_key:
            self._task = asyncio.create_task(self._keep_warm(), name="warm-realtime-sessions")

    async def close(self) -> None:
        if self._task is not None:
            await end_tasks(self._task)
            self._task = None
        while self._sockets:
            self._sockets.popleft().close()

    async def socket(self, account: Account) -> ModelSocket:
        """A warm socket if there is one of this account, else a new one."""
        if account == self._account:
            while self._sockets:
                socket = self._sockets.popleft()
                self._changed.set()
                if socket.alive:
                    return socket
        return await connect_with_retries(account)

    @property
    def ready(self) -> int:
        return sum(socket.alive for socket in self._sockets)

    async def _keep_warm(self) -> None:
        pause = 1.0
        while True:
            self._changed.clear()
            self._retire()
            try:
                while len(self._sockets) < self._size:
                    self._sockets.append(await connect(self._account))
                pause = 1.0
            except ModelUnreachableError as error:
                logger.warning("warm_session_failed", detail=str(error), permanent=error.permanent)
                pause = 60.0 if error.permanent else min(pause * 2, 30.0)
            await self._wait(pause)

    async def _wait(self, pause: float) -> None:
        """Until a socket was taken, or long enough to look whether one has died."""
        full = len(self._sockets) >= self._size
        try:
            async with asyncio.timeout(LOOK_AGAIN_S if full else pause):
                await self._changed.wait()
        except TimeoutError:
            return

    def _retire(self) -> None:
        oldest = asyncio.get_running_loop().time() - WARM_AGE_S
        for socket in tuple(self._sockets):
            if not socket.alive or socket.opened_at < oldest:
                self._sockets.remove(socket)
                socket.close()


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, WarmPool] = WeakKeyDictionary()


def warm_pool() -> WarmPool:
    """The pool of this process: of this event loop, since sockets belong to one."""
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        account = Account("installation", settings.OPENAI_API_KEY)
        pool = _pools[loop] = WarmPool(account, settings.WARM_REALTIME_SESSIONS)
        pool.start()
    return pool
