"""A caller of Alice's business is put through to Dana at the desk, as the carrier sees it."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from calls.actions import finish_call
from calls.models import (
    AgentSettings,
    Call,
    CallStatus,
    EndReason,
    Transfer,
    TransferStatus,
    TransferTarget,
)
from calls.phrases import NUMBER_WITHHELD, Phrase
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.carrier import SignedCarrier, new_sid
from tests.calls.conftest import ALICES_NUMBER, CHARLIES_NUMBER
from tests.people import make_credential

DANAS_NUMBER = "+972500000009"


def ring(business: Business, number: str, carrier: SignedCarrier, **how: str) -> Call:
    carrier.rings(business.slug, number, **how)
    with business_scope(business):
        call: Call = Call.objects.for_business(business).latest("created_at")
        assert call.take_stream(timezone.now())
    return call


@pytest.fixture
def call(alices: Business, carrier: SignedCarrier) -> Call:
    """A caller who is talking to the agent."""
    return ring(alices, ALICES_NUMBER, carrier)


@pytest.fixture
def dana(alices: Business) -> TransferTarget:
    with business_scope(alices):
        return TransferTarget.objects.create(business=alices, name="Dana", e164=DANAS_NUMBER)


def wanted(call: Call, target: TransferTarget, **fields: Any) -> Transfer:
    """The agent has promised it."""
    given = {"e164": target.e164, "warm": True, "ring_s": 25, "summary": "Wants roses."} | fields
    with business_scope(call.business_id):
        return Transfer.objects.create(
            business_id=call.business_id, call=call, target=target, **given
        )


@pytest.fixture
def transfer(call: Call, dana: TransferTarget) -> Transfer:
    return wanted(call, dana)


@pytest.fixture
def ringing(call: Call, transfer: Transfer, carrier: SignedCarrier) -> Transfer:
    asks(call, carrier)
    return transfer


def sid_of(call: Call) -> str:
    assert call.call_sid
    return call.call_sid


def stored(row: Any) -> Any:
    with business_scope(row.business_id):
        return type(row).objects.get(pk=row.pk)


def asks(call: Call, carrier: SignedCarrier, number: int = 0) -> HttpResponse:
    return carrier.asks_what_follows(call.pk, sid_of(call), number)


def ends(transfer: Transfer, carrier: SignedCarrier, dial: str, **more: str) -> HttpResponse:
    call = call_of(transfer)
    return carrier.says_transfer_ended(call.pk, transfer.pk, sid_of(call), dial, **more)


def call_of(transfer: Transfer) -> Call:
    with business_scope(transfer.business_id):
        found: Call = Call.objects.get(pk=transfer.call_id)
        return found


def read(response: HttpResponse) -> ElementTree.Element:
    assert response.status_code == 200
    return ElementTree.fromstring(response.content)  # noqa: S314 - our own document


def verbs(response: HttpResponse) -> list[str]:
    return [verb.tag for verb in read(response)]


def assert_back_with_the_agent(response: HttpResponse, call: Call, number: int) -> None:
    stream = read(response).find("Connect/Stream")
    assert stream is not None
    assert stream.get("url") == f"wss://prosaas.test/ws/media/{call.token(number)}"
    row = stored(call)
    assert (row.stream_number, row.token_used_at, row.status) == (
        number,
        None,
        CallStatus.IN_PROGRESS,
    )
    assert row.token_expires_at > timezone.now()


def assert_over(call: Call, reason: EndReason) -> None:
    row = stored(call)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, reason)


# The carrier is told to ring


def test_the_carrier_rings_whom_the_agent_has_promised(
    call: Call, transfer: Transfer, carrier: SignedCarrier
) -> None:
    response = asks(call, carrier)

    dial = read(response)[0]
    assert dial.tag == "Dial"
    assert dial.get("callerId") == ALICES_NUMBER
    assert (dial.get("timeout"), dial.get("answerOnBridge")) == ("25", "true")
    assert dial.get("action", "").endswith(f"/twiml/transfer-ended/{call.pk}/{transfer.pk}")
    (number,) = dial
    assert number.text == DANAS_NUMBER
    assert number.get("url", "").endswith(f"/twiml/whisper/{transfer.pk}")
    row = stored(transfer)
    assert (row.status, row.stream_number) == (TransferStatus.DIALING, 0)
    assert stored(call).is_live


def test_a_caller_who_is_not_announced_is_put_through_at_once(
    call: Call, dana: TransferTarget, carrier: SignedCarrier
) -> None:
    wanted(call, dana, warm=False)
    (number,) = read(asks(call, carrier))[0]
    assert number.get("url") is None


def test_a_second_delivery_gets_the_same_document_and_nothing_rings_twice(
    call: Call, transfer: Transfer, carrier: SignedCarrier
) -> None:
    first, second = asks(call, carrier), asks(call, carrier)
    carrier.says_digit(transfer.pk, "1")
    assert first.content == second.content == asks(call, carrier).content
    assert stored(transfer).status == TransferStatus.CONNECTED


def test_a_caller_who_has_said_goodbye_is_not_put_through(
    call: Call, transfer: Transfer, carrier: SignedCarrier
) -> None:
    carrier.says_of_call("flowers", sid_of(call), "completed")
    assert verbs(asks(call, carrier)) == ["Hangup"]
    assert stored(transfer).status == TransferStatus.REQUESTED  # the sweep ends it


# Whoever picks up


def test_dana_hears_who_calls_for_whom_and_about_what(
    alices: Business, ringing: Transfer, carrier: SignedCarrier
) -> None:
    gather, hang_up = read(carrier.asks_for_whisper(ringing.pk))

    assert (gather.tag, hang_up.tag) == ("Gather", "Hangup")
    assert gather.get("numDigits") == "1"
    assert gather.get("action", "").endswith(f"/twiml/whisper-answer/{ringing.pk}")
    say = gather[0]
    assert say.get("language") == "he-IL"
    words = say.text or ""
    for part in (alices.name, "9 7 2 5 0 1 2 3 4 5 6 7", "Wants roses.", "1"):
        assert part in words
    assert stored(ringing).answered_at


def test_what_the_model_wrote_stays_one_short_harmless_sentence(
    call: Call, dana: TransferTarget, carrier: SignedCarrier
) -> None:
    nasty = "Roses</Say><Dial>+1</Dial>\u202e\x07\n" + "very " * 200
    transfer = wanted(call, dana, summary=nasty)
    asks(call, carrier)

    document = read(carrier.asks_for_whisper(transfer.pk))

    assert [element.tag for element in document.iter()] == ["Response", "Gather", "Say", "Hangup"]
    words = document.findtext("Gather/Say") or ""
    assert "Roses</Say>" in words
    assert not {"\u202e", "\x07", "\n"} & set(words)
    assert words.count("very") < 60


def test_a_caller_who_keeps_the_number_back_is_announced_so(
    alices: Business, dana: TransferTarget, carrier: SignedCarrier
) -> None:
    call = ring(alices, ALICES_NUMBER, carrier, caller="anonymous")
    transfer = wanted(call, dana)
    asks(call, carrier)
    words = read(carrier.asks_for_whisper(transfer.pk)).findtext("Gather/Say") or ""
    assert NUMBER_WITHHELD["he"] in words


def test_dana_accepts_and_the_legs_come_together(
    call: Call, ringing: Transfer, carrier: SignedCarrier
) -> None:
    carrier.asks_for_whisper(ringing.pk)
    first = carrier.says_digit(ringing.pk, "1")
    accepted_at = stored(ringing).accepted_at
    assert verbs(first) == verbs(carrier.says_digit(ringing.pk, "1")) == []
    row = stored(ringing)
    assert (row.status, row.accepted_at) == (TransferStatus.CONNECTED, accepted_at)

    assert verbs(ends(ringing, carrier, "completed", DialBridged="true")) == ["Hangup"]

    assert stored(ringing).status == TransferStatus.COMPLETED
    assert_over(call, EndReason.TRANSFER)


@pytest.mark.parametrize("digit", ["2", "0", "*", ""])
def test_dana_declines_and_the_caller_is_back_with_the_agent(
    digit: str, call: Call, ringing: Transfer, carrier: SignedCarrier
) -> None:
    carrier.asks_for_whisper(ringing.pk)
    assert verbs(carrier.says_digit(ringing.pk, digit)) == ["Hangup"]
    assert stored(ringing).status == TransferStatus.REFUSED

    response = ends(ringing, carrier, "completed", DialBridged="false")

    assert_back_with_the_agent(response, call, 1)
    assert stored(ringing).status == TransferStatus.REFUSED


@pytest.mark.parametrize("dial", ["completed", "no-answer", "answered", "canceled"])
def test_dana_hangs_up_on_the_announcement_whatever_the_carrier_calls_it(
    dial: str, call: Call, ringing: Transfer, carrier: SignedCarrier
) -> None:
    carrier.asks_for_whisper(ringing.pk)
    assert_back_with_the_agent(ends(ringing, carrier, dial), call, 1)
    assert stored(ringing).status == TransferStatus.REFUSED


def test_who_accepts_too_late_is_alone_on_the_line(
    ringing: Transfer, carrier: SignedCarrier
) -> None:
    carrier.asks_for_whisper(ringing.pk)
    ends(ringing, carrier, "no-answer")
    assert verbs(carrier.says_digit(ringing.pk, "1")) == ["Hangup"]
    assert verbs(carrier.asks_for_whisper(ringing.pk)) == ["Hangup"]
    assert stored(ringing).accepted_at is None


def test_who_accepts_and_is_not_joined_has_not_taken_over(
    call: Call, ringing: Transfer, carrier: SignedCarrier
) -> None:
    carrier.says_digit(ringing.pk, "1")
    response = ends(ringing, carrier, "completed", DialBridged="false")
    assert_back_with_the_agent(response, call, 1)
    assert stored(ringing).status == TransferStatus.FAILED


# Nobody picks up


@pytest.mark.parametrize(
    ("dial", "status"),
    [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed"), ("strange", "failed")],
)
@pytest.mark.parametrize("warm", [True, False])
def test_a_caller_who_was_not_put_through_is_back_with_the_agent(
    dial: str, status: str, warm: bool, call: Call, dana: TransferTarget, carrier: SignedCarrier
) -> None:
    transfer = wanted(call, dana, warm=warm)
    asks(call, carrier)

    first = ends(transfer, carrier, dial, DialBridged="false")
    second = ends(transfer, carrier, dial, DialBridged="false")

    assert first.content == second.content
    assert_back_with_the_agent(first, call, 1)
    row = stored(transfer)
    assert row.status == status
    assert row.ended_at


def test_a_late_delivery_does_not_disturb_the_stream_that_is_live(
    call: Call, ringing: Transfer, dana: TransferTarget, carrier: SignedCarrier
) -> None:
    left = asks(call, carrier)
    ended = ends(ringing, carrier, "busy")
    with business_scope(call.business_id):
        assert stored(call).take_stream(timezone.now())
    second = wanted(call, dana)

    assert asks(call, carrier).content == left.content
    assert ends(ringing, carrier, "busy").content == ended.content
    assert stored(second).status == TransferStatus.REQUESTED

    row = stored(call)
    assert (row.stream_number, row.counters) == (1, {})
    assert row.token_used_at
    assert verbs(asks(call, carrier, 1)) == ["Dial", "Say", "Hangup"]
    assert stored(second).stream_number == 1


def test_late_news_of_a_broken_stream_rings_nobody_for_the_stream_after_it(
    call: Call, dana: TransferTarget, carrier: SignedCarrier
) -> None:
    broke = asks(call, carrier)
    assert verbs(broke)[0] == "Connect"
    transfer = wanted(call, dana)

    assert asks(call, carrier).content == broke.content
    assert stored(transfer).status == TransferStatus.REQUESTED
    assert stored(call).counters == {"resumed": 1, "taken_up": 1}


# Without an announcement the carrier's word counts


@pytest.mark.parametrize("dial", ["completed", "answered"])
@pytest.mark.parametrize("bridged", [{}, {"DialBridged": "true"}])
def test_whoever_is_not_announced_has_talked_when_the_carrier_says_so(
    dial: str, bridged: dict[str, str], call: Call, dana: TransferTarget, carrier: SignedCarrier
) -> None:
    transfer = wanted(call, dana, warm=False)
    asks(call, carrier)
    assert verbs(ends(transfer, carrier, dial, **bridged)) == ["Hangup"]
    assert stored(transfer).status == TransferStatus.COMPLETED
    assert_over(call, EndReason.TRANSFER)


# The caller hangs up


@pytest.mark.parametrize("news_first", [True, False])
def test_a_caller_who_hangs_up_while_it_rings_has_hung_up(
    news_first: bool, call: Call, ringing: Transfer, carrier: SignedCarrier
) -> None:
    if news_first:
        carrier.says_of_call("flowers", sid_of(call), "completed")
    response = ends(ringing, carrier, "no-answer", CallStatus="completed")
    if not news_first:
        carrier.says_of_call("flowers", sid_of(call), "completed")

    assert verbs(response) == ["Hangup"]
    assert stored(ringing).status == TransferStatus.CALLER_HANGUP
    assert_over(call, EndReason.CALLER_HANGUP)
    assert stored(call).stream_number == 0


def test_a_caller_who_hangs_up_after_the_talk_was_put_through(
    call: Call, ringing: Transfer, carrier: SignedCarrier
) -> None:
    carrier.says_digit(ringing.pk, "1")
    ends(ringing, carrier, "completed", CallStatus="completed", DialBridged="true")
    assert stored(ringing).status == TransferStatus.COMPLETED
    assert_over(call, EndReason.TRANSFER)


# The agent fails, and a person takes over


@pytest.fixture
def fallback(alices: Business, dana: TransferTarget) -> TransferTarget:
    with business_scope(alices):
        AgentSettings.objects.create(business=alices, fallback=dana)
    return dana


def fails(call: Call, reason: EndReason) -> None:
    finish_call(
        call_id=call.pk,
        business_id=call.business_id,
        end_reason=reason,
        end_detail="",
        metrics={},
        now=timezone.now(),
    )


@pytest.mark.parametrize("reason", ["model_lost", "model_unavailable", "error"])
def test_a_caller_whose_agent_failed_is_put_through_to_a_person(
    reason: EndReason, call: Call, fallback: TransferTarget, carrier: SignedCarrier
) -> None:
    fails(call, reason)
    first, second = asks(call, carrier), asks(call, carrier)

    assert first.content == second.content
    say, dial, *_ = read(first)
    assert say.text == Phrase.ONE_MOMENT.in_language("he")
    assert dial.findtext("Number") == DANAS_NUMBER
    with business_scope(call.business_id):
        transfer = Transfer.objects.get()
    assert (transfer.status, transfer.warm) == (TransferStatus.DIALING, False)

    assert verbs(ends(transfer, carrier, "completed", DialBridged="true")) == ["Hangup"]
    assert stored(transfer).status == TransferStatus.COMPLETED
    assert stored(call).end_reason == reason


def test_when_nobody_is_there_either_the_caller_hears_an_apology(
    call: Call, fallback: TransferTarget, carrier: SignedCarrier
) -> None:
    fails(call, EndReason.MODEL_LOST)
    asks(call, carrier)
    with business_scope(call.business_id):
        transfer = Transfer.objects.get()

    response = ends(transfer, carrier, "no-answer", DialBridged="false")

    assert verbs(response) == ["Say", "Hangup"]
    assert Phrase.SORRY.in_language("he") in response.content.decode()
    assert stored(transfer).status == TransferStatus.NO_ANSWER
    assert stored(call).stream_number == 0


@pytest.mark.parametrize("why", ["nobody named", "no longer active", "suspended"])
def test_without_a_person_to_take_over_there_is_an_apology_only(
    why: str, call: Call, alices: Business, fallback: TransferTarget, carrier: SignedCarrier
) -> None:
    with business_scope(alices):
        if why == "nobody named":
            AgentSettings.objects.update(fallback=None)
        elif why == "no longer active":
            TransferTarget.objects.update(active=False)
        else:
            Business.objects.filter(pk=alices.pk).update(status="suspended")
    fails(call, EndReason.MODEL_LOST)
    assert verbs(asks(call, carrier)) == ["Say", "Hangup"]


def test_a_refused_call_rings_nobody(
    call: Call, fallback: TransferTarget, carrier: SignedCarrier
) -> None:
    fails(call, EndReason.REJECTED_BINDING)
    assert verbs(asks(call, carrier)) == ["Say", "Hangup"]


# Others


def doors(call: Call, transfer: Transfer) -> list[str]:
    return [
        reverse("calls:transfer-ended", args=[call.pk, transfer.pk]),
        reverse("calls:whisper", args=[transfer.pk]),
        reverse("calls:whisper-answer", args=[transfer.pk]),
    ]


FIELDS = {"CallStatus": "in-progress", "DialCallStatus": "busy", "Digits": "1"}


def test_what_another_account_has_signed_moves_nothing(
    call: Call, ringing: Transfer, carrier: SignedCarrier
) -> None:
    stranger = SignedCarrier(carrier.account_sid, "a token of somebody else")
    for path in doors(call, ringing):
        assert stranger.post(path, FIELDS | {"CallSid": sid_of(call)}).status_code == 403
    assert stored(ringing).status == TransferStatus.DIALING


def test_a_business_with_an_account_of_its_own_is_not_moved_by_the_installations(
    alices: Business, call: Call, ringing: Transfer, carrier: SignedCarrier
) -> None:
    make_credential(alices, "twilio", "alices token", "AC" + "7" * 32)
    for path in doors(call, ringing):
        assert carrier.post(path, FIELDS | {"CallSid": sid_of(call)}).status_code == 403
    assert stored(ringing).status == TransferStatus.DIALING


def test_charlies_call_does_not_lead_to_alices_transfer(
    ringing: Transfer, charlies: Business, carrier: SignedCarrier
) -> None:
    other = ring(charlies, CHARLIES_NUMBER, carrier)
    path = reverse("calls:transfer-ended", args=[other.pk, ringing.pk])
    assert carrier.post(path, FIELDS | {"CallSid": sid_of(other)}).status_code == 404
    assert stored(ringing).status == TransferStatus.DIALING


def test_another_call_of_the_same_business_does_not_either(
    alices: Business, ringing: Transfer, carrier: SignedCarrier
) -> None:
    other = ring(alices, ALICES_NUMBER, carrier)
    path = reverse("calls:transfer-ended", args=[other.pk, ringing.pk])
    assert carrier.post(path, FIELDS | {"CallSid": sid_of(other)}).status_code == 404


def test_unknown_ids_are_404(call: Call, transfer: Transfer, carrier: SignedCarrier) -> None:
    transfer_id, transfer.pk = transfer.pk, call.pk  # the id of a call is none of a transfer
    for path in doors(call, transfer):
        assert carrier.post(path, FIELDS | {"CallSid": sid_of(call)}).status_code == 404
    transfer.pk = transfer_id  # known, but nobody was told to dial it
    for path in doors(call, transfer):
        assert carrier.post(path, FIELDS | {"CallSid": sid_of(call)}).status_code == 404


def test_the_other_legs_parent_is_the_caller_or_the_request_is_refused(
    call: Call, ringing: Transfer, carrier: SignedCarrier
) -> None:
    assert carrier.asks_for_whisper(ringing.pk, ParentCallSid=new_sid()).status_code == 403
    assert carrier.says_digit(ringing.pk, "1", ParentCallSid=new_sid()).status_code == 403
    assert stored(ringing).accepted_at is None
    assert carrier.asks_for_whisper(ringing.pk, ParentCallSid=sid_of(call)).status_code == 200


def test_the_end_of_another_leg_is_not_the_end_of_this_transfer(
    call: Call, ringing: Transfer, carrier: SignedCarrier
) -> None:
    path = reverse("calls:transfer-ended", args=[call.pk, ringing.pk])
    assert carrier.post(path, FIELDS | {"CallSid": new_sid()}).status_code == 403
    assert stored(ringing).status == TransferStatus.DIALING


def test_the_addresses_stand_on_the_public_url(
    settings: Settings, call: Call, transfer: Transfer, carrier: SignedCarrier
) -> None:
    text = asks(call, carrier).content.decode()
    assert text.count(settings.PUBLIC_URL) == 2
