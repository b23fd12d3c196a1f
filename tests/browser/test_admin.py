"""The operator's admin as it is seen: both languages, a desk and a telephone."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from calls.models import Call
from outbound.actions import start_run
from outbound.gates import Refusal
from outbound.models import DialAttempt, Gate
from outbound.verdicts import note_refusal
from tenants.models import User
from tenants.scoping import business_scope
from tests.browser.test_budgets import EVERYTHING
from tests.outbound.rig import OPEN_HOURS, job_of, make_run
from tests.people import make_business, make_published
from tests.rows import make_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = {"desk": (1440, 900), "telephone": (390, 844)}
DIRECTIONS = {"he": "rtl", "en": "ltr"}
OURS = sorted(
    model._meta.label_lower
    for model in admin.site._registry
    if model._meta.app_label in {"tenants", "prompts", "calls", "outbound"}
)
# Kept with those of every other page, when somebody asks for all of them.
PICTURES = os.environ.get("PROSAAS_SCREENSHOTS", "")


def log_in(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/admin/")
    page.fill("input[name=login]", "olga@prosaas.test")
    page.fill("input[name=password]", "correct horse")
    page.click("main form button[type=submit], main form button:not([type])")
    expect(page.locator("#user-tools")).to_be_visible()


def assert_fits(page: Page, language: str, name: str) -> None:
    expect(page.locator("html")).to_have_attribute("dir", DIRECTIONS[language])
    expect(page.locator("html")).to_have_attribute("lang", re.compile(language))
    wider = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wider <= 0, f"{name} scrolls sideways by {wider} pixels"
    if PICTURES and EVERYTHING:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


@pytest.mark.parametrize(("language", "size"), [("he", "telephone"), ("en", "desk")])
def test_every_list_and_a_call_fit_the_window(
    browser: Browser, live_server: LiveServer, olga: User, language: str, size: str
) -> None:
    flowers = make_business("flowers", language="he")
    make_published(flowers, text="Sell flowers only. " * 20)
    with business_scope(flowers):
        call = make_row(Call, flowers, call_sid="CA" + "1" * 32, to_e164="+97235550100")
    width, height = SIZES[size]
    complaints: list[str] = []
    with browser.new_context(
        locale=language, viewport={"width": width, "height": height}
    ) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        log_in(page, live_server)
        assert_fits(page, language, f"admin-{language}-{size}-start")
        for label in OURS:
            model = apps.get_model(label)
            address = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            page.goto(live_server.url + reverse(address))
            assert_fits(page, language, f"admin-{language}-{size}-{label}")
        business = reverse("admin:tenants_business_change", args=[flowers.pk])
        for name, path in (
            ("stuck", reverse("admin:stuck")),
            ("tasks", reverse("admin:tasks")),
            ("business", business),
            ("suspend", reverse("admin:tenants_business_do", args=[flowers.pk, "suspend"])),
            ("new-business", reverse("admin:tenants_business_add")),
        ):
            page.goto(live_server.url + path)
            assert_fits(page, language, f"admin-{language}-{size}-{name}")
        page.goto(
            live_server.url + reverse("admin:tenants_business_do", args=[flowers.pk, "enter"])
        )
        page.fill("input[name=reason]", "Alice rang: her agent does not greet")
        page.click(".submit-row [type=submit]")
        expect(page.locator(".impersonation")).to_contain_text("flowers of the tests")
        assert_fits(page, language, f"admin-{language}-{size}-entered")
        page.click(".impersonation [type=submit]")
        expect(page.locator(".impersonation")).to_have_count(0)
        page.goto(live_server.url + reverse("admin:calls_call_change", args=[call.pk]))
        assert_fits(page, language, f"admin-{language}-{size}-call")
        number = page.get_by_text("+97235550100").first
        expect(number).to_have_css("direction", "ltr")
    assert complaints == []


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("language", list(DIRECTIONS))
def test_a_run_and_who_is_in_it_fit_the_window(
    browser: Browser, live_server: LiveServer, olga: User, language: str, size: str
) -> None:
    flowers = make_business("flowers", language="he")
    run = make_run(flowers, "+972501234567", name="ורדים לסתיו")
    start_run(run=run, by=None, now=OPEN_HOURS)
    job = job_of(run)
    refusal = Refusal(Gate.FREQUENCY, "called_often", OPEN_HOURS, {"most": 4, "days": 7})
    with business_scope(flowers):
        note_refusal(run, job, refusal, OPEN_HOURS)
        note_refusal(run, None, Refusal(Gate.CALLS_A_DAY, "used_up", OPEN_HOURS), OPEN_HOURS)
        make_row(DialAttempt, flowers, run=run, job=job, state="human", posted_at=OPEN_HOURS)
    width, height = SIZES[size]
    with browser.new_context(
        locale=language, viewport={"width": width, "height": height}
    ) as context:
        page = context.new_page()
        log_in(page, live_server)
        for name, path in (
            ("run", reverse("admin:outbound_outboundcallrun_change", args=[run.pk])),
            ("stop", reverse("admin:outbound_outboundcallrun_do", args=[run.pk, "stop"])),
            ("again", reverse("admin:outbound_outboundcallrun_do", args=[run.pk, "again"])),
            ("job", reverse("admin:outbound_outboundcalljob_change", args=[job.pk])),
        ):
            page.goto(live_server.url + path)
            assert_fits(page, language, f"admin-{language}-{size}-{name}")
        expect(page.get_by_text("+972501234567").last).to_have_css("direction", "ltr")
