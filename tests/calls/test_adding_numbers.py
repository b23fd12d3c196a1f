"""A business adds a number of its own account, or asks the operator, who gives one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from calls import telephony
from calls.actions.adding_numbers import add_own_number
from prosaas.simulator.rest_faults import REFUSE_500
from prosaas.simulator.rest_numbers import IncomingNumber
from tenants.credentials import TwilioAccount
from tenants.models import AuditEvent, Business, Credential, NumberRequest, PhoneNumber, User
from tenants.number_requests import request_number
from tenants.scoping import business_scope
from tests.outbound.pages import Window, as_alice
from tests.outbound.rig import CarrierThread, carrier_in_a_thread
from tests.people import NOW, make_credential, make_number

__all__ = ["as_alice"]

pytestmark = pytest.mark.django_db(transaction=True)

OWN, TOKEN = "AC" + "5" * 32, "the token of the flowers"
NUMBER = "+97231112233"
FREE = "+97231119999"  # of the installation, and nobody's yet
ADD, ASK = "/settings/numbers/add/", "/settings/numbers/ask/"


@pytest.fixture
def line(settings: Settings) -> Iterator[CarrierThread]:
    with carrier_in_a_thread(
        account_sid=settings.TWILIO_ACCOUNT_SID,
        auth_token=settings.TWILIO_AUTH_TOKEN,
        other_accounts={OWN: TOKEN},
    ) as line:
        settings.TWILIO_API_BASE_URL = line.carrier.base_url
        bought(line, NUMBER)
        bought(line, FREE, account=settings.TWILIO_ACCOUNT_SID)
        yield line


@pytest.fixture
def own_account(flowers: Business) -> None:
    make_credential(flowers, Credential.Provider.TWILIO, TOKEN, OWN)


def bought(line: CarrierThread, e164: str, *, account: str = OWN, **fields: Any) -> None:
    numbers = {e164: IncomingNumber(**fields)}
    line.does(lambda carrier: carrier.rest.numbers.give(account, numbers))


def numbers_of(business: Business) -> list[str]:
    with business_scope(business):
        return list(PhoneNumber.objects.for_business(business).values_list("e164", flat=True))


def actions_of(business: Business) -> set[str]:
    with business_scope(business):
        return set(AuditEvent.objects.of_chain(business.pk).values_list("action", flat=True))


def refused(business: Business, e164: str) -> str:
    with pytest.raises(ValidationError) as error:
        add_own_number(business=business, e164=e164, by=None, now=NOW)
    return str(error.value.code)


def request_of(business: Business) -> NumberRequest:
    with business_scope(business):
        return NumberRequest.objects.for_business(business).select_related("number").get()


@pytest.mark.usefixtures("own_account")
class TestANumberOfTheOwnAccount:
    def test_rings_at_the_agent_from_then_on(
        self, as_alice: Window, flowers: Business, line: CarrierThread, settings: Settings
    ) -> None:
        assert ADD in as_alice.get("/settings/numbers/")
        assert as_alice.post(ADD, e164="03-111 2233").status_code == 302
        assert numbers_of(flowers) == [NUMBER]
        set_up = telephony.find_number(TwilioAccount(OWN, TOKEN), NUMBER)
        assert set_up is not None
        assert set_up.voice_url == f"{settings.PUBLIC_URL}/twiml/incoming/flowers"
        assert set_up.status_url == f"{settings.PUBLIC_URL}/webhooks/twilio/call-status/flowers"
        assert {"number.claimed", "number.led_here"} <= actions_of(flowers)

    def test_has_to_be_there(self, flowers: Business, line: CarrierThread) -> None:
        assert refused(flowers, "+97231110000") == "unknown"
        assert refused(flowers, FREE) == "unknown", "of the installation's account"
        assert numbers_of(flowers) == []

    def test_has_to_take_calls_and_to_be_led_by_a_webhook(
        self, flowers: Business, line: CarrierThread
    ) -> None:
        bought(line, "+97231110001", voice=False)
        bought(line, "+97231110002", trunk_sid="TK" + "1" * 32)
        assert refused(flowers, "+97231110001") == "no_voice"
        assert refused(flowers, "+97231110002") == "elsewhere"
        assert numbers_of(flowers) == []

    def test_of_another_business_is_refused_without_saying_whose(
        self, as_alice: Window, flowers: Business, garage: Business, line: CarrierThread
    ) -> None:
        make_number(garage, NUMBER)
        page = as_alice.post(ADD, e164=NUMBER).content.decode()
        assert "belongs to another business" in page
        assert "garage" not in page
        assert numbers_of(flowers) == []
        set_up = telephony.find_number(TwilioAccount(OWN, TOKEN), NUMBER)
        assert set_up is not None
        assert set_up.voice_url == "", "nothing is set for a number that is not theirs"

    def test_is_the_owners_to_add(
        self, client: Client, bob: User, flowers: Business, line: CarrierThread
    ) -> None:
        client.force_login(bob)
        manager = Window(client, flowers)
        assert manager.post(ADD, e164=NUMBER).status_code == 403
        assert ADD not in manager.get("/settings/numbers/")
        with pytest.raises(PermissionDenied):
            add_own_number(business=flowers, e164=NUMBER, by=bob, now=NOW)

    def test_stays_when_the_carrier_could_not_be_told(
        self, as_alice: Window, flowers: Business, line: CarrierThread
    ) -> None:
        line.does(lambda carrier: carrier.rest.updates.queue.append(REFUSE_500))
        answer = as_alice.client.post(
            ADD, {"_business": str(flowers.pk), "e164": NUMBER}, follow=True
        )
        assert "could not be told" in answer.content.decode()
        assert numbers_of(flowers) == [NUMBER]

    def test_is_not_looked_up_with_a_token_that_is_refused(
        self, flowers: Business, line: CarrierThread
    ) -> None:
        line.does(lambda carrier: carrier.rest.locked_out.add(OWN))
        assert refused(flowers, NUMBER) == "carrier"


class TestANumberOfTheInstallation:
    def test_is_nobodys_to_take(
        self, as_alice: Window, flowers: Business, line: CarrierThread
    ) -> None:
        assert as_alice.post(ADD, e164=FREE).url == ASK
        assert refused(flowers, FREE) == "no_account"
        assert numbers_of(flowers) == []

    def test_is_asked_for_once_at_a_time(self, as_alice: Window, flowers: Business) -> None:
        assert ASK in as_alice.get("/settings/numbers/")
        as_alice.post(ASK, note="Haifa, please")
        asked = request_of(flowers)
        assert (asked.note, asked.is_open) == ("Haifa, please", True)
        page = as_alice.get("/settings/numbers/")
        assert "A number was asked for" in page
        assert ASK not in page
        as_alice.post(ASK, note="And another")
        assert request_of(flowers).note == "Haifa, please"

    def test_is_given_by_the_operator(
        self, as_alice: Window, flowers: Business, olga: User, line: CarrierThread
    ) -> None:
        as_alice.post(ASK, note="Haifa, please")
        asked = request_of(flowers)
        operator = Client(headers={"Accept-Language": "en"})
        operator.force_login(olga)
        tiles = operator.get(reverse("admin:overview")).context["tiles"]
        [tile] = [tile for tile in tiles if str(tile.label) == "numbers asked for"]
        assert (tile.count, tile.wants_somebody) == (1, True)
        grant = reverse("admin:tenants_numberrequest_do", args=[asked.pk, "grant"])
        assert "Twilio does not know" in operator.post(grant, {"e164": NUMBER}).content.decode()
        assert numbers_of(flowers) == []
        assert operator.post(grant, {"e164": FREE}).status_code == 302
        assert numbers_of(flowers) == [FREE]
        granted = request_of(flowers)
        assert (granted.status, granted.number and granted.number.e164) == ("granted", FREE)
        assert granted.closed_by == olga
        assert "answered already" in operator.post(grant, {"e164": FREE}).content.decode()

    def test_is_declined_with_a_reason_and_may_be_asked_for_again(
        self, as_alice: Window, flowers: Business, olga: User, db: None
    ) -> None:
        request_number(business=flowers, note="", by=None, now=NOW)
        operator = Client()
        operator.force_login(olga)
        asked = request_of(flowers)
        decline = reverse("admin:tenants_numberrequest_do", args=[asked.pk, "decline"])
        operator.post(decline, {"reason": "None left in Haifa"})
        page = as_alice.get("/settings/numbers/")
        assert "None left in Haifa" in page
        assert ASK in page
        assert {"number.requested", "number.declined"} <= actions_of(flowers)

    def test_is_not_given_by_who_only_looks(
        self, flowers: Business, vera: User, line: CarrierThread
    ) -> None:
        request_number(business=flowers, note="", by=None, now=NOW)
        looker = Client()
        looker.force_login(vera)
        grant = reverse("admin:tenants_numberrequest_do", args=[request_of(flowers).pk, "grant"])
        assert looker.post(grant, {"e164": FREE}).status_code == 403
        assert numbers_of(flowers) == []
