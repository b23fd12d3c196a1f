"""An owner walks through the whole product, from the link of the invitation to a prompt rolled
back: with a thumb in Hebrew, with a mouse in English. Behind the pages everything is real but the
carrier and the model."""

from __future__ import annotations

import os
import re
import time
import wave
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect
from pytest_django import Settings

from calls.models import Call, CallOrigin, DoNotCall, Lead
from calls.telephones import readable
from outbound import tasks
from outbound.models import CarrierAccount, OutboundCallJob, OutboundCallRun, RunStatus
from prompts.models import Direction, Prompt
from prosaas.processes import is_root
from prosaas.simulator import mulaw
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.clips import FOLDER
from prosaas.simulator.people import AfterAgentEnds, HangUp, Person, Say, Wait
from tenants.models import Business
from tenants.scoping import business_scope
from tenants.team import invite_member
from tests.browser.conftest import SILENT, chromium
from tests.browser.server import Site, site
from tests.browser.test_accounts import PASSWORD, assert_fits
from tests.outbound.rig import ALWAYS, limits
from tests.people import code_of, make_business, make_number

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # Django reads a static file whole when it is sent by ASGI, and leaves it to the collector.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ANYTHING = re.compile(".")
SAID = "When are you open?"
BUSY, DANA, NOA = "+972501112221", "+972501112222", "+972501112223"
# Short, since a call lasts as long as its words.
FIRST_GREETINGS = {Direction.INBOUND: "Clinic, hello.", Direction.OUTBOUND: "Is Monday fine?"}
GREETINGS = {"he": "שלום, כאן המרפאה, איך אפשר לעזור?", "en": "Good day, this is the clinic."}
PHONE: ViewportSize = {"width": 390, "height": 844}
LAPTOP: ViewportSize = {"width": 1440, "height": 900}
WINDOWS = (PHONE, LAPTOP)
# With a thumb in Hebrew, with a mouse in English; PROSAAS_WALKS=all walks the other way round too.
WALKS = [("he", PHONE), ("en", LAPTOP)]
if os.environ.get("PROSAAS_WALKS") == "all":
    WALKS += [("he", LAPTOP), ("en", PHONE)]
PICTURES = os.environ.get("PROSAAS_SCREENSHOTS", "")
PATIENCE_MS = 20_000  # a quiet machine needs none of it
HALF_A_SECOND = 4000  # of samples
LIST = "Autumn list"
FILE = (
    "name,phone,city\n"
    "Dana,050-111-2222,Haifa\n"
    "Nobody,not a number,Acre\n"
    "Noa,050-111-2223,Lod\n"
    "Nemo,12,Yafo\n"
    "Yossi,050-111-2221,Eilat\n"
)


@pytest.fixture
def running(settings: Settings) -> Iterator[Site]:
    settings.SECOND_FACTOR_REQUIRED = True
    with site(settings, hears=SAID) as found:
        yield found


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some quiet, then a caller's question, over and over."""
    spoken = mulaw.silence(3500) + (FOLDER / "en_opening_hours.ulaw").read_bytes()
    path = tmp_path_factory.mktemp("sound") / "microphone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(mulaw.decode(spoken + mulaw.silence(4000)).tobytes())
    return path


@pytest.fixture(scope="module")
def talking_browser(browser: Browser, microphone: Path) -> Iterator[Browser]:
    """One with a microphone."""
    fake = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
    ]
    sandbox = ["--no-sandbox"] if is_root() else []
    arguments = [*SILENT, *sandbox, *fake]
    with browser.browser_type.launch(executable_path=chromium(), args=arguments) as another:
        yield another


