"""Two owners watch their live pages at once: what is one's, the other never sees."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from copy import deepcopy

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from prosaas.embedded import Valkey
from prosaas.simulator.people import AfterAgentEnds, Person, Say, Silent, silent_caller
from tenants.models import Business, User
from tests.browser.server import Site, log_in, site
from tests.people import make_number, make_published
from tests.product import OthersTime, measured

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
QUESTION = "When are you open?"
SHOWN_WITHIN_S = 0.5
AWAY = "News come late at the moment"
ANOTHER = "+972501230099"
STOPPED_FOR_S = 10.0
RIGHT_AGAIN_MS = 5000


@pytest.fixture
def running(settings: Settings) -> Iterator[Site]:
    with site(settings) as found:
        yield found


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


# What the page shows, and since when by the machine's clock.
WATCH = """(words) => {
    window.seen = {};
    const look = () => {
        const calls = document.querySelectorAll("[data-call]").length;
        const there = (word) => word === "call" ? calls > 0 : document.body.innerText.includes(word);
        for (const word of words) if (there(word)) window.seen[word] ??= Date.now() / 1000;
        if (window.seen.call && !calls) window.seen.over ??= Date.now() / 1000;
    };
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true});
}"""


def test_what_happens_in_a_call_is_on_the_screen_within_half_a_second(
    browser: Browser, settings: Settings, alice: User, flowers: Business
) -> None:
    """`pytest -s` shows how soon: from the carrier's and the model's own events to the picture. What
    the agent says is an event when it was heard to its end, and not before.
    """
    make_published(flowers, greeting=GREETING)
    number = make_number(flowers).e164
    asks = Person("asks", (AfterAgentEnds(500), Say("en_opening_hours"), Silent()))
    with site(settings, hears=QUESTION) as running:
        page = window(browser, running, alice)
        page.evaluate(WATCH, ["call", QUESTION])
        others = OthersTime()
        call = running.call(flowers, number, asks)
        expect(page.locator("[data-call]")).to_contain_text(QUESTION, timeout=20_000)
        happened = {
            "call": running.answered_at(call),
            QUESTION: running.model_said("conversation.item.input_audio_transcription.completed"),
            "over": time.time(),
        }
        running.hang_up(call)
        expect(page.locator("[data-call]")).to_have_count(0)
        seen = page.evaluate("window.seen")
        page.context.close()
    late = {what: seen[what] - at for what, at in happened.items()}
    for what, seconds in late.items():
        measured(f"on the screen: {what}", [seconds])
    assert set(late) == {"call", QUESTION, "over"}
    assert max(late.values()) < SHOWN_WITHIN_S * others.slowdown()
