from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus

import pytest
from pytest_django import Settings
from structlog.testing import capture_logs
from websockets.asyncio.server import ServerConnection

from calls import realtime_client
from calls.realtime_client import (
    Account,
    ModelSocket,
    ModelUnreachableError,
    WarmPool,
    connect,
    connect_with_retries,
    warm_pool,
)
from tests.calls.model_server import CREATED, ModelServer

KEY = "sk-canary-5d1f"
ALICES = Account("installation", KEY)
EXPIRED = "Your session hit the maximum duration of 60 minutes."


class Caller:
    """What a bridge is to a socket."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.lost: list[str] = []

    def model_message(self, message: bytes) -> None:
        self.heard.append(message)

    def model_lost(self, detail: str) -> None:
        self.lost.append(detail)


@pytest.fixture
async def model(settings: Settings) -> AsyncIterator[ModelServer]:
    server = ModelServer()
    async with server.serving():
        settings.OPENAI_WEBSOCKET_BASE_URL = server.url
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime_client, "RETRY_AFTER_S", (0.001, 0.002))
    monkeypatch.setattr(realtime_client, "LOOK_AGAIN_S", 0.01)


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    await eventually(lambda: asyncio.all_tasks() <= before | {asyncio.current_task()})


async def eventually(holds: Callable[[], bool]) -> None:
    """Real sockets need a moment; seconds are for ever."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what sockets do has no event to wait for
            await asyncio.sleep(0.001)


async def adopted(account: Account = ALICES) -> tuple[ModelSocket, Caller]:
    socket, caller = await connect(account), Caller()
    socket.adopt(caller)
    return socket, caller


def then(*more: Callable[[ServerConnection], Awaitable[object]]) -> Callable[..., Awaitable[None]]:
    """A session that is opened, and what happens in it."""

    async def behaviour(connection: ServerConnection) -> None:
        await connection.send(CREATED)
        for happens in more:
            await happens(connection)

    return behaviour


def error(code: str) -> str:
    return f'{{"type":"error","error":{{"type":"invalid_request_error","code":"{code}"}}}}'


# Opening


async def test_a_session_is_opened_with_the_key_and_the_name_of_the_model(
    model: ModelServer, settings: Settings
) -> None:
    settings.OPENAI_REALTIME_MODEL = "gpt-realtime of tomorrow"
    socket = await connect(ALICES)

    [request] = model.requests
    assert request.path == "/v1/realtime?model=gpt-realtime%20of%20tomorrow"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert "OpenAI-Beta" not in request.headers
    assert socket.alive
    socket.close()


async def test_a_socket_is_given_out_only_when_the_session_is_there(model: ModelServer) -> None:
    created = asyncio.Event()

    async def slow(connection: ServerConnection) -> None:
        await created.wait()
        await connection.send(CREATED)
        await connection.wait_closed()

    model.behaviour = slow
    connecting = asyncio.create_task(connect(ALICES))
    await eventually(lambda: len(model.connections) == 1)
    await asyncio.wait([connecting], timeout=0.01)
    assert not connecting.done()

    created.set()
    (await connecting).close()


async def test_other_events_before_session_created_are_passed_over(model: ModelServer) -> None:
    async def chatty(connection: ServerConnection) -> None:
        await connection.send('{"type":"conversation.created"}')
        await connection.send("not even JSON")
        await then(ServerConnection.wait_closed)(connection)

    model.behaviour = chatty
    (await connect(ALICES)).close()


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_key_that_is_refused_is_not_tried_again(model: ModelServer, status: int) -> None:
    model.refuses_with = HTTPStatus(status)
    with pytest.raises(ModelUnreachableError, match=f"HTTP {status}") as refusal:
        await connect_with_retries(ALICES)
    assert refusal.value.permanent
    assert len(model.requests) == 1


@pytest.mark.parametrize("status", [307, 429, 500, 503])
async def test_a_model_that_is_busy_is_asked_three_times(model: ModelServer, status: int) -> None:
    """And where it sends us instead is not asked: the key would go there."""
    model.refuses_with = HTTPStatus(status)
    with pytest.raises(ModelUnreachableError, match=f"HTTP {status}") as refusal:
        await connect_with_retries(ALICES)
    assert not refusal.value.permanent
    assert len(model.requests) == 3


