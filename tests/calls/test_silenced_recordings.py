"""Cards that are said or typed on the telephone are in no recording either."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from calls.actions import open_recording
from calls.engine.notes import keys_masked
from calls.models import Recording, Turn
from calls.telephony import CarrierRecording
from calls.wav import Stretch
from tenants.models import Business, User
from tenants.scoping import business_scope
from tests.calls.carrier import SignedCarrier
from tests.calls.recording_rig import (
    SID,
    TOLD,
    AskedCarrier,
    awaited,
    end,
    files,
    folder,
    named,
    rest,
    says,
    stored,
    work_on,
)
from tests.calls.test_wav import frames, linear, silence
from tests.people import NOW

__all__ = ["folder", "rest"]

A_MINUTE = linear(60_000)


def says_at(recording: Recording, began: int, ended: int | None, text: str, **more: Any) -> None:
    with business_scope(recording.business_id):
        Turn.objects.create(
            business_id=recording.business_id,
            call=recording.call,
            position=began,
            item_id=f"item_{began}",
            text=text,
            started_ms=began,
            ended_ms=ended,
            **{"speaker": "caller"} | more,
        )


def as_kept(recording: Recording, rest: AskedCarrier, folder: Path, now: datetime = TOLD) -> bytes:
    rest.audio[SID] = A_MINUTE
    assert work_on(recording, now).status == "stored"
    [file] = files(folder)
    return file.read_bytes()


@pytest.fixture
def recording(alices: Business) -> Recording:
    """Began a second after the caller had been told, which is where the words count from."""
    return awaited(alices, started_at=TOLD + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("began", "ended", "text", "stretch"),
    [
        (20_000, 26_000, "It is ••••4242, thanks.", (17_000, 27_000)),
        (1_500, 3_000, "••••4242", (0, 4_000)),
        (20_000, 26_000, "It is ••••.", (17_000, 27_000)),  # and goes on in the next turn
        # Hung up, or lost, before the end of it was noticed.
        (50_000, 0, "••••4242", (47_000, None)),
        (50_000, None, "••••4242", (47_000, None)),
        # Each key within a second and a half of the one before.
        (40_000, 40_000, keys_masked("4242424242424242"), (13_000, 41_000)),
        (40_000, 40_000, keys_masked("1234"), (31_000, 41_000)),
    ],
)
def test_around_the_number_of_a_card_the_recording_is_silent(
    began: int,
    ended: int | None,
    text: str,
    stretch: Stretch,
    recording: Recording,
    rest: AskedCarrier,
    folder: Path,
) -> None:
    says_at(recording, began, ended, text)
    assert as_kept(recording, rest, folder) == silence(A_MINUTE, stretch)
    assert stored(recording).silenced


def test_the_agent_who_says_it_again_is_not_heard_either(
    recording: Recording, rest: AskedCarrier, folder: Path
) -> None:
    says_at(recording, 20_000, 26_000, "My card is ••••4242.")
    says_at(recording, 40_000, 45_000, "So ••••4242?", speaker="agent")
    kept = as_kept(recording, rest, folder)
    assert kept == silence(A_MINUTE, (17_000, 27_000), (37_000, 46_000))


def test_everything_else_is_heard_as_it_was(
    recording: Recording, rest: AskedCarrier, folder: Path, garage: Business
) -> None:
    says_at(recording, 20_000, 26_000, "My number is 050 123 4567.")
    says_at(recording, 30_000, 30_000, keys_masked("12"))
    other = awaited(garage, recording_sid="RE" + "3" * 32)
    says_at(other, 40_000, 46_000, "It is ••••4242.")
    assert as_kept(recording, rest, folder) == A_MINUTE
    assert not stored(recording).silenced


def test_what_cannot_be_silenced_is_not_kept(
    recording: Recording, rest: AskedCarrier, folder: Path
) -> None:
    says_at(recording, 20_000, 26_000, "It is ••••4242.")
    rest.audio[SID] = b"RIFF\x24\x00\x00\x00WAVEfmt and the rest of it"
    lost = work_on(recording, TOLD)
    assert (lost.status, files(folder)) == ("missing", [])
    assert "the number of a card" in lost.error


def test_a_recording_that_was_found_late_is_silent_at_the_right_place(
    alices: Business, carrier: SignedCarrier, rest: AskedCarrier, folder: Path
) -> None:
    """The answer to the start was lost; found half a minute later, it did not begin then."""
    found = named(alices, started_at=TOLD + timedelta(seconds=31))
    says_at(found, 20_000, 26_000, "It is ••••4242.")
    says(carrier, found, "completed", RecordingStartTime=format_datetime(TOLD))
    assert stored(found).started_at == TOLD
    kept = as_kept(stored(found), rest, folder, timezone.now())
    assert kept == silence(A_MINUTE, (18_000, 28_000))


@pytest.mark.parametrize(
    "told", ["", "yesterday", "0", "Sun, 06 Nov 1994 08:49:37", format_datetime(TOLD)]
)
def test_whole_seconds_make_nothing_less_exact(
    told: str, alices: Business, carrier: SignedCarrier
) -> None:
    began = TOLD + timedelta(milliseconds=2600)
    recording = named(alices, started_at=began)
    says(carrier, recording, "completed", RecordingStartTime=told)
    assert stored(recording).started_at == began
    assert stored(recording).status == "awaiting_download"


def test_the_carrier_is_believed_too_when_it_is_asked(alices: Business, rest: AskedCarrier) -> None:
    recording = named(alices, started_at=TOLD + timedelta(seconds=31))
    end(recording, NOW)
    rest.has = [CarrierRecording(SID, "completed", 60, 2, started_at=TOLD)]
    assert work_on(recording, TOLD + timedelta(minutes=10)).started_at == TOLD


def test_who_listens_hears_the_silence(
    recording: Recording, rest: AskedCarrier, folder: Path, alice: User
) -> None:
    says_at(recording, 20_000, 26_000, "It is ••••4242.")
    as_kept(recording, rest, folder)
    with open_recording(recording=stored(recording), by=alice, now=NOW) as file:
        heard = frames(file.read())
    assert set(heard[18_000 * 32 : 26_000 * 32]) == {0}
