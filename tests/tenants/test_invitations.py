"""The team page and the link of an invitation, as they are seen in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from tenants.access import Action
from tenants.decorators import FIELD, SESSION_KEY
from tenants.models import Business, Invitation, Membership, User
from tenants.role_words import WORDS, roles
from tenants.scoping import business_scope
from tenants.team import Invited, cancel_invitation, invite_member
from tests.people import NOW, make_member, make_user

pytestmark = pytest.mark.django_db

XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
PASSWORD = "blue sky 7"


@pytest.fixture(autouse=True)
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def as_alice(client: Client, alice: User, flowers: Business) -> Client:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def visitor() -> Client:
    """Somebody else's browser."""
    visitor = Client()
    visitor.cookies["django_language"] = "en"
    return visitor


def invited(business: Business, email: str = "dora@prosaas.test", role: str = "agent") -> Invited:
    return invite_member(business=business, email=email, role=role, by=None, now=NOW)


def link(invited: Invited) -> str:
    return f"/invitation/{invited.token}/"


def post(client: Client, business: Business, address: str, **given: str) -> HttpResponse:
    return client.post(address, {FIELD: str(business.pk), **given})  # type: ignore[return-value]


def account(**changed: str) -> dict[str, str]:
    return {"name": "Dora", "password": PASSWORD, "password_again": PASSWORD} | changed


class TestTheTeamPage:
    def test_shows_who_works_here_and_what_each_role_may_do(self, as_alice: Client) -> None:
        page = as_alice.get("/team/").content.decode()
        assert "bob@prosaas.test" in page
        for role in roles():
            assert role.label in page
        assert str(WORDS[Action.LISTEN_IN]) in page

    def test_has_words_for_all_that_the_table_knows(self) -> None:
        assert set(WORDS) == set(Action)
        viewer = next(role for role in roles() if role.value == "viewer")
        assert viewer.may == [WORDS[Action.SEE_PAGES]]

    def test_a_manager_looks_and_finds_no_button(
        self, client: Client, bob: User, flowers: Business
    ) -> None:
        client.force_login(bob)
        page = client.get("/team/").content.decode()
        assert "alice@prosaas.test" in page
        assert "/remove/" not in page
        assert 'name="email"' not in page

    def test_costs_the_same_for_twenty_people(self, as_alice: Client, flowers: Business) -> None:
        def cost() -> int:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                as_alice.get("/team/")
            return len(queries)

        as_alice.get("/team/")
        before = cost()
        for number in range(20):
            make_member(flowers, make_user(f"m{number}"), Membership.Role.AGENT)
            invited(flowers, f"i{number}@prosaas.test")
        assert cost() == before

    def test_what_people_call_themselves_runs_nowhere(
        self, as_alice: Client, alice: User, flowers: Business
    ) -> None:
        User.objects.filter(pk=alice.pk).update(name=XSS)
        with business_scope(flowers):
            Business.objects.filter(pk=flowers.pk).update(name=XSS)
            member = Membership.objects.get(user=alice)
        pages = ["/team/", "/account/", f"/team/{member.pk}/role/", link(invited(flowers))]
        for address in pages:
            page = as_alice.get(address).content.decode()
            assert "&lt;script&gt;" in page
            assert "<script>alert" not in page
            assert "<img src=x" not in page

    def test_members_of_another_business_are_not_there(
        self, as_alice: Client, garage: Business, charlie: User
    ) -> None:
        with business_scope(garage):
            strange = Membership.objects.get(user=charlie)
        theirs = invited(garage).invitation
        for address in (
            f"/team/{strange.pk}/role/",
            f"/team/{strange.pk}/remove/",
            f"/team/invitations/{theirs.pk}/cancel/",
        ):
            assert as_alice.get(address).status_code == 404

    def test_roles_change_and_people_go(
        self, as_alice: Client, flowers: Business, bob: User
    ) -> None:
        with business_scope(flowers):
            member = Membership.objects.get(user=bob)
        post(as_alice, flowers, f"/team/{member.pk}/role/", role="agent")
        with business_scope(flowers):
            assert Membership.objects.get(user=bob).role == "agent"
        assert b"bob@prosaas.test" in as_alice.get(f"/team/{member.pk}/remove/").content
        with business_scope(flowers):
            assert Membership.objects.filter(user=bob).exists()  # asking does nothing
        post(as_alice, flowers, f"/team/{member.pk}/remove/")
        with business_scope(flowers):
            assert not Membership.objects.filter(user=bob).exists()

    def test_who_was_removed_sees_nothing_from_that_moment(
        self, as_alice: Client, visitor: Client, flowers: Business, bob: User
    ) -> None:
        visitor.force_login(bob)
        assert visitor.get("/team/").status_code == 200
        with business_scope(flowers):
            member = Membership.objects.get(user=bob)
        post(as_alice, flowers, f"/team/{member.pk}/remove/")
        response = visitor.get("/team/")
        assert response.status_code == 403
        assert "alice" not in response.content.decode()

    def test_the_last_owner_is_told_why_she_stays(
        self, as_alice: Client, flowers: Business, alice: User
    ) -> None:
        with business_scope(flowers):
            own = Membership.objects.get(user=alice)
        page = post(as_alice, flowers, f"/team/{own.pk}/role/", role="viewer").content.decode()
        assert "A business needs an owner" in page

    def test_a_form_of_another_window_is_refused(
        self, as_alice: Client, alice: User, flowers: Business, garage: Business
    ) -> None:
        """Alice has both businesses open; what she meant for one is never done to the other."""
        make_member(garage, alice, Membership.Role.OWNER)
        as_alice.post("/switch/", {"business": str(garage.pk)})
        response = post(as_alice, flowers, "/team/invite/", email="x@y.zz", role="owner")
        assert response.status_code == 409
        for business in (flowers, garage):
            with business_scope(business):
                assert not Invitation.objects.exists()
        assert (
            post(as_alice, garage, "/team/invite/", email="x@y.zz", role="agent").status_code == 200
        )
        with business_scope(garage):
            assert Invitation.objects.get().email == "x@y.zz"