@dataclass
class Walk:
    page: Page
    url: str
    language: str
    business: Business

    def __post_init__(self) -> None:
        self._stations = count(1)

    def goes_to(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def arrives(self, pattern: str) -> None:
        self.page.wait_for_url(pattern)

    def presses(self, selector: str) -> None:
        self.page.locator(f"main {selector}").first.click()

    def fills(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"main [name={name}]", value)

    def sees(self, station: str) -> None:
        """A station: it fits on every screen, and is photographed where somebody wants to look."""
        number = next(self._stations)
        hers = self.page.viewport_size
        for size in sorted(WINDOWS, key=lambda size: size == hers):  # her own last
            self.page.set_viewport_size(size)
            assert_fits(self.page, self.language)
            if PICTURES:
                name = f"walk-{self.language}-{number:02}-{station}-{size['width']}.png"
                self.page.screenshot(path=Path(PICTURES) / name, full_page=True)


@contextmanager
def walking(browser: Browser, running: Site, language: str, size: ViewportSize) -> Iterator[Walk]:
    """What the console complains of, the content security policy first of all, fails the test."""
    business = a_business(language)
    complaints: list[str] = []
    with browser.new_context(locale=language, viewport=size) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield Walk(page, running.url, language, business)
    assert complaints == []


def a_business(language: str) -> Business:
    """As the operator leaves it: with a number, and allowed to call people."""
    business = make_business("flowers", language=language)
    make_number(business)
    limits(business, schedule=ALWAYS, observe_shabbat=False)
    CarrierAccount.objects.create(
        account_sid=django_settings.TWILIO_ACCOUNT_SID, calls_per_second=0, most_live=None
    )
    return business


@pytest.mark.parametrize(("language", "size"), WALKS)
def test_an_owner_walks_through_the_whole_product(
    talking_browser: Browser, running: Site, language: str, size: ViewportSize
) -> None:
    running.picks_up(BUSY, Callee(outcome="busy", ring_s=0.1))
    for number in (DANA, NOA):
        running.picks_up(number, somebody_who_asks(language))
    with walking(talking_browser, running, language, size) as walk:
        she_makes_her_account(walk)
        she_answers_questions_and_publishes(walk, Direction.INBOUND)
        she_answers_questions_and_publishes(walk, Direction.OUTBOUND)
        greeting = she_writes_another_greeting(walk)
        she_talks_to_her_agent(walk, greeting)
        she_imports_a_list(walk)
        she_makes_a_run(walk)
        she_watches_it_call(walk)
        she_reads_what_was_said(walk)
        she_lets_somebody_be(walk)
        she_rolls_the_prompt_back(walk)


def somebody_who_asks(language: str) -> Callee:
    steps = (AfterAgentEnds(500), Say(f"{language}_question"), Wait(800), HangUp())
    return Callee(ring_s=0.1, person=Person("asks", steps), detection_s=None)


def she_makes_her_account(walk: Walk) -> None:
    invited = invite_member(
        business=walk.business,
        email="dora@prosaas.test",
        role="owner",
        by=None,
        now=timezone.now(),
    )
    walk.goes_to(f"/invitation/{invited.token}/")
    walk.sees("invitation")
    walk.fills(name="Dora", password=PASSWORD, password_again=PASSWORD)
    walk.presses("form:has([name=name]) button")
    walk.arrives("**/2fa/totp/activate/")
    walk.sees("second-factor")
    walk.fills(code=code_of(walk.page.text_content("#authenticator_secret") or ""))
    walk.presses("form:has([name=code]) button")
    walk.arrives("**/2fa/recovery-codes/")
    walk.sees("recovery-codes")
    walk.presses("a.btn-primary")
    walk.arrives(f"{walk.url}/")
    walk.sees("overview")


def she_answers_questions_and_publishes(walk: Walk, direction: Direction) -> None:
    walk.goes_to("/prompts/")
    walk.presses(f"a[href='/prompts/{direction}/start/']")
    walk.page.select_option("main [name=industry]", "clinic")
    walk.page.check(f"main [name=language][value={walk.language}]")
    walk.sees(f"{direction}-beginning")
    walk.presses("form button.btn-primary")
    walk.arrives(f"**/start/clinic/{walk.language}/")
    for name, answer in ANSWERS.items():
        if walk.page.locator(f"main [name={name}]").count():
            walk.page.fill(f"main [name={name}]", answer)
    walk.sees(f"{direction}-questions")
    walk.presses("form button.btn-primary")
    walk.arrives(f"**/prompts/{direction}/")
    assert published(walk, direction) == 0, "nothing is on the line before somebody says so"
    walk.sees(f"{direction}-draft")
    walk.fills(greeting=FIRST_GREETINGS[direction])
    walk.presses("button[name=publish]")
    walk.arrives("**/prompts/versions/*/")
    assert published(walk, direction) == 2
    walk.sees(f"{direction}-published")


ANSWERS = {
    "purpose": "Ask whether the appointment on Monday stays as it is.",
    "success": "They have said yes or no.",
    "services": "Cleaning, fillings, check-ups.",
    "hours": "Sunday to Thursday, 9 to 17.",
}


def published(walk: Walk, direction: Direction) -> int:
    with business_scope(walk.business):
        version = Prompt.objects.published_version(walk.business, direction)
        return version.number if version else 0


def she_writes_another_greeting(walk: Walk) -> str:
    greeting = GREETINGS[walk.language]
    walk.goes_to("/prompts/inbound/")
    walk.fills(greeting=greeting)
    walk.presses("button[name=publish]")
    walk.arrives("**/prompts/versions/*/")
    assert published(walk, Direction.INBOUND) == 3
    return greeting


def she_talks_to_her_agent(walk: Walk, greeting: str) -> None:
    """A real call: her microphone goes in, and what comes out is sound."""
    walk.goes_to("/try/")
    walk.sees("try")
    walk.presses("[data-part=call]")
    expect(walk.page.locator("[data-state=talking]")).to_be_visible(timeout=PATIENCE_MS)
    expect(walk.page.locator("#conversation .chat-start").first).to_contain_text(
        greeting, timeout=PATIENCE_MS
    )
    expect(walk.page.locator("#conversation .chat-end").first).to_contain_text(
        SAID, timeout=PATIENCE_MS
    )
    heard = int(walk.page.locator("#try").get_attribute("data-played") or 0)
    assert heard >= HALF_A_SECOND, "the greeting was heard as sound"
    walk.sees("talking")
    walk.presses("[data-part=hang-up]")
    expect(walk.page.locator("[data-ended]")).to_be_visible(timeout=PATIENCE_MS)
    [call] = calls_of(walk, lambda: Call.objects.for_business(walk.business).tests())
    assert (call.origin, call.frames_dropped) == (CallOrigin.BROWSER, 0)
    assert call.heard_ms > 500, "the marks came back when the sound was played"
    walk.goes_to("/calls/")
    assert walk.page.locator(f"a[href='/calls/{call.pk}/']").count() == 0, "a test is no call"


def calls_of(walk: Walk, question: Callable[[], Iterable[Call]]) -> list[Call]:
    """Once their rows say that they are over."""
    found: list[Call] = []

    def are_over() -> bool:
        found[:] = question()
        return bool(found) and not any(call.is_live for call in found)

    comes_true(walk, are_over)
    return found


def comes_true(walk: Walk, holds: Callable[[], bool]) -> None:
    """In the database."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while True:
        with business_scope(walk.business):
            if holds():
                return
        assert time.monotonic() < until, "it did not come to that"
        walk.page.wait_for_timeout(50)


def she_imports_a_list(walk: Walk) -> None:
    walk.goes_to("/leads/imports/new/")
    walk.sees("upload")
    file: FilePayload = {"name": "people.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    walk.page.set_input_files("main [name=file]", file)
    walk.fills(new_list=LIST)
    walk.page.check("main [name=consent]")
    walk.presses("form button.btn-primary")
    walk.arrives("**/leads/imports/*/")
    expect(walk.page.locator("main [name=role_1]")).to_have_value("phone")
    walk.sees("columns")
    tasks.import_leads()
    with business_scope(walk.business):
        assert not Lead.objects.for_business(walk.business).exists(), "nobody has confirmed it"
    walk.presses("form button.btn-primary")
    expect(walk.page.locator("#import progress")).to_be_visible()
    walk.sees("importing")
    tasks.import_leads()
    # The page learns of it by itself.
    expect(walk.page.locator("#import a[href$='/errors/']")).to_be_visible(timeout=PATIENCE_MS)
    figures = walk.page.locator("#import dd.figure")
    assert [text.split("/")[0].strip() for text in figures.all_inner_texts()] == list("5302")
    expect(walk.page.locator("#import li")).to_have_count(2)
    walk.sees("imported")
    with walk.page.expect_download() as download:
        walk.page.click("#import a[href$='/errors/']")
    errors = download.value.path().read_text("utf-8-sig")
    assert "not a number" in errors
    assert "Dana" not in errors


def she_makes_a_run(walk: Walk) -> None:
    walk.goes_to("/outbound/new/")
    walk.fills(name="Autumn")
    walk.page.locator("main [name=lists]").check()
    walk.sees("run-whom")
    go_on = "form button.btn-primary"
    walk.presses(go_on)
    walk.arrives("**/words/")
    walk.sees("run-words")
    walk.presses(go_on)
    walk.arrives("**/times/")
    walk.sees("run-times")
    walk.presses(go_on)
    walk.arrives("**/often/")
    # Who is busy, too, is called this once.
    walk.fills(concurrency="3", busy_times="0")
    walk.sees("run-often")
    walk.presses(go_on)
    walk.arrives("**/preview/")
    expect(walk.page.locator("main dl dd").first).to_have_text("3")
    walk.sees("run-preview")
    assert the_run(walk).status == RunStatus.DRAFT
    walk.presses("a[href$='/do/start/']")
    walk.arrives("**/do/start/")
    walk.presses("form button.btn-primary")
    walk.arrives(f"**/outbound/runs/{the_run(walk).pk}/")
    assert the_run(walk).status == RunStatus.RUNNING


def the_run(walk: Walk) -> OutboundCallRun:
    with business_scope(walk.business):
        run: OutboundCallRun = OutboundCallRun.objects.for_business(walk.business).get()
        return run


def she_watches_it_call(walk: Walk) -> None:
    """Without touching the page."""
    now = walk.page.locator("#run-now")
    expect(now).to_contain_text("0%")
    tasks.dial()
    # Who was busy is done with; the others are on the line.
    expect(now).to_contain_text("33%", timeout=PATIENCE_MS)
    walk.sees("run-calling")
    run = the_run(walk)
    comes_true(walk, lambda: not OutboundCallJob.objects.of_run(run).open().exists())
    tasks.keep_watch()
    # At the end the page asks no more.
    expect(now).not_to_have_attribute("hx-get", ANYTHING, timeout=PATIENCE_MS)
    expect(now).to_contain_text("100%")
    walk.sees("run-done")
    assert the_run(walk).status == RunStatus.COMPLETED


def she_reads_what_was_said(walk: Walk) -> None:
    with business_scope(walk.business):
        dana = Lead.objects.for_business(walk.business).get(phone_e164=DANA)
    [call] = calls_of(walk, lambda: Call.objects.for_business(walk.business).filter(lead=dana))
    walk.goes_to("/calls/")
    walk.sees("calls")
    walk.presses(f"a[href='/calls/{call.pk}/']")
    walk.arrives(f"**/calls/{call.pk}/")
    conversation = walk.page.locator("#conversation")
    expect(conversation).to_contain_text(FIRST_GREETINGS[Direction.OUTBOUND])
    expect(conversation).not_to_contain_text(FIRST_GREETINGS[Direction.INBOUND])
    expect(conversation).to_contain_text(SAID)
    expect(walk.page.locator("main")).not_to_contain_text("the caller hung up")
    walk.sees("transcript")


def she_lets_somebody_be(walk: Walk) -> None:
    with business_scope(walk.business):
        noa = Lead.objects.for_business(walk.business).get(phone_e164=NOA)
    walk.goes_to(f"/leads/{noa.pk}/")
    walk.presses("a[href$='/do-not-call/']")
    walk.sees("do-not-call-asked")
    walk.fills(reason="She asked us on the telephone.")
    walk.presses("form button.btn")
    walk.arrives(f"**/leads/{noa.pk}/")
    expect(walk.page.locator("main .alert-error")).to_be_visible()
    walk.sees("do-not-call")
    walk.goes_to("/outbound/do-not-call/")
    expect(walk.page.locator("main").get_by_text(readable(NOA))).to_be_visible()
    assert walk.page.locator("main").get_by_text(readable(DANA)).count() == 0
    with business_scope(walk.business):
        assert DoNotCall.objects.has(walk.business.pk, NOA)
        assert not DoNotCall.objects.has(walk.business.pk, DANA)


def she_rolls_the_prompt_back(walk: Walk) -> None:
    walk.goes_to("/prompts/inbound/versions/")
    walk.sees("versions")
    walk.page.locator("main li a").nth(1).click()
    walk.arrives("**/prompts/versions/*/")
    walk.presses("a[href$='/publish/']")
    walk.sees("roll-back")
    walk.presses("form button.btn-primary")
    expect(walk.page.locator("main h1 .badge-success")).to_be_visible()
    assert published(walk, Direction.INBOUND) == 2
    assert published(walk, Direction.OUTBOUND) == 2, "the other one stays"
    expect(walk.page.get_by_text(GREETINGS[walk.language])).to_have_count(0)
    walk.sees("rolled-back")
