"""The carrier's REST API: what is asked of it about one call, and what its errors mean."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import requests
from django.conf import settings
from requests.exceptions import RequestException
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance
from twilio.rest.api.v2010.account.call.recording import RecordingInstance as RecordingOfCall
from twilio.rest.api.v2010.account.recording import RecordingInstance

from tenants.credentials import TwilioAccount

# The library waits for ever unless told otherwise. A number and not a pair: it refuses a pair.
TIMEOUT_S = 5.0
ALREADY_OVER = 21220
TOO_MANY_REQUESTS = 429
LISTED_AT_MOST = 50
LISTED_A_PAGE = 1000
OUT_OF_ORDER = timedelta(minutes=10)
BY_REST = "outbound-api"
# The carrier's word for a recording that was asked for in the course of a call.
ASKED_FOR = "StartCallRecordingAPI"
RECORDING_EVENTS = ["in-progress", "completed", "absent"]
PIECE = 64 * 1024
# All of one recording: one that comes a byte at a time would never be late otherwise.
DOWNLOAD_WITHIN_S = 240.0
WAVE = b"RIFF"

# At INFO the library writes addresses and query strings, with telephone numbers in them.
sdk_log = logging.getLogger("calls.telephony.sdk")
sdk_log.setLevel(logging.WARNING)


class TelephonyError(Exception):
    """The carrier did not do what was asked. `permanent` says that asking again is no use."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class CallUnknown(TelephonyError):  # noqa: N818 - named after what the carrier says
    """The carrier has no such call, or none that still runs."""


class RecordingTooLarge(TelephonyError):  # noqa: N818 - what it is
    """More than anybody can have said in the longest call."""


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """A call as the carrier tells it; `status` in the carrier's own word."""

    status: str
    duration_s: int | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedCall:
    call_sid: str
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MadeCall(CarrierCall):
    """One that was asked for by REST, as the carrier lists it."""

    call_sid: str
    to: str
    from_: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CarrierRecording:
    """A recording as the carrier tells it; `status` in the carrier's own word."""

    recording_sid: str
    status: str
    duration_s: int | None
    channels: int | None
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CarrierNumber:
    """A number as the carrier has it set up."""

    voice_url: str
    voice_method: str
    status_url: str
    handled_elsewhere: bool  # by an application or a trunk, which go before the webhook


@dataclass(frozen=True, slots=True)
class OwnedNumber:
    """A number that an account has at the carrier, and what may be done with it."""

    number_sid: str
    takes_calls: bool
    handled_elsewhere: bool


def hang_up(account: TwilioAccount, call_sid: str) -> None:
    """A call that is over already is hung up."""
    try:
        with _client(account) as client:
            client.calls(call_sid).update(status="completed")
    except CallUnknown:
        return


def fetch_call(account: TwilioAccount, call_sid: str) -> CarrierCall:
    with _client(account) as client:
        return CarrierCall(**_as_it_went(client.calls(call_sid).fetch()))


def calls_made(account: TwilioAccount, *, since: datetime) -> list[MadeCall]:
    """All calls of the account that were asked for by REST since then, whoever asked; the oldest
    first.
    """
    made = []
    with _client(account) as client:
        for call in client.calls.stream(page_size=LISTED_A_PAGE):
            # Newest first, as all the carrier's lists, in whole seconds.
            if call.date_created and call.date_created < since - OUT_OF_ORDER:
                break
            if call.direction == BY_REST and call.date_created and call.date_created >= since:
                made.append(
                    MadeCall(
                        call_sid=str(call.sid),
                        to=str(call.to),
                        from_=str(call._from),
                        created_at=call.date_created,
                        **_as_it_went(call),
                    )
                )
    return sorted(made, key=lambda call: call.created_at)


def _as_it_went(call: CallInstance) -> dict[str, Any]:
    return {
        "status": str(call.status),
        "duration_s": int(call.duration) if call.duration else None,
        "ended_at": call.end_time,
    }


def find_calls(account: TwilioAccount, *, to: str, from_: str) -> list[ListedCall]:
    """The account's latest calls between two numbers that were asked for by REST.

    By number alone: a call that still waits in the carrier's queue has no start time to look for.
    """
    with _client(account) as client:
        found = client.calls.list(
            to=to, from_=from_, page_size=LISTED_AT_MOST, limit=LISTED_AT_MOST
        )
        return [
            ListedCall(str(call.sid), str(call.status), call.date_created)
            for call in found
            if call.direction == BY_REST and call.date_created
        ]


def check_account(account: TwilioAccount) -> None:
    """Asks for one line of its list of calls. Raises TelephonyError."""
    with _client(account) as client:
        client.calls.list(page_size=1, limit=1)


def start_recording(account: TwilioAccount, call_sid: str, *, callback: str) -> str:
    """The SID of the recording. Both sides apart, and silence with them: its time is the call's."""
    with _client(account) as client:
        started = client.calls(call_sid).recordings.create(
            recording_channels="dual",
            recording_status_callback=callback,
            recording_status_callback_method="POST",
            recording_status_callback_event=RECORDING_EVENTS,
            trim="do-not-trim",
        )
        return str(started.sid)


def find_recordings(account: TwilioAccount, call_sid: str) -> list[CarrierRecording]:
    """Of a call, those that we have asked for; the oldest first."""
    with _client(account) as client:
        found = client.calls(call_sid).recordings.list(
            page_size=LISTED_AT_MOST, limit=LISTED_AT_MOST
        )
        # Newest first, as all the carrier's lists.
        return [_as_told(each) for each in reversed(found) if each.source == ASKED_FOR]