async def test_a_model_that_is_back_in_time_is_reached(model: ModelServer) -> None:
    model.refuses_with = HTTPStatus(503)
    connecting = asyncio.create_task(connect_with_retries(ALICES))
    await eventually(lambda: len(model.requests) == 1)
    model.refuses_with = None

    socket = await connecting
    assert socket.alive
    assert len(model.requests) == 2
    socket.close()


async def test_a_refused_connection_is_tried_three_times(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPENAI_WEBSOCKET_BASE_URL = "ws://127.0.0.1:1/v1"
    monkeypatch.setattr(realtime_client, "RETRY_AFTER_S", (0.02, 0.04))
    began = asyncio.get_running_loop().time()
    with capture_logs() as log, pytest.raises(ModelUnreachableError, match="no connection") as lost:
        await connect_with_retries(ALICES)
    assert not lost.value.permanent
    assert [entry["event"] for entry in log] == ["model_connection_retried"] * 2
    assert asyncio.get_running_loop().time() - began >= 0.06


@pytest.mark.parametrize("code", ["invalid_api_key", "insufficient_quota"])
@pytest.mark.parametrize("closes", [True, False])
async def test_an_error_instead_of_a_session_says_why_at_once(
    model: ModelServer, code: str, closes: bool
) -> None:
    """The API may take the handshake and refuse the key or the account behind it."""

    async def refuses(connection: ServerConnection) -> None:
        await connection.send(error(code))
        if closes:
            await connection.close(1008, "go away")
        await connection.wait_closed()

    model.behaviour = refuses
    with pytest.raises(ModelUnreachableError, match=code) as refusal:
        await connect_with_retries(ALICES)
    assert refusal.value.permanent
    assert len(model.requests) == 1
    await eventually(lambda: model.open_connections == 0)


async def test_an_error_in_one_breath_with_the_session_says_why_at_once(
    model: ModelServer,
) -> None:
    async def refuses(connection: ServerConnection) -> None:
        hello, refusal = CREATED.encode(), error("insufficient_quota").encode()
        frames = (b"\x81" + bytes([len(text)]) + text for text in (hello, refusal))
        connection.transport.write(b"".join(frames))
        await connection.wait_closed()

    model.behaviour = refuses
    with pytest.raises(ModelUnreachableError, match="insufficient_quota") as refusal:
        await connect_with_retries(ALICES)
    assert refusal.value.permanent


async def test_a_session_that_ends_in_one_breath_with_its_beginning_is_not_given_out(
    model: ModelServer,
) -> None:
    async def hangs_up(connection: ServerConnection) -> None:
        connection.transport.write(b"\x81" + bytes([len(CREATED)]) + CREATED.encode() + b"\x88\x00")
        await connection.wait_closed()

    model.behaviour = hangs_up
    with pytest.raises(ModelUnreachableError, match="closed with no code"):
        await connect(ALICES)


async def test_a_connection_that_breaks_in_the_handshake_is_tried_again(
    settings: Settings,
) -> None:
    taken = 0

    def hangs_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        taken += 1
        writer.close()

    server = await asyncio.start_server(hangs_up, "127.0.0.1", 0)
    settings.OPENAI_WEBSOCKET_BASE_URL = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    with pytest.raises(ModelUnreachableError, match="broke during the handshake|no connection"):
        await connect_with_retries(ALICES)
    assert taken == 3
    server.close()
    await server.wait_closed()


async def test_another_error_instead_of_a_session_is_tried_again(model: ModelServer) -> None:
    async def refuses(connection: ServerConnection) -> None:
        await connection.send('{"type":"error","error":{"type":"server_error"}}')
        await connection.wait_closed()

    model.behaviour = refuses
    with pytest.raises(ModelUnreachableError, match="server_error") as refusal:
        await connect_with_retries(ALICES)
    assert not refusal.value.permanent
    assert len(model.requests) == 3


async def test_a_session_that_ends_before_it_began_was_not_opened(model: ModelServer) -> None:
    async def hangs_up(connection: ServerConnection) -> None:
        await connection.close(1013, "try again later")

    model.behaviour = hangs_up
    with pytest.raises(ModelUnreachableError, match="closed with 1013: try again later"):
        await connect(ALICES)


async def test_a_model_that_says_nothing_is_given_up_in_time(
    model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime_client, "CONNECT_S", 0.05)
    model.behaviour = ServerConnection.wait_closed
    with pytest.raises(ModelUnreachableError, match="in time"):
        await connect(ALICES)
    await eventually(lambda: len(model.connections) == 1 and model.open_connections == 0)


async def test_a_handshake_that_is_answered_too_late_leaves_no_session(
    model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime_client, "CONNECT_S", 0.05)
    model.admits.clear()
    with pytest.raises(ModelUnreachableError):
        await connect(ALICES)
    model.admits.set()
    await asyncio.sleep(0.05)
    assert model.open_connections == 0


async def test_a_caller_who_hangs_up_during_the_handshake_leaves_no_session(
    model: ModelServer,
) -> None:
    model.admits.clear()
    connecting = asyncio.create_task(connect_with_retries(ALICES))
    await eventually(lambda: len(model.requests) == 1)
    connecting.cancel()
    await asyncio.wait([connecting])

    model.admits.set()
    await eventually(lambda: len(model.connections) == 1)
    await eventually(lambda: model.open_connections == 0)


async def test_a_caller_who_hangs_up_before_session_created_leaves_no_session(
    model: ModelServer,
) -> None:
    model.behaviour = ServerConnection.wait_closed
    connecting = asyncio.create_task(connect_with_retries(ALICES))
    await eventually(lambda: len(model.connections) == 1)
    connecting.cancel()
    await asyncio.wait([connecting])
    await eventually(lambda: model.open_connections == 0)


# The key


@pytest.mark.parametrize("key", [f"{KEY}א", f"{KEY}\r\nX-Injected: 1", f"{KEY}\0", f"{KEY}\n"])
async def test_a_key_that_is_none_is_refused_before_it_is_sent(
    model: ModelServer, key: str
) -> None:
    with pytest.raises(ModelUnreachableError) as refusal:
        await connect_with_retries(Account("a business", key))
    assert refusal.value.permanent
    assert KEY not in "".join(traceback.format_exception(refusal.value)) + repr(refusal.value)
    assert model.requests == []


async def test_the_key_is_in_no_repr_no_log_and_no_exception(
    model: ModelServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)  # the most that LOG_LEVEL can ask for
    told = repr(ALICES)
    with capture_logs() as log:
        (await connect(ALICES)).close()
        for status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE):
            model.refuses_with = status
            told += await _failure()
        model.refuses_with = None
        model.behaviour = ServerConnection.wait_closed
        monkeypatch.setattr(realtime_client, "CONNECT_S", 0.05)
        told += await _failure()

    assert "HTTP 401" in told
    assert "in time" in told
    told += repr(log)
    assert caplog.records  # the stand-in's own lines show that everything was listened to
    ours = [each for each in caplog.records if not each.name.startswith("websockets.server")]
    told += "".join(map(logging.Formatter("%(message)s %(args)s").format, ours))
    assert KEY not in told


