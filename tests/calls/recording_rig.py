"""What the tests of recordings share: a carrier that is asked, and rows at every stage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.http import HttpResponse
from django.urls import reverse
from pytest_django import Settings

from calls.actions import (
    admit_stream,
    keep_recording,
)
from calls.addresses import media_socket
from calls.admission import AdmittedCall
from calls.models import (
    AgentSettings,
    Call,
    CallStatus,
    EndReason,
    Recording,
    RecordingMode,
)
from calls.telephony import CarrierRecording, TelephonyError
from tenants.credentials import TwilioAccount
from tenants.models import Business
from tenants.scoping import NO_SCOPE, business_scope, guard_of
from tests.calls.carrier import SignedCarrier, new_sid
from tests.calls.conftest import ALICES_NUMBER
from tests.people import NOW

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt and the rest of it"
SID = "RE" + "1" * 32
OTHER = "RE" + "2" * 32
TOLD = NOW + timedelta(seconds=4)


class AskedCarrier:
    """Stands in for the REST API of recordings, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.callbacks: list[str] = []
        self.has: list[CarrierRecording] = []
        self.fails: list[TelephonyError | OSError] = []  # one for each request to come
        self.audio: dict[str, bytes] = {SID: WAV}

    def _ask(self, what: str) -> None:
        assert guard_of(connection).scope is NO_SCOPE, "no transaction waits for the carrier"
        self.asked.append(what)
        if self.fails:
            raise self.fails.pop(0)

    def start(self, account: TwilioAccount, call_sid: str, *, callback: str) -> str:
        self._ask("start")
        self.callbacks.append(callback)
        return SID

    def find(self, account: TwilioAccount, call_sid: str) -> list[CarrierRecording]:
        self._ask("find")
        return self.has

    def fetch(self, account: TwilioAccount, recording_sid: str) -> CarrierRecording:
        self._ask("fetch")
        return self.has[0]

    def download(
        self, account: TwilioAccount, recording_sid: str, *, at_most: int
    ) -> Iterator[bytes]:
        self._ask("download")
        audio = self.audio[recording_sid]
        yield audio[:4]
        yield audio[4:]

    def delete(self, account: TwilioAccount, recording_sid: str) -> None:
        self._ask("delete")
        self.audio.pop(recording_sid, None)


def not_there() -> TelephonyError:
    return TelephonyError("The carrier answered 404.", permanent=False)


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    where = tmp_path / "recordings"
    options = {"BACKEND": "calls.recording_files.PrivateFolder", "OPTIONS": {"location": where}}
    settings.STORAGES = settings.STORAGES | {"recordings": options}
    return where


@pytest.fixture
def rest(monkeypatch: pytest.MonkeyPatch) -> AskedCarrier:
    asked = AskedCarrier()
    for name in ("start", "fetch", "download", "delete"):
        monkeypatch.setattr(f"calls.telephony.{name}_recording", getattr(asked, name))
    monkeypatch.setattr("calls.telephony.find_recordings", asked.find)
    return asked


def decide(business: Business, **decided: Any) -> None:
    with business_scope(business):
        AgentSettings.objects.update_or_create(business=business, defaults=decided)


@pytest.fixture
def announcing(alices: Business) -> Business:
    """Alice has decided that her calls are recorded."""
    decide(alices, recording=RecordingMode.ANNOUNCED)
    return alices


def words_of(response: HttpResponse) -> list[str]:
    """The verbs of a document, with what is said in those that say something."""
    document = ElementTree.fromstring(response.content)  # noqa: S314 - our own document
    return [f"{verb.tag} {(verb.text or '').strip()}".strip() for verb in document]


def a_call(business: Business, carrier: SignedCarrier) -> Call:
    sid = new_sid()
    assert carrier.rings("flowers", ALICES_NUMBER, call_sid=sid).status_code == 200
    with business_scope(business):
        call: Call = Call.objects.for_business(business).get(call_sid=sid)
        return call


def opens_stream(call: Call, carrier: SignedCarrier, now: datetime | None = None) -> AdmittedCall:
    """The announcement is over: the carrier opens the media socket."""
    token = call.token(call.stream_number)
    url = media_socket(token)
    return admit_stream(
        token=token, signature=carrier.signature(url), url=url, now=now or call.created_at
    )


def recordings(business: Business) -> list[Recording]:
    with business_scope(business):
        return list(Recording.objects.for_business(business).select_related("call", "business"))


def wanted(business: Business, **fields: Any) -> Recording:
    """Of a call on which the caller has just been told."""
    with business_scope(business):
        call = Call.objects.create(
            business=business,
            direction="inbound",
            language="he",
            call_sid=new_sid(),
            created_at=NOW,
            status=CallStatus.IN_PROGRESS,
            answered_at=NOW,
            recording_announced=True,
        )
        times = dict.fromkeys(("consent_at", "moved_at", "next_try_at", "created_at"), TOLD)
        return Recording.objects.create(business=business, call=call, **times | fields)


def named(business: Business, **fields: Any) -> Recording:
    return wanted(business, **{"status": "recording", "recording_sid": SID} | fields)


def awaited(business: Business, **fields: Any) -> Recording:
    """The carrier has it ready."""
    return named(business, **{"status": "awaiting_download"} | fields)


def kept(business: Business, rest: AskedCarrier, **fields: Any) -> Recording:
    """In our folder, and at the carrier no more."""
    recording = awaited(business, **fields)
    work_on(recording, TOLD)
    work_on(recording, TOLD)
    rest.asked.clear()
    return stored(recording)


def stored(recording: Recording) -> Recording:
    with business_scope(recording.business_id):
        rows = Recording.objects.select_related("call", "business")
        found: Recording = rows.get(pk=recording.pk)
        return found


def work_on(recording: Recording, now: datetime) -> Recording:
    keep_recording(recording_id=recording.pk, business_id=recording.business_id, now=now)
    return stored(recording)


def end(recording: Recording, now: datetime = TOLD) -> None:
    with business_scope(recording.business_id):
        Call.objects.filter(pk=recording.call_id).update(
            status=CallStatus.COMPLETED,
            end_reason=EndReason.SILENCE,
            ended_at=now,
            carrier_final_at=now,
        )


def says(carrier: SignedCarrier, recording: Recording, status: str, **more: str) -> HttpResponse:
    fields = {
        "CallSid": recording.call.call_sid or "",
        "RecordingSid": SID,
        "RecordingStatus": status,
        "RecordingUrl": "http://169.254.169.254/latest/meta-data",
        "RecordingDuration": "61",
        "RecordingChannels": "2",
    }
    headers = {name: more.pop(name) for name in list(more) if name.startswith("I_")}
    path = reverse("calls:recording-status", args=[recording.call_id])
    return carrier.post(path, fields | more, **headers)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
