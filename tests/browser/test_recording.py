"""Alice listens to a call: one fetch, a picture of both voices, and the transcript goes along."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from calls.models import Call, Recording, RecordingStatus
from prosaas.simulator.clips import load
from prosaas.simulator.recordings import Recording as CarriersRecording
from tenants.models import AuditEvent, Business, User
from tenants.scoping import business_scope
from tests.browser.server import log_in
from tests.browser.waiting import comes_true
from tests.calls.conversations import make_call
from tests.people import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES: dict[str, ViewportSize] = {
    "he": {"width": 390, "height": 844},
    "en": {"width": 1440, "height": 900},
}
PAINTED = """() => {
    const shadow = document.querySelector("[data-part=wave] > div").shadowRoot;
    const canvases = [...shadow.querySelectorAll(".canvases canvas")];
    return canvases.filter((one) => one.getContext("2d")
        .getImageData(0, 0, one.width, one.height).data.some((value) => value)).length;
}"""
STYLED = """() => getComputedStyle(document.querySelector("[data-part=wave] > div")
    .shadowRoot.querySelector(".cursor")).position"""


def sound() -> bytes:
    """As the carrier gives it: twenty seconds of both."""
    caller = load("en_opening_hours").audio.ljust(160_000, b"\xff")[:160_000]
    agent = (b"\xff" * 40_000 + load("en_agent_greeting").audio).ljust(160_000, b"\xff")[:160_000]
    return CarriersRecording("CA1", 0.0, 2, caller, agent).wav()


@pytest.fixture
def recorded(settings: Settings, tmp_path: Path, flowers: Business) -> Call:
    """A call of eight sentences, three seconds each; it was recorded from the second second on."""
    # Over plain HTTP, as on a machine of one's own.
    settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_NAME = False, "sessionid"
    options = {"BACKEND": "calls.recording_files.PrivateFolder", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"recordings": options}
    call = make_call(flowers, *(f"Sentence {number}. " * 12 for number in range(8)))
    with business_scope(flowers):
        made = Recording(
            business=flowers,
            call=call,
            recording_sid=f"RE{uuid.uuid4().hex}",
            status=RecordingStatus.STORED,
            consent_at=NOW,
            started_at=NOW + timedelta(seconds=2),
            duration_s=20,
        )
        audio = sound()
        made.file_name = storages["recordings"].save(made.path, ContentFile(audio))
        made.size = len(audio)
        made.save()
    return call


def times_heard(business: Business) -> int:
    with business_scope(business):
        found = AuditEvent.objects.for_business(business).filter(action="recording.heard")
        return int(found.count())


def seek(page: Page, second: float) -> None:
    page.evaluate("(at) => { document.querySelector('audio').currentTime = at; }", second)


@pytest.mark.parametrize("language", ["he", "en"])
def test_alice_listens(
    language: str,
    browser: Browser,
    live_server: LiveServer,
    alice: User,
    flowers: Business,
    recorded: Call,
) -> None:
    complaints: list[str] = []
    with browser.new_context(locale=language, viewport=SIZES[language]) as context:
        log_in(context, live_server.url, alice)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{live_server.url}/calls/{recorded.pk}/")
        assert times_heard(flowers) == 0
        page.locator("[data-part=listen]").click()
        expect(page.locator("audio")).to_be_visible()
        comes_true(page, "() => !document.querySelector('audio').paused")
        comes_true(page, f"() => ({PAINTED})() >= 2")
        assert page.evaluate(STYLED) == "absolute", "its style sheet is not refused"

        page.evaluate("() => document.querySelector('audio').pause()")
        seek(page, 4.5)  # the second sentence but one begins when four seconds are recorded
        spoken = page.locator("#conversation [data-at]")
        expect(page.locator("#conversation [aria-current=true]")).to_have_count(1)
        expect(spoken.nth(2)).to_have_attribute("aria-current", "true")

        spoken.nth(6).get_by_role("button").click()
        comes_true(page, "() => document.querySelector('audio').currentTime >= 16")
        expect(spoken.nth(6)).to_have_attribute("aria-current", "true")
        expect(spoken.nth(6)).to_be_in_viewport()
        expect(page.locator("#player")).to_be_in_viewport()
        expect(page.locator("#conversation [aria-current=true]")).to_have_count(1)
    assert times_heard(flowers) == 1, "once, whatever was jumped to"
    assert complaints == []


def test_she_is_told_when_it_cannot_be_loaded(
    browser: Browser, live_server: LiveServer, alice: User, flowers: Business, recorded: Call
) -> None:
    with browser.new_context(locale="en") as context:
        log_in(context, live_server.url, alice)
        page = context.new_page()
        page.goto(f"{live_server.url}/calls/{recorded.pk}/")
        page.route("**/recording.wav", lambda route: route.abort())
        page.locator("[data-part=listen]").click()
        expect(page.get_by_text("The recording could not be loaded.")).to_be_visible()
        page.unroute("**/recording.wav")
        page.get_by_role("link", name="Try again").click()
        expect(page.locator("audio")).to_be_visible()
    assert times_heard(flowers) == 1
