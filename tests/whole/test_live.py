"""The team follows a real call from its page, and steps in; another business hears of nothing."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from copy import copy
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from channels.layers import get_channel_layer
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from calls.actions import begin_test, end_call, instruct_agent, take_over
from calls.models import (
    Call,
    CallOrigin,
    EndReason,
    LiveOrder,
    Transfer,
    TransferStatus,
    TransferTarget,
)
from prompts.models import Direction, Prompt
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.model import Reply, UseTool, say
from prosaas.simulator.people import Person, polite_caller, silent_caller
from prosaas.simulator.phone_call import PhoneCall
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.people import make_member, make_user
from tests.product import (
    QUICK,
    Product,
    a_business,
    an_agent,
    ended_row_of,
    eventually,
    in_database,
    row_of,
    rows_of,
    someone_to_transfer_to,
    turns_of,
    words,
)

SHOWN_WITHIN_S = 0.5


class Visitor:
    """A browser with somebody's session."""

    def __init__(self, product: Product, user: User | None, cookie: str) -> None:
        self.user = user
        self._url = product.url
        self._cookie = cookie

    def at(self, url: str) -> Visitor:
        """The same browser at another server of the installation."""
        there = copy(self)
        there._url = url
        return there

    @contextlib.asynccontextmanager
    async def socket(
        self, path: str, origin: str | None = None
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        headers = {"Origin": origin or self._url, "Cookie": self._cookie}
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(self._url + path, headers=headers) as socket,
        ):
            yield socket

    async def is_refused(self, path: str, origin: str | None = None) -> bool:
        try:
            async with self.socket(path, origin):
                return False
        except aiohttp.WSServerHandshakeError as refusal:
            return refusal.status == 403

    async def page(self, path: str) -> str:
        headers = {"Cookie": self._cookie, "Accept-Language": "en", "Host": self._host}
        async with (
            aiohttp.ClientSession() as client,
            client.get(self._url + path, headers=headers, allow_redirects=False) as answer,
        ):
            return await answer.text()

    @property
    def _host(self) -> str:
        return urlsplit(self._url).netloc


async def somebody(
    product: Product, business: Business, name: str, role: str = Membership.Role.OWNER
) -> Visitor:
    def make() -> tuple[User, str]:
        user = make_user(name)
        make_member(business, user, role)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = django_settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        return user, f"{django_settings.SESSION_COOKIE_NAME}={session.session_key}"

    user, cookie = await in_database(make)
    return Visitor(product, user, cookie)


async def news(socket: aiohttp.ClientWebSocketResponse, kind: str, within_s: float = 5.0) -> Any:
    async with asyncio.timeout(within_s):
        while (message := await socket.receive_json())["kind"] != kind:
            pass
    return message


async def ready(socket: aiohttp.ClientWebSocketResponse) -> None:
    assert await news(socket, "hints") == {"kind": "hints", "away": False}


async def a_live_call(
    product: Product, person: Person | None = None
) -> tuple[Business, PhoneCall, Call]:
    flowers, number = await a_business("flowers", greeting="Hello, this is Flowers.")
    call = await product.call(flowers, number, person or silent_caller())
    await call.agent_speaks()
    row = await row_of(call)
    assert row is not None
    return flowers, call, row


async def test_alice_sees_a_call_begin_speak_and_end_and_charlie_sees_nothing(
    product: Product,
) -> None:
    flowers, number = await a_business("flowers", greeting="Hello, this is Flowers.")
    garage, _ = await a_business("garage")
    alice, charlie = (
        await somebody(product, flowers, "alice"),
        await somebody(product, garage, "charlie"),
    )
    async with (
        alice.socket(f"/ws/live/{flowers.pk}") as page,
        charlie.socket(f"/ws/live/{garage.pk}") as other,
    ):
        await ready(page)
        await ready(other)
        call = await product.call(flowers, number, polite_caller("en"))
        changed = await news(page, "changed")
        row = await row_of(call)
        assert row is not None
        assert changed["call"] == str(row.pk)
        assert str(row.pk) in await alice.page("/live/calls/")

        await eventually(lambda: bool(call.stream and call.stream.playback.heard_between(0, 1e9)))
        while "Hello, this is Flowers." not in await alice.page(f"/live/{row.pk}/conversation/"):
            await news(page, "changed")
        row = await ended_row_of(call)
        await news(page, "changed")
        assert str(row.pk) not in await alice.page("/live/calls/")
        with pytest.raises(TimeoutError):
            await news(other, "changed", within_s=0.3)
    assert str(row.pk) not in await charlie.page("/live/calls/")


