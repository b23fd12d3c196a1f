"""Two businesses at once, each with a call of its own: whatever reaches the one's browser, on a page
or through a socket, never names anything of the other's."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect
from pytest_django import Settings

from calls.models import Call, Lead
from calls.telephones import readable
from prosaas.simulator.people import silent_caller
from tenants.models import Business, User
from tenants.scoping import business_scope
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

GREETINGS = {"flowers": "Hello, roses and tulips.", "garage": "Hello, brakes and tyres."}
CALLERS = {"flowers": "+972521110001", "garage": "+972521110002"}


@pytest.fixture
def running(settings: Settings) -> Iterator[Site]:
    with site(settings) as found:
        yield found


class Owner:
    """Somebody with the live page in one tab and the overview in another, and all that came in."""

    def __init__(self, browser: Browser, running: Site, user: User, business: Business) -> None:
        self.business = business
        self.number = make_number(business).e164
        self.caller = CALLERS[business.slug]
        self.frames: list[str] = []
        self.sockets: list[str] = []
        make_published(business, greeting=GREETINGS[business.slug])
        self._context = browser.new_context(locale="en-US")
        log_in(self._context, running.url, user)
        self.live, self.overview = self._opens(f"{running.url}/live/"), self._opens(running.url)
        # Connected, and told so: from here on what is seen came by itself.
        expect(self.live.locator("[data-live]")).to_have_attribute("data-away", "false")
        expect(self.live.locator("[data-call]")).to_have_count(0)

    def _opens(self, url: str) -> Page:
        page = self._context.new_page()
        page.on("websocket", self._listen)
        page.goto(url)
        return page

    def _listen(self, socket: WebSocket) -> None:
        self.sockets.append(socket.url)
        socket.on("framereceived", lambda frame: self.frames.append(str(frame)))

    def sees_the_call(self) -> None:
        expect(self.live.locator("[data-call]")).to_have_count(1)
        expect(self.live.locator("#live-calls")).to_contain_text(GREETINGS[self.business.slug])
        self.overview.reload()
        expect(self.overview.locator("main")).to_contain_text(readable(self.caller))

    def has_seen(self) -> str:
        pages = [unescape(page.content()) for page in (self.live, self.overview)]
        return "\n".join([*pages, *self.frames])

    def secrets(self) -> list[str]:
        """Whatever would tell of the call, or of whose it is."""
        business = self.business
        with business_scope(business):
            calls = list(Call.objects.for_business(business).values_list("pk", "call_sid"))
            leads = list(Lead.objects.for_business(business).values_list("pk", flat=True))
        assert len(calls) == len(leads) == 1
        known = [*calls[0], business.pk, business.name, self.number, *leads, self.caller]
        return [GREETINGS[business.slug], readable(self.caller), *map(str, known)]

    def reaches(self, other: Owner) -> bool:
        """Whether their page gets anywhere by the socket of another business."""
        opened: bool = self.live.evaluate(
            """path => new Promise(resolve => {
              const url = new URL(path, location.href);
              url.protocol = "ws:";
              const socket = new WebSocket(url);
              socket.onopen = () => resolve(true);
              socket.onerror = () => resolve(false);
            })""",
            f"/ws/live/{other.business.pk}",
        )
        return opened

    def leaves(self) -> None:
        self._context.close()


def test_neither_of_two_businesses_ever_sees_the_others_call(
    browser: Browser,
    running: Site,
    alice: User,
    charlie: User,
    flowers: Business,
    garage: Business,
) -> None:
    hers = Owner(browser, running, alice, flowers)
    his = Owner(browser, running, charlie, garage)
    calls = [
        running.call(one.business, one.number, silent_caller(), from_=one.caller)
        for one in (hers, his)
    ]
    for one in (hers, his):
        one.sees_the_call()
    # Both go on at this moment, and both pages have looked since the second began.
    hers.sees_the_call()
    secrets = {one.business.slug: one.secrets() for one in (hers, his)}
    assert len(hers.sockets) == len(his.sockets) == 1
    for one, other in ((hers, his), (his, hers)):
        assert str(one.business.pk) in one.sockets[0]
        greeting, caller, *own = secrets[one.business.slug]
        call = own[0]
        assert any(call in frame for frame in one.frames), "the news came by the socket"
        seen = one.has_seen()
        assert greeting in seen
        assert caller in seen
        assert [secret for secret in secrets[other.business.slug] if secret in seen] == []
        assert one.reaches(one), "the door is there"
        assert not one.reaches(other)

    running.hang_up(calls[0])
    expect(hers.live.locator("[data-call]")).to_have_count(0)
    expect(his.live.locator("[data-call]")).to_have_count(1)
    running.hang_up(calls[1])
    expect(his.live.locator("[data-call]")).to_have_count(0)
    for one, other in ((hers, his), (his, hers)):
        seen = one.has_seen()
        assert [secret for secret in secrets[other.business.slug] if secret in seen] == []
        one.leaves()
