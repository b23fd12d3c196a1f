from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from calls import tasks
from calls.actions import close_stale_calls, sweeping
from calls.models import (
    AgentSettings,
    Call,
    CallStatus,
    EndReason,
    Transfer,
    TransferTarget,
)
from calls.telephony import CallUnknown, CarrierCall, TelephonyError
from prosaas.celery import app
from tenants.credentials import TwilioAccount
from tenants.models import Business, Credential
from tenants.scoping import NO_SCOPE, business_scope, guard_of
from tests.people import NOW

MUCH_LATER = NOW + timedelta(minutes=10)


class AskedCarrier:
    """Stands in for the REST API: answers by CallSid, and remembers what it was asked."""

    def __init__(self) -> None:
        self.knows: dict[str, CarrierCall | TelephonyError] = {}
        self.asked: list[str] = []
        self.hung_up: list[str] = []

    def says(self, call: Call, status: str, **more: Any) -> None:
        facts = {"duration_s": None, "ended_at": None} | more
        self.knows[call.call_sid or ""] = CarrierCall(status=status, **facts)

    def fails(self, call: Call, *, permanent: bool) -> None:
        self.knows[call.call_sid or ""] = TelephonyError("No.", permanent=permanent)

    def fetch_call(self, account: TwilioAccount, call_sid: str) -> CarrierCall:
        assert_nothing_is_open()
        self.asked.append(call_sid)
        answer = self.knows.get(call_sid, CallUnknown("Unknown.", permanent=True))
        if isinstance(answer, TelephonyError):
            raise answer
        return answer

    def hang_up(self, account: TwilioAccount, call_sid: str) -> None:
        assert_nothing_is_open()
        self.hung_up.append(call_sid)


def assert_nothing_is_open() -> None:
    """No scope, so no transaction, waits for the carrier."""
    assert guard_of(connection).scope is NO_SCOPE


@pytest.fixture
def rest(monkeypatch: pytest.MonkeyPatch) -> AskedCarrier:
    asked = AskedCarrier()
    monkeypatch.setattr("calls.telephony.fetch_call", asked.fetch_call)
    monkeypatch.setattr("calls.telephony.hang_up", asked.hang_up)
    return asked


def call_of(business: Business, **fields: Any) -> Call:
    given = {
        "direction": "inbound",
        "language": "he",
        "call_sid": f"CA{uuid.uuid4().hex}",
        "created_at": NOW,
        "status": CallStatus.RINGING,
        "token_expires_at": NOW + timedelta(seconds=60),
    }
    with business_scope(business):
        return Call.objects.create(business=business, **given | fields)


def talking(business: Business, **fields: Any) -> Call:
    taken = {"status": CallStatus.IN_PROGRESS, "answered_at": NOW, "token_used_at": NOW}
    return call_of(business, **taken | fields)


def ended(business: Business, **fields: Any) -> Call:
    over = {"status": CallStatus.COMPLETED, "end_reason": EndReason.SILENCE, "ended_at": NOW}
    return talking(business, **over | fields)


def stored(call: Call) -> Call:
    with business_scope(call.business_id):
        return Call.objects.get(pk=call.pk)


def sweep(now: datetime = MUCH_LATER) -> None:
    close_stale_calls(now=now)


def test_a_call_whose_callbacks_were_all_lost_ends_as_the_carrier_says(
    alices: Business, rest: AskedCarrier
) -> None:
    call = talking(alices)
    rest.says(call, "completed", duration_s=95, ended_at=NOW + timedelta(seconds=95))

    sweep()

    row = stored(call)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.CARRIER)
    assert (row.duration_s, row.ended_at) == (95, NOW + timedelta(seconds=95))
    assert row.carrier_final_at == MUCH_LATER
    assert rest.hung_up == []


