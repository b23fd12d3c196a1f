"""Nothing that the carrier has not signed comes in.

The signature covers the public address and every field, and is made with the auth token of the
account that the call runs on: the business's own, or the installation's.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import SIGNATURE_HEADER, RequestValidator

from calls import addresses, resolve
from calls.forms import FormInvalid
from tenants.credentials import CredentialMissing, TwilioAccount, twilio_account
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

BODY_LIMIT = 64 * 1024

View = Callable[..., HttpResponse]


class ForeignCall(PermissionError):  # noqa: N818 - a verdict on what came, not a fault of ours
    """A genuine request that speaks of another call than its address does."""


def from_carrier(view: View) -> View:
    """Let through what is signed with the account of the business in the path, and AccountSid its.

    The path names the business (`slug`), one of its calls (`call_id`) or transfers (`transfer_id`);
    an unknown one is 404, also when it is of another business than the rest of the path.
    """

    @csrf_exempt
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, **path: Any) -> HttpResponse:
        if _too_large(request):
            return _says(413, "The form is too large.")
        try:
            if not _is_genuine(request, _business(**path)):
                return _says(403, "Not signed.")
            return view(request, **path)
        except ObjectDoesNotExist as error:
            raise Http404 from error
        except FormInvalid as error:
            return _says(400, str(error))
        except ForeignCall as error:
            logger.warning("callback_of_another_call", call_id=str(error))
            return _says(403, "Another call.")
        except (OperationalError, InterfaceError):
            # The carrier delivers it again, and nothing of it has been kept.
            logger.exception("database_away")
            return _says(503, "Come again.")

    return guarded


def is_genuine_socket(account: TwilioAccount, url: str, signature: str) -> bool:
    """The handshake is signed over the `wss` address; some add a slash to it."""
    validator = RequestValidator(account.auth_token)
    return any(validator.validate(said, {}, signature) for said in (url, f"{url}/"))


def _says(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


def _too_large(request: HttpRequest) -> bool:
    try:
        return len(request.body) > BODY_LIMIT
    except RequestDataTooBig:
        return True


def _business(
    *,
    slug: str = "",
    call_id: uuid.UUID | None = None,
    transfer_id: uuid.UUID | None = None,
    **_rest: object,
) -> uuid.UUID:
    if call_id:
        return resolve.business_of_call(call_id)
    if transfer_id:
        return resolve.business_of_transfer(transfer_id)
    found = resolve.business_by_slug(slug)
    if found is None:
        raise Http404
    return found


def _is_genuine(request: HttpRequest, business_id: uuid.UUID) -> bool:
    try:
        with business_scope(business_id):
            account = twilio_account(business_id)
    except CredentialMissing as missing:
        logger.error(
            "carrier_request_not_verifiable", business_id=str(business_id), why=str(missing)
        )
        return False
    signed = RequestValidator(account.auth_token).validate(
        addresses.public(request.get_full_path()),
        request.POST,
        request.headers.get(SIGNATURE_HEADER, ""),
    )
    ours = hmac.compare_digest(
        request.POST.get("AccountSid", "").encode(), account.account_sid.encode()
    )
    if not (signed and ours):
        logger.warning("carrier_request_refused", business_id=str(business_id), signed=signed)
    return signed and ours