async def test_what_is_said_is_told_within_half_a_second(product: Product) -> None:
    flowers, call, row = await a_live_call(product)
    alice = await somebody(product, flowers, "alice")
    async with alice.socket(f"/ws/live/{flowers.pk}") as page:
        await ready(page)
        clock = asyncio.get_running_loop().time
        began = clock()
        await in_database(
            lambda: instruct_agent(
                business=flowers,
                call_id=row.pk,
                text="Offer ten percent.",
                by=alice.user,  # type: ignore[arg-type]
                now=timezone.now(),
            )
        )
        await news(page, "changed")
        assert clock() - began < product.within(SHOWN_WITHIN_S)
        assert "Offer ten percent." in await alice.page(f"/live/{row.pk}/")
        [session] = product.used_sessions()
        await eventually(lambda: any("Offer ten percent." in line for line in words(session)))
        assert "system" in next(line for line in words(session) if "ten percent" in line)
        [order] = await rows_of(LiveOrder, flowers)
        assert order.taken_at is not None
    call.hang_up()
    await ended_row_of(call)


async def test_strangers_and_strange_pages_get_no_socket(product: Product) -> None:
    flowers, _ = await a_business("flowers")
    garage, _ = await a_business("garage")
    alice, charlie = (
        await somebody(product, flowers, "alice"),
        await somebody(product, garage, "charlie"),
    )
    path = f"/ws/live/{flowers.pk}"
    assert not await alice.is_refused(path)
    assert await alice.is_refused(path, "https://evil.test")
    assert await alice.is_refused(path, "null")
    assert await charlie.is_refused(path)
    assert await Visitor(product, None, "").is_refused(path)
    assert await alice.is_refused("/ws/live/00000000-0000-0000-0000-000000000000")


async def test_alice_hangs_up_from_her_page(product: Product) -> None:
    flowers, call, row = await a_live_call(product)
    alice = await somebody(product, flowers, "alice")
    told = await in_database(
        lambda: end_call(
            business=flowers,
            call_id=row.pk,
            by=alice.user,  # type: ignore[arg-type]
            now=timezone.now(),
        )
    )
    assert told
    await asyncio.wait_for(call.ended(), 2)
    ended = await ended_row_of(call)
    assert ended.end_reason == EndReason.OWNER_HANGUP


async def test_bob_takes_over_a_call(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting="Hello, this is Flowers.")
    bob = await someone_to_transfer_to(flowers, "Bob")
    await an_agent(flowers, may_transfer=True, warm_transfer=False, transfer_ring_s=20)
    product.carrier.callees[bob] = Callee(ring_s=0.2, talks_s=0.5)
    call = await product.call(flowers, number, silent_caller())
    await call.agent_speaks()
    row = await row_of(call)
    assert row is not None
    alice = await somebody(product, flowers, "alice")
    [target] = await rows_of(TransferTarget, flowers)
    await in_database(
        lambda: take_over(
            business=flowers,
            call_id=row.pk,
            target_id=target.pk,
            by=alice.user,  # type: ignore[arg-type]
            now=timezone.now(),
        )
    )
    ended = await ended_row_of(call)
    [transfer] = await rows_of(Transfer, flowers)
    assert transfer.status == TransferStatus.COMPLETED
    assert ended.end_reason == EndReason.TRANSFER


