from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from calls.models import (
    LIVE,
    TERMINAL,
    Call,
    CallbackEvent,
    CallbackSource,
    CallStatus,
    EndReason,
    Lead,
    PromptBinding,
    Recording,
    ToolCall,
    Turn,
)
from prompts.models import Direction, PromptVersion
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.conftest import ALICES_NUMBER, opens
from tests.people import NOW, make_business

LATER = NOW + timedelta(minutes=1)

Report = tuple[CallStatus, int]
HISTORY: list[Report] = [
    (CallStatus.QUEUED, 0),
    (CallStatus.RINGING, 1),
    (CallStatus.IN_PROGRESS, 2),
    (CallStatus.COMPLETED, 3),
]


def call_of(business: Business, **fields: Any) -> Call:
    """Inside the business's scope only."""
    given = {"call_sid": f"CA{uuid.uuid4().hex}", "language": "he", "created_at": NOW} | fields
    return Call.objects.create(business=business, direction=Direction.INBOUND, **given)


def stored(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def report(call: Call, status: CallStatus, sequence: int, now: datetime = LATER) -> bool:
    return call.apply_carrier_status(status, sequence=sequence, now=now, duration=None)


@pytest.fixture
def in_alices(alices: Business) -> Iterator[Business]:
    with business_scope(alices):
        yield alices


# What the carrier says, in any order


@pytest.mark.parametrize("order", list(itertools.permutations(HISTORY)))
def test_statuses_in_any_order_and_repeated_end_as_the_carriers(
    order: tuple[Report, ...], in_alices: Business
) -> None:
    call = call_of(in_alices)
    ranks = []
    for status, sequence in (*order, *order, *reversed(order)):
        before = stored(call).status
        changed = report(call, status, sequence)
        after = stored(call).status
        assert changed or after == before
        ranks.append(list(CallStatus).index(CallStatus(after)))

    assert ranks == sorted(ranks)  # never backwards
    assert stored(call).status == CallStatus.COMPLETED
    assert stored(call).carrier_final_at == LATER


@pytest.mark.parametrize("last", [status for status in TERMINAL if status != CallStatus.REJECTED])
@pytest.mark.parametrize("late", list(CallStatus))
def test_a_terminal_status_absorbs_whatever_comes_late(
    last: CallStatus, late: CallStatus, in_alices: Business
) -> None:
    call = call_of(in_alices)
    assert report(call, last, 3)

    assert not report(call, late, 1)
    assert stored(call).status == last


def test_a_repeated_status_changes_nothing(in_alices: Business) -> None:
    call = call_of(in_alices)
    assert report(call, CallStatus.RINGING, 1)
    assert not report(call, CallStatus.RINGING, 1)


def test_the_first_in_progress_says_when_the_call_was_answered(in_alices: Business) -> None:
    call = call_of(in_alices)
    report(call, CallStatus.IN_PROGRESS, 2, NOW)
    report(call, CallStatus.IN_PROGRESS, 2, LATER)
    assert stored(call).answered_at == NOW


def test_the_carrier_confirms_an_end_that_we_noted_and_tells_its_length(
    in_alices: Business,
) -> None:
    call = call_of(in_alices)
    finish(call, EndReason.AGENT_GOODBYE, now=NOW)
    assert stored(call).carrier_final_at is None

    assert call.apply_carrier_status(CallStatus.COMPLETED, sequence=3, now=LATER, duration=61)

    row = stored(call)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.AGENT_GOODBYE)
    assert (row.ended_at, row.duration_s, row.carrier_final_at) == (NOW, 61, LATER)


def test_the_carriers_last_word_stands_against_our_own_guess(in_alices: Business) -> None:
    call = call_of(in_alices)
    finish(call, EndReason.ERROR)
    report(call, CallStatus.FAILED, 3)
    assert stored(call).status == CallStatus.FAILED