@pytest.mark.parametrize(
    ("word", "status"),
    [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed"), ("canceled", "canceled")],
)
def test_a_call_that_was_never_answered_ends_as_the_carrier_says(
    word: str, status: str, alices: Business, rest: AskedCarrier
) -> None:
    call = call_of(alices)
    rest.says(call, word)
    sweep()
    assert stored(call).status == status


def test_an_end_that_we_noted_is_confirmed_and_keeps_its_reason(
    alices: Business, rest: AskedCarrier
) -> None:
    call = ended(alices)
    rest.says(call, "completed", duration_s=30)
    sweep()

    row = stored(call)
    assert (row.end_reason, row.ended_at, row.duration_s) == (EndReason.SILENCE, NOW, 30)
    assert row.carrier_final_at


def test_a_call_that_the_carrier_does_not_know_has_failed(
    alices: Business, rest: AskedCarrier
) -> None:
    call = call_of(alices)
    sweep()

    row = stored(call)
    assert (row.status, row.end_reason) == (CallStatus.FAILED, EndReason.ERROR)
    assert row.end_detail == "The carrier does not know this call."


def test_a_settled_call_is_announced_to_whoever_holds_its_sockets(
    alices: Business,
    rest: AskedCarrier,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    rest.says(talking(alices), "completed")
    with django_capture_on_commit_callbacks() as announced:
        sweep()
    assert len(announced) == 1


def test_a_call_that_goes_on_is_left_alone(alices: Business, rest: AskedCarrier) -> None:
    call = talking(alices)
    rest.says(call, "in-progress")
    sweep()

    assert stored(call).is_live
    assert rest.hung_up == []


@pytest.mark.parametrize("status", ["queued", "ringing"])
def test_a_call_that_has_not_been_answered_yet_is_left_alone(
    status: str, alices: Business, rest: AskedCarrier
) -> None:
    call = call_of(alices, token_expires_at=None, direction="outbound")
    rest.says(call, status)
    sweep(NOW + timedelta(hours=3))

    assert stored(call).is_live
    assert rest.hung_up == []


@pytest.mark.parametrize("allowed_s", [60, 7200])
def test_a_call_beyond_what_its_business_allows_is_hung_up(
    allowed_s: int, alices: Business, rest: AskedCarrier
) -> None:
    with business_scope(alices):
        AgentSettings.objects.create(business=alices, max_call_s=allowed_s)
    call = talking(alices)
    rest.says(call, "in-progress")
    longest = NOW + timedelta(seconds=allowed_s) + sweeping.QUIET

    sweep(longest - timedelta(seconds=1))
    assert rest.hung_up == []

    sweep(longest + timedelta(minutes=5))
    assert rest.hung_up == [call.call_sid]
    assert stored(call).end_reason == EndReason.MAX_DURATION


def put_through(call: Call, status: str) -> Transfer:
    with business_scope(call.business_id):
        target = TransferTarget.objects.create(
            business_id=call.business_id, name="Dana", e164="+972500000009"
        )
        return Transfer.objects.create(
            business_id=call.business_id,
            call=call,
            target=target,
            e164=target.e164,
            warm=True,
            ring_s=25,
            status=status,
            stream_number=None if status == "requested" else 0,
            requested_at=NOW,
        )


@pytest.mark.parametrize("status", ["dialing", "connected"])
@pytest.mark.parametrize("made", [talking, ended])
def test_a_caller_who_talks_to_a_person_is_not_hung_up(
    status: str, made: Any, alices: Business, rest: AskedCarrier
) -> None:
    call = made(alices)
    put_through(call, status)
    rest.says(call, "in-progress")

    sweep(NOW + timedelta(hours=2))
    assert rest.hung_up == []

    sweep(NOW + timedelta(hours=5))
    assert rest.hung_up == [call.call_sid]


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        ("requested", "failed", EndReason.CARRIER),
        ("dialing", "caller_hangup", EndReason.CALLER_HANGUP),
        ("connected", "completed", EndReason.TRANSFER),
    ],
)
def test_a_transfer_of_which_the_carrier_never_told_the_end_ends_with_its_call(
    status: str, outcome: str, reason: EndReason, alices: Business, rest: AskedCarrier
) -> None:
    call = talking(alices)
    transfer = put_through(call, status)
    rest.says(call, "completed", duration_s=95)

    sweep()
    assert status_of(transfer) == status  # the news may still be on its way
    sweep(MUCH_LATER + timedelta(minutes=5))

    assert status_of(transfer) == outcome
    assert stored(call).end_reason == reason


def status_of(transfer: Transfer) -> str:
    with business_scope(transfer.business_id):
        return str(Transfer.objects.get(pk=transfer.pk).status)


def test_a_call_whose_media_nobody_took_up_is_hung_up(alices: Business, rest: AskedCarrier) -> None:
    call = call_of(alices)
    rest.says(call, "in-progress")
    sweep()

    assert rest.hung_up == [call.call_sid]
    row = stored(call)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.ERROR)
    assert row.end_detail == "No media stream was opened for the call."