async def test_alice_listens_in_and_it_is_written_down(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting="Hello, this is Flowers. " * 8)
    alice = await somebody(product, flowers, "alice")
    agent = await somebody(product, flowers, "agnes", Membership.Role.AGENT)
    call = await product.call(flowers, number, silent_caller())
    await call.agent_speaks()
    row = await row_of(call)
    assert row is not None
    path = f"/ws/live/{flowers.pk}/{row.pk}/sound"
    assert await agent.is_refused(path), "hers is to direct calls, not to overhear them"
    assert await alice.is_refused(path, "https://evil.test")
    assert await alice.is_refused(f"/ws/live/{flowers.pk}/{flowers.pk}/sound")
    heard: dict[str, bytes] = {"caller": b"", "agent": b""}
    async with alice.socket(path) as page:
        async with asyncio.timeout(5):
            while min(map(len, heard.values())) < 4000:
                sound = await page.receive_json()
                for side in heard:
                    heard[side] += base64.b64decode(sound[side])
        call.hang_up()
        async with asyncio.timeout(5):
            while not page.closed:
                await page.receive()
        assert page.close_code == 1000
    ended = await ended_row_of(call)
    assert heard["agent"][160:3200] in call.heard_bytes()
    assert ended.frames_dropped == 0

    def audited() -> list[str]:
        with business_scope(flowers):
            return [event.action for event in AuditEvent.objects.of_chain(flowers.pk)]

    assert (await in_database(audited)).count("call.listened_to") == 1


async def test_redis_goes_and_the_page_says_so_and_is_told_when_it_is_back(
    product: Product,
) -> None:
    flowers, _number = await a_business("flowers")
    alice = await somebody(product, flowers, "alice")
    async with alice.socket(f"/ws/live/{flowers.pk}") as page:
        await ready(page)
        layer = get_channel_layer()
        there = layer.send

        async def gone(*_: object) -> None:
            raise ConnectionRefusedError

        layer.send = gone  # what was listened to is silent, and nothing new is taken
        assert (await news(page, "hints"))["away"]
        layer.send = there
        assert not (await news(page, "hints", within_s=5))["away"]


async def test_a_typed_test_shows_the_tools_and_does_nothing(product: Product) -> None:
    flowers, _number = await a_business("flowers", greeting="Hello, this is Flowers.")
    alice, bob = await somebody(product, flowers, "alice"), await somebody(product, flowers, "bob")

    def begin() -> Call:
        with business_scope(flowers):
            version = Prompt.objects.published_version(flowers, Direction.INBOUND)
            assert version is not None
            version.prompt  # noqa: B018 - read inside the scope
        return begin_test(
            business=flowers,
            version=version,
            origin=CallOrigin.TYPED,
            by=alice.user,  # type: ignore[arg-type]
            now=timezone.now(),
        )

    test = await in_database(begin)
    path = f"/ws/try/{test.token()}/typed"
    book = UseTool("save_lead_details", {"name": "Dana"})
    product.model.scenarios = [
        _with(
            QUICK, (Reply((book,)), say("Noted."), Reply((UseTool("end_call", {"reason": "x"}),)))
        )
    ]
    assert await bob.is_refused(path)
    assert await alice.is_refused(path, "https://evil.test")
    assert await alice.is_refused(path.removesuffix("/typed")), "not by voice"
    async with alice.socket(path) as page:
        assert (await news(page, "agent"))["text"] == "Hello, this is Flowers."
        await page.send_str("nonsense")
        await page.send_json({"say": "I am Dana"})
        tool = await news(page, "tool")
        assert (tool["name"], tool["arguments"]) == ("save_lead_details", '{"name": "Dana"}')
        assert (await news(page, "agent"))["text"] == "Noted."
        await page.send_json({"say": "Goodbye"})
        assert (await news(page, "over"))["why"] == "goodbye"
    assert await alice.is_refused(path), "a token serves once"
    [row] = await rows_of(Call, flowers)
    assert row.end_reason == EndReason.AGENT_GOODBYE
    assert row.usage["text_out"] > 0
    assert [turn.text for turn in await turns_of(row)] == [
        "Hello, this is Flowers.",
        "I am Dana",
        "Noted.",
        "Goodbye",
    ]
    assert all(session.closed.is_set() for session in product.used_sessions())


def _with(scenario: Any, replies: Any) -> Any:
    return dataclasses.replace(scenario, replies=replies)