def test_a_refusal_stays_a_refusal_whatever_the_carrier_calls_it(in_alices: Business) -> None:
    call = call_of(
        in_alices,
        status=CallStatus.REJECTED,
        end_reason=EndReason.REJECTED_NO_PROMPT,
        ended_at=NOW,
    )
    assert call.apply_carrier_status(CallStatus.COMPLETED, sequence=3, now=LATER, duration=4)

    row = stored(call)
    assert (row.status, row.end_reason) == (CallStatus.REJECTED, EndReason.REJECTED_NO_PROMPT)
    assert row.duration_s == 4


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_report_at_once_do_not_undo_each_other() -> None:
    business = opens(make_business("flowers", "he"), ALICES_NUMBER)
    with business_scope(business):
        call = call_of(business)
    together = threading.Barrier(2)
    changed: list[tuple[CallStatus, bool]] = []

    def tell(reports: list[Report]) -> None:
        try:
            together.wait()
            for status, sequence in reports:
                with business_scope(business):
                    changed.append((status, report(call, status, sequence)))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=tell, args=(order,)) for order in (HISTORY * 3, HISTORY[::-1] * 3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(changed) == 2 * 3 * len(HISTORY)
    assert changed.count((CallStatus.COMPLETED, True)) == 1
    with business_scope(business):
        assert stored(call).status == CallStatus.COMPLETED
        assert stored(call).carrier_sequence == 3


# Why it ended


def finish(
    call: Call, reason: EndReason, *, now: datetime = LATER, detail: str = "", **metrics: Any
) -> None:
    call.finish(end_reason=reason, end_detail=detail, metrics=metrics, now=now)


def test_the_first_reason_stays(in_alices: Business) -> None:
    call = call_of(in_alices)
    finish(call, EndReason.AGENT_GOODBYE, now=NOW, detail="Said goodbye.")
    finish(call, EndReason.MODEL_LOST, detail="Lost.")

    row = stored(call)
    assert (row.end_reason, row.end_detail) == (EndReason.AGENT_GOODBYE, "Said goodbye.")
    assert (row.status, row.ended_at) == (CallStatus.COMPLETED, NOW)


@pytest.mark.parametrize("end", [CallStatus.COMPLETED, CallStatus.FAILED])
def test_a_reason_replaces_that_the_carrier_ended_it(end: CallStatus, in_alices: Business) -> None:
    call = call_of(in_alices)
    report(call, end, 3, NOW)
    assert stored(call).end_reason == EndReason.CARRIER

    finish(call, EndReason.CALLER_HANGUP, detail="Hung up.")

    row = stored(call)
    assert (row.end_reason, row.end_detail) == (EndReason.CALLER_HANGUP, "Hung up.")
    assert (row.status, row.ended_at) == (end, NOW)


def test_that_the_carrier_ended_it_replaces_no_reason(in_alices: Business) -> None:
    call = call_of(in_alices)
    finish(call, EndReason.SILENCE)
    finish(call, EndReason.CARRIER)
    assert stored(call).end_reason == EndReason.SILENCE


def test_what_was_first_told_of_the_carriers_end_stays(in_alices: Business) -> None:
    call = call_of(in_alices)
    finish(call, EndReason.CARRIER, detail="The media stream broke off.")
    finish(call, EndReason.CARRIER, detail="Something else.")
    assert stored(call).end_detail == "The media stream broke off."


def test_what_was_measured_is_kept_also_when_the_end_is_known_already(in_alices: Business) -> None:
    call = call_of(in_alices)
    report(call, CallStatus.COMPLETED, 3)
    finish(
        call,
        EndReason.CALLER_HANGUP,
        frames_in=500,
        usage={"audio_in": 7},
        full_confirmed=True,
        compact_sent_at=NOW,
    )

    row = stored(call)
    assert (row.frames_in, row.usage, row.full_confirmed) == (500, {"audio_in": 7}, True)
    assert row.compact_sent_at == NOW


def test_counters_of_callbacks_and_of_the_bridge_are_kept_both(in_alices: Business) -> None:
    call = call_of(in_alices)
    call.count("stream_errors")
    finish(call, EndReason.CALLER_HANGUP, counters={"unknown_message": 2})
    call.count("stream_errors")
    assert stored(call).counters == {"stream_errors": 2, "unknown_message": 2}


def test_what_several_streams_measured_adds_up_and_firsts_stay(in_alices: Business) -> None:
    call = call_of(in_alices)
    call.add_metrics(
        {
            "stream_sid": "MZ1",
            "frames_in": 500,
            "heard_ms": 900,
            "greeting_latency_ms": 80,
            "usage": {"text_in": 0, "audio_in": 7},
            "counters": {"late_audio": 1},
            "compact_sent_at": NOW,
            "full_confirmed": None,
        }
    )
    finish(
        call,
        EndReason.SILENCE,
        stream_sid="MZ2",
        frames_in=20,
        heard_ms=100,
        greeting_latency_ms=9,
        usage={"audio_in": 3, "audio_out": 5},
        counters={"late_audio": 2},
        compact_sent_at=LATER,
        full_confirmed=True,
    )

    row = stored(call)
    assert (row.frames_in, row.heard_ms, row.counters) == (520, 1000, {"late_audio": 3})
    assert row.usage == {"text_in": 0, "audio_in": 10, "audio_out": 5}
    assert (row.stream_sid, row.greeting_latency_ms, row.compact_sent_at) == ("MZ1", 80, NOW)
    assert row.full_confirmed is True


def test_a_figure_that_no_column_holds_is_our_own_mistake(in_alices: Business) -> None:
    call = call_of(in_alices)
    with pytest.raises(ValueError, match="direction"):
        finish(call, EndReason.SILENCE, direction="outbound")
    assert stored(call).is_live


def test_a_call_whose_prompt_is_anothers_is_rejected(in_alices: Business) -> None:
    call = call_of(in_alices)
    finish(call, EndReason.REJECTED_BINDING)
    assert stored(call).status == CallStatus.REJECTED


# The media token


def test_a_token_serves_once(in_alices: Business) -> None:
    call = call_of(in_alices, token_expires_at=LATER)

    assert call.take_stream(NOW)
    assert not call.take_stream(NOW)

    row = stored(call)
    assert (row.status, row.answered_at, row.token_used_at) == (CallStatus.IN_PROGRESS, NOW, NOW)


@pytest.mark.parametrize("late", [LATER, LATER + timedelta(seconds=1)])
def test_an_expired_token_does_not_serve(late: datetime, in_alices: Business) -> None:
    call = call_of(in_alices, token_expires_at=LATER)
    assert not call.take_stream(late)
    assert stored(call).token_used_at is None


def test_a_call_that_is_over_is_not_taken_up(in_alices: Business) -> None:
    call = call_of(in_alices, token_expires_at=LATER)
    report(call, CallStatus.CANCELED, 1)
    assert not call.take_stream(NOW)
    assert stored(call).status == CallStatus.CANCELED


def test_the_next_stream_has_a_token_of_its_own(in_alices: Business) -> None:
    call = call_of(in_alices, token_expires_at=LATER)
    assert call.take_stream(NOW)

    assert call.next_stream(0, LATER)
    assert not call.next_stream(0, LATER)  # said already

    row = stored(call)
    assert (row.stream_number, row.token_used_at) == (1, None)
    assert not call.take_stream(LATER)  # the stream before, late
    assert row.take_stream(LATER)
    assert stored(call).answered_at == NOW


@pytest.mark.django_db(transaction=True)
def test_of_two_deliveries_at_once_one_opens_the_next_stream() -> None:
    business = opens(make_business("flowers", "he"), ALICES_NUMBER)
    with business_scope(business):
        call = call_of(business, token_expires_at=LATER)
    together = threading.Barrier(2)
    answers: list[bool] = []

    def ask() -> None:
        try:
            together.wait()
            with business_scope(business):
                answers.append(call.resume(0, NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [True, True]
    with business_scope(business):
        row = stored(call)
    assert (row.stream_number, row.counters) == (1, {"resumed": 1})


def test_a_call_that_is_over_has_no_next_stream(in_alices: Business) -> None:
    call = call_of(in_alices, token_expires_at=LATER)
    report(call, CallStatus.COMPLETED, 3)
    assert not call.next_stream(0, LATER)
    assert stored(call).stream_number == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_sockets_at_once_one_gets_the_call() -> None:
    business = opens(make_business("flowers", "he"), ALICES_NUMBER)
    with business_scope(business):
        call = call_of(business, token_expires_at=LATER)
    together = threading.Barrier(2)
    taken: list[bool] = []

    def connect() -> None:
        try:
            together.wait()
            with business_scope(business):
                taken.append(call.take_stream(NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=connect) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == [False, True]


# What the database holds, whatever the code does


@pytest.mark.parametrize(
    "change",
    [
        {"direction": "outbound"},
        {"call_sid": "CA" + "0" * 32},
        {"call_sid": None},
        {"status": "unheard_of"},
        {"end_reason": "unheard_of"},
        {"status": "completed"},  # without a moment and a reason
        {"ended_at": NOW},  # while it is live
        {"end_reason": "silence"},
        {"token_used_at": NOW},  # without ever having had one
        {"frames_in": -1},
    ],
)
def test_the_database_refuses_what_a_call_can_never_be(
    change: dict[str, Any], in_alices: Business
) -> None:
    call = call_of(in_alices)
    with pytest.raises(IntegrityError), transaction.atomic():
        Call.objects.filter(pk=call.pk).update(**change)
    assert stored(call).direction == Direction.INBOUND


def test_a_call_never_moves_to_another_business(alices: Business, charlies: Business) -> None:
    with business_scope(alices):
        call = call_of(alices)
        with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
            Call.objects.filter(pk=call.pk).update(business=charlies)


def test_an_unnamed_call_is_named_once(in_alices: Business) -> None:
    call = call_of(in_alices, call_sid=None)
    named = Call.objects.filter(pk=call.pk)
    assert named.update(call_sid="CA" + "1" * 32) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        named.update(call_sid="CA" + "2" * 32)


def test_two_calls_of_a_business_never_share_a_call_sid(in_alices: Business) -> None:
    call = call_of(in_alices)
    with pytest.raises(IntegrityError), transaction.atomic():
        call_of(in_alices, call_sid=call.call_sid)


def test_a_call_cannot_point_at_the_lead_of_another_business(
    alices: Business, charlies: Business
) -> None:
    with business_scope(charlies):
        lead = Lead.objects.create(business=charlies, phone_e164="+972500000001")
    with business_scope(alices):
        call_of(alices, lead=lead)
        with pytest.raises(IntegrityError, match="same_business"):
            connection.check_constraints()
        connection.set_rollback(True)


@pytest.mark.parametrize("telephone", ["0501234567", "+0", "+97250123456789012", "anonymous"])
def test_a_lead_has_a_telephone_in_international_form(telephone: str, in_alices: Business) -> None:
    with pytest.raises(Exception, match="lead_e164|too long"), transaction.atomic():
        Lead.objects.create(business=in_alices, phone_e164=telephone)


def test_what_was_bound_and_what_was_told_can_be_neither_changed_nor_removed(
    in_alices: Business,
) -> None:
    call = call_of(in_alices)
    version = PromptVersion.objects.get(prompt__direction=Direction.INBOUND)
    PromptBinding.objects.create(
        business=in_alices, call=call, direction="inbound", version=version, greeting_mode="live"
    )
    event(call).save()

    for rows in (PromptBinding.objects.all(), CallbackEvent.objects.all()):
        with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
            rows.update(business=in_alices)
        with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
            rows._raw_delete(using="default")


@pytest.mark.parametrize(
    "row",
    [
        lambda call: Turn(call=call, position=0, speaker="nobody", item_id="i", started_ms=0),
        lambda call: ToolCall(call=call, tool_call_id="t", name="n", status="unheard_of"),
        lambda call: Recording(call=call, recording_sid="RE1", consent_at=NOW, status="unheard_of"),
        lambda call: Recording(call=call, recording_sid="RE1", consent_at=NOW, channels=3),
        lambda call: Recording(call=call, status="recording", consent_at=NOW),
        lambda call: Recording(call=call, recording_sid="RE1", status="stored", consent_at=NOW),
        lambda call: Recording(call=call, recording_sid="RE1", status="wanted"),
    ],
)
def test_words_outside_the_list_are_refused(row: Any, in_alices: Business) -> None:
    made = row(call_of(in_alices))
    made.business = in_alices
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save()


# Callbacks


def event(call: Call, **fields: Any) -> CallbackEvent:
    given = {
        "business_id": call.business_id,
        "call": call,
        "source": CallbackSource.CALL_STATUS,
        "call_sid": call.call_sid,
        "payload": {},
        "received_at": NOW,
    }
    return CallbackEvent(**given | fields)


@pytest.mark.parametrize("mark", [{"sequence": 2}, {"idempotency_token": "t-1"}])
def test_a_delivery_is_stored_once(mark: dict[str, Any], in_alices: Business) -> None:
    call = call_of(in_alices)
    assert event(call, **mark).store_once()
    assert not event(call, **mark).store_once()
    assert CallbackEvent.objects.count() == 1


def test_deliveries_that_nothing_tells_apart_are_all_stored(in_alices: Business) -> None:
    call = call_of(in_alices)
    assert event(call).store_once()
    assert event(call).store_once()


# Questions


def test_live_calls_are_those_that_are_not_over(in_alices: Business) -> None:
    live = [call_of(in_alices, status=status) for status in LIVE]
    call_of(in_alices, status="completed", end_reason="silence", ended_at=NOW)
    assert set(Call.objects.for_business(in_alices).live()) == set(live)


def test_a_call_is_due_for_a_check_once_nothing_was_heard_of_it(in_alices: Business) -> None:
    def due(before: datetime) -> list[Call]:
        return list(Call.objects.for_business(in_alices).due_for_check(before))

    older = call_of(in_alices, created_at=NOW - timedelta(seconds=1))
    call = call_of(in_alices)
    call_of(in_alices, call_sid=None)  # the carrier cannot be asked about it
    confirmed = call_of(in_alices)
    report(confirmed, CallStatus.COMPLETED, 3, NOW)

    assert due(NOW) == [older, call]
    assert call.claim_check(LATER)
    assert not call.claim_check(LATER)
    assert due(NOW) == [older]
    assert due(LATER) == [older, stored(call)]
