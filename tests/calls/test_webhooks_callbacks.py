from __future__ import annotations

import itertools
from typing import Any
from xml.etree import ElementTree

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from calls.actions import finish_call
from calls.models import Call, CallbackEvent, CallStatus, EndReason
from calls.phrases import Phrase
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.carrier import SignedCarrier, new_sid
from tests.calls.conftest import ALICES_NUMBER


@pytest.fixture
def call(alices: Business, carrier: SignedCarrier) -> Call:
    """A call that has just been put on the media socket."""
    carrier.rings("flowers", ALICES_NUMBER)
    with business_scope(alices):
        return Call.objects.for_business(alices).get()


def sid_of(call: Call) -> str:
    assert call.call_sid
    return call.call_sid


def stored(call: Call) -> Call:
    with business_scope(call.business_id):
        return Call.objects.get(pk=call.pk)


def events(business: Business) -> list[CallbackEvent]:
    with business_scope(business):
        return list(CallbackEvent.objects.for_business(business).order_by("received_at"))


def verbs(response: HttpResponse) -> list[str]:
    assert response.status_code == 200
    document = ElementTree.fromstring(response.content)  # noqa: S314 - our own document
    return [verb.tag for verb in document]


def ended(call: Call, reason: EndReason, **given: Any) -> None:
    facts: dict[str, Any] = {"metrics": {}, "now": timezone.now()} | given
    finish_call(
        call_id=call.pk,
        business_id=call.business_id,
        end_reason=reason,
        end_detail="",
        **facts,
    )


# What becomes of the call


STATUSES = [("ringing", "1"), ("in-progress", "2"), ("completed", "3")]


