"""Two owners watch their live pages at once: what is one's, the other never sees."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from prosaas.embedded import Valkey
from prosaas.processes import is_root
from prosaas.simulator.people import silent_caller
from tenants.models import Business, User
from tests.browser.server import Site, log_in, site
from tests.people import make_number, make_published

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # Django reads a static file whole when it is sent by ASGI, and leaves it to the collector.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

A_SECOND = re.compile(r"^([89]\d{3}|\d{5,})$")  # of samples, or more
GREETING = "Hello, this is Flowers."
AWAY = "News come late at the moment"
ANOTHER = "+972501230099"
STOPPED_FOR_S = 10.0
RIGHT_AGAIN_MS = 5000


@pytest.fixture
def running(settings: Settings) -> Iterator[Site]:
    with site(settings) as found:
        yield found


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    home = Path(tempfile.gettempdir()) / f"prosaas-valkey-{secrets.token_hex(6)}"
    home.mkdir(mode=0o711 if is_root() else 0o700)
    server = Valkey(home, "password")
    yield server
    server.stop()
    shutil.rmtree(home)


def window(browser: Browser, running: Site, user: User) -> Page:
    context = browser.new_context(locale="en-US")
    log_in(context, running.url, user)
    page = context.new_page()
    page.goto(f"{running.url}/live/")
    # Connected, and told so: from here on what is seen came by itself.
    expect(page.locator("[data-live]")).to_have_attribute("data-away", "false")
    expect(page.get_by_text("No call is in progress")).to_be_visible()
    return page


def test_a_call_appears_is_heard_and_goes_and_the_neighbour_sees_nothing(
    browser: Browser,
    running: Site,
    alice: User,
    charlie: User,
    flowers: Business,
    garage: Business,
) -> None:
    make_published(flowers, greeting=GREETING)
    make_published(garage)
    number = make_number(flowers).e164
    hers, his = window(browser, running, alice), window(browser, running, charlie)
    call = running.call(flowers, number, silent_caller())

    expect(hers.locator("[data-call]")).to_have_count(1)
    hers.get_by_role("link", name="Follow").click()
    expect(hers.locator("#conversation")).to_contain_text("Hello, this is Flowers.")
    hers.get_by_role("button", name="Listen in").click()
    expect(hers.get_by_text("You are listening.")).to_be_visible()
    listening = hers.locator("[data-listen]")
    expect(listening).to_have_attribute("data-played", A_SECOND)

    hers.get_by_label("Whisper to the agent").fill("Offer ten percent.")
    hers.get_by_role("button", name="Tell the agent").click()
    expect(hers.locator("#conversation")).to_contain_text("Offer ten percent.")
    expect(hers.get_by_text("arrived")).to_be_visible()
    expect(hers.get_by_text("You are listening.")).to_be_visible()

    expect(his.get_by_text("No call is in progress")).to_be_visible()
    running.hang_up(call)
    expect(hers.get_by_text("The call is over.")).to_be_visible()
    his.wait_for_timeout(300)
    expect(his.locator("[data-call]")).to_have_count(0)
    for page in (hers, his):
        page.context.close()


def test_without_redis_the_page_says_so_goes_on_by_itself_and_is_right_again_with_it(
    browser: Browser,
    settings: Settings,
    valkey: Valkey,
    alice: User,
    flowers: Business,
) -> None:
    address = valkey.start()
    layers = deepcopy(django_settings.CHANNEL_LAYERS)
    layers["default"]["CONFIG"]["hosts"][0]["address"] = address
    settings.CHANNEL_LAYERS = layers
    make_published(flowers, greeting=GREETING)
    number = make_number(flowers).e164
    with site(settings) as running:
        page = window(browser, running, alice)
        news = page.locator("[data-live]")

        valkey.stop()
        stopped_at = time.monotonic()
        expect(news).to_have_attribute("data-away", "true")
        expect(page.get_by_text(AWAY)).to_be_visible()
        first = running.call(flowers, number, silent_caller())
        expect(page.locator("[data-call]")).to_have_count(1)
        page.wait_for_timeout(1000 * (stopped_at + STOPPED_FOR_S - time.monotonic()))

        second = running.call(flowers, number, silent_caller(), from_=ANOTHER)
        running.hang_up(first)
        valkey._start_on(int(address.rpartition(":")[2].removesuffix("/0")))
        expect(news).to_have_attribute("data-away", "false", timeout=RIGHT_AGAIN_MS)
        expect(page.get_by_text(AWAY)).to_be_hidden()
        expect(page.locator("[data-call]")).to_have_count(1)
        expect(page.locator("[data-call]")).to_contain_text(ANOTHER[-4:])
        running.hang_up(second)
        expect(page.locator("[data-call]")).to_have_count(0)
        page.context.close()
