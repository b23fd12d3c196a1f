"""Every page of the owner in a real browser: nothing leaves the host, nothing scrolls sideways on
a phone, nothing is refused by the content security policy, and axe finds nothing serious.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from tenants.models import Business, User
from tests.browser.full_house import furnish
from tests.test_every_page import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE, LAPTOP = 390, 1440
FIRST_PAGE_AT_MOST = 150_000
AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text("utf-8")
SERIOUS = """async () => {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    return found.violations
        .filter((one) => ["serious", "critical"].includes(one.impact))
        .map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 200)}`);
}"""
# What is drawn by a script follows a moment after the window has another width.
SIDEWAYS = """async () => {
    const page = document.documentElement;
    for (const until = performance.now() + 2000; performance.now() < until; ) {
        if (page.scrollWidth <= page.clientWidth) return 0;
        await new Promise(requestAnimationFrame);
    }
    return page.scrollWidth - page.clientWidth;
}"""
# In English and Arabic the main screens alone, unless asked for everything: that takes minutes.
EVERYTHING = os.environ.get("PROSAAS_PAGES") == "all"
# Where screenshots of everything are kept; nowhere unless asked.
PICTURES = os.environ.get("PROSAAS_SCREENSHOTS", "")


@pytest.fixture
def house(flowers: Business, alice: User) -> list[str]:
    """The paths of pages with something on each."""
    return furnish(flowers, alice)


def signed_in(browser: Browser, server: LiveServer, person: User, language: str) -> Iterator[Page]:
    with browser.new_context(locale=language) as context:
        window = context.new_page()
        window.set_default_timeout(10_000)
        # Django's live server has none; the pages that use them have tests of their own.
        window.route_web_socket(re.compile("/ws/"), lambda socket: None)
        window.goto(f"{server.url}/accounts/login/")
        window.fill("input[name=login]", person.email)
        window.fill("input[name=password]", "correct horse")
        window.press("input[name=password]", "Enter")
        window.wait_for_url(lambda url: "/accounts/" not in url)
        yield window


@pytest.mark.parametrize("language", ["he", "en", "ar"])
def test_every_page(
    language: str, browser: Browser, live_server: LiveServer, alice: User, house: list[str]
) -> None:
    for window in signed_in(browser, live_server, alice, language):
        complaints: list[str] = []
        strangers: list[str] = []
        watch(window, live_server.url, complaints, strangers)
        for path in house if language == "he" or EVERYTHING else main_screens(house):
            complaints += look_at(window, live_server.url + path, language)
        assert not complaints, "\n".join(complaints)
        assert strangers == []


def main_screens(house: list[str]) -> list[str]:
    """Those that the menu and its screens lead to: behind them, languages differ in words alone."""
    return [path for path in house if path.count("/") <= 2]


def watch(window: Page, home: str, complaints: list[str], strangers: list[str]) -> None:
    def note(request: Request) -> None:
        if not request.url.startswith((home, "data:", "blob:")):
            strangers.append(request.url)

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{window.url}: {message.text}")

    def fail(error: object) -> None:
        complaints.append(f"{window.url}: {error}")

    window.on("request", note)
    window.on("pageerror", fail)
    window.on("console", listen)


def look_at(window: Page, url: str, language: str) -> list[str]:
    found = []
    answer = window.goto(url)
    if answer is None or answer.status != 200:
        return [f"{url}: {answer and answer.status}"]
    expect(window.locator("html")).to_have_attribute("lang", language)
    for width in (LAPTOP, PHONE):
        window.set_viewport_size({"width": width, "height": 900})
        if beyond := window.evaluate(SIDEWAYS):
            found.append(f"{url} scrolls sideways by {beyond} at {width}")
        picture(window, url, language, width)
    window.evaluate(AXE)
    return found + [f"{url}: {one}" for one in window.evaluate(SERIOUS)]


def picture(window: Page, url: str, language: str, width: int) -> None:
    if PICTURES and EVERYTHING:
        name = url.split("/", 3)[3].strip("/").replace("/", "-")[:80] or "start"
        window.screenshot(path=f"{PICTURES}/{language}-{width}-{name}.png", full_page=True)


def test_the_first_page_is_light(
    browser: Browser, live_server: LiveServer, alice: User, house: list[str]
) -> None:
    weights: list[int] = []

    def weigh(event: dict[str, int]) -> None:
        weights.append(event["encodedDataLength"])

    for window in signed_in(browser, live_server, alice, "he"):
        session = window.context.new_cdp_session(window)
        session.send("Network.enable")
        session.on("Network.loadingFinished", weigh)
        window.goto(live_server.url + "/")
        window.wait_for_load_state("networkidle")
    assert 1_000 < sum(weights) < FIRST_PAGE_AT_MOST


def test_no_page_was_left_out(house: list[str]) -> None:
    seen = {path.strip("/").split("/")[0] for path in house}
    screens = {page.route.split("/")[0] for page in PAGES if not page.objects}
    assert screens - seen <= {"dashboard", "voices"}, screens - seen
