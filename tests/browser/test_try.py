"""Alice talks to her agent from a real browser: a real call through the real consumer."""

from __future__ import annotations

import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from calls.models import Call, CallOrigin, CallStatus, EndReason, Turn
from prosaas.processes import is_root
from prosaas.simulator import mulaw
from prosaas.simulator.clips import FOLDER
from tenants.models import Business, User
from tenants.scoping import business_scope
from tests.browser.conftest import SILENT, chromium
from tests.browser.server import Site, log_in, site
from tests.people import make_published

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # Django reads a static file whole when it is sent by ASGI, and leaves it to the collector.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

GREETING = "Hello, this is Flowers."
SAID = "When are you open?"  # a browser's microphone is no recording that the stand-in knows


@pytest.fixture
def running(settings: Settings) -> Iterator[Site]:
    with site(settings, hears=SAID) as found:
        yield found


@pytest.fixture
def microphone(tmp_path: Path) -> Path:
    """Some quiet, then a caller's hello, over and over."""
    spoken = mulaw.silence(2500) + (FOLDER / "en_opening_hours.ulaw").read_bytes()
    path = tmp_path / "microphone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(mulaw.decode(spoken + mulaw.silence(6000)).tobytes())
    return path


def window(browser: Browser, microphone: Path, *, allowed: bool = True) -> BrowserContext:
    fake = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}"]
    if allowed:
        fake.append("--use-fake-ui-for-media-stream")
    sandbox = ["--no-sandbox"] if is_root() else []
    another = browser.browser_type.launch(
        executable_path=chromium(), args=[*SILENT, *sandbox, *fake]
    )
    return another.new_context(locale="en-US")


def the_test_call(business: Business) -> Call:
    with business_scope(business):
        found: Call = Call.objects.for_business(business).tests().get()
        return found


def ended_call(business: Business) -> Call:
    until = time.monotonic() + 5
    while (call := the_test_call(business)).is_live:
        assert time.monotonic() < until, "the row does not end"
        time.sleep(0.05)
    return call


def said(call: Call, speaker: str) -> list[str]:
    with business_scope(call.business_id):
        turns = Turn.objects.for_business(call.business_id).filter(call=call, speaker=speaker)
        return [turn.text for turn in turns.order_by("position")]


def test_alice_talks_to_her_agent(
    browser: Browser, running: Site, microphone: Path, alice: User, flowers: Business
) -> None:
    make_published(flowers, greeting=GREETING)
    with window(browser, microphone) as context:
        log_in(context, running.url, alice)
        page = context.new_page()
        page.goto(f"{running.url}/try/")
        expect(page.get_by_text("stand-in model")).to_be_visible()
        page.get_by_role("button", name="Start talking").click()
        expect(page.get_by_text("The agent hears you.")).to_be_visible()
        expect(page.locator("#conversation")).to_contain_text(GREETING)
        expect(page.locator("#conversation .chat-end").first).to_contain_text(SAID, timeout=12_000)
        assert played(page) >= 4000, "half a second of the greeting was heard as sound"
        page.get_by_role("button", name="Hang up").click()
        expect(page.locator("[data-ended]")).to_be_visible()
        context.browser.close()  # type: ignore[union-attr]
    call = ended_call(flowers)
    assert (call.origin, call.status) == (CallOrigin.BROWSER, CallStatus.COMPLETED)
    assert call.end_reason == EndReason.CALLER_HANGUP
    assert call.frames_forwarded > 100
    assert call.frames_dropped == 0
    assert call.heard_ms > 500, "the marks came back when the sound was played"
    assert said(call, "agent")[0] == GREETING
    assert said(call, "caller")[0] == SAID


def test_a_microphone_that_is_refused_is_said_so_and_nothing_is_begun(
    browser: Browser, running: Site, microphone: Path, alice: User, flowers: Business
) -> None:
    make_published(flowers)
    with window(browser, microphone) as context:
        log_in(context, running.url, alice)
        page = context.new_page()
        page.add_init_script(
            "navigator.mediaDevices.getUserMedia = async () => {"
            " throw new DOMException('no', 'NotAllowedError'); };"
        )
        page.goto(f"{running.url}/try/")
        page.get_by_role("button", name="Start talking").click()
        expect(page.get_by_text("The microphone was refused.")).to_be_visible()
        expect(page.get_by_role("button", name="Start talking")).to_be_enabled()

        # And by hand: the same page, the same agent, no sound.
        page.get_by_role("button", name="Start writing").click()
        expect(page.locator("#conversation")).to_contain_text("Hello, how can I help?")
        page.get_by_label("What a caller would say").fill("When do you open?")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#conversation .chat-start")).to_have_count(2)
        page.get_by_role("button", name="End", exact=True).click()
        expect(page.get_by_text("The test is over.")).to_be_visible()
        context.browser.close()  # type: ignore[union-attr]
    call = ended_call(flowers)
    assert call.origin == CallOrigin.TYPED
    assert said(call, "caller") == ["When do you open?"]


def test_the_page_speaks_mu_law_to_the_byte(live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}/accounts/login/")
    codes = page.evaluate(
        """async () => {
          const { decode, encode } = await import("/static/app/mulaw.js");
          const all = Array.from({ length: 65536 }, (_, index) => encode(index - 32768));
          return [all, Array.from({ length: 256 }, (_, code) => decode(code))];
        }"""
    )
    assert bytes(codes[0]) == mulaw.encode(range(-32768, 32768))
    assert codes[1] == list(mulaw.DECODE)
    # And as the engine understands it: a quarter of the loudness is what it ducks to.
    assert all(mulaw.encode([codes[1][code]])[0] in (code, 0xFF) for code in range(256))


def test_the_resampler_keeps_a_voice_and_lets_no_hiss_through(
    live_server: LiveServer, page: Page
) -> None:
    page.goto(f"{live_server.url}/accounts/login/")
    loud, hiss, up, count = page.evaluate(
        """async () => {
          const { Resampler } = await import("/static/app/resampler.js");
          const heard = (from, to, hertz) => {
            const resampler = new Resampler(from, to);
            const out = [];
            for (let at = 0; at < from; at += 1) {
              resampler.feed(Math.sin((2 * Math.PI * hertz * at) / from));
              while (resampler.ready()) out.push(resampler.next());
            }
            const middle = out.slice(out.length / 4, out.length / 2);
            const power = middle.reduce((sum, one) => sum + one * one, 0) / middle.length;
            return [Math.sqrt(2 * power), out.length];
          };
          return [
            heard(48000, 8000, 1000)[0],
            heard(48000, 8000, 6000)[0],
            heard(8000, 44100, 1000)[0],
            heard(44100, 8000, 440)[1],
          ];
        }"""
    )
    assert loud == pytest.approx(1, abs=0.02)
    assert up == pytest.approx(1, abs=0.02)
    assert hiss < 0.01
    assert abs(count - 8000) < 20


def played(page: Page) -> int:
    return int(page.locator("#try").get_attribute("data-played") or 0)
