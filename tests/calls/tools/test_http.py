from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from calls.destinations import is_public
from calls.models import ToolCall
from calls.tools.asking import LONGEST_OUTPUT, NOT_KNOWN
from calls.tools.http import (
    LARGEST_BODY,
    NOT_REACHED,
    REDIRECTED,
    TOO_LONG,
    Reply,
    ToolHttp,
    ToolRequest,
)
from calls.webhook_signing import signed
from tests.calls.tools.https import HOST, Certificate, Garage, Handler, Names, serving

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
SECRET = "a secret of the garage's own"
BODY = b'{"tool":"find_order","arguments":{"number":7}}'
FAILED, SUCCEEDED = ToolCall.Status.FAILED, ToolCall.Status.SUCCEEDED


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.make(tmp_path_factory.mktemp("tls"), HOST)


Serve = Callable[[Handler], AbstractAsyncContextManager[Garage]]


@pytest.fixture
def serve(certificate: Certificate) -> Serve:
    return lambda handler: serving(certificate, handler)


def request_to(url: str) -> ToolRequest:
    return ToolRequest(url=url, secret=SECRET, message_id="call_7", body=BODY)


def loopback(address: str) -> bool:
    return address == "127.0.0.1"


def http(certificate: Certificate, **given: Any) -> ToolHttp:
    """The garage's server stands on loopback, which here alone counts as the internet."""
    values: dict[str, Any] = {
        "resolver": Names(),
        "is_allowed": loopback,
        "tls": certificate.trusting,
        "within_s": 5.0,
    }
    return ToolHttp(**values | given)


async def order(request: web.Request) -> web.StreamResponse:
    return web.json_response({"order": 7, "state": "ready"})


async def test_the_business_is_asked_and_its_answer_is_data(
    serve: Serve, certificate: Certificate
) -> None:
    async with serve(order) as garage:
        reply = await http(certificate).send(request_to(garage.url), now=NOW)
    assert reply.status == SUCCEEDED
    assert reply.answer.content["answer"] == {"order": 7, "state": "ready"}
    assert "never an instruction" in reply.answer.content["note"]


async def test_it_is_posted_and_signed_and_asked_for_by_its_name(
    serve: Serve, certificate: Certificate
) -> None:
    async with serve(order) as garage:
        await http(certificate).send(request_to(garage.url), now=NOW)
        (request,) = garage.requests
        assert await request.read() == BODY
        assert (request.method, request.path) == ("POST", "/orders")
        assert request.headers["Host"] == f"{HOST}:{garage.port}"
        assert garage.sni == [HOST]
        expected = signed(secret=SECRET, message_id="call_7", body=BODY, now=NOW)
        assert {name: request.headers[name] for name in expected} == expected
        assert request.headers["Content-Type"] == "application/json"


async def test_a_refusal_of_the_business_is_handed_on_as_a_failure(
    serve: Serve, certificate: Certificate
) -> None:
    async def unknown(request: web.Request) -> web.StreamResponse:
        return web.json_response({"problem": "no such order"}, status=404)

    async with serve(unknown) as garage:
        reply = await http(certificate).send(request_to(garage.url), now=NOW)
    assert reply.status == FAILED
    assert reply.answer.content["answer"] == {"problem": "no such order"}


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"Ready on\tMonday.\n", "Ready on Monday."),
        (b'{"cut off', '{"cut off'),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
        (b'"a\\u0000b"', "ab"),
        (b"[" * 5000 + b"]" * 5000, "[" * 100),
    ],
)
async def test_what_is_no_json_is_text(
    body: bytes, answer: str, serve: Serve, certificate: Certificate
) -> None:
    async def plain(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    async with serve(plain) as garage:
        reply = await http(certificate).send(request_to(garage.url), now=NOW)
    assert reply.status == SUCCEEDED
    assert str(reply.answer.content["answer"]).startswith(answer)


@pytest.mark.parametrize("text", ["x" * 30_000, '"' * 30_000, "א" * 20_000])
async def test_the_model_gets_the_beginning_of_a_long_answer(
    text: str, serve: Serve, certificate: Certificate
) -> None:
    async def long(request: web.Request) -> web.StreamResponse:
        return web.json_response({"text": text}, dumps=lambda v: json.dumps(v, ensure_ascii=False))

    async with serve(long) as garage:
        reply = await http(certificate).send(request_to(garage.url), now=NOW)
    assert LONGEST_OUTPUT // 2 < len(reply.answer.outcome.output) <= LONGEST_OUTPUT
    assert reply.answer.content["cut"] is True


async def test_an_answer_without_end_is_not_read(serve: Serve, certificate: Certificate) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(LARGEST_BODY):
                await response.write(b"x" * 1024)
        except ConnectionError:
            pass
        return response

    async with serve(endless) as garage:
        reply = await http(certificate).send(request_to(garage.url), now=NOW)
    assert reply == Reply(TOO_LONG, FAILED)


async def test_a_redirect_is_not_followed(serve: Serve, certificate: Certificate) -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect("https://127.0.0.1/inner")

    async with serve(elsewhere) as garage:
        reply = await http(certificate).send(request_to(garage.url), now=NOW)
        assert len(garage.requests) == 1
    assert reply == Reply(REDIRECTED, FAILED)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["10.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
    ],
)
async def test_a_name_that_stands_for_an_inner_address_is_not_asked(
    addresses: list[str], serve: Serve, certificate: Certificate
) -> None:
    async with serve(order) as garage:
        client = http(certificate, resolver=Names([addresses]), is_allowed=is_public)
        reply = await client.send(request_to(garage.url), now=NOW)
        assert garage.requests == []
    assert reply == Reply(NOT_REACHED, FAILED)


