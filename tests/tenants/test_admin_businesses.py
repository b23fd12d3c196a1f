"""What an operator does with a business: made, suspended, given numbers, entered."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tenants import impersonation
from tenants.models import AuditEvent, Business, Invitation, Membership, PhoneNumber, User
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tests.people import make_number

pytestmark = pytest.mark.django_db

NUMBER = "+97231234567"


@pytest.fixture
def operator(client: Client, olga: User) -> Client:
    client.force_login(olga)
    client.cookies["django_language"] = "en"
    return client


def page_of(business: Business) -> str:
    return reverse("admin:tenants_business_change", args=[business.pk])


def does(client: Client, business: Business, act: str, **given: str) -> str:
    where = reverse("admin:tenants_business_do", args=[business.pk, act])
    answer = client.post(where, given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def events(business: Business) -> list[tuple[str, object]]:
    with business_scope(business):
        return [(event.action, event.facts) for event in AuditEvent.objects.of_chain(business.pk)]


def fresh(business: Business) -> Business:
    with business_scope(business):
        return Business.objects.get()


def makes(operator: Client, **given: str) -> Business:
    values = {"name": "Roses", "slug": "roses", "timezone": "UTC", "language": "he"}
    answer = operator.post(reverse("admin:tenants_business_add"), values | given)
    assert answer.status_code == 302, answer.context["errors"]
    with platform_scope(PlatformReason.ADMIN):
        return Business.objects.get(slug="roses")


def test_a_business_is_made_and_its_owner_invited(operator: Client, garage: Business) -> None:
    business = makes(operator, owner_email="Rosa@prosaas.test")
    assert business.is_active
    with business_scope(business):
        assert not Membership.objects.exists()
        assert [event for event, _ in events(business)] == ["invitation.sent", "admin.added"]
        invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role) == ("rosa@prosaas.test", "owner")
    told = operator.get(page_of(business)).content.decode()
    assert "https://prosaas.test/invitation/" in told
    assert (
        "https://prosaas.test/invitation/" not in operator.get(page_of(business)).content.decode()
    )
    with business_scope(garage):
        assert not Invitation.objects.exists()


def test_who_has_an_account_keeps_it_as_the_owner_of_one_more(
    operator: Client, alice: User
) -> None:
    business = makes(operator, owner_email=alice.email)
    alice.refresh_from_db()
    assert alice.check_password("correct horse")
    with business_scope(business):
        assert Membership.objects.get(user=alice).role == "owner"
        assert not Invitation.objects.exists()


def test_a_business_may_wait_for_its_owner(operator: Client) -> None:
    business = makes(operator, owner_email="")
    with business_scope(business):
        assert not Membership.objects.exists()


def test_nobody_owns_a_business_that_was_not_made(operator: Client) -> None:
    values = {"name": "Roses", "slug": "a slug", "timezone": "Mars", "language": "he"}
    page = operator.post(
        reverse("admin:tenants_business_add"), values | {"owner_email": "rosa@prosaas.test"}
    )
    assert page.context["errors"]
    with platform_scope(PlatformReason.ADMIN):
        assert not Invitation.objects.exists()


def test_a_business_is_suspended_with_a_reason_after_having_been_asked_about(
    operator: Client, flowers: Business, garage: Business, olga: User
) -> None:
    where = reverse("admin:tenants_business_do", args=[flowers.pk, "suspend"])
    assert "turned away" in operator.get(where).content.decode()
    assert fresh(flowers).is_active
    does(operator, flowers, "suspend", reason=" ")
    assert fresh(flowers).is_active
    assert "The business is suspended." in does(operator, flowers, "suspend", reason="Unpaid")
    assert not fresh(flowers).is_active
    assert events(flowers)[-1] == ("business.suspended", {"reason": "Unpaid"})
    with business_scope(flowers):
        last = AuditEvent.objects.of_chain(flowers.pk).last()
        assert last is not None
        assert last.by == olga
    assert fresh(garage).is_active


def test_the_second_of_two_operators_suspends_nothing(operator: Client, flowers: Business) -> None:
    does(operator, flowers, "suspend", reason="Unpaid")
    before = events(flowers)
    assert "somebody else was there" in does(operator, flowers, "suspend", reason="Unpaid")
    assert events(flowers) == before


def test_a_suspension_is_ended(operator: Client, flowers: Business) -> None:
    does(operator, flowers, "suspend", reason="Unpaid")
    assert "active again" in does(operator, flowers, "reinstate")
    assert fresh(flowers).is_active
    assert events(flowers)[-1] == ("business.reinstated", {})


def test_only_what_can_be_done_is_offered(operator: Client, flowers: Business) -> None:
    active = operator.get(page_of(flowers)).content.decode()
    assert ("/do/suspend/" in active, "/do/reinstate/" in active) == (True, False)
    does(operator, flowers, "suspend", reason="Unpaid")
    suspended = operator.get(page_of(flowers)).content.decode()
    assert ("/do/suspend/" in suspended, "/do/reinstate/" in suspended) == (False, True)


def test_a_number_is_added_on_the_page_of_the_business(operator: Client, flowers: Business) -> None:
    assert "rings at this business" in does(
        operator, flowers, "add-number", e164=NUMBER, label="shop"
    )
    with business_scope(flowers):
        number = PhoneNumber.objects.get()
    assert (number.e164, number.label, number.active) == (NUMBER, "shop", True)
    assert events(flowers)[-1][0] == "number.claimed"
    html = operator.get(page_of(flowers)).content.decode()
    assert reverse("admin:tenants_phonenumber_change", args=[number.pk]) in html


@pytest.mark.parametrize("wrong", [NUMBER, "050-1234567"])
def test_a_number_of_another_business_and_one_that_is_none_are_refused(
    wrong: str, operator: Client, flowers: Business, garage: Business
) -> None:
    make_number(garage, NUMBER)
    html = does(operator, flowers, "add-number", e164=wrong)
    assert "errorlist" in html
    assert "garage" not in html
    with business_scope(flowers):
        assert not PhoneNumber.objects.exists()


def test_the_owners_are_named_and_the_managers_are_not(
    operator: Client, flowers: Business, alice: User, bob: User
) -> None:
    html = operator.get(page_of(flowers)).content.decode()
    assert alice.email in html
    assert bob.email not in html


def test_olga_enters_a_business_and_each_page_says_so_until_she_leaves(
    operator: Client, flowers: Business
) -> None:
    key = operator.session.session_key
    html = does(operator, flowers, "enter", reason="<b>Alice</b> rang")
    assert operator.session.session_key != key
    for page in (html, operator.get(reverse("admin:overview")).content.decode()):
        assert 'class="impersonation"' in page
        assert "&lt;b&gt;Alice&lt;/b&gt; rang" in page
        assert "30 minutes more" in page
    assert impersonation.KEY in operator.session
    left = operator.post(reverse("admin:leave"), follow=True).content.decode()
    assert 'class="impersonation"' not in left
    assert [event for event, _ in events(flowers)][-2:] == [
        "impersonation.started",
        "impersonation.ended",
    ]


def test_who_signs_out_has_left(operator: Client, flowers: Business) -> None:
    does(operator, flowers, "enter", reason="Alice rang")
    operator.post(reverse("admin:logout"))
    assert events(flowers)[-1] == ("impersonation.ended", {"why": "left"})


def test_without_a_reason_olga_stays_outside(operator: Client, flowers: Business) -> None:
    assert "errorlist" in does(operator, flowers, "enter", reason="  ")
    assert impersonation.KEY not in operator.session
