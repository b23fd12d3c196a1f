from __future__ import annotations

import threading
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from pytest_django import Settings
from structlog.testing import capture_logs

from calls.models import Call, CallStatus, EndReason, Lead, PromptBinding
from calls.phrases import Phrase
from tenants.credentials import refuse_key
from tenants.models import Business, PhoneNumber
from tenants.scoping import business_scope
from tests.calls.carrier import CALLER, SignedCarrier, new_sid
from tests.calls.conftest import ALICES_NUMBER, CHARLIES_NUMBER, opens
from tests.people import NOW, make_business, make_credential


def only_call(business: Business) -> Call:
    with business_scope(business):
        return Call.objects.for_business(business).select_related("lead", "number").get()


def calls_of(business: Business) -> int:
    with business_scope(business):
        return Call.objects.for_business(business).count()


def bindings_of(business: Business) -> list[PromptBinding]:
    with business_scope(business):
        return list(PromptBinding.objects.for_business(business).select_related("version__prompt"))


def twiml(response: HttpResponse) -> ElementTree.Element:
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/xml")
    return ElementTree.fromstring(response.content)  # noqa: S314 - our own document


def assert_refused(
    response: HttpResponse, business: Business, reason: EndReason, phrase: Phrase
) -> None:
    document = twiml(response)
    assert [verb.tag for verb in document] == ["Say", "Hangup"]
    assert document[0].text == phrase.in_language(business.language)
    call = only_call(business)
    assert (call.status, call.end_reason) == (CallStatus.REJECTED, reason)
    assert call.end_detail
    assert call.ended_at
    assert call.token_expires_at is None
    assert bindings_of(business) == []


def test_a_call_is_put_on_the_media_socket(alices: Business, carrier: SignedCarrier) -> None:
    document = twiml(carrier.rings("flowers", ALICES_NUMBER))

    call = only_call(alices)
    assert [verb.tag for verb in document] == ["Connect", "Say", "Hangup"]
    connect, stream = document[0], document[0][0]
    assert connect.get("action") == f"https://prosaas.test/twiml/after-stream/{call.pk}"
    assert stream.get("url") == f"wss://prosaas.test/ws/media/{call.token()}"
    assert (
        stream.get("statusCallback")
        == f"https://prosaas.test/webhooks/twilio/stream-status/{call.pk}"
    )
    assert "Pause" not in {element.tag for element in document.iter()}
    assert call.status == CallStatus.RINGING
    assert call.direction == "inbound"
    assert call.number
    assert call.number.e164 == ALICES_NUMBER
    assert call.lead
    assert call.lead.phone_e164 == CALLER
    assert call.language == "he"


def test_a_call_is_bound_to_the_published_inbound_prompt(
    alices: Business, carrier: SignedCarrier
) -> None:
    carrier.rings("flowers", ALICES_NUMBER)

    [binding] = bindings_of(alices)
    assert binding.suits(only_call(alices))
    assert binding.direction == "inbound"
    assert binding.version.prompt.direction == "inbound"
    assert "Secret of flowers inbound" in binding.full
    assert "Secret of flowers inbound" in binding.compact
    assert "outbound" not in binding.full.lower()


def test_the_same_delivery_twice_gets_the_same_bytes_and_makes_nothing_new(
    alices: Business, carrier: SignedCarrier
) -> None:
    sid = new_sid()
    first = carrier.rings("flowers", ALICES_NUMBER, call_sid=sid)
    second = carrier.rings("flowers", ALICES_NUMBER, call_sid=sid)

    assert first.content == second.content
    assert calls_of(alices) == 1
    assert len(bindings_of(alices)) == 1


def test_a_refused_call_delivered_twice_stays_one_refused_call(
    charlies: Business, carrier: SignedCarrier
) -> None:
    sid = new_sid()
    first = carrier.rings("garage", "+97239999999", call_sid=sid)
    second = carrier.rings("garage", "+97239999999", call_sid=sid)

    assert first.content == second.content
    assert calls_of(charlies) == 1


