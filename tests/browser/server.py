"""The product with its sockets and both stand-ins, in a thread of its own: Playwright has the
event loop of the test's thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import BrowserContext
from pytest_django import Settings

from prosaas.simulator.call_plan import Callee
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.model import RealtimeModel
from prosaas.simulator.people import Person
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.switchboard import DEFAULT_CALLER
from tenants.models import Business, User
from tests.product import QUICK, Product, moments, served


class Site:
    """As a test sees it from its own thread."""

    def __init__(self, product: Product) -> None:
        self.url = product.url
        self._product = product
        self._loop = asyncio.get_running_loop()

    def call(
        self, business: Business, number: str, person: Person, from_: str = DEFAULT_CALLER
    ) -> PhoneCall:
        """Somebody dials this number, and the agent speaks to them."""

        async def dial() -> PhoneCall:
            call = await self._product.call(business, number, person, from_=from_)
            await call.agent_speaks()
            return call

        return asyncio.run_coroutine_threadsafe(dial(), self._loop).result(10)

    def picks_up(self, number: str, callee: Callee) -> None:
        """Who is there when the product dials this number."""
        self._product.carrier.directory.numbers[number] = callee

    def answered_at(self, call: PhoneCall) -> float:
        """By the machine's clock."""
        return self._by_the_wall(call.answered_at or 0.0)

    def model_said(self, kind: str) -> float:
        """When the model first sent an event of this kind, by the machine's clock."""
        [session] = self._product.used_sessions()
        return self._by_the_wall(moments(session, kind)[0])

    def _by_the_wall(self, moment: float) -> float:
        return time.time() - self._product.carrier.clock.now() + moment

    def hang_up(self, call: PhoneCall) -> None:
        self._loop.call_soon_threadsafe(call.hang_up)


@contextlib.contextmanager
def site(settings: Settings, *, hears: str = "") -> Iterator[Site]:
    hearing = replace(QUICK.hearing, text=hears or None)
    scenario = replace(QUICK, hearing=hearing)
    # Over plain HTTP, as on a machine of one's own.
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "sessionid", "csrftoken"
    settings.SERVED_BY_HTTPS = False
    settings.WARM_REALTIME_SESSIONS = 1
    found: list[Site] = []
    listens, leave = threading.Event(), threading.Event()

    async def serve() -> None:
        model = RealtimeModel(scenario=scenario, key=settings.OPENAI_API_KEY)
        carrier = Carrier(
            account_sid=settings.TWILIO_ACCOUNT_SID,
            auth_token=settings.TWILIO_AUTH_TOKEN,
            allow_insecure_ws=True,
        )
        async with model, carrier:
            settings.OPENAI_WEBSOCKET_BASE_URL = model.url
            settings.TWILIO_API_BASE_URL = carrier.base_url
            async with served(settings) as url:
                found.append(Site(Product(url, carrier, model)))
                listens.set()
                await asyncio.get_running_loop().run_in_executor(None, leave.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="site")
    thread.start()
    try:
        assert listens.wait(20), "the server did not start"
        yield found[0]
    finally:
        leave.set()
        thread.join(20)


def log_in(context: BrowserContext, url: str, user: User) -> None:
    client = Client()
    client.force_login(user)
    name = django_settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])