@pytest.mark.parametrize("order", list(itertools.permutations(STATUSES)))
def test_statuses_in_any_order_and_repeated_leave_one_final_call(
    order: tuple[tuple[str, str], ...], alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    for status, sequence in (*order, *order):
        response = carrier.says_of_call(
            "flowers", sid_of(call), status, SequenceNumber=sequence, CallDuration="42"
        )
        assert (response.status_code, response.content) == (204, b"")

    row = stored(call)
    assert (row.status, row.duration_s) == (CallStatus.COMPLETED, 42)
    assert row.ended_at
    assert len(events(alices)) == len(STATUSES)


def test_every_callback_is_kept_word_for_word(
    alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    carrier.says_of_call("flowers", sid_of(call), "completed", SipResponseCode="487", Odd="")

    [event] = events(alices)
    assert event.call_id == call.pk
    assert event.payload["SipResponseCode"] == "487"
    assert event.payload["Odd"] == ""
    assert event.event == "completed"


def test_a_length_that_was_left_blank_is_none(call: Call, carrier: SignedCarrier) -> None:
    response = carrier.says_of_call("flowers", sid_of(call), "completed", CallDuration="")
    assert response.status_code == 204
    assert (stored(call).status, stored(call).duration_s) == (CallStatus.COMPLETED, None)


def test_a_sequence_number_that_is_known_says_nothing_new(
    alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    carrier.says_of_call("flowers", sid_of(call), "ringing", SequenceNumber="1")
    response = carrier.says_of_call("flowers", sid_of(call), "completed", SequenceNumber="1")

    assert response.status_code == 204
    assert stored(call).is_live
    assert [event.event for event in events(alices)] == ["ringing"]


def test_a_retry_without_a_sequence_number_is_known_by_its_token(
    alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    for _ in range(2):
        carrier.says_of_stream(
            call.pk, sid_of(call), "stream-error", I_Twilio_Idempotency_Token="t-1"
        )

    assert len(events(alices)) == 1
    assert stored(call).counters == {"stream_errors": 1}


def test_a_status_that_the_carrier_has_never_used_is_kept_and_changes_nothing(
    alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    assert carrier.says_of_call("flowers", sid_of(call), "teleported").status_code == 204
    assert stored(call).status == CallStatus.RINGING
    assert len(events(alices)) == 1


def test_a_callback_of_an_unknown_call_is_kept_apart_and_never_attached(
    alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    assert carrier.says_of_call("flowers", new_sid(), "completed").status_code == 204

    [event] = events(alices)
    assert event.call_id is None
    assert stored(call).is_live
    with business_scope(alices):
        assert Call.objects.count() == 1
        assert list(CallbackEvent.objects.for_business(alices).quarantined()) == [event]


def test_a_callback_at_another_business_does_not_reach_the_call(
    call: Call, charlies: Business, carrier: SignedCarrier
) -> None:
    carrier.says_of_call("garage", sid_of(call), "completed")

    assert stored(call).is_live
    assert [event.call_id for event in events(charlies)] == [None]


@pytest.mark.parametrize("wrong", [{"SequenceNumber": "-1"}, {"SequenceNumber": "x"}])
def test_a_malformed_callback_is_a_bad_request(
    wrong: dict[str, str], alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    response = carrier.says_of_call("flowers", sid_of(call), "completed", **wrong)
    assert response.status_code == 400
    assert b"SequenceNumber" in response.content
    assert events(alices) == []


def test_a_stream_error_is_counted(call: Call, carrier: SignedCarrier) -> None:
    carrier.says_of_stream(call.pk, sid_of(call), "stream-started")
    carrier.says_of_stream(call.pk, sid_of(call), "stream-error")
    carrier.says_of_stream(call.pk, sid_of(call), "stream-stopped")

    assert stored(call).counters == {"stream_errors": 1}
    assert stored(call).is_live


@pytest.mark.parametrize("name", ["stream-status", "after-stream"])
def test_a_genuine_request_about_another_call_than_its_address_is_refused(
    name: str, alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    path = reverse(f"calls:{name}", args=[call.pk])
    fields = {"CallSid": new_sid(), "StreamSid": new_sid("MZ"), "StreamEvent": "stream-stopped"}

    assert carrier.post(path, fields).status_code == 403
    assert events(alices) == []
    assert stored(call).is_live


# What the caller hears after the stream


@pytest.mark.parametrize(
    "reason",
    ["caller_hangup", "agent_goodbye", "silence", "max_duration", "voicemail", "owner_hangup"],
)
def test_after_a_farewell_the_call_just_ends(
    reason: EndReason, call: Call, carrier: SignedCarrier
) -> None:
    ended(call, reason)
    assert verbs(carrier.asks_what_follows(call.pk, sid_of(call))) == ["Hangup"]


@pytest.mark.parametrize("reason", ["model_lost", "model_unavailable", "error", "rejected_binding"])
def test_a_caller_who_was_left_alone_is_given_an_apology(
    reason: EndReason, call: Call, carrier: SignedCarrier
) -> None:
    ended(call, reason)
    response = carrier.asks_what_follows(call.pk, sid_of(call))

    assert verbs(response) == ["Say", "Hangup"]
    assert Phrase.SORRY.in_language("he") in response.content.decode()
    assert stored(call).end_reason == reason


def next_socket(response: HttpResponse) -> str:
    document = ElementTree.fromstring(response.content)  # noqa: S314 - our own document
    stream = document.find("Connect/Stream")
    assert stream is not None
    return stream.get("url", "")


def test_a_caller_whose_stream_broke_is_taken_up_again(call: Call, carrier: SignedCarrier) -> None:
    first = carrier.asks_what_follows(call.pk, sid_of(call))
    second = carrier.asks_what_follows(call.pk, sid_of(call))

    assert verbs(first) == ["Connect", "Say", "Hangup"]
    assert first.content == second.content
    assert next_socket(first) == f"wss://prosaas.test/ws/media/{call.token(1)}"
    assert f"/twiml/after-stream/{call.pk}/1" in first.content.decode()
    row = stored(call)
    assert (row.stream_number, row.counters) == (1, {"resumed": 1})
    assert row.is_live


def test_a_line_that_breaks_too_often_is_given_up(call: Call, carrier: SignedCarrier) -> None:
    for number in (0, 1):
        response = carrier.asks_what_follows(call.pk, sid_of(call), number)
        assert verbs(response)[0] == "Connect"

    first = carrier.asks_what_follows(call.pk, sid_of(call), 2)
    second = carrier.asks_what_follows(call.pk, sid_of(call), 2)

    assert verbs(first) == ["Say", "Hangup"]
    assert first.content == second.content
    row = stored(call)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.ERROR)
    assert row.end_detail == "The line to the caller broke too often."
    assert row.counters == {"resumed": 2}
    assert row.carrier_final_at is None  # provisional


@pytest.mark.parametrize("news_first", [True, False])
def test_a_caller_who_hung_up_when_the_stream_broke_is_not_waited_for(
    news_first: bool, call: Call, carrier: SignedCarrier
) -> None:
    if news_first:
        carrier.says_of_call("flowers", sid_of(call), "completed")
        assert verbs(carrier.asks_what_follows(call.pk, sid_of(call))) == ["Hangup"]
        assert stored(call).stream_number == 0
    else:
        carrier.asks_what_follows(call.pk, sid_of(call))
        carrier.says_of_call("flowers", sid_of(call), "completed")
    row = stored(call)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.CARRIER)


def test_a_process_that_comes_late_does_not_end_the_stream_after_its_own(
    call: Call, carrier: SignedCarrier
) -> None:
    carrier.asks_what_follows(call.pk, sid_of(call))

    ended(call, EndReason.CARRIER, stream_number=0, metrics={"frames_in": 7})
    assert stored(call).is_live
    assert stored(call).frames_in == 7

    ended(call, EndReason.SILENCE, stream_number=1)
    assert stored(call).end_reason == EndReason.SILENCE


# The news for the process that holds the sockets


@pytest.mark.parametrize("status", ["completed", "busy", "no-answer", "failed", "canceled"])
def test_a_terminal_status_is_announced(
    status: str,
    call: Call,
    carrier: SignedCarrier,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as announced:
        carrier.says_of_call("flowers", sid_of(call), status)
    assert len(announced) == 1


@pytest.mark.parametrize("status", ["queued", "initiated", "ringing", "in-progress"])
def test_a_live_status_is_not_announced(
    status: str,
    call: Call,
    carrier: SignedCarrier,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as announced:
        carrier.says_of_call("flowers", sid_of(call), status)
    assert announced == []