@pytest.mark.django_db(transaction=True)
def test_two_deliveries_at_the_same_moment_make_one_call(carrier: SignedCarrier) -> None:
    business = opens(make_business("flowers", "he"), ALICES_NUMBER, "inbound")
    sid = new_sid()
    answers: list[bytes] = []
    together = threading.Barrier(2)

    def deliver() -> None:
        try:
            together.wait()
            answers.append(carrier.rings("flowers", ALICES_NUMBER, call_sid=sid).content)
        finally:
            connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 2
    assert answers[0] == answers[1]
    assert calls_of(business) == 1
    assert len(bindings_of(business)) == 1


def test_a_second_call_of_the_same_person_is_the_same_lead(
    alices: Business, carrier: SignedCarrier
) -> None:
    carrier.rings("flowers", ALICES_NUMBER)
    carrier.rings("flowers", ALICES_NUMBER)

    assert calls_of(alices) == 2
    with business_scope(alices):
        assert Lead.objects.for_business(alices).count() == 1


@pytest.mark.parametrize(
    "caller", ["+266696687", "+7378742833", "anonymous", "sip:a@b.example", ""]
)
def test_callers_who_withhold_their_number_do_not_become_one_lead(
    alices: Business, carrier: SignedCarrier, caller: str
) -> None:
    carrier.rings("flowers", ALICES_NUMBER, caller=caller)

    call = only_call(alices)
    assert call.lead is None
    assert call.from_e164 == caller
    assert call.is_live


def test_a_number_that_nobody_has_is_refused(alices: Business, carrier: SignedCarrier) -> None:
    response = carrier.rings("flowers", "+97239999999")

    assert_refused(response, alices, EndReason.REJECTED_UNKNOWN_NUMBER, Phrase.NOT_IN_SERVICE)
    assert only_call(alices).to_e164 == "+97239999999"
    with business_scope(alices):
        assert not Lead.objects.for_business(alices).exists()


def test_a_number_of_another_business_is_refused_and_nobody_hears_of_its_caller(
    alices: Business, charlies: Business, carrier: SignedCarrier
) -> None:
    response = carrier.rings("flowers", CHARLIES_NUMBER)

    assert_refused(response, alices, EndReason.REJECTED_UNKNOWN_NUMBER, Phrase.NOT_IN_SERVICE)
    call = only_call(alices)
    assert (call.from_e164, call.to_e164, call.number, call.lead) == ("", "", None, None)
    assert calls_of(charlies) == 0
    with business_scope(alices):
        assert not Lead.objects.for_business(alices).exists()


def test_a_number_that_is_switched_off_is_refused(alices: Business, carrier: SignedCarrier) -> None:
    with business_scope(alices):
        PhoneNumber.objects.for_business(alices).update(active=False)

    response = carrier.rings("flowers", ALICES_NUMBER)

    assert_refused(response, alices, EndReason.REJECTED_UNKNOWN_NUMBER, Phrase.NOT_IN_SERVICE)


def test_a_suspended_business_is_refused(alices: Business, carrier: SignedCarrier) -> None:
    with business_scope(alices):
        Business.objects.filter(pk=alices.pk).update(status=Business.Status.SUSPENDED)

    response = carrier.rings("flowers", ALICES_NUMBER)

    assert_refused(response, alices, EndReason.REJECTED_SUSPENDED, Phrase.NOT_NOW)


def test_an_inbound_call_never_runs_on_the_outbound_prompt(
    carrier: SignedCarrier, db: None
) -> None:
    """The mix-up that must not happen: inbound empty, outbound set, an inbound call."""
    business = opens(make_business("flowers", "he"), ALICES_NUMBER, "outbound")

    response = carrier.rings("flowers", ALICES_NUMBER)

    assert_refused(response, business, EndReason.REJECTED_NO_PROMPT, Phrase.NOT_NOW)
    assert b"outbound" not in response.content
    assert b"Secret" not in response.content


