"""A recording's way from the carrier to our storage, and its end: one step of one row at a time."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

import structlog

from calls import addresses, resolve, telephony
from calls.models import Recording, RecordingStatus, Turn, recordings_storage
from calls.recording_files import StreamedFile
from calls.resolve import RecordingAddress
from calls.silencing import to_be_silent
from calls.telephony import CarrierRecording, RecordingTooLarge, TelephonyError
from calls.wav import AudioError, Stretch, silenced
from tenants.credentials import CredentialMissing, TwilioAccount, twilio_account
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

RECORDINGS_A_SWEEP: Final = 50
# The longest talk there is, four hours on two channels, has 460 MB.
LARGEST: Final = 512 * 1024 * 1024
# The carrier's words for a recording of which there will be no audio.
NO_AUDIO: Final = ("absent", "failed", "deleted")


def recordings_to_keep(*, now: datetime) -> list[RecordingAddress]:
    return resolve.recordings_to_keep(now=now, most=RECORDINGS_A_SWEEP)


def start_recording(*, recording_id: uuid.UUID, business_id: uuid.UUID, now: datetime) -> None:
    """Have the carrier begin, if nobody has asked it yet."""
    recording = _claim(recording_id, business_id, now, status=RecordingStatus.WANTED)
    if recording:
        _step(recording, now)


def keep_recording(*, recording_id: uuid.UUID, business_id: uuid.UUID, now: datetime) -> None:
    """Whatever is due with this row. Safe to be asked twice: one of the two finds nothing to do."""
    if _expire(recording_id, business_id, now):
        return
    recording = _claim(recording_id, business_id, now)
    if recording:
        _step(recording, now)


def _expire(recording_id: uuid.UUID, business_id: uuid.UUID, now: datetime) -> bool:
    with business_scope(business_id):
        rows = Recording.objects.for_business(business_id).expired(now)
        recording = rows.filter(pk=recording_id).first()
        if recording is None:
            return False
        if recording.erase(now):
            logger.info("recording_expired", recording_id=str(recording_id))
        return True


def _claim(
    recording_id: uuid.UUID, business_id: uuid.UUID, now: datetime, **which: str
) -> Recording | None:
    """None when it is not due, or another worker has just taken it."""
    with business_scope(business_id):
        rows = Recording.objects.for_business(business_id).select_related("call")
        recording: Recording | None = rows.due(now).filter(pk=recording_id, **which).first()
        return recording if recording and recording.claim(now) else None


def _step(recording: Recording, now: datetime) -> None:
    """No scope is open while the carrier is asked."""
    try:
        account = _account(recording)
        match RecordingStatus(recording.status):
            case RecordingStatus.WANTED:
                _start(recording, account, now)
            case RecordingStatus.RECORDING:
                _ask(recording, account, now)
            case RecordingStatus.AWAITING_DOWNLOAD:
                _download(recording, account, now)
            case RecordingStatus.STORED | RecordingStatus.DELETED:
                _delete_there(recording, account, now)
    except RecordingTooLarge as error:
        _lose(recording, str(error), now)
    except AudioError as error:
        _lose(recording, f"It has the number of a card in it. {error}", now)
    except (TelephonyError, CredentialMissing) as error:
        _put_off(recording, str(error), now)
    except OSError as error:
        _put_off(recording, f"It could not be stored: {type(error).__name__}.", now)


def _account(recording: Recording) -> TwilioAccount:
    with business_scope(recording.business_id):
        return twilio_account(recording.business_id)


def _start(recording: Recording, account: TwilioAccount, now: datetime) -> None:
    """An answer that was lost may have begun one: before a second attempt the carrier is asked what
    it has.
    """
    call, call_sid = recording.call, recording.call.call_sid or ""
    if recording.attempts > 1 or not call.is_live:
        found = telephony.find_recordings(account, call_sid)
        if found:
            _begin(recording, found[0].recording_sid, now)
            return
        if not call.is_live:
            _lose(recording, "The call ended before it was recorded.", now)
            return
    callback = addresses.recording_status(call.pk)
    _begin(recording, telephony.start_recording(account, call_sid, callback=callback), now)


def _begin(recording: Recording, recording_sid: str, now: datetime) -> None:
    with business_scope(recording.business_id):
        # False: a callback was faster than the answer.
        recording.begin(recording_sid, now)
    logger.info("recording_started", recording_id=str(recording.pk))


def _ask(recording: Recording, account: TwilioAccount, now: datetime) -> None:
    """The call has been over for a while, and no callback has told of its recording."""
    told = telephony.fetch_recording(account, recording.recording_sid or "")
    if told.status == "completed":
        _complete(recording, told, now)
    elif told.status in NO_AUDIO:
        _lose(recording, f"The carrier reported {told.status}.", now)
    else:
        _put_off(recording, "The carrier is still at work on it.", now)


def _complete(recording: Recording, told: CarrierRecording, now: datetime) -> None:
    with business_scope(recording.business_id):
        recording.complete(
            duration_s=told.duration_s,
            channels=told.channels,
            started_at=told.started_at,
            now=now,
        )


def _download(recording: Recording, account: TwilioAccount, now: datetime) -> None:
    audio = telephony.download_recording(account, recording.recording_sid or "", at_most=LARGEST)
    files = recordings_storage()
    secrets = _secrets(recording)
    files.save(recording.path, StreamedFile(silenced(audio, secrets), recording.path))
    size = files.size(recording.path)
    with business_scope(recording.business_id):
        if recording.keep(size=size, silenced=bool(secrets), now=now):
            logger.info("recording_stored", recording_id=str(recording.pk), size=size)
            return
        recording.refresh_from_db(fields=["status"])
    if not recording.is_stored:  # it was given up meanwhile, and no row would know of the file
        files.delete(recording.path)


def _secrets(recording: Recording) -> list[Stretch]:
    with business_scope(recording.business_id):
        turns = Turn.objects.for_business(recording.business_id).filter(call=recording.call)
        return to_be_silent(turns, starts_ms=recording.starts_ms)


def _delete_there(recording: Recording, account: TwilioAccount, now: datetime) -> None:
    telephony.delete_recording(account, recording.recording_sid or "")
    with business_scope(recording.business_id):
        recording.gone_at_carrier(now)


def _lose(recording: Recording, why: str, now: datetime) -> None:
    with business_scope(recording.business_id):
        recording.lose(why, now)
    logger.warning("recording_missing", recording_id=str(recording.pk), why=why)


def _put_off(recording: Recording, why: str, now: datetime) -> None:
    with business_scope(recording.business_id):
        given_up = recording.put_off(why, now)
    log = logger.error if given_up else logger.warning
    log("recording_put_off", recording_id=str(recording.pk), why=why, given_up=given_up)
