"""The recording on the page of a call: who hears it, that it is written down once, and what is said
where there is none."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client

from calls.models import Call, CallStatus, Recording, RecordingStatus
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.calls.conversations import make_call
from tests.calls.recording_rig import folder
from tests.people import NOW, make_member

pytestmark = pytest.mark.django_db

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt and the rest of it" * 50


__all__ = ["folder"]


@pytest.fixture
def as_alice(client: Client, alice: User, flowers: Business) -> Client:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return client


def make_recording(
    business: Business,
    status: str = RecordingStatus.STORED,
    call: Call | None = None,
    **fields: Any,
) -> Recording:
    call = call or make_call(business, "Good morning", "Hello")
    with business_scope(business):
        made = Recording(
            business=business,
            call=call,
            recording_sid=f"RE{uuid.uuid4().hex}",
            status=status,
            consent_at=NOW,
            started_at=NOW + timedelta(milliseconds=1500),
            duration_s=60,
            **fields,
        )
        if status == RecordingStatus.STORED:
            made.file_name = storages["recordings"].save(made.path, ContentFile(WAV))
            made.size = len(WAV)
        made.save()
    return made


def heard(business: Business) -> list[AuditEvent]:
    with business_scope(business):
        found = AuditEvent.objects.for_business(business).filter(action="recording.heard")
        return list(found)


def audio_of(call_id: uuid.UUID) -> str:
    return f"/calls/{call_id}/recording.wav"


def page_of(client: Client, recording: Recording) -> str:
    response = client.get(f"/calls/{recording.call_id}/")
    assert response.status_code == 200
    return response.content.decode()


class TestTheAudio:
    def test_comes_whole_and_is_written_down_once(
        self, as_alice: Client, alice: User, flowers: Business
    ) -> None:
        recording = make_recording(flowers)
        answer = as_alice.get(
            audio_of(recording.call_id),
            headers={"Range": "bytes=10-20", "Accept-Encoding": "gzip"},
        )
        assert answer.status_code == 200
        assert answer.getvalue() == WAV
        assert answer["Content-Type"] == "audio/wav"
        assert answer["Content-Length"] == str(len(WAV))
        assert answer["Content-Encoding"] == "identity"
        assert "no-store" in answer["Cache-Control"]
        (event,) = heard(flowers)
        assert (event.by, event.subject) == (alice, str(recording.pk))
        assert event.facts == {"call": str(recording.call_id)}

    def test_is_not_heard_by_opening_the_page(self, as_alice: Client, flowers: Business) -> None:
        recording = make_recording(flowers)
        assert audio_of(recording.call_id) in page_of(as_alice, recording)
        assert heard(flowers) == []

    @pytest.mark.parametrize("silenced", [True, False])
    def test_says_where_it_is_silent_and_why(
        self, as_alice: Client, flowers: Business, silenced: bool
    ) -> None:
        page = page_of(as_alice, make_recording(flowers, silenced=silenced))
        assert ("where the number of a card was said or typed" in page) is silenced

    @pytest.mark.parametrize("status", set(RecordingStatus) - {RecordingStatus.STORED})
    def test_that_is_not_stored_is_not_there(
        self, as_alice: Client, flowers: Business, status: str
    ) -> None:
        recording = make_recording(flowers, status)
        assert as_alice.get(audio_of(recording.call_id)).status_code == 404
        assert heard(flowers) == []

    def test_of_a_file_that_was_lost_is_not_there(
        self, as_alice: Client, flowers: Business
    ) -> None:
        recording = make_recording(flowers)
        storages["recordings"].delete(recording.file_name)
        assert as_alice.get(audio_of(recording.call_id)).status_code == 404
        assert heard(flowers) == []

    def test_of_a_call_without_one_is_not_there(self, as_alice: Client, flowers: Business) -> None:
        assert as_alice.get(audio_of(make_call(flowers).pk)).status_code == 404

    def test_of_another_business_is_not_there_either(
        self, as_alice: Client, flowers: Business, garage: Business
    ) -> None:
        """Not to be told from a call that there is not."""
        recording = make_recording(garage)
        assert as_alice.get(audio_of(recording.call_id)).status_code == 404
        assert as_alice.get(audio_of(uuid.uuid4())).status_code == 404
        assert heard(garage) == heard(flowers) == []

    def test_is_given_to_nobody_by_post(self, as_alice: Client, flowers: Business) -> None:
        assert as_alice.post(audio_of(make_recording(flowers).call_id)).status_code == 405


class TestThePlayer:
    def test_is_there_with_its_own_nonce(self, as_alice: Client, flowers: Business) -> None:
        recording = make_recording(flowers)
        response = as_alice.get(f"/calls/{recording.call_id}/")
        page, policy = response.content.decode(), response["Content-Security-Policy"]
        nonce = page.split('nonce="')[1].split('"')[0]
        assert len(nonce) > 10
        assert f"style-src 'self' 'nonce-{nonce}'" in policy
        assert "media-src 'self' blob:" in policy
        assert "unsafe" not in policy
        assert policy.count("nonce") == 1, "scripts are ours alone"
        assert "app/recording.js" in page
        assert 'data-starts-ms="1500"' in page

    def test_works_without_a_script(self, as_alice: Client, flowers: Business) -> None:
        recording = make_recording(flowers)
        plain = page_of(as_alice, recording).split("<noscript>")[1].split("</noscript>")[0]
        assert f'controls preload="none" src="{audio_of(recording.call_id)}"' in plain

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            (RecordingStatus.AWAITING_DOWNLOAD, "is being fetched from the telephone company"),
            (RecordingStatus.MISSING, "There is no recording"),
            (RecordingStatus.DELETED, "The recording was deleted on Nov. 2, 2026"),
        ],
    )
    def test_is_a_sentence_where_there_is_no_audio(
        self, as_alice: Client, flowers: Business, status: str, said: str
    ) -> None:
        recording = make_recording(flowers, status, moved_at=NOW)
        page = page_of(as_alice, recording)
        assert said in page
        assert audio_of(recording.call_id) not in page
        assert "app/recording.js" not in page
        assert "nonce" not in as_alice.get(f"/calls/{recording.call_id}/").headers.get(
            "Content-Security-Policy", ""
        )

    def test_says_so_while_the_call_goes_on(self, as_alice: Client, flowers: Business) -> None:
        live = {"status": CallStatus.IN_PROGRESS, "end_reason": "", "ended_at": None}
        recording = make_recording(flowers, RecordingStatus.RECORDING, make_call(flowers, **live))
        assert "This call is being recorded" in page_of(as_alice, recording)

    def test_of_a_call_without_recording_is_not_there(
        self, as_alice: Client, flowers: Business
    ) -> None:
        page = as_alice.get(f"/calls/{make_call(flowers).pk}/").content.decode()
        assert 'id="recording"' not in page

    @pytest.mark.parametrize("role", [Membership.Role.AGENT, Membership.Role.VIEWER])
    def test_is_not_for_who_may_not_hear(
        self, client: Client, charlie: User, flowers: Business, role: str
    ) -> None:
        recording = make_recording(flowers)
        make_member(flowers, charlie, role)
        client.force_login(charlie)
        page = page_of(client, recording)
        assert "recording" not in page.lower().replace("recordings", "")
        assert client.get(audio_of(recording.call_id)).status_code == 403
        assert heard(flowers) == []
