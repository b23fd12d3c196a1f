"""Accounts as they are used: logging in and out, second factors, sessions, and what is noted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from tenants.decorators import FIELD
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import PlatformReason, platform_scope
from tests.people import NOW, code_of, make_member

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse"
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def browser(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def log_in(client: Client, user: User, password: str = PASSWORD, then: str = "/team/") -> str:
    """Where it led to; empty where it led nowhere."""
    given = {"login": user.email, "password": password, "next": then}
    response = client.post(LOGIN, given)
    return str(response.headers.get("Location", ""))


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def with_app(user: User) -> str:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    TOTP.activate(user, secret)
    return secret


def events() -> list[AuditEvent]:
    with platform_scope(PlatformReason.ADMIN):
        return list(AuditEvent.objects.of_chain(None))


def noted() -> list[str]:
    return [event.action for event in events()]


class TestLoggingIn:
    def test_leads_where_she_was_going(
        self, browser: Client, alice: User, flowers: Business
    ) -> None:
        assert log_in(browser, alice) == "/team/"
        assert is_in(browser)

    def test_leads_to_no_other_host(self, browser: Client, alice: User, flowers: Business) -> None:
        assert log_in(browser, alice, then="https://evil.test/") == "/"

    def test_asks_for_the_second_factor_and_then_leads_on(
        self, browser: Client, alice: User, flowers: Business
    ) -> None:
        secret = with_app(alice)
        assert log_in(browser, alice).startswith("/accounts/2fa/authenticate/")
        assert not is_in(browser)
        assert browser.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
        assert not is_in(browser)
        response = browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
        assert response["Location"] == "/team/"
        assert is_in(browser)

    @pytest.mark.parametrize(("seconds", "good"), [(-30, True), (-60, False), (60, False)])
    def test_takes_a_code_that_changed_while_she_typed_it(
        self, browser: Client, alice: User, flowers: Business, seconds: int, good: bool
    ) -> None:
        secret = with_app(alice)
        log_in(browser, alice)
        code = code_of(secret, at=NOW + timedelta(seconds=seconds))
        browser.post("/accounts/2fa/authenticate/", {"code": code})
        assert is_in(browser) is good

    def test_by_a_code_kept_for_an_emergency_works_once(
        self, browser: Client, alice: User, flowers: Business
    ) -> None:
        with_app(alice)
        (code, *_) = RecoveryCodes.activate(alice).get_unused_codes()
        log_in(browser, alice)
        browser.post("/accounts/2fa/authenticate/", {"code": code})
        assert is_in(browser)
        browser.post("/accounts/logout/")
        log_in(browser, alice)
        browser.post("/accounts/2fa/authenticate/", {"code": code})
        assert not is_in(browser)

    def test_begins_another_session(self, browser: Client, alice: User, flowers: Business) -> None:
        """Whoever had put a session of his own into her browser does not get hers."""
        session = browser.session
        session["planted"] = True
        session.save()
        browser.cookies["sessionid"] = planted = str(session.session_key)
        browser.cookies["__Host-sessionid"] = planted
        log_in(browser, alice)
        assert browser.session.session_key != planted
        assert not browser.session.exists(planted)

    def test_is_closed_to_who_guesses(
        self, browser: Client, alice: User, flowers: Business, now: time_machine.Traveller
    ) -> None:
        for _ in range(6):
            assert log_in(browser, alice, "wrong") == ""
        assert log_in(browser, alice) == ""
        now.shift(timedelta(minutes=16))
        assert log_in(browser, alice) == "/team/"

    def test_says_the_same_of_an_address_that_nobody_has(
        self, browser: Client, alice: User
    ) -> None:
        def said(address: str) -> list[str]:
            given = {"login": address, "password": "wrong"}
            page = browser.post(LOGIN, given).content.decode()
            return re.findall(r'<ul class="errorlist.*?</ul>', page, re.DOTALL)

        assert said(alice.email) == said("nobody@prosaas.test") != []

    def test_of_somebody_inactive_leads_nowhere(
        self, browser: Client, alice: User, flowers: Business
    ) -> None:
        User.objects.filter(pk=alice.pk).update(is_active=False)
        log_in(browser, alice)
        assert not is_in(browser)


class TestTheSecondFactor:
    def test_is_turned_on_and_leads_back(
        self, browser: Client, alice: User, flowers: Business, settings: Settings
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = True
        log_in(browser, alice)
        activation = reverse("mfa_activate_totp")
        assert browser.get("/team/?role=all")["Location"] == activation
        page = browser.get(activation).content.decode()
        (secret,) = re.findall(r'id="authenticator_secret">(\w+)<', page)
        assert 'src="data:image/svg+xml;base64,' in page
        assert "errorlist" in browser.post(activation, {"code": "000000"}).content.decode()
        response = browser.post(activation, {"code": code_of(secret)})
        codes = browser.get(response["Location"]).content.decode()
        assert 'href="/team/?role=all"' in codes
        assert browser.get("/team/").status_code == 200

    def test_is_no_secret_of_the_database(
        self, browser: Client, alice: User, flowers: Business
    ) -> None:
        secret = with_app(alice)
        codes = RecoveryCodes.activate(alice)
        stored = str(list(Authenticator.objects.values_list("data", flat=True)))
        assert secret not in stored
        assert codes.instance.wrap().get_unused_codes()
        assert "gAAAA" in stored

    def test_is_asked_of_operators_too(
        self, browser: Client, olga: User, settings: Settings
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = True
        browser.force_login(olga)
        for page in ("/admin/", "/admin/tenants/business/"):
            assert browser.get(page)["Location"] == reverse("mfa_activate_totp")
        with_app(olga)
        assert browser.get("/admin/").status_code == 200

    def test_of_the_admin_is_nobody_elses_business(
        self, browser: Client, alice: User, flowers: Business, settings: Settings
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = True
        browser.force_login(alice)
        assert browser.get("/admin/", follow=True).status_code == 403

    def test_is_taken_by_the_operator_from_who_lost_it(
        self, browser: Client, olga: User, alice: User, flowers: Business
    ) -> None:
        with_app(alice)
        RecoveryCodes.activate(alice)
        hers = Client()
        hers.force_login(alice)
        assert is_in(hers)
        browser.force_login(olga)
        browser.post(
            "/admin/tenants/user/",
            {"action": "take_second_factor", "_selected_action": [alice.pk]},
        )
        assert not Authenticator.objects.filter(user=alice).exists()
        assert not is_in(hers)
        last = events()[-1]
        assert (last.action, last.by, last.subject) == (
            "account.second_factor_taken",
            olga,
            str(alice.pk),
        )


class TestASession:
    @pytest.fixture
    def as_alice(self, browser: Client, alice: User, flowers: Business) -> Client:
        log_in(browser, alice)
        assert is_in(browser)
        return browser

    def test_ends_after_twelve_hours_without_her(
        self, as_alice: Client, now: time_machine.Traveller
    ) -> None:
        now.shift(timedelta(hours=11, minutes=59))
        assert is_in(as_alice)
        now.shift(timedelta(hours=11, minutes=59))
        assert is_in(as_alice)
        now.shift(timedelta(hours=12, minutes=1))
        assert not is_in(as_alice)

    def test_ends_after_seven_days_in_any_case(
        self, as_alice: Client, now: time_machine.Traveller
    ) -> None:
        for _ in range(20):
            now.shift(timedelta(hours=8))
            assert is_in(as_alice)
        now.shift(timedelta(hours=7, minutes=59))
        assert is_in(as_alice)
        now.shift(timedelta(minutes=1))
        assert not is_in(as_alice)

    def test_is_not_kept_by_a_page_that_asks_by_itself(
        self, as_alice: Client, now: time_machine.Traveller
    ) -> None:
        for _ in range(11):
            now.shift(timedelta(hours=1))
            as_alice.get("/team/", headers={"HX-Request": "true"})
        now.shift(timedelta(hours=1, minutes=1))
        assert not is_in(as_alice)

    def test_ends_everywhere_else(
        self, as_alice: Client, alice: User, bob: User, flowers: Business
    ) -> None:
        telephone, his = Client(), Client()
        telephone.force_login(alice)
        his.force_login(bob)
        assert is_in(telephone)
        as_alice.post("/account/sessions/", {FIELD: str(flowers.pk)})
        assert not is_in(telephone)
        assert is_in(as_alice)
        assert is_in(his)
        telephone.force_login(User.objects.get(pk=alice.pk))
        assert is_in(telephone)

    def test_elsewhere_ends_with_a_new_password(self, as_alice: Client, alice: User) -> None:
        telephone = Client()
        telephone.force_login(alice)
        given = {"oldpassword": PASSWORD, "password1": "blue sky 7", "password2": "blue sky 7"}
        as_alice.post("/accounts/password/change/", given)
        assert not is_in(telephone)
        assert is_in(as_alice)


class TestTheAccountPage:
    def test_changes_the_name(self, browser: Client, alice: User, flowers: Business) -> None:
        browser.force_login(alice)
        browser.post("/account/", {FIELD: str(flowers.pk), "name": "Alice A.", "email": "x@y.zz"})
        alice.refresh_from_db()
        assert (alice.name, alice.email) == ("Alice A.", "alice@prosaas.test")
        response = browser.post("/account/", {FIELD: str(flowers.pk), "name": "x" * 151})
        assert "errorlist" in response.content.decode()

    def test_belongs_to_a_viewer_as_well(
        self, browser: Client, charlie: User, flowers: Business
    ) -> None:
        make_member(flowers, charlie, Membership.Role.VIEWER)
        browser.force_login(charlie)
        assert is_in(browser)


class TestAForgottenPassword:
    def test_is_asked_about_where_people_log_in(self, browser: Client) -> None:
        page = browser.get(LOGIN).content.decode()
        assert '<a class="link" href="/accounts/password/reset/">Forgot your password?</a>' in page
        assert browser.get("/accounts/password/reset/").status_code == 200

    def test_is_replaced_by_a_letter(self, browser: Client, alice: User, flowers: Business) -> None:
        browser.post("/accounts/password/reset/", {"email": alice.email})
        (letter,) = mail.outbox
        (address,) = re.findall(r"http\S+/accounts/password/reset/key/\S+", str(letter.body))
        response = browser.get(urlsplit(address).path, follow=True)
        form = response.request["PATH_INFO"]
        browser.post(form, {"password1": "blue sky 7", "password2": "blue sky 7"})
        assert log_in(browser, alice) == ""
        assert log_in(browser, alice, "blue sky 7") == "/team/"
        assert "changed" in mail.outbox[1].body or "reset" in mail.outbox[1].body
        assert noted()[0] == "account.password_changed"

    def test_of_nobody_sends_nothing_and_says_the_same(self, browser: Client, alice: User) -> None:
        known = browser.post("/accounts/password/reset/", {"email": alice.email}, follow=True)
        mail.outbox.clear()
        strange = browser.post("/accounts/password/reset/", {"email": "no@body.test"}, follow=True)
        assert mail.outbox == []
        assert known.redirect_chain == strange.redirect_chain

    def test_tells_nobody_that_the_mail_server_is_away(
        self, browser: Client, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def gone(letter: EmailMultiAlternatives) -> int:
            raise SMTPServerDisconnected(alice.email)

        monkeypatch.setattr(EmailMultiAlternatives, "send", gone)
        response = browser.post("/accounts/password/reset/", {"email": alice.email})
        assert response["Location"] == "/accounts/password/reset/done/"


class TestTheAudit:
    def test_has_logins_and_logouts(self, browser: Client, alice: User, flowers: Business) -> None:
        log_in(browser, alice)
        browser.post("/accounts/logout/")
        assert noted() == ["account.logged_in", "account.logged_out"]
        assert {event.by for event in events()} == {alice}

    def test_counts_failed_logins_and_names_nobody(self, browser: Client, alice: User) -> None:
        for _ in range(2):
            log_in(browser, alice, "wrong")
        log_in(browser, User(email="my-password-by-mistake@prosaas.test"), "wrong")
        first, second, other = events()
        assert (first.action, first.by) == ("account.login_failed", None)
        assert [event.facts["within_the_hour"] for event in (first, second, other)] == [1, 2, 1]
        assert first.subject == second.subject != other.subject
        written = str([(event.subject, event.facts) for event in events()])
        assert "alice" not in written
        assert "mistake" not in written

    def test_counts_failed_second_factors(
        self, browser: Client, alice: User, flowers: Business
    ) -> None:
        with_app(alice)
        log_in(browser, alice)
        browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
        (event,) = events()
        assert (event.action, event.subject) == ("account.second_factor_failed", str(alice.pk))
        assert event.facts == {"type": "totp", "within_the_hour": 1}

    @pytest.mark.django_db(transaction=True)
    def test_has_what_was_turned_on_and_off(
        self, browser: Client, alice: User, flowers: Business
    ) -> None:
        log_in(browser, alice)
        page = browser.get(reverse("mfa_activate_totp")).content.decode()
        (secret,) = re.findall(r'id="authenticator_secret">(\w+)<', page)
        browser.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
        browser.post(reverse("mfa_deactivate_totp"))
        assert noted() == [
            "account.logged_in",
            "account.second_factor_added",
            "account.second_factor_added",
            "account.second_factor_removed",
            "account.second_factor_removed",
        ]
        assert [letter.to for letter in mail.outbox] == [[alice.email]] * 2
        browser.post("/account/sessions/", {FIELD: str(flowers.pk)})
        assert noted()[-1] == "account.sessions_ended"


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/signup/",
        "/accounts/email/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/some-key/",
        "/accounts/reauthenticate/code/",
        "/accounts/login/code/",
        "/accounts/login/code/confirm/",
        "/accounts/signup/passkey/",
        "/accounts/social/connections/",
    ],
)
def test_what_nobody_needs_is_closed(
    browser: Client, alice: User, flowers: Business, address: str
) -> None:
    assert browser.get(address).status_code == 404
    browser.force_login(alice)
    assert browser.get(address).status_code == 404
    assert browser.post(address).status_code == 404


def test_the_root_of_the_account_pages_is_ones_account(
    browser: Client, alice: User, flowers: Business
) -> None:
    browser.force_login(alice)
    assert browser.get("/accounts/")["Location"] == "/account/"


OPEN_PAGES = (
    "account_login",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_inactive",
)
OWN_PAGES = (
    "account_logout",
    "account_change_password",
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
)
WITH_APP = ("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes")


def looks_like_ours(page: str) -> bool:
    return 'class="panel' in page and "app/app.css" in page and "Menu:" not in page


@pytest.mark.parametrize("language", ["he", "en", "ar"])
def test_every_page_of_the_library_looks_like_the_rest(
    client: Client, alice: User, flowers: Business, language: str
) -> None:
    client.cookies["django_language"] = language
    for name in OPEN_PAGES:
        page = client.get(reverse(name)).content.decode()
        assert looks_like_ours(page), name
        assert f'lang="{language}"' in page
    log_in(client, alice)
    for name in OWN_PAGES:
        assert looks_like_ours(client.get(reverse(name), follow=True).content.decode()), name
    TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(alice)
    for name in WITH_APP:
        response = client.get(reverse(name))
        assert response.status_code == 200, name
        page = response.content.decode()
        assert looks_like_ours(page), name
        assert re.search(r"\sstyle=|<script>", page) is None, name


def test_a_link_of_a_letter_passes_where_the_login_goes_to(browser: Client) -> None:
    response = browser.get("/team/")
    assert parse_qs(urlsplit(response["Location"]).query) == {"next": ["/team/"]}
    page = browser.get(response["Location"]).content.decode()
    assert 'name="next" value="/team/"' in page
