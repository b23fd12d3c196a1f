"""The way into a page: who gets in, to which business, and what is never done to the other one."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from tenants.decorators import FIELD, HEADER, SESSION_KEY
from tenants.models import Business, Membership, User
from tenants.scoping import business_scope
from tests.people import NOW, make_member

pytestmark = pytest.mark.django_db

TEAM = "/team/"


@pytest.fixture
def as_alice(client: Client, alice: User, flowers: Business) -> Client:
    client.force_login(alice)
    return client


def test_a_stranger_is_asked_to_log_in(client: Client) -> None:
    response = client.get(TEAM)
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/team/"


def test_a_part_of_a_page_sends_the_whole_window_to_the_login(client: Client) -> None:
    response = client.get(TEAM, headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert response["HX-Redirect"] == "/accounts/login/"


def test_a_member_sees_her_business(as_alice: Client) -> None:
    page = as_alice.get(TEAM).content.decode()
    assert "bob@prosaas.test" in page
    assert "charlie@prosaas.test" not in page


def test_somebody_without_a_business_is_told_so(client: Client, charlie: User) -> None:
    client.force_login(charlie)
    assert client.get(TEAM).status_code == 403


def test_a_viewer_does_not_see_the_team(client: Client, charlie: User, flowers: Business) -> None:
    make_member(flowers, charlie, Membership.Role.VIEWER)
    client.force_login(charlie)
    response = client.get(TEAM)
    assert response.status_code == 403
    assert "bob@prosaas.test" not in response.content.decode()


def test_who_works_in_two_businesses_switches(
    as_alice: Client, alice: User, garage: Business
) -> None:
    make_member(garage, alice, Membership.Role.MANAGER)
    as_alice.post("/switch/", {"business": str(garage.pk)})
    page = as_alice.get(TEAM).content.decode()
    assert "charlie@prosaas.test" in page
    assert "bob@prosaas.test" not in page


def test_nobody_switches_to_a_strange_business(as_alice: Client, garage: Business) -> None:
    as_alice.post("/switch/", {"business": str(garage.pk)})
    assert SESSION_KEY not in as_alice.session
    assert "charlie@prosaas.test" not in as_alice.get(TEAM).content.decode()


@pytest.fixture
def with_a_form(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.tenants.form_urls"


@pytest.mark.usefixtures("with_a_form")
class TestAForm:
    def test_is_taken_from_a_page_of_this_business(
        self, as_alice: Client, flowers: Business
    ) -> None:
        assert as_alice.post("/form/", {FIELD: str(flowers.pk)}).content == b"done"
        assert as_alice.post("/form/", headers={HEADER: str(flowers.pk)}).content == b"done"

    def test_of_a_page_of_another_business_is_refused(
        self, as_alice: Client, garage: Business
    ) -> None:
        assert as_alice.post("/form/", {FIELD: str(garage.pk)}).status_code == 409

    def test_that_names_no_business_is_refused(self, as_alice: Client) -> None:
        assert as_alice.post("/form/").status_code == 409
        assert as_alice.post("/form/", {FIELD: "'"}).status_code == 409


def test_a_suspended_business_has_no_pages(as_alice: Client, flowers: Business) -> None:
    with business_scope(flowers):
        Business.objects.filter(pk=flowers.pk).update(status=Business.Status.SUSPENDED)
    response = as_alice.get(TEAM)
    assert response.status_code == 403
    assert "bob@prosaas.test" not in response.content.decode()


def test_whose_business_is_suspended_still_gets_to_the_other_one(
    as_alice: Client, alice: User, flowers: Business, garage: Business
) -> None:
    make_member(garage, alice, Membership.Role.MANAGER)
    with business_scope(flowers):
        Business.objects.filter(pk=flowers.pk).update(status=Business.Status.SUSPENDED)
    page = as_alice.get(TEAM).content.decode()
    assert f'name="business" value="{garage.pk}"' in page
    as_alice.post("/switch/", {"business": str(garage.pk)})
    assert as_alice.get(TEAM).status_code == 200


def test_an_owner_without_a_second_factor_is_led_to_it(
    as_alice: Client, alice: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    assert as_alice.get(TEAM)["Location"] == "/accounts/2fa/totp/activate/"
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={"secret": ""})
    assert as_alice.get(TEAM).status_code == 200


def test_an_operator_enters_as_the_owner_for_half_an_hour(
    client: Client, olga: User, flowers: Business
) -> None:
    client.force_login(olga)
    assert client.get(TEAM).status_code == 403
    with time_machine.travel(NOW, tick=False):
        path = reverse("admin:tenants_business_do", args=[flowers.pk, "enter"])
        client.post(path, {"reason": "She asked for help"})
        page = client.get(TEAM).content.decode()
    assert "bob@prosaas.test" in page
    assert "flowers of the tests" in page
    with time_machine.travel(NOW + timedelta(minutes=31), tick=False):
        assert client.get(TEAM).status_code in {302, 403}


def test_an_operator_who_left_sees_no_business(
    client: Client, olga: User, flowers: Business
) -> None:
    client.force_login(olga)
    path = reverse("admin:tenants_business_do", args=[flowers.pk, "enter"])
    client.post(path, {"reason": "She asked for help"})
    assert client.get(TEAM).status_code == 200
    client.post(reverse("admin:leave"))
    assert client.get(TEAM).status_code == 403
