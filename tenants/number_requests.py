"""A business asks for a number, and the operator answers: one open request at a time."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tenants import access
from tenants.actions import claim_number, record_audit
from tenants.models import Business, NumberRequest, PhoneNumber, User
from tenants.scoping import business_scope


def request_number(
    *, business: Business, note: str, by: User | None, now: datetime
) -> NumberRequest:
    with business_scope(business):
        access.require(by, business, access.Action.CLAIM_NUMBER)
        request = NumberRequest(business=business, note=note.strip(), asked_by=by, asked_at=now)
        request.clean_fields(exclude=["closed_by", "asked_by"])
        try:
            with transaction.atomic():
                request.save(force_insert=True)
        except IntegrityError as error:
            raise ValidationError(
                _("Your request is with the operator already."), code="asked"
            ) from error
        _note("number.requested", request, by, now)
        return request


def grant_request(
    *, request: NumberRequest, e164: str, by: User | None, now: datetime
) -> PhoneNumber:
    """The number rings at the business from now on. Raises `ValidationError`."""
    with business_scope(request.business_id):
        _lock_open(request)
        number = claim_number(business=request.business, e164=e164, by=by, now=now)
        _close(request, NumberRequest.Status.GRANTED, by, now, number=number)
        _note("number.granted", request, by, now, e164)
        return number


def decline_request(*, request: NumberRequest, reason: str, by: User | None, now: datetime) -> None:
    """The business reads the reason."""
    with business_scope(request.business_id):
        access.require(by, request.business, access.Action.CLAIM_NUMBER)
        _lock_open(request)
        _close(request, NumberRequest.Status.DECLINED, by, now, reason=reason.strip())
        _note("number.declined", request, by, now)


def _lock_open(request: NumberRequest) -> None:
    requests = NumberRequest.objects.for_business(request.business_id).open()
    if requests.select_for_update(of=("self",)).filter(pk=request.pk).first() is None:
        raise ValidationError(_("This request was answered already."), code="closed")


def _close(
    request: NumberRequest,
    status: NumberRequest.Status,
    by: User | None,
    now: datetime,
    *,
    number: PhoneNumber | None = None,
    reason: str = "",
) -> None:
    request.status, request.number, request.reason = status, number, reason
    request.closed_by, request.closed_at = by, now
    request.save(update_fields=["status", "number", "reason", "closed_by", "closed_at"])


def _note(
    action: str, request: NumberRequest, by: User | None, now: datetime, e164: str = ""
) -> None:
    record_audit(
        business=request.business,
        action=action,
        by=by,
        now=now,
        subject=e164 or str(request.pk),
        facts={"request": str(request.pk)},
    )