class TestInviting:
    def test_sends_a_letter_in_the_language_of_the_business_and_shows_the_link_once(
        self, as_alice: Client, flowers: Business
    ) -> None:
        page = post(as_alice, flowers, "/team/invite/", email="dora@prosaas.test", role="agent")
        (token,) = re.findall(r"/invitation/([\w-]+)/", page.content.decode())
        (letter,) = mail.outbox
        assert letter.to == ["dora@prosaas.test"]
        assert f"https://prosaas.test/invitation/{token}/" in letter.body
        assert "נציג" in letter.body  # the page was in English
        assert token not in as_alice.get("/team/").content.decode()
        assert token not in str(dict(as_alice.session))

    def test_outlasts_a_mail_server_that_is_away(
        self, as_alice: Client, flowers: Business, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def gone(letter: EmailMessage) -> int:
            raise SMTPServerDisconnected("dora@prosaas.test")

        monkeypatch.setattr(EmailMessage, "send", gone)
        page = post(as_alice, flowers, "/team/invite/", email="dora@prosaas.test", role="agent")
        assert "could not be sent" in page.content.decode()
        assert "/invitation/" in page.content.decode()
        with business_scope(flowers):
            assert Invitation.objects.get().email == "dora@prosaas.test"

    def test_loses_nothing_that_was_typed(self, as_alice: Client, flowers: Business) -> None:
        page = post(as_alice, flowers, "/team/invite/", email="dora@", role="viewer")
        assert 'value="dora@"' in page.content.decode()
        page = post(as_alice, flowers, "/team/invite/", email="bob@prosaas.test", role="viewer")
        assert "on the team already" in page.content.decode()
        assert mail.outbox == []

    def test_is_not_a_way_to_send_letters_to_the_world(
        self, as_alice: Client, flowers: Business, settings: Settings
    ) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"invite": "2/h/user"}
        for number in range(3):
            post(as_alice, flowers, "/team/invite/", email=f"d{number}@x.test", role="agent")
        assert len(mail.outbox) == 2

    def test_again_sends_another_link(self, as_alice: Client, flowers: Business) -> None:
        first = invited(flowers)
        page = post(as_alice, flowers, f"/team/invitations/{first.invitation.pk}/again/")
        (token,) = re.findall(r"/invitation/([\w-]+)/", page.content.decode())
        assert token != first.token
        assert token in mail.outbox[0].body

    def test_can_be_taken_back(self, as_alice: Client, visitor: Client, flowers: Business) -> None:
        sent = invited(flowers)
        post(as_alice, flowers, f"/team/invitations/{sent.invitation.pk}/cancel/")
        assert visitor.get(link(sent)).status_code == 404


