"""From the link of an invitation to a page of the business, as it is walked with a thumb and with
a mouse; and a passkey, which only a real browser can make."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from tenants.models import Business, User
from tenants.team import invite_member
from tests.browser.waiting import comes_true
from tests.people import code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = {"he": (390, 844), "en": (1440, 900)}
DIRECTIONS = {"he": "rtl", "en": "ltr"}
PASSWORD = "blue sky 7"
FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@contextmanager
def window(browser: Browser, language: str) -> Iterator[Page]:
    """What its console complains of, the content security policy first of all, fails the test."""
    complaints: list[str] = []
    width, height = SIZES[language]
    size = {"width": width, "height": height}
    with browser.new_context(locale=language, viewport=size) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
    assert complaints == []


def assert_fits(page: Page, language: str) -> None:
    expect(page.locator("html")).to_have_attribute("dir", DIRECTIONS[language])
    # What is drawn by a script follows a moment after the window has another width.
    comes_true(page, FITS, within_ms=2000)


@pytest.mark.parametrize("language", list(SIZES))
def test_from_the_link_to_the_page_of_the_business(
    browser: Browser,
    live_server: LiveServer,
    flowers: Business,
    settings: Settings,
    language: str,
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    now = timezone.now()
    invited = invite_member(
        business=flowers, email="dora@prosaas.test", role="manager", by=None, now=now
    )
    with window(browser, language) as page:
        page.goto(f"{live_server.url}/invitation/{invited.token}/")
        assert_fits(page, language)
        page.fill("[name=name]", "דורה")
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=password_again]", PASSWORD)
        page.click("main form:has([name=name]) button")
        page.wait_for_url("**/2fa/totp/activate/")
        # A page of the business is shut until the second factor is there, and then leads on.
        page.goto(f"{live_server.url}/team/")
        page.wait_for_url("**/2fa/totp/activate/")
        assert_fits(page, language)
        picture = page.locator("main img")
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
        page.fill("[name=code]", code_of(page.text_content("#authenticator_secret") or ""))
        page.click("main form:has([name=code]) button")
        page.wait_for_url("**/2fa/recovery-codes/")
        assert_fits(page, language)
        expect(page.locator("main li bdi")).to_have_count(10)
        page.click("main a.btn-primary")
        page.wait_for_url("**/team/")
        assert_fits(page, language)
        expect(page.get_by_text("דורה")).to_be_visible()


def test_a_passkey_is_made_and_opens_the_door(
    browser: Browser, live_server: LiveServer, alice: User, flowers: Business, settings: Settings
) -> None:
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    with window(browser, "en") as page:
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        telephone = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": telephone})
        page.goto(f"{live_server.url}/accounts/login/?next=/accounts/2fa/webauthn/add/")
        page.fill("[name=login]", alice.email)
        page.fill("[name=password]", "correct horse")
        page.click("main form:has([name=login]) button")
        page.wait_for_url("**/webauthn/add/")
        page.fill("[name=name]", "my telephone")
        page.click("#mfa_webauthn_add")
        page.wait_for_url("**/2fa/recovery-codes/")
        page.goto(f"{live_server.url}/accounts/2fa/webauthn/")
        expect(page.get_by_text("my telephone")).to_be_visible()
        page.goto(f"{live_server.url}/accounts/logout/")
        page.click("main form[action$='/logout/'] button")
        page.wait_for_url("**/accounts/login/")
        page.goto(f"{live_server.url}/accounts/login/?next=/team/")
        page.click("#passkey_login")
        page.wait_for_url("**/team/")
        expect(page.get_by_text("bob@prosaas.test", exact=True)).to_be_visible()
