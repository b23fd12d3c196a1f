"""The product with its sockets and the stand-in model, in a thread of its own: Playwright has the
event loop of the test's thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace

from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import BrowserContext
from pytest_django import Settings

from prosaas.simulator.model import RealtimeModel
from tenants.models import User
from tests.product import QUICK, served


class Site:
    def __init__(self, url: str, model: RealtimeModel) -> None:
        self.url = url
        self.model = model


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
        async with model:
            settings.OPENAI_WEBSOCKET_BASE_URL = model.url
            async with served(settings) as url:
                found.append(Site(url, model))
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
