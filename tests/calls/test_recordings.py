"""Recordings: announced before they begin, fetched once, deleted when their time is up."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings as configured
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from calls import resolve, tasks
from calls.actions import (
    connect_outbound,
    keep_recording,
    open_recording,
    recordings_to_keep,
    start_recording,
)
from calls.admission import StreamRefused
from calls.models import (
    AgentSettings,
    Call,
    CallbackEvent,
    Recording,
    RecordingMode,
)
from calls.models.recording import GIVE_UP, LEASE, QUIET, RETRY_AT_MOST
from calls.phrases import Phrase
from calls.telephony import CarrierRecording, RecordingTooLarge, TelephonyError
from tenants.credentials import TwilioAccount
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.calls.carrier import SignedCarrier, new_sid
from tests.calls.conftest import ALICES_NUMBER
from tests.calls.recording_rig import (
    OTHER,
    SID,
    TOLD,
    WAV,
    AskedCarrier,
    a_call,
    announcing,
    awaited,
    decide,
    end,
    files,
    folder,
    kept,
    named,
    not_there,
    opens_stream,
    recordings,
    rest,
    says,
    stored,
    wanted,
    words_of,
    work_on,
)
from tests.people import NOW, make_member, make_published, make_user

__all__ = ["announcing", "folder", "rest"]


# Told before, or not recorded


def test_without_a_decision_nobody_is_recorded(alices: Business, carrier: SignedCarrier) -> None:
    response = carrier.rings("flowers", ALICES_NUMBER)
    assert words_of(response)[0] == "Connect"

    admitted = opens_stream(a_call(alices, carrier), carrier)
    assert admitted.recording_id is None
    assert recordings(alices) == []


@pytest.mark.parametrize("language", ["he", "en", "ar"])
def test_callers_hear_in_their_language_that_they_are_recorded_before_anything_else(
    language: str, announcing: Business, carrier: SignedCarrier
) -> None:
    with business_scope(announcing):
        Business.objects.filter(pk=announcing.pk).update(language=language)

    sid = new_sid()
    first, again = (carrier.rings("flowers", ALICES_NUMBER, call_sid=sid) for _ in range(2))

    said = Phrase.RECORDED.in_language(language)
    assert words_of(first)[:2] == [f"Say {said}", "Connect"]
    assert again.content == first.content
    assert recordings(announcing) == [], "nobody has heard it yet"


def test_a_second_delivery_says_the_same_whatever_was_decided_in_between(
    announcing: Business, carrier: SignedCarrier
) -> None:
    sid = new_sid()
    first = carrier.rings("flowers", ALICES_NUMBER, call_sid=sid)
    decide(announcing, recording=RecordingMode.OFF)
    assert carrier.rings("flowers", ALICES_NUMBER, call_sid=sid).content == first.content


def test_whom_we_call_hears_it_too(announcing: Business) -> None:
    version = make_published(announcing, "outbound")
    with business_scope(announcing):
        call = Call.objects.create(
            business=announcing,
            direction="outbound",
            language="en",
            call_sid=new_sid(),
            created_at=NOW,
        )
        document = connect_outbound(
            call_id=call.pk, business_id=announcing.pk, version=version, now=NOW
        )
    verbs = ElementTree.fromstring(document)  # noqa: S314 - our own document
    assert [verb.tag for verb in verbs][:2] == ["Say", "Connect"]
    assert verbs[0].text == Phrase.RECORDED.in_language("en")


def test_consent_is_the_moment_at_which_the_announcement_was_over(
    announcing: Business, carrier: SignedCarrier
) -> None:
    call = a_call(announcing, carrier)
    told = call.created_at + timedelta(seconds=4)

    admitted = opens_stream(call, carrier, told)

    [recording] = recordings(announcing)
    assert (recording.status, recording.consent_at) == ("wanted", told)
    assert admitted.recording_id == recording.pk


def test_whoever_hangs_up_during_the_announcement_is_not_recorded(
    announcing: Business, carrier: SignedCarrier, rest: AskedCarrier
) -> None:
    call = a_call(announcing, carrier)
    carrier.says_of_call("flowers", call.call_sid or "", "completed")

    with pytest.raises(StreamRefused):
        opens_stream(call, carrier)
    for address in recordings_to_keep(now=NOW + timedelta(days=1)):
        keep_recording(**address._asdict(), now=NOW + timedelta(days=1))

    assert recordings(announcing) == []
    assert rest.asked == []


def test_a_business_that_changed_its_mind_meanwhile_does_not_record(
    announcing: Business, carrier: SignedCarrier
) -> None:
    call = a_call(announcing, carrier)
    decide(announcing, recording=RecordingMode.OFF)
    assert opens_stream(call, carrier).recording_id is None
    assert recordings(announcing) == []


def test_a_call_that_was_not_announced_is_not_recorded_whatever_is_decided_meanwhile(
    alices: Business, carrier: SignedCarrier
) -> None:
    call = a_call(alices, carrier)
    decide(alices, recording=RecordingMode.ANNOUNCED)
    assert opens_stream(call, carrier).recording_id is None
    assert recordings(alices) == []


def test_in_a_second_stream_of_a_call_nothing_is_said_or_begun_again(
    announcing: Business, carrier: SignedCarrier, rest: AskedCarrier
) -> None:
    call = a_call(announcing, carrier)
    first = opens_stream(call, carrier)
    assert first.recording_id
    start_recording(recording_id=first.recording_id, business_id=announcing.pk, now=call.created_at)
    following = carrier.asks_what_follows(call.pk, call.call_sid or "")
    assert words_of(following)[0] == "Connect"

    with business_scope(announcing):
        call.refresh_from_db()
    second = opens_stream(call, carrier)

    assert second.recording_id is None
    assert len(recordings(announcing)) == 1
    assert rest.asked == ["start"]


def test_there_is_no_row_without_consent(alices: Business) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        wanted(alices, consent_at=None)


@pytest.mark.parametrize("days", [0, 366])
def test_recordings_are_kept_between_a_day_and_a_year(days: int, alices: Business) -> None:
    with business_scope(alices), pytest.raises(ValidationError):
        AgentSettings(business=alices, recording_days=days).full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        decide(alices, recording_days=days)


# The start


def test_the_carrier_is_asked_once_and_told_where_to_report(
    alices: Business, rest: AskedCarrier
) -> None:
    recording = wanted(alices)
    for _ in range(2):
        start_recording(recording_id=recording.pk, business_id=alices.pk, now=TOLD)

    row = stored(recording)
    assert (row.status, row.recording_sid, row.started_at) == ("recording", SID, TOLD)
    assert rest.asked == ["start"]
    path = f"/webhooks/twilio/recording/{recording.call_id}"
    assert rest.callbacks == [f"{configured.PUBLIC_URL}{path}"]


def test_while_one_worker_asks_another_finds_nothing_to_do(
    alices: Business, rest: AskedCarrier
) -> None:
    recording = wanted(alices)
    with business_scope(alices):
        assert recording.claim(TOLD)
        assert not stored_copy(recording).claim(TOLD)
    start_recording(recording_id=recording.pk, business_id=alices.pk, now=TOLD)
    assert rest.asked == []
    assert work_on(recording, TOLD + LEASE).status == "recording", "the first one has died"


def stored_copy(recording: Recording) -> Recording:
    """As a second worker had read it, before the first one wrote."""
    return Recording(
        pk=recording.pk,
        business_id=recording.business_id,
        status=recording.status,
        next_try_at=recording.next_try_at,
    )


def test_a_start_whose_answer_was_lost_begins_no_second_recording(
    alices: Business, rest: AskedCarrier
) -> None:
    recording = wanted(alices)
    rest.fails = [TelephonyError("The carrier was not reached.", permanent=False)]
    row = work_on(recording, TOLD)
    assert (row.status, row.next_try_at) == ("wanted", TOLD + timedelta(seconds=15))
    rest.has = [CarrierRecording(SID, "in-progress", None, 2)]

    row = work_on(recording, TOLD + timedelta(seconds=15))

    assert (row.status, row.recording_sid) == ("recording", SID)
    assert rest.asked == ["start", "find"]


def test_a_start_that_never_arrived_is_asked_for_again_while_the_call_lasts(
    alices: Business, rest: AskedCarrier
) -> None:
    recording = wanted(alices)
    rest.fails = [TelephonyError("No.", permanent=True)]
    work_on(recording, TOLD)
    assert work_on(recording, TOLD + timedelta(seconds=15)).status == "recording"
    assert rest.asked == ["start", "find", "start"]


def test_of_a_call_that_is_over_no_recording_is_begun(alices: Business, rest: AskedCarrier) -> None:
    recording = wanted(alices)
    end(recording)
    row = work_on(recording, TOLD)
    assert (row.status, row.next_try_at) == ("missing", None)
    assert rest.asked == ["find"]


# What the carrier tells


@pytest.mark.parametrize("order", list(itertools.permutations(["in-progress", "completed"])))
def test_c11_the_callback_twice_and_in_any_order_is_one_recording(
    order: tuple[str, ...], alices: Business, carrier: SignedCarrier, rest: AskedCarrier
) -> None:
    recording = named(alices)
    for status in (*order, *order):
        response = says(carrier, recording, status)
        assert (response.status_code, response.content) == (204, b"")

    [row] = recordings(alices)
    assert (row.status, row.duration_s, row.channels) == ("awaiting_download", 61, 2)
    assert rest.asked == [], "the carrier does not wait while something is fetched"


def test_c11_a_404_on_the_first_downloads_and_then_the_file_once(
    alices: Business, carrier: SignedCarrier, rest: AskedCarrier, folder: Path
) -> None:
    recording = named(alices)
    for _ in range(2):
        says(carrier, recording, "completed")
    rest.fails = [not_there(), not_there(), not_there()]
    [now] = [row.next_try_at for row in recordings(alices)]

    pauses = []
    for _ in range(3):
        assert now
        row = work_on(recording, now)
        assert (row.status, row.error) == ("awaiting_download", "The carrier answered 404.")
        assert row.next_try_at
        pauses.append((row.next_try_at - now).total_seconds())
        now = row.next_try_at
    assert pauses == [15, 30, 60]

    assert now
    row = work_on(recording, now)
    assert (row.status, row.size, row.error) == ("stored", len(WAV), "")
    [file] = files(folder)
    assert file.read_bytes() == WAV
    says(carrier, recording, "completed")
    assert stored(recording).status == "stored"
    work_on(recording, now)
    assert rest.asked == ["download"] * 4 + ["delete"]


def test_c11_what_is_not_there_after_a_day_is_missing_for_good(
    alices: Business, carrier: SignedCarrier, rest: AskedCarrier, folder: Path
) -> None:
    recording = awaited(alices)
    rest.fails = [not_there() for _ in range(100)]
    now, attempts = TOLD, 0
    while (row := work_on(recording, now)).status == "awaiting_download":
        attempts += 1
        assert row.next_try_at
        assert row.next_try_at - now <= RETRY_AT_MOST
        now = row.next_try_at

    assert GIVE_UP <= now - TOLD <= GIVE_UP + RETRY_AT_MOST
    assert (row.status, row.next_try_at) == ("missing", None)
    assert 24 < attempts < 40
    rest.fails.clear()
    says(carrier, recording, "completed")
    assert work_on(recording, now + GIVE_UP).status == "missing"
    assert files(folder) == []


def test_a_callback_that_is_faster_than_the_carriers_own_answer_names_the_recording(
    alices: Business, carrier: SignedCarrier, rest: AskedCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = wanted(alices)

    def answers_late(account: TwilioAccount, call_sid: str, *, callback: str) -> str:
        assert says(carrier, recording, "completed").status_code == 204
        return SID

    monkeypatch.setattr("calls.telephony.start_recording", answers_late)
    start_recording(recording_id=recording.pk, business_id=alices.pk, now=TOLD)

    [row] = recordings(alices)
    assert (row.status, row.recording_sid) == ("awaiting_download", SID)


@pytest.mark.parametrize("status", ["absent", "failed"])
def test_where_nothing_was_recorded_nothing_is_fetched(
    status: str, alices: Business, carrier: SignedCarrier, rest: AskedCarrier
) -> None:
    recording = named(alices)
    says(carrier, recording, status, RecordingDuration="-1")
    row = stored(recording)
    assert (row.status, row.error) == ("missing", f"The carrier reported {status}.")
    assert recordings_to_keep(now=TOLD) == []


def test_a_recording_of_another_name_is_kept_word_for_word_and_changes_nothing(
    alices: Business, carrier: SignedCarrier
) -> None:
    recording = named(alices)
    before = recordings(alices)
    assert says(carrier, recording, "completed", RecordingSid=OTHER).status_code == 204
    [row] = recordings(alices)
    assert (row.status, row.recording_sid) == (before[0].status, SID)
    with business_scope(alices):
        [event] = CallbackEvent.objects.for_business(alices).filter(source="recording_status")
    assert (event.event, event.payload["RecordingSid"]) == ("completed", OTHER)


def test_nothing_is_made_of_a_recording_that_nobody_has_asked_for(
    alices: Business, carrier: SignedCarrier
) -> None:
    call = a_call(alices, carrier)
    stranger = Recording(call=call, business=alices)
    assert says(carrier, stranger, "completed").status_code == 204
    assert recordings(alices) == []


def test_another_account_and_another_call_are_refused(
    alices: Business, carrier: SignedCarrier
) -> None:
    recording = named(alices)
    stranger = SignedCarrier("AC" + "9" * 32, "another token")
    forged = SignedCarrier(configured.TWILIO_ACCOUNT_SID, "another token")
    assert says(stranger, recording, "completed").status_code == 403
    assert says(forged, recording, "completed").status_code == 403
    assert says(carrier, recording, "completed", AccountSid=stranger.account_sid).status_code == 403
    assert says(carrier, recording, "completed", CallSid=new_sid()).status_code == 403
    assert stored(recording).status == "recording"


def test_a_call_that_nobody_knows_is_not_found(alices: Business, carrier: SignedCarrier) -> None:
    recording = named(alices)
    path = reverse("calls:recording-status", args=[recording.pk])
    fields = {"CallSid": new_sid(), "RecordingSid": SID, "RecordingStatus": "completed"}
    assert carrier.post(path, fields).status_code == 404


def test_a_retry_with_the_same_token_is_kept_once(alices: Business, carrier: SignedCarrier) -> None:
    recording = named(alices)
    for _ in range(2):
        says(carrier, recording, "completed", I_Twilio_Idempotency_Token="t-1")
    with business_scope(alices):
        assert CallbackEvent.objects.for_business(alices).count() == 1


def test_a_recording_whose_callbacks_were_all_lost_is_asked_about_once_its_call_is_over(
    alices: Business, rest: AskedCarrier
) -> None:
    recording = named(alices)
    rest.has = [CarrierRecording(SID, "processing", None, 2)]
    long_after = TOLD + timedelta(hours=1)
    assert recordings_to_keep(now=long_after) == [], "somebody is still talking"
    end(recording, long_after)
    assert recordings_to_keep(now=long_after) == [], "the callback may still come"

    assert work_on(recording, long_after + QUIET).status == "recording"
    rest.has = [CarrierRecording(SID, "completed", 61, 2)]
    row = work_on(recording, long_after + QUIET + timedelta(seconds=15))

    assert (row.status, row.duration_s) == ("awaiting_download", 61)
    assert rest.asked == ["fetch", "fetch"]


# Fetching


def test_a_download_that_breaks_off_leaves_nothing_and_is_tried_again(
    alices: Business, rest: AskedCarrier, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = awaited(alices)

    def breaks_off(*args: object, **kwargs: object) -> Iterator[bytes]:
        yield WAV[:4]
        raise TelephonyError("The recording was not given: ReadTimeout.", permanent=False)

    with monkeypatch.context() as broken:
        broken.setattr("calls.telephony.download_recording", breaks_off)
        row = work_on(recording, TOLD)
    assert (row.status, row.file_name, files(folder)) == ("awaiting_download", "", [])
    assert work_on(recording, TOLD + timedelta(seconds=15)).status == "stored"


def test_a_full_disk_costs_no_recording(alices: Business, rest: AskedCarrier) -> None:
    recording = awaited(alices)
    rest.fails = [OSError(28, "No space left on device")]
    row = work_on(recording, TOLD)
    assert (row.status, row.error) == ("awaiting_download", "It could not be stored: OSError.")


def test_what_is_too_large_is_not_tried_again(
    alices: Business, rest: AskedCarrier, folder: Path
) -> None:
    recording = awaited(alices)
    rest.fails = [RecordingTooLarge("It is larger than 5 bytes.", permanent=True)]
    assert work_on(recording, TOLD).status == "missing"
    assert files(folder) == []


def test_one_that_was_given_up_during_its_download_leaves_no_file(
    alices: Business, rest: AskedCarrier, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = awaited(alices)

    def meanwhile(*args: object, **kwargs: object) -> Iterator[bytes]:
        yield WAV
        with business_scope(alices):
            recording.lose("The carrier reported absent.", TOLD)

    monkeypatch.setattr("calls.telephony.download_recording", meanwhile)
    assert work_on(recording, TOLD).status == "missing"
    assert files(folder) == []


def test_without_an_account_the_row_waits(
    alices: Business, rest: AskedCarrier, settings: Settings
) -> None:
    recording = awaited(alices)
    settings.TWILIO_ACCOUNT_SID = ""
    row = work_on(recording, TOLD)
    assert row.status == "awaiting_download"
    assert "No Twilio account" in row.error
    assert rest.asked == []


def test_what_is_stored_is_deleted_at_the_carrier_however_often_that_fails(
    alices: Business, rest: AskedCarrier
) -> None:
    recording = awaited(alices)
    row = work_on(recording, TOLD)
    rest.fails = [TelephonyError("No.", permanent=False) for _ in range(20)]
    now = TOLD
    while rest.fails:
        row = work_on(recording, now)
        assert (row.status, row.carrier_deleted_at) == ("stored", None)
        assert row.next_try_at
        now = row.next_try_at

    row = work_on(recording, now)
    assert (row.carrier_deleted_at, row.next_try_at, row.error) == (now, None, "")
    assert rest.audio == {}
    assert recordings_to_keep(now=now) == []


# The end of its time


def test_a_recording_is_deleted_when_its_days_are_over_and_not_before(
    alices: Business, rest: AskedCarrier, folder: Path
) -> None:
    decide(alices, recording_days=7)
    recording = kept(alices, rest)
    week_later = TOLD + timedelta(days=7)

    assert recordings_to_keep(now=week_later - timedelta(seconds=1)) == []
    assert work_on(recording, week_later - timedelta(seconds=1)).status == "stored"
    [address] = recordings_to_keep(now=week_later)
    assert address.recording_id == recording.pk
    row = work_on(recording, week_later)

    assert (row.status, row.file_name, files(folder)) == ("deleted", "", [])
    assert recordings_to_keep(now=week_later) == []
    assert rest.asked == []


def test_without_a_decision_thirty_days_are_kept(alices: Business, rest: AskedCarrier) -> None:
    recording = kept(alices, rest)
    assert work_on(recording, TOLD + timedelta(days=29)).status == "stored"
    assert work_on(recording, TOLD + timedelta(days=30)).status == "deleted"


def test_another_businesss_days_are_its_own(
    alices: Business, charlies: Business, rest: AskedCarrier
) -> None:
    decide(charlies, recording_days=1)
    recording = kept(alices, rest)
    assert recordings_to_keep(now=TOLD + timedelta(days=2)) == []
    assert work_on(recording, TOLD + timedelta(days=2)).status == "stored"


def test_a_copy_that_only_the_carrier_has_is_deleted_there_in_its_time(
    alices: Business, rest: AskedCarrier
) -> None:
    missing = named(alices, status="missing", next_try_at=None)
    later = TOLD + timedelta(days=30)
    assert work_on(missing, later).status == "deleted"
    assert work_on(missing, later).carrier_deleted_at == later
    assert rest.asked == ["delete"]


def test_deleting_twice_or_a_file_that_is_gone_is_no_error(
    alices: Business, rest: AskedCarrier, folder: Path
) -> None:
    recording = kept(alices, rest)
    [file] = files(folder)
    file.unlink()
    for _ in range(2):
        assert work_on(recording, TOLD + timedelta(days=30)).status == "deleted"


# The tasks


def test_the_sweep_asks_for_one_task_a_row(
    alices: Business, charlies: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [awaited(alices), awaited(charlies)]
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.keep_recording, "apply_async", lambda **how: asked.append(how))

    tasks.sweep_recordings()

    assert sorted(how["kwargs"]["recording_id"] for how in asked) == sorted(
        str(row.pk) for row in rows
    )
    assert all(how["expires"] < 10 for how in asked)


def test_the_task_does_what_is_due(alices: Business, rest: AskedCarrier) -> None:
    recording = awaited(alices)
    ids = {"recording_id": str(recording.pk), "business_id": str(alices.pk)}
    tasks.keep_recording(**ids, something_new=1)
    assert stored(recording).status == "stored"


def test_a_task_is_ended_before_its_claim_and_the_brokers_patience_are() -> None:
    longest = configured.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert tasks.keep_recording.time_limit < min(LEASE.total_seconds(), longest)


def test_a_business_id_of_somebody_else_has_no_effect(
    alices: Business, charlies: Business, rest: AskedCarrier
) -> None:
    recording = awaited(alices)
    keep_recording(recording_id=recording.pk, business_id=charlies.pk, now=TOLD)
    start_recording(recording_id=recording.pk, business_id=charlies.pk, now=TOLD)
    assert rest.asked == []
    assert stored(recording).status == "awaiting_download"


def test_due_rows_are_found_by_address_alone(alices: Business) -> None:
    recording = awaited(alices)
    [address] = resolve.recordings_to_keep(now=TOLD, most=1)
    assert address == (recording.pk, alices.pk)


# Hearing it


def audit_of(business: Business) -> list[AuditEvent]:
    with business_scope(business):
        return list(AuditEvent.objects.for_business(business).filter(action="recording.heard"))


def test_the_owner_and_a_manager_hear_it_and_that_is_on_record(
    alices: Business, alice: User, bob: User, rest: AskedCarrier
) -> None:
    recording = kept(alices, rest)
    for person in (alice, bob):
        with open_recording(recording=recording, by=person, now=TOLD) as audio:
            assert audio.read() == WAV

    events = audit_of(alices)
    assert [event.by_id for event in events] == [alice.pk, bob.pk]
    assert {event.subject for event in events} == {str(recording.pk)}


@pytest.mark.parametrize("role", [Membership.Role.AGENT, Membership.Role.VIEWER])
def test_others_of_the_team_do_not(role: str, alices: Business, rest: AskedCarrier) -> None:
    recording = kept(alices, rest)
    dora = make_user("dora")
    make_member(alices, dora, role)
    with pytest.raises(PermissionDenied):
        open_recording(recording=recording, by=dora, now=TOLD)
    assert audit_of(alices) == []


def test_the_owner_of_another_business_does_not(
    alices: Business, charlies: Business, charlie: User, rest: AskedCarrier
) -> None:
    recording = kept(alices, rest)
    with pytest.raises(PermissionDenied):
        open_recording(recording=recording, by=charlie, now=TOLD)
    assert audit_of(alices) == audit_of(charlies) == []


def test_one_that_is_deleted_or_lost_cannot_be_heard(
    alices: Business, alice: User, rest: AskedCarrier, folder: Path
) -> None:
    recording = kept(alices, rest)
    [file] = files(folder)
    file.unlink()
    for _ in range(2):
        with pytest.raises(Recording.DoesNotExist):
            open_recording(recording=recording, by=alice, now=TOLD)
        work_on(recording, TOLD + timedelta(days=30))
    assert audit_of(alices) == []


# The operator's page


@pytest.fixture
def operator(olga: User) -> Client:
    client = Client()
    client.force_login(olga)
    client.cookies["django_language"] = "en"
    return client


def test_the_operator_downloads_it_and_the_business_can_see_that(
    alices: Business, olga: User, operator: Client, rest: AskedCarrier
) -> None:
    recording = kept(alices, rest)
    page = operator.get(reverse("admin:calls_recording_change", args=[recording.pk]))
    url = reverse("admin:calls_recording_download", args=[recording.pk])
    assert f'href="{url}"' in page.content.decode()

    response = operator.get(url)

    assert b"".join(response.streaming_content) == WAV  # type: ignore[attr-defined]
    assert response.headers["Content-Type"] == "audio/wav"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{SID}.wav"'
    assert "no-store" in response.headers["Cache-Control"]
    assert [event.by_id for event in audit_of(alices)] == [olga.pk]


def test_nobody_else_gets_in_by_the_operators_page(
    alices: Business, alice: User, client: Client, rest: AskedCarrier
) -> None:
    recording = kept(alices, rest)
    client.force_login(alice)
    response = client.get(reverse("admin:calls_recording_download", args=[recording.pk]))
    assert response.status_code == 302
    assert audit_of(alices) == []


def test_one_that_is_not_stored_offers_no_download(alices: Business, operator: Client) -> None:
    recording = awaited(alices)
    page = operator.get(reverse("admin:calls_recording_change", args=[recording.pk]))
    url = reverse("admin:calls_recording_download", args=[recording.pk])
    assert url not in page.content.decode()
    assert operator.get(url).status_code == 404


def test_the_folder_is_the_one_of_the_settings(folder: Path) -> None:
    assert Path(storages["recordings"].location) == folder  # type: ignore[attr-defined]
