from __future__ import annotations

import uuid
from urllib.parse import urlencode

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, reverse
from pytest_django import Settings

from calls import urls
from calls.models import Call, CallbackEvent, Transfer
from calls.signature import BODY_LIMIT
from tenants.models import Business, Credential
from tenants.scoping import business_scope
from tests.calls.carrier import CALLER, SignedCarrier, new_sid
from tests.calls.conftest import ALICES_NUMBER
from tests.rows import make_row

PATH = "/twiml/incoming/flowers"


def ringing(**more: str) -> dict[str, str]:
    fields = {
        "CallSid": new_sid(),
        "AccountSid": "AC" + "0" * 32,
        "From": CALLER,
        "To": ALICES_NUMBER,
        "CallStatus": "ringing",
    }
    return fields | more


def assert_shut_out(response: HttpResponse, business: Business) -> None:
    assert response.status_code == 403
    assert b"Stream" not in response.content
    with business_scope(business):
        assert not Call.objects.for_business(business).exists()
        assert not CallbackEvent.objects.for_business(business).exists()


@pytest.mark.parametrize(
    "route",
    [one for one in urls.urlpatterns if str(one.pattern).startswith(("twiml/", "webhooks/"))],
    ids=lambda route: str(route.name),
)
def test_every_route_of_the_carrier_asks_for_the_signature(
    route: URLPattern, alices: Business, carrier: SignedCarrier
) -> None:
    carrier.rings("flowers", ALICES_NUMBER)
    with business_scope(alices):
        call = Call.objects.for_business(alices).get()
        transfer = make_row(Transfer, alices, call=call)
    known = {"slug": "flowers", "call_id": call.pk, "transfer_id": transfer.pk, "number": 1}
    named = {key: known[key] for key in route.pattern.converters}
    path = reverse(f"calls:{route.name}", kwargs=named)

    assert path.startswith(("/twiml/", "/webhooks/twilio/"))
    assert carrier.unsigned(path, ringing()).status_code == 403
    assert carrier.client.get(path).status_code == 405


def test_a_missing_signature_is_refused(alices: Business, carrier: SignedCarrier) -> None:
    assert_shut_out(carrier.unsigned(PATH, ringing()), alices)


@pytest.mark.parametrize("signature", ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "שלום"])
def test_a_wrong_signature_is_refused(
    signature: str, alices: Business, carrier: SignedCarrier
) -> None:
    response = carrier.client.post(
        PATH, ringing(), headers={"X-Twilio-Signature": signature.encode().decode("latin-1")}
    )
    assert_shut_out(response, alices)  # type: ignore[arg-type]


def test_the_signature_of_another_account_is_refused(
    alices: Business, carrier: SignedCarrier
) -> None:
    stranger = SignedCarrier(carrier.account_sid, "a token of somebody else")
    assert_shut_out(stranger.post(PATH, ringing()), alices)


def test_a_changed_field_is_refused(alices: Business, carrier: SignedCarrier) -> None:
    fields = ringing()
    signature = carrier.signature(f"https://prosaas.test{PATH}", fields)
    response = carrier.unsigned(
        PATH, fields | {"From": "+972500000000"}, X_Twilio_Signature=signature
    )
    assert_shut_out(response, alices)


def test_a_field_given_twice_is_refused(alices: Business, carrier: SignedCarrier) -> None:
    fields = ringing()
    response = carrier.client.post(
        PATH,
        urlencode([*fields.items(), ("To", "+97239999999")]),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": carrier.signature(f"https://prosaas.test{PATH}", fields)},
    )
    assert_shut_out(response, alices)  # type: ignore[arg-type]


def test_a_signature_for_another_path_is_refused(alices: Business, carrier: SignedCarrier) -> None:
    fields = ringing()
    other = carrier.signature("https://prosaas.test/twiml/incoming/garage", fields)
    assert_shut_out(carrier.unsigned(PATH, fields, X_Twilio_Signature=other), alices)


def test_the_host_header_has_no_say_in_it(alices: Business, carrier: SignedCarrier) -> None:
    fields = ringing()
    over_host = carrier.signature(f"http://testserver{PATH}", fields)
    assert_shut_out(carrier.unsigned(PATH, fields, X_Twilio_Signature=over_host), alices)


def test_a_blank_field_is_part_of_what_is_signed(alices: Business, carrier: SignedCarrier) -> None:
    assert carrier.post(PATH, ringing(CallerName="")).status_code == 200


def test_an_account_sid_that_is_not_the_accounts_is_refused(
    alices: Business, carrier: SignedCarrier
) -> None:
    assert_shut_out(carrier.post(PATH, ringing(AccountSid="AC" + "9" * 32)), alices)


def test_a_business_with_an_account_of_its_own_is_signed_for_by_that_one(
    alices: Business, carrier: SignedCarrier
) -> None:
    own = SignedCarrier("AC" + "7" * 32, "alice's own token")
    with business_scope(alices):
        Credential.objects.create(
            business=alices,
            provider=Credential.Provider.TWILIO,
            account_sid=own.account_sid,
            secret="alice's own token",
        )

    assert_shut_out(carrier.rings("flowers", ALICES_NUMBER), alices)
    assert own.rings("flowers", ALICES_NUMBER).status_code == 200


def test_without_any_account_nobody_is_believed(
    alices: Business, carrier: SignedCarrier, settings: Settings
) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert_shut_out(SignedCarrier(carrier.account_sid, "").post(PATH, ringing()), alices)


def test_a_form_of_more_than_64_kib_is_not_read(alices: Business, carrier: SignedCarrier) -> None:
    response = carrier.post(PATH, ringing(Padding="x" * BODY_LIMIT))
    assert response.status_code == 413
    with business_scope(alices):
        assert not Call.objects.for_business(alices).exists()


def test_a_form_beyond_what_django_reads_is_too_large_as_well(
    alices: Business, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = Client().post(PATH, {"Padding": "x" * 2000})
    assert response.status_code == 413


def test_a_call_that_does_not_exist_is_not_found(carrier: SignedCarrier, db: None) -> None:
    assert carrier.asks_what_follows(uuid.uuid4(), new_sid()).status_code == 404


def test_while_the_database_is_away_the_carrier_is_asked_to_come_again(
    carrier: SignedCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(slug: str) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("calls.resolve.business_by_slug", away)
    assert carrier.post(PATH, ringing()).status_code == 503
