"""What is open in a browser ends with the login, or the place in the team, that has opened it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from channels.layers import get_channel_layer
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils import timezone

from calls.actions import begin_test
from calls.groups import team_group
from calls.models import CallOrigin
from calls.sockets import ending
from calls.sockets.ending import LOGGED_OUT
from prompts.models import Direction, Prompt
from tenants.actions import suspend_business
from tenants.models import Business, Membership, User
from tenants.scoping import business_scope
from tenants.sockets import end_sockets
from tenants.team import change_role, remove_member
from tests.product import Product, a_business, in_database
from tests.whole.test_live import Visitor, somebody
from tests.whole.test_other_process import another_process

AT_ONCE_S = 2.0
# Longer than any of these tests: what ends a socket in it is the news alone.
NEVER_S = 600.0
# The PUBLIC_URL of the settings of the tests.
KNOWS_ITSELF_AS = "https://prosaas.test"


@pytest.fixture(autouse=True)
def only_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "ASK_AGAIN_S", NEVER_S)


async def closed_with(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(AT_ONCE_S):
        async for _ in socket:
            pass
    return socket.close_code


async def is_open(socket: aiohttp.ClientWebSocketResponse) -> bool:
    await socket.ping()
    return not socket.closed and socket.close_code is None


def browser_of(visitor: Visitor) -> Client:
    name, _, key = visitor._cookie.partition("=")
    browser = Client()
    browser.cookies[name] = key
    return browser


async def ready(socket: aiohttp.ClientWebSocketResponse) -> None:
    """The page is told that hints come: by then the socket is in its groups."""
    assert (await socket.receive_json(timeout=AT_ONCE_S))["kind"] == "hints"


def live(business: Business) -> str:
    return f"/ws/live/{business.pk}"


async def test_a_logout_ends_what_that_browser_has_open_and_nothing_else(
    product: Product,
) -> None:
    flowers, _ = await a_business("flowers")
    alice, bob = await somebody(product, flowers, "alice"), await somebody(product, flowers, "bob")
    telephone = await another_browser(product, alice)
    async with (
        alice.socket(live(flowers)) as page,
        telephone.socket(live(flowers)) as other,
        bob.socket(live(flowers)) as his,
    ):
        for socket in (page, other, his):
            await ready(socket)
        await in_database(lambda: browser_of(alice).post("/accounts/logout/"))
        assert await closed_with(page) == LOGGED_OUT
        assert await is_open(other)
        assert await is_open(his)
    assert await alice.is_refused(live(flowers)), "nobody is logged in there any more"


async def test_a_test_call_ends_with_the_login(product: Product) -> None:
    flowers, _ = await a_business("flowers")
    alice = await somebody(product, flowers, "alice")
    path = await in_database(lambda: typed_test(flowers, alice.user))
    async with alice.socket(path) as page:
        await page.receive_json(timeout=AT_ONCE_S)
        await in_database(lambda: browser_of(alice).post("/accounts/logout/"))
        assert await closed_with(page) == LOGGED_OUT


@pytest.mark.parametrize("what", ["removed", "changed", "suspended", "everywhere"])
async def test_whoever_may_no_longer_be_here_is_cut_off_at_once(
    product: Product, what: str
) -> None:
    flowers, _ = await a_business("flowers")
    await somebody(product, flowers, "alice")
    bob = await somebody(product, flowers, "bob", Membership.Role.MANAGER)
    async with bob.socket(live(flowers)) as page:
        await ready(page)
        await in_database(lambda: ENDS[what](flowers, bob.user))
        assert await closed_with(page) == LOGGED_OUT


async def test_whoever_is_removed_elsewhere_stays_here(product: Product) -> None:
    flowers, _ = await a_business("flowers")
    garage, _ = await a_business("garage")
    alice = await somebody(product, flowers, "alice")
    async with alice.socket(live(flowers)) as page:
        await ready(page)
        user_id = alice.user.pk if alice.user else 0
        await in_database(lambda: end_sockets(user_id, business_id=garage.pk))
        changed = {"type": "live.changed", "call_id": "of-flowers"}
        await get_channel_layer().group_send(team_group(flowers.pk), changed)
        news = await page.receive_json(timeout=AT_ONCE_S)
        assert news == {"kind": "changed", "call": "of-flowers"}, "behind the news of the garage"


async def test_news_that_is_lost_costs_some_seconds_and_no_more(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "ASK_AGAIN_S", 0.2)
    flowers, _ = await a_business("flowers")
    alice = await somebody(product, flowers, "alice")
    key = alice._cookie.partition("=")[2]
    async with alice.socket(live(flowers)) as page:
        await ready(page)
        await in_database(lambda: SessionStore(key).delete())
        assert await closed_with(page) == LOGGED_OUT


async def test_a_fault_in_the_watching_leaves_nothing_open(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(session_key: str, user_id: int) -> bool:
        raise ZeroDivisionError

    flowers, _ = await a_business("flowers")
    alice = await somebody(product, flowers, "alice")
    monkeypatch.setattr(ending, "is_logged_in", broken)
    with contextlib.suppress(aiohttp.WSServerHandshakeError):  # it may come that early
        async with alice.socket(live(flowers)) as page:
            assert await closed_with(page) == LOGGED_OUT


@pytest.mark.slow
async def test_the_server_of_the_readme_closes_them_as_well(product: Product) -> None:
    flowers, _ = await a_business("flowers")
    alice = await somebody(product, flowers, "alice")
    async with another_process(os.environ["REDIS_URL"]) as address:
        there = alice.at(address)
        async with there.socket(live(flowers), KNOWS_ITSELF_AS) as page:
            await ready(page)
            await in_database(lambda: browser_of(alice).post("/accounts/logout/"))
            assert await closed_with(page) == LOGGED_OUT
        assert await there.is_refused(live(flowers), KNOWS_ITSELF_AS)


async def another_browser(product: Product, visitor: Visitor) -> Visitor:
    def make() -> str:
        name, _, key = visitor._cookie.partition("=")
        session = SessionStore()
        session.update(SessionStore(key).load())
        session.create()
        return f"{name}={session.session_key}"

    return Visitor(product, visitor.user, await in_database(make))


def typed_test(business: Business, by: User | None) -> str:
    assert by is not None
    with business_scope(business):
        version = Prompt.objects.published_version(business, Direction.INBOUND)
        assert version is not None
    call = begin_test(
        business=business, version=version, origin=CallOrigin.TYPED, by=by, now=timezone.now()
    )
    return f"/ws/try/{call.token()}/typed"


def membership_of(business: Business, user: User | None) -> Membership:
    with business_scope(business):
        return Membership.objects.select_related("business").get(user=user)


ENDS: dict[str, Callable[[Business, Any], object]] = {
    "removed": lambda business, user: remove_member(
        membership=membership_of(business, user), by=None, now=timezone.now()
    ),
    "changed": lambda business, user: change_role(
        membership=membership_of(business, user),
        role=Membership.Role.VIEWER,
        by=None,
        now=timezone.now(),
    ),
    "suspended": lambda business, user: suspend_business(
        business=business, reason="", by=None, now=timezone.now()
    ),
    "everywhere": lambda business, user: end_sockets(user.pk),
}
