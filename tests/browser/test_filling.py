"""A long list on its way into a run, as its owner sees it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from outbound import actions
from outbound.models import OutboundCallRun
from tenants.models import Business, User
from tests.browser.test_budgets import signed_in
from tests.outbound.pages import make_list
from tests.outbound.rig import ALWAYS, limits, make_run, new_number

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = os.environ.get("PROSAAS_SCREENSHOTS", "")


def after(steps: int) -> Callable[[], bool]:
    left = iter(range(steps))
    return lambda: next(left, None) is None


@pytest.fixture
def run(flowers: Business, alice: User, monkeypatch: pytest.MonkeyPatch) -> OutboundCallRun:
    """A draft with two of five leads in it, besides the one that was there; three are on their way."""
    monkeypatch.setattr("outbound.models.filling.AT_A_STATEMENT", 2)
    limits(flowers, schedule=ALWAYS, observe_shabbat=False)
    made, friends = make_run(flowers), make_list(flowers, *(new_number() for _ in range(5)))
    actions.fill_run(run=made, lists=[friends], by=alice, now=timezone.now())
    return made


@pytest.mark.parametrize("language", ["he", "en"])
def test_the_pages_follow_the_leads_and_lose_nothing_that_is_typed(
    language: str, browser: Browser, live_server: LiveServer, alice: User, run: OutboundCallRun
) -> None:
    for window in signed_in(browser, live_server, alice, language):
        here = f"{live_server.url}/outbound/runs/{run.pk}"
        for width in (390, 1440):
            window.set_viewport_size({"width": width, "height": 900})
            for page in ("words", "preview", ""):
                window.goto(f"{here}/{page}")
                expect(window.get_by_role("progressbar").first).to_be_visible()
                if PICTURES:
                    name = f"filling-{page or 'run'}-{language}-{width}.png"
                    window.screenshot(path=Path(PICTURES) / name)

        window.goto(f"{here}/words")
        window.locator("[name=machine_policy][value=leave_message]").check()
        window.locator("textarea").fill("Dana of the flowers calls again.")
        actions.fill_runs(until=after(1), clock=timezone.now)
        expect(window.locator("#filling progress")).to_have_attribute("value", "80")
        actions.fill_runs(until=lambda: False, clock=timezone.now)
        expect(window.locator("#filling progress")).to_have_count(0)
        expect(window.locator("textarea")).to_have_value("Dana of the flowers calls again.")


def test_the_check_is_made_anew_when_all_are_in(
    browser: Browser, live_server: LiveServer, alice: User, run: OutboundCallRun
) -> None:
    for window in signed_in(browser, live_server, alice, "en"):
        window.goto(f"{live_server.url}/outbound/runs/{run.pk}/preview/")
        expect(window.get_by_text("Leads are still being added.")).to_be_visible()
        actions.fill_runs(until=lambda: False, clock=timezone.now)
        expect(window.get_by_text("Leads are still being added.")).to_have_count(0)
        expect(window.locator("main li").filter(has_text="+972")).to_have_count(6)