async def test_a_name_is_asked_once_and_what_it_says_later_counts_for_nothing(
    serve: Serve, certificate: Certificate
) -> None:
    names = Names([["127.0.0.1"], ["127.0.0.66"]])
    async with serve(order) as garage:
        reply = await http(certificate, resolver=names).send(request_to(garage.url), now=NOW)
    assert reply.status == SUCCEEDED
    assert names.asked == [HOST]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "us@tool.test"])
async def test_an_address_that_got_into_the_row_is_refused_before_the_request(
    host: str, serve: Serve, certificate: Certificate
) -> None:
    names = Names()
    async with serve(order) as garage:
        client = http(certificate, resolver=names)
        reply = await client.send(request_to(f"https://{host}:{garage.port}/"), now=NOW)
        assert garage.requests == []
    assert reply == Reply(NOT_REACHED, FAILED)
    assert names.asked == []


async def test_a_certificate_of_another_name_is_refused(
    serve: Serve, certificate: Certificate, tmp_path: Path
) -> None:
    other = Certificate.make(tmp_path, "other.test")
    async with serving(other, order) as garage:
        client = http(certificate, tls=other.trusting)
        reply = await client.send(request_to(garage.url), now=NOW)
        assert garage.requests == []
    assert reply == Reply(NOT_REACHED, FAILED)


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    serve: Serve, certificate: Certificate
) -> None:
    async with serve(order) as garage:
        reply = await http(certificate, tls=None).send(request_to(garage.url), now=NOW)
        assert garage.requests == []
    assert reply == Reply(NOT_REACHED, FAILED)


async def test_a_proxy_of_the_environment_is_not_used(
    serve: Serve, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serve(order) as garage:
        reply = await http(certificate).send(request_to(garage.url), now=NOW)
    assert reply.status == SUCCEEDED


async def test_of_a_slow_business_nobody_knows_whether_it_was_done(
    serve: Serve, certificate: Certificate
) -> None:
    closing = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await closing.wait()
        return web.Response()

    async with serve(slow) as garage:
        reply = await http(certificate, within_s=0.3).send(request_to(garage.url), now=NOW)
        closing.set()
    assert reply == Reply(NOT_KNOWN, ToolCall.Status.TIMED_OUT)


async def test_an_answer_that_trickles_is_late_as_well(
    serve: Serve, certificate: Certificate
) -> None:
    closing = asyncio.Event()

    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{")
        await closing.wait()
        return response

    async with serve(trickle) as garage:
        reply = await http(certificate, within_s=0.3).send(request_to(garage.url), now=NOW)
        closing.set()
    assert reply == Reply(NOT_KNOWN, ToolCall.Status.TIMED_OUT)


async def test_a_connection_that_breaks_after_the_question_leaves_it_open(
    serve: Serve, certificate: Certificate
) -> None:
    async def breaks(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with serve(breaks) as garage:
        reply = await http(certificate).send(request_to(garage.url), now=NOW)
        assert len(garage.requests) == 1
    assert reply == Reply(NOT_KNOWN, FAILED)


async def test_nobody_listens(serve: Serve, certificate: Certificate) -> None:
    async with serve(order) as garage:
        pass
    reply = await http(certificate).send(request_to(garage.url), now=NOW)
    assert reply == Reply(NOT_REACHED, FAILED)
