"""The pictures of the guides, taken of the product itself: `scripts/pictures` runs this file.

It is no test of the suite, so its name is none that pytest looks for.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
import time_machine
from allauth.mfa.totp.internal import auth
from django.urls import reverse
from playwright.sync_api import Browser, Page, ViewportSize
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from calls.models import Call
from calls.views.try_agent import REAL_MODEL
from prosaas.backoffice.tasks import all_tasks
from tenants.actions import create_business
from tenants.models import Business, User
from tenants.scoping import business_scope
from tests.browser.showcase import MOMENT, Showcase, beat_hearts, furnish
from tests.browser.showcase_words import ENGLISH, HEBREW, Shop
from tests.browser.waiting import comes_true

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs/pictures"
DESK: Final = (1280, 800)
TELEPHONE: Final = (390, 844)
# Letters stay sharp, and the whole folder stays below what a clone should cost.
QUALITY: Final = 50
# Buttons fade, and what is half faded looks like something else.
AT_REST: Final = """() => document.fonts.status === "loaded" && document.getAnimations().every(
    (one) => one.playState !== "running" || one.effect.getComputedTiming().iterations === Infinity
)"""
SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def clock(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    """Put back to one moment before each picture; cookies must outlive that."""
    settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = True
    settings.CSRF_COOKIE_AGE = None
    # A page says so where a stand-in speaks. Nobody speaks here.
    settings.OPENAI_WEBSOCKET_BASE_URL = f"wss://{REAL_MODEL}/v1"
    monkeypatch.setattr(auth, "generate_totp_secret", lambda *_args, **_more: SECRET)
    with time_machine.travel(MOMENT) as traveller:
        yield traveller


@pytest.mark.parametrize("shop", [HEBREW, ENGLISH], ids=lambda shop: shop.language)
def test_the_pictures_of_an_owner(
    browser: Browser, live_server: LiveServer, clock: time_machine.Traveller, shop: Shop
) -> None:
    house = furnish(open_shop(shop), shop)
    beat_hearts([task.name for task in all_tasks()])
    with window(browser, live_server, house.owner, shop.language) as page:
        for name, path in places(house).items():
            take(page, clock, live_server.url + path, f"{shop.language}/{name}")
        page.set_viewport_size(size(*TELEPHONE))
        for name, path in on_the_telephone(house).items():
            take(page, clock, live_server.url + path, f"{shop.language}/{name}")


def test_the_pictures_of_an_operator(
    browser: Browser, live_server: LiveServer, clock: time_machine.Traveller, olga: User
) -> None:
    houses = [furnish(open_shop(shop), shop) for shop in (HEBREW, ENGLISH)]
    forget(houses[1].live)
    beat_hearts([task.name for task in all_tasks()][:-1])
    with window(browser, live_server, olga, "en") as page:
        for name in ("index", "stuck", "tasks"):
            take(page, clock, live_server.url + reverse(f"admin:{name}"), f"operators/{name}")
        business = reverse("admin:tenants_business_change", args=[houses[1].business.pk])
        take(page, clock, live_server.url + business, "operators/business")


def open_shop(shop: Shop) -> Business:
    return create_business(
        slug=shop.slug,
        name=shop.name,
        language=shop.language,
        timezone=shop.timezone,
        by=None,
        now=MOMENT,
    )


def forget(call: Call) -> None:
    """Its process died, and nobody has told the row."""
    long_ago = MOMENT - timedelta(minutes=40)
    with business_scope(call.business_id):
        mine = Call.objects.for_business(call.business_id).filter(pk=call.pk)
        mine.update(created_at=long_ago, answered_at=long_ago)


def places(house: Showcase) -> dict[str, str]:
    """What a picture is called, and where it is taken."""
    start = reverse("prompts:questions", args=["inbound", "shop", house.shop.language])
    return {
        "second-factor": reverse("mfa_activate_totp"),
        "overview": reverse("dashboard"),
        "questions": start,
        "prompt": reverse("prompts:edit", args=["inbound"]),
        "prompts": reverse("prompts:overview"),
        "try": reverse("calls:try"),
        "settings": reverse("settings:overview"),
        "hours": reverse("settings:hours"),
        "listening": reverse("settings:conversation"),
        "keeping": reverse("settings:keeping"),
        "leads": reverse("leads:list"),
        "mapping": reverse("leads:import", args=[house.mapping.pk]),
        "import": reverse("leads:import", args=[house.imported.pk]),
        "preview": reverse("outbound:preview", args=[house.planned.pk]),
        "run": reverse("outbound:run", args=[house.run.pk]),
        "calendar": reverse("outbound:calendar"),
        "do-not-call": reverse("outbound:do_not_call"),
        "live": reverse("calls:live"),
        "live-call": reverse("calls:live-call", args=[house.live.pk]),
        "calls": reverse("calls:calls"),
        "call": reverse("calls:call", args=[house.call.pk]),
        "appointments": reverse("calls:appointments"),
        "team": reverse("tenants:team"),
        "doctor": reverse("doctor"),
    }


def on_the_telephone(house: Showcase) -> dict[str, str]:
    return {
        "overview-telephone": reverse("dashboard"),
        "call-telephone": reverse("calls:call", args=[house.call.pk]),
    }


@contextmanager
def window(browser: Browser, server: LiveServer, user: User, language: str) -> Iterator[Page]:
    with browser.new_context(
        locale=language, viewport=size(*DESK), color_scheme="light"
    ) as context:
        page = context.new_page()
        # Somebody takes the call of a live page, and has no news.
        page.route_web_socket("**/ws/**", lambda _socket: None)
        page.set_default_timeout(10_000)
        page.goto(f"{server.url}/accounts/login/")
        page.fill("input[name=login]", user.email)
        page.fill("input[name=password]", "correct horse")
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        yield page


def take(page: Page, clock: time_machine.Traveller, url: str, name: str) -> None:
    clock.move_to(MOMENT)
    answer = page.goto(url)
    assert answer is not None
    assert answer.ok, f"{url}: {answer.status}"
    assert "/login/" not in page.url, page.url
    comes_true(page, AT_REST)
    if name.endswith("/questions"):
        answer_questions(page, HEBREW if name.startswith("he/") else ENGLISH)
    keep(page, name)


def answer_questions(page: Page, shop: Shop) -> None:
    for field, text in shop.answers.items():
        page.fill(f"main [name={field}]", text)
    page.evaluate("document.activeElement.blur()")


def keep(page: Page, name: str) -> None:
    """As WebP, which Playwright's own method does not know: a third of the size."""
    asked = {"format": "webp", "quality": QUALITY}
    shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", asked)
    path = FOLDER / f"{name}.webp"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(shot["data"]))


def size(width: int, height: int) -> ViewportSize:
    return {"width": width, "height": height}