def fetch_recording(account: TwilioAccount, recording_sid: str) -> CarrierRecording:
    with _client(account) as client:
        return _as_told(client.recordings(recording_sid).fetch())


def delete_recording(account: TwilioAccount, recording_sid: str) -> None:
    """One that the carrier has no more is deleted."""
    try:
        with _client(account) as client:
            client.recordings(recording_sid).delete()
    except CallUnknown:
        return


def download_recording(
    account: TwilioAccount, recording_sid: str, *, at_most: int
) -> Iterator[bytes]:
    """The audio, piece by piece. The address is ours and not the one in a callback: our credentials
    go with the request. Raises `TelephonyError`, also in the middle.
    """
    base = f"{settings.TWILIO_API_BASE_URL}/2010-04-01/Accounts/{account.account_sid}"
    try:
        with requests.get(
            f"{base}/Recordings/{recording_sid}.wav",
            auth=(account.account_sid, account.auth_token),
            timeout=TIMEOUT_S,
            stream=True,
        ) as response:
            yield from _audio(response, at_most)
    except RequestException as error:
        raise TelephonyError(
            f"The recording was not given: {type(error).__name__}.", permanent=False
        ) from error


def _audio(response: requests.Response, at_most: int) -> Iterator[bytes]:
    if response.status_code != 200:
        # 404 too: so the carrier answers for one that it is still at work on.
        raise TelephonyError(f"The carrier answered {response.status_code}.", permanent=False)
    size, late_at = 0, monotonic() + DOWNLOAD_WITHIN_S
    for piece in response.iter_content(PIECE):
        if not size and not piece.startswith(WAVE):
            raise TelephonyError("What the carrier gave is no recording.", permanent=False)
        size += len(piece)
        if monotonic() > late_at:
            raise TelephonyError("The recording did not come in time.", permanent=False)
        if size > at_most:
            raise RecordingTooLarge(f"It is larger than {at_most} bytes.", permanent=True)
        yield piece
    if not size:
        raise TelephonyError("The carrier gave an empty recording.", permanent=False)


def _as_told(recording: RecordingInstance | RecordingOfCall) -> CarrierRecording:
    length = str(recording.duration or "")
    began = recording.start_time  # the library gives the text itself where it cannot read it
    return CarrierRecording(
        recording_sid=str(recording.sid),
        status=str(recording.status),
        duration_s=int(length) if length.isdigit() else None,
        channels=int(recording.channels) if recording.channels else None,
        started_at=began if isinstance(began, datetime) else None,
    )


def find_number(account: TwilioAccount, e164: str) -> CarrierNumber | None:
    """None: the account has no such number."""
    with _client(account) as client:
        for found in client.incoming_phone_numbers.list(phone_number=e164, page_size=1, limit=1):
            return CarrierNumber(
                voice_url=found.voice_url or "",
                voice_method=found.voice_method or "",
                status_url=found.status_callback or "",
                handled_elsewhere=bool(found.voice_application_sid or found.trunk_sid),
            )
        return None


def find_owned_number(account: TwilioAccount, e164: str) -> OwnedNumber | None:
    """None: the account has no such number."""
    with _client(account) as client:
        for found in client.incoming_phone_numbers.list(phone_number=e164, page_size=20, limit=20):
            if found.phone_number == e164:  # the list takes a part of a number as well
                return OwnedNumber(
                    number_sid=str(found.sid),
                    takes_calls=bool((found.capabilities or {}).get("voice")),
                    handled_elsewhere=bool(found.voice_application_sid or found.trunk_sid),
                )
        return None


def lead_number_here(
    account: TwilioAccount, number_sid: str, *, voice_url: str, status_url: str
) -> None:
    """From now on the carrier asks us about each call of this number."""
    with _client(account) as client:
        client.incoming_phone_numbers(number_sid).update(
            voice_url=voice_url,
            voice_method="POST",
            status_callback=status_url,
            status_callback_method="POST",
        )


@contextmanager
def _client(account: TwilioAccount) -> Iterator[Client]:
    # A session of its own for each request, closed after it: on a kept connection that has gone
    # stale nobody can tell whether the carrier has seen the request.
    http = TwilioHttpClient(timeout=TIMEOUT_S, logger=sdk_log)
    client = Client(account.account_sid, account.auth_token, http_client=http)
    client.api.base_url = settings.TWILIO_API_BASE_URL
    try:
        yield client
    except (TwilioRestException, TwilioServiceException) as error:
        raise _meaning(error) from error
    except TwilioException as error:
        # So the library says of a list that it was not given. The status is in its text alone.
        raise TelephonyError("The carrier's list was not given.", permanent=False) from error
    except RequestException as error:
        raise TelephonyError(
            f"The carrier was not reached: {type(error).__name__}.", permanent=False
        ) from error
    except ValueError as error:
        raise TelephonyError("The carrier's answer was not understood.", permanent=False) from error
    finally:
        http.session.close()


def _meaning(error: TwilioRestException | TwilioServiceException) -> TelephonyError:
    message = f"The carrier answered {error.status}, code {error.code}."
    if error.status == 404 or error.code == ALREADY_OVER:
        return CallUnknown(message, permanent=True)
    ours_to_mend = 400 <= error.status < 500 and error.status != TOO_MANY_REQUESTS
    return TelephonyError(message, permanent=ours_to_mend)