async def _failure() -> str:
    with pytest.raises(ModelUnreachableError) as failure:
        await connect_with_retries(ALICES)
    return "".join(traceback.format_exception(failure.value))


# A session


async def test_messages_go_both_ways(model: ModelServer) -> None:
    async def echoes(connection: ServerConnection) -> None:
        await connection.send(await connection.recv())

    model.behaviour = then(echoes, ServerConnection.wait_closed)
    socket, caller = await adopted()
    socket.send(b'{"type":"input_audio_buffer.clear"}')
    await eventually(lambda: bool(caller.heard))
    assert caller.heard == [b'{"type":"input_audio_buffer.clear"}']
    socket.close()


async def test_a_message_in_pieces_is_one_message(model: ModelServer) -> None:
    async def in_pieces(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(["{", '"type":', '"whole"', "}"])
        await connection.send(["", '{"type":"next"}'])
        await connection.send('{"type":"last"}')

    model.behaviour = then(in_pieces, ServerConnection.wait_closed)
    socket, caller = await adopted()
    socket.send(b"{}")
    await eventually(lambda: len(caller.heard) == 3)
    assert caller.heard == [b'{"type":"whole"}', b'{"type":"next"}', b'{"type":"last"}']
    socket.close()


async def test_a_message_that_never_ends_is_not_collected_for_ever(
    model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime_client, "MAX_MESSAGE", 10_000)

    async def endless(connection: ServerConnection) -> None:
        await connection.recv()

        async def pieces() -> AsyncIterator[str]:
            while True:
                yield "x" * 1000
                await asyncio.sleep(0)

        await connection.send(pieces())

    model.behaviour = then(endless)
    socket, caller = await adopted()
    socket.send(b"{}")
    await eventually(lambda: bool(caller.lost))
    assert caller.heard == []
    assert "larger than" in caller.lost[0]


async def test_a_ping_is_answered(model: ModelServer) -> None:
    answered = asyncio.Event()

    async def pings(connection: ServerConnection) -> None:
        await (await connection.ping())
        answered.set()

    model.behaviour = then(pings, ServerConnection.wait_closed)
    socket, caller = await adopted()
    async with asyncio.timeout(5):
        await answered.wait()
    assert caller.heard == []
    socket.close()


async def test_bytes_that_are_no_text_are_nobodys(model: ModelServer) -> None:
    async def sends(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(b"\x00\x01")
        await connection.send("{}")

    model.behaviour = then(sends, ServerConnection.wait_closed)
    socket, caller = await adopted()
    socket.send(b"{}")
    await eventually(lambda: bool(caller.heard))
    assert caller.heard == [b"{}"]
    socket.close()


async def test_a_model_that_does_not_read_is_seen_to_be_behind(model: ModelServer) -> None:
    reads = asyncio.Event()

    async def pauses(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await reads.wait()
        connection.transport.resume_reading()
        async for _message in connection:
            pass

    model.behaviour = then(pauses)
    socket, _caller = await adopted()
    for _ in range(200):
        socket.send(b"x" * 100_000)
    assert socket.congested

    reads.set()
    await eventually(lambda: not socket.congested)
    socket.close()


# Its end


def closes(code: int, reason: str = "") -> Callable[[ServerConnection], Awaitable[None]]:
    async def behaviour(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(code, reason)

    return behaviour


async def aborts(connection: ServerConnection) -> None:
    await connection.recv()
    connection.transport.abort()


async def closes_without_a_code(connection: ServerConnection) -> None:
    await connection.recv()
    connection.transport.write(b"\x88\x00")
    await connection.wait_closed()


async def breaks_the_protocol(connection: ServerConnection) -> None:
    await connection.recv()
    connection.transport.write(b"\xff\xff\xff\xff" * 8)
    await connection.wait_closed()


@pytest.mark.parametrize(
    ("end", "detail"),
    [
        (closes(1000), "closed with 1000"),
        (closes(1001, EXPIRED), f"closed with 1001: {EXPIRED}"),
        (closes(1011), "closed with 1011"),
        (closes(1012, "restart"), "closed with 1012: restart"),
        (closes(4000, "a\0b\nc"), "closed with 4000: abc"),
        (closes_without_a_code, "closed with no code"),
        (aborts, "the connection broke"),
        (breaks_the_protocol, "the connection broke"),
    ],
    ids=["1000", "1001", "1011", "1012", "4000", "no code", "abort", "broken protocol"],
)
async def test_an_end_that_was_not_ours_is_told_once(
    model: ModelServer, end: Callable[[ServerConnection], Awaitable[None]], detail: str
) -> None:
    model.behaviour = then(end)
    socket, caller = await adopted()
    socket.send(b"{}")
    await eventually(lambda: bool(caller.lost))
    assert not socket.alive

    socket.send(b"{}")
    socket.close()
    await eventually(lambda: model.open_connections == 0)
    assert caller.lost == [detail]


async def test_a_model_that_takes_nothing_cannot_keep_a_socket_open(
    model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime_client, "CLOSE_WITHIN_S", 0.05)
    reads = asyncio.Event()

    async def pauses(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await reads.wait()
        connection.transport.abort()

    model.behaviour = then(pauses)
    socket, caller = await adopted()
    for _ in range(200):
        socket.send(b"x" * 100_000)
    transport = socket._transport
    assert transport is not None
    socket.close()
    assert not transport.is_disconnected  # it still tries to send what is queued

    await eventually(lambda: transport.is_disconnected)
    assert caller.lost == []
    reads.set()


async def test_our_own_end_is_not_told(model: ModelServer) -> None:
    socket, caller = await adopted()
    socket.close()
    socket.close()
    await eventually(lambda: model.open_connections == 0)
    assert model.connections[0].close_code == 1000
    assert caller.lost == []
    assert not socket.alive


async def test_what_arrives_after_our_end_is_nobodys(model: ModelServer) -> None:
    async def talks(connection: ServerConnection) -> None:
        await connection.recv()
        for _ in range(100):
            await connection.send("{}")

    model.behaviour = then(talks, ServerConnection.wait_closed)
    socket, caller = await adopted()
    socket.send(b"{}")
    await eventually(lambda: bool(caller.heard))
    socket.close()
    heard = len(caller.heard)
    await eventually(lambda: model.open_connections == 0)
    assert len(caller.heard) == heard
    assert caller.lost == []


# The pool, on real sockets


@pytest.fixture
async def pool(model: ModelServer) -> AsyncIterator[WarmPool]:
    warm = WarmPool(ALICES, size=2)
    warm.start()
    await eventually(lambda: warm.ready == 2)
    yield warm
    await warm.close()
    await eventually(lambda: model.open_connections == 0)


async def test_a_warm_socket_is_there_at_once_and_replaced(
    pool: WarmPool, model: ModelServer
) -> None:
    model.admits.clear()  # no handshake is answered any more
    socket = await asyncio.wait_for(pool.socket(ALICES), 0.5)
    assert socket.alive
    assert len(model.connections) == 2

    model.admits.set()
    await eventually(lambda: pool.ready == 2)
    assert len(model.connections) == 3
    socket.close()


@pytest.mark.parametrize(
    "account", [Account("a business", KEY), Account("installation", "sk-rotated")]
)
async def test_a_warm_socket_serves_no_other_account(
    pool: WarmPool, model: ModelServer, account: Account
) -> None:
    socket = await pool.socket(account)
    assert pool.ready == 2
    assert model.keys == [f"Bearer {KEY}", f"Bearer {KEY}", f"Bearer {account.api_key}"]
    socket.close()


async def test_a_warm_socket_that_died_is_not_given_out(pool: WarmPool, model: ModelServer) -> None:
    dead = model.connections[0]
    await dead.close(1001, EXPIRED)
    await eventually(lambda: pool.ready == 1)

    first, second = await pool.socket(ALICES), await pool.socket(ALICES)
    assert first.alive
    assert second.alive
    await eventually(lambda: pool.ready == 2)
    first.close()
    second.close()


async def test_a_warm_socket_that_grew_old_is_replaced(
    pool: WarmPool, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = list(model.connections)
    monkeypatch.setattr(realtime_client, "WARM_AGE_S", 0.0)
    await eventually(lambda: all(each.close_code == 1000 for each in first))
    monkeypatch.setattr(realtime_client, "WARM_AGE_S", 600.0)
    await eventually(lambda: pool.ready == 2)


async def test_a_warm_session_that_reports_an_error_is_replaced(
    pool: WarmPool, model: ModelServer
) -> None:
    await model.connections[0].send('{"type":"error","error":{"code":"session_expired"}}')
    await eventually(lambda: model.connections[0].close_code == 1000)
    await eventually(lambda: pool.ready == 2)
    assert len(model.connections) == 3


@pytest.mark.parametrize(("key", "size"), [(KEY, 0), ("", 2)])
async def test_nothing_is_kept_warm_where_nothing_is_wanted(
    model: ModelServer, key: str, size: int
) -> None:
    warm = WarmPool(Account("installation", key), size)
    warm.start()
    await asyncio.sleep(0.01)
    assert model.requests == []
    await warm.close()


async def test_a_pool_that_cannot_connect_does_not_keep_calls_from_trying(
    model: ModelServer,
) -> None:
    model.refuses_with = HTTPStatus.SERVICE_UNAVAILABLE
    warm = WarmPool(ALICES, size=2)
    warm.start()
    await eventually(lambda: len(model.requests) == 1)
    model.refuses_with = None
    socket = await warm.socket(ALICES)
    assert socket.alive
    socket.close()
    await warm.close()


async def test_the_pool_of_the_process_is_the_installations(
    model: ModelServer, settings: Settings
) -> None:
    settings.OPENAI_API_KEY, settings.WARM_REALTIME_SESSIONS = KEY, 1
    pool = warm_pool()
    assert warm_pool() is pool
    await eventually(lambda: pool.ready == 1)
    assert model.keys == [f"Bearer {KEY}"]
    await pool.close()
