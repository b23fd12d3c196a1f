"""The carrier's REST API: what is asked of it about one call, and what its errors mean."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from requests.exceptions import RequestException
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tenants.credentials import TwilioAccount

# The library waits for ever unless told otherwise. A number and not a pair: it refuses a pair.
TIMEOUT_S = 5.0
ALREADY_OVER = 21220
TOO_MANY_REQUESTS = 429
LISTED_AT_MOST = 50

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
class CarrierNumber:
    """A number as the carrier has it set up."""

    voice_url: str
    voice_method: str
    status_url: str
    handled_elsewhere: bool  # by an application or a trunk, which go before the webhook


def hang_up(account: TwilioAccount, call_sid: str) -> None:
    """A call that is over already is hung up."""
    try:
        with _client(account) as client:
            client.calls(call_sid).update(status="completed")
    except CallUnknown:
        return


def fetch_call(account: TwilioAccount, call_sid: str) -> CarrierCall:
    with _client(account) as client:
        found = client.calls(call_sid).fetch()
        return CarrierCall(
            status=str(found.status),
            duration_s=int(found.duration) if found.duration else None,
            ended_at=found.end_time,
        )


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
            if call.direction == "outbound-api" and call.date_created
        ]


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