def test_a_business_without_a_key_for_the_model_is_refused(
    alices: Business, carrier: SignedCarrier, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = ""

    response = carrier.rings("flowers", ALICES_NUMBER)

    assert_refused(response, alices, EndReason.REJECTED_NO_CREDENTIALS, Phrase.NOT_NOW)


def rings_later(
    carrier: SignedCarrier, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> HttpResponse:
    with monkeypatch.context() as clock:
        clock.setattr("calls.webhooks.timezone.now", lambda: now)
        return carrier.rings("flowers", ALICES_NUMBER)


def test_a_caller_is_not_kept_waiting_for_a_key_that_was_refused_a_moment_ago(
    alices: Business, carrier: SignedCarrier, settings: Settings
) -> None:
    refuse_key(settings.OPENAI_API_KEY, code="insufficient_quota", now=timezone.now())

    response = carrier.rings("flowers", ALICES_NUMBER)

    assert_refused(response, alices, EndReason.REJECTED_KEY_REFUSED, Phrase.NOT_NOW)
    assert settings.OPENAI_API_KEY.encode() not in response.content


def test_the_first_caller_after_the_pause_is_let_through(
    alices: Business,
    carrier: SignedCarrier,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refuse_key(settings.OPENAI_API_KEY, code="insufficient_quota", now=NOW)
    early = rings_later(carrier, monkeypatch, NOW + timedelta(seconds=59))
    late = rings_later(carrier, monkeypatch, NOW + timedelta(seconds=60))
    assert [verb.tag for verb in twiml(early)] == ["Say", "Hangup"]
    assert [verb.tag for verb in twiml(late)] == ["Connect", "Say", "Hangup"]


def test_a_businesss_own_key_that_is_refused_is_no_other_businesss_trouble(
    alices: Business, charlies: Business, carrier: SignedCarrier
) -> None:
    make_credential(charlies, "openai", "sk-charlie")
    refuse_key("sk-charlie", code="invalid_api_key", now=timezone.now())

    assert_refused(
        carrier.rings("garage", CHARLIES_NUMBER),
        charlies,
        EndReason.REJECTED_KEY_REFUSED,
        Phrase.NOT_NOW,
    )
    assert [verb.tag for verb in twiml(carrier.rings("flowers", ALICES_NUMBER))][0] == "Connect"


def test_a_business_with_a_key_of_its_own_does_not_suffer_from_the_installations(
    alices: Business, carrier: SignedCarrier, settings: Settings
) -> None:
    make_credential(alices, "openai", "sk-alice")
    refuse_key(settings.OPENAI_API_KEY, code="insufficient_quota", now=timezone.now())
    assert [verb.tag for verb in twiml(carrier.rings("flowers", ALICES_NUMBER))][0] == "Connect"


def test_an_unknown_business_is_not_found(carrier: SignedCarrier, db: None) -> None:
    assert carrier.rings("nobody", ALICES_NUMBER).status_code == 404


def test_a_form_without_a_call_is_a_bad_request_that_names_the_field(
    alices: Business, carrier: SignedCarrier
) -> None:
    response = carrier.post("/twiml/incoming/flowers", {"From": CALLER, "To": ALICES_NUMBER})

    assert response.status_code == 400
    assert b"CallSid" in response.content
    assert CALLER.encode() not in response.content
    assert calls_of(alices) == 0


def test_fields_that_we_do_not_know_are_no_hindrance(
    alices: Business, carrier: SignedCarrier
) -> None:
    response = carrier.post(
        "/twiml/incoming/flowers",
        {
            "CallSid": new_sid(),
            "From": CALLER,
            "To": ALICES_NUMBER,
            "CallStatus": "ringing",
            "StirVerstat": "TN-Validation-Passed-A",
            "CallerName": "",
        },
    )

    assert [verb.tag for verb in twiml(response)] == ["Connect", "Say", "Hangup"]


def test_the_callers_number_is_logged_under_a_personal_key_only(
    alices: Business, carrier: SignedCarrier
) -> None:
    with capture_logs() as lines:
        carrier.rings("flowers", ALICES_NUMBER)

    assert {"call_id", "business_id", "pii.from", "pii.to"} <= lines[-1].keys()
    public = [{k: v for k, v in line.items() if not k.startswith("pii.")} for line in lines]
    assert CALLER not in str(public)
    assert ALICES_NUMBER not in str(public)