def test_a_call_that_is_over_for_us_and_not_for_the_carrier_is_hung_up(
    alices: Business, rest: AskedCarrier
) -> None:
    call = ended(alices)
    rest.says(call, "in-progress")
    sweep()

    assert rest.hung_up == [call.call_sid]
    assert stored(call).end_reason == EndReason.SILENCE
    assert stored(call).carrier_final_at is None


# Whom it asks, and when


def test_the_carrier_is_asked_neither_too_early_nor_again_at_once(
    alices: Business, rest: AskedCarrier
) -> None:
    call = talking(alices)
    rest.says(call, "in-progress")

    sweep(NOW + sweeping.QUIET - timedelta(seconds=1))
    assert rest.asked == []
    sweep(NOW + sweeping.QUIET)
    sweep(NOW + sweeping.QUIET + timedelta(seconds=60))
    assert rest.asked == [call.call_sid]
    sweep(NOW + 2 * sweeping.QUIET)
    assert rest.asked == [call.call_sid] * 2


def test_calls_of_all_businesses_are_asked_about_each_with_its_own_account(
    alices: Business, charlies: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    with business_scope(charlies):
        Credential.objects.create(
            business=charlies, provider="twilio", account_sid="AC" + "3" * 32, secret="charlie's"
        )
    asked: dict[str, str] = {}

    def fetch(account: TwilioAccount, call_sid: str) -> CarrierCall:
        asked[call_sid] = account.account_sid
        return CarrierCall("completed", 1, None)

    monkeypatch.setattr("calls.telephony.fetch_call", fetch)
    hers, his = talking(alices), talking(charlies)
    sweep()

    assert asked == {hers.call_sid: "AC" + "0" * 32, his.call_sid: "AC" + "3" * 32}


def test_a_call_that_is_settled_is_never_asked_about_again(
    alices: Business, rest: AskedCarrier
) -> None:
    rest.says(talking(alices), "completed")
    sweep()
    sweep(MUCH_LATER + timedelta(days=1))
    assert len(rest.asked) == 1


# A carrier that cannot be asked


def test_a_carrier_that_is_away_is_asked_once_a_sweep_and_again_later(
    alices: Business, rest: AskedCarrier
) -> None:
    calls = [talking(alices) for _ in range(3)]
    for call in calls:
        rest.fails(call, permanent=False)

    sweep()
    assert len(rest.asked) == 1
    assert all(stored(call).is_live for call in calls)

    for call in calls:
        rest.says(call, "completed")
    sweep(MUCH_LATER + sweeping.QUIET)
    assert not any(stored(call).is_live for call in calls)


def test_one_call_that_cannot_be_asked_about_does_not_hold_up_the_others(
    alices: Business, rest: AskedCarrier
) -> None:
    bad, good = talking(alices, created_at=NOW - timedelta(minutes=1)), talking(alices)
    rest.fails(bad, permanent=True)
    rest.says(good, "completed")

    sweep()

    assert stored(bad).is_live
    assert not stored(good).is_live


def test_without_an_account_nobody_is_asked(
    alices: Business, rest: AskedCarrier, settings: Settings
) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    call = talking(alices)
    sweep()
    assert rest.asked == []
    assert stored(call).is_live


def test_after_a_day_without_an_answer_the_row_is_closed(
    alices: Business, rest: AskedCarrier
) -> None:
    live, over = talking(alices), ended(alices)
    for call in (live, over):
        rest.fails(call, permanent=True)

    sweep(NOW + sweeping.GIVE_UP - timedelta(minutes=1))
    assert stored(live).is_live
    sweep(NOW + sweeping.GIVE_UP + timedelta(minutes=5))

    assert (stored(live).status, stored(live).end_reason) == ("completed", "error")
    assert stored(live).end_detail == "The carrier could not be asked how the call ended."
    assert stored(over).end_reason == EndReason.SILENCE
    asked = len(rest.asked)
    sweep(NOW + 2 * sweeping.GIVE_UP)
    assert len(rest.asked) == asked


# The tasks


def test_the_sweep_is_a_task(alices: Business, rest: AskedCarrier) -> None:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    call = talking(alices, created_at=an_hour_ago)
    rest.says(call, "completed")
    tasks.close_stale_calls(a_newer_argument=1)
    assert rest.asked == [call.call_sid]


def test_beat_knows_the_sweep_by_its_name() -> None:
    named = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert tasks.close_stale_calls.name in named