class TestALink:
    def test_makes_an_account_and_leads_in(self, visitor: Client, flowers: Business) -> None:
        sent = invited(flowers)
        assert flowers.name in visitor.get(link(sent)).content.decode()
        response = visitor.post(link(sent), account())
        assert response.status_code == 302
        dora = User.objects.get(email="dora@prosaas.test")
        assert visitor.session["_auth_user_id"] == str(dora.pk)
        assert visitor.session[SESSION_KEY] == str(flowers.pk)
        assert visitor.get("/account/").status_code == 200

    def test_leads_a_manager_to_the_second_factor(
        self, visitor: Client, flowers: Business, settings: Settings
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = True
        response = visitor.post(link(invited(flowers, role="manager")), account())
        assert response["Location"] == reverse("mfa_activate_totp")
        # No password is asked for again: it was typed a moment ago.
        assert visitor.get(reverse("mfa_activate_totp")).status_code == 200

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("password", "12345678"),
            ("password", "dora@prosaas.test"),
            ("password_again", "another sky 7"),
        ],
    )
    def test_says_what_is_wrong_with_the_form(
        self, visitor: Client, flowers: Business, field: str, value: str
    ) -> None:
        page = visitor.post(link(invited(flowers)), account(**{field: value}))
        assert "errorlist" in page.content.decode()
        assert not User.objects.filter(email="dora@prosaas.test").exists()

    def test_asks_who_has_an_account_to_log_in_first(
        self, visitor: Client, flowers: Business, charlie: User
    ) -> None:
        sent = invited(flowers, charlie.email)
        page = visitor.get(link(sent)).content.decode()
        assert f"/accounts/login/?next={link(sent)}" in page
        assert 'name="password"' not in page
        # Nor does a form that somebody makes up set a new password for him.
        visitor.post(link(sent), account())
        assert User.objects.get(pk=charlie.pk).check_password("correct horse")
        response = visitor.post(
            "/accounts/login/",
            {"login": charlie.email, "password": "correct horse", "next": link(sent)},
        )
        assert response["Location"] == link(sent)
        with business_scope(flowers):
            assert not Membership.objects.filter(user=charlie).exists()
        visitor.post(link(sent))
        with business_scope(flowers):
            assert Membership.objects.get(user=charlie).role == "agent"

    def test_tells_who_is_logged_in_with_another_address(
        self, visitor: Client, flowers: Business, charlie: User
    ) -> None:
        visitor.force_login(charlie)
        sent = invited(flowers)
        page = visitor.get(link(sent)).content.decode()
        assert "another address" in page
        assert charlie.email in page
        visitor.post(link(sent))
        with business_scope(flowers):
            assert not Membership.objects.filter(user=charlie).exists()

    def test_that_does_not_work_never_says_why(
        self, visitor: Client, flowers: Business, charlie: User
    ) -> None:
        used, canceled, expired = (
            invited(flowers, charlie.email),
            invited(flowers, "eve@prosaas.test"),
            invited(flowers, "frank@prosaas.test"),
        )
        visitor.post(link(invited(flowers, "gil@prosaas.test")), account())
        visitor.logout()
        other = Client()
        other.force_login(charlie)
        other.post(link(used))
        cancel_invitation(invitation=canceled.invitation, by=None, now=NOW)
        with business_scope(flowers):
            Invitation.objects.filter(pk=expired.invitation.pk).update(expires_at=NOW)

        def answer(address: str) -> tuple[int, str]:
            response = visitor.get(address)
            # The address itself and the form's token are the only difference.
            page = response.content.decode().replace(address, "")
            return response.status_code, re.sub(r'"[A-Za-z0-9]{64}"', "", page)

        answers = {answer(link(one)) for one in (used, canceled, expired)}
        answers.add(answer("/invitation/of-nobody/"))
        ((status, page),) = answers
        assert status == 404
        assert flowers.name not in page

    def test_is_not_guessed(self, visitor: Client, flowers: Business, settings: Settings) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"invitation": "3/m/ip"}
        answers = [visitor.get(f"/invitation/{number}/").status_code for number in range(5)]
        assert answers == [404, 404, 404, 429, 429]

    def test_is_not_guessed_by_who_writes_addresses_into_the_header(
        self, visitor: Client, settings: Settings
    ) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"invitation": "3/m/ip"}
        answers = [
            visitor.get(
                f"/invitation/{number}/", headers={"X-Forwarded-For": f"10.0.0.{number}, 192.0.2.1"}
            ).status_code
            for number in range(5)
        ]
        assert answers == [404, 404, 404, 429, 429]

    def test_leaves_a_form_without_its_token_undone(self, flowers: Business) -> None:
        careful = Client(enforce_csrf_checks=True)
        assert careful.post(link(invited(flowers)), account()).status_code == 403


def test_a_week_later_the_invitation_is_shown_as_expired(
    as_alice: Client, flowers: Business, now: time_machine.Traveller
) -> None:
    invited(flowers)
    now.shift(timedelta(days=3))
    assert "expired" not in as_alice.get("/team/").content.decode()
    now.shift(timedelta(days=4))
    as_alice.force_login(User.objects.get(email="alice@prosaas.test"))
    assert "expired" in as_alice.get("/team/").content.decode()
