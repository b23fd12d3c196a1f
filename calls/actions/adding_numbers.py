"""A number is given to a business once the carrier has said that the account has it.

Outside every scope and transaction: the carrier may take seconds to answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from calls import telephony
from calls.addresses import public
from calls.telephony import OwnedNumber, TelephonyError
from tenants.access import Action, require
from tenants.actions import claim_number, record_audit
from tenants.credentials import (
    CredentialMissing,
    TwilioAccount,
    own_twilio_account,
    twilio_account,
)
from tenants.models import Business, NumberRequest, PhoneNumber, User
from tenants.number_requests import grant_request
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Added:
    """`leads_here`: the carrier was told to bring its calls to us."""

    number: PhoneNumber
    leads_here: bool


def add_own_number(*, business: Business, e164: str, by: User | None, now: datetime) -> Added:
    """One of the business's own account with the carrier. Raises `ValidationError`.

    Not one of the installation's account: which business gets which of those, the operator says.
    """
    with business_scope(business):
        require(by, business, Action.CLAIM_NUMBER)
        account = own_twilio_account(business)
    if account is None:
        raise ValidationError(
            _(
                "Your business has no account of its own with Twilio. Ask the operator for a number."
            ),
            code="no_account",
        )
    owned = _owned(account, e164)
    number = claim_number(business=business, e164=e164, by=by, now=now)
    return Added(number, _led_here(business, account, owned, number, by, now))


def grant_number(*, request: NumberRequest, e164: str, by: User | None, now: datetime) -> Added:
    """The operator gives a number of the account that the business's calls run on."""
    with business_scope(request.business_id):
        business = Business.objects.get(pk=request.business_id)
        require(by, business, Action.CLAIM_NUMBER)
        account = _account(business)
    owned = _owned(account, e164)
    number = grant_request(request=request, e164=e164, by=by, now=now)
    return Added(number, _led_here(business, account, owned, number, by, now))


def _account(business: Business) -> TwilioAccount:
    try:
        return twilio_account(business)
    except CredentialMissing as error:
        raise ValidationError(str(error), code="no_account") from error


def _owned(account: TwilioAccount, e164: str) -> OwnedNumber:
    try:
        found = telephony.find_owned_number(account, e164)
    except TelephonyError as error:
        logger.warning("number_not_looked_up", error=str(error))
        raise ValidationError(_not_told(error), code="carrier") from error
    if found is None:
        raise ValidationError(
            _(
                "Twilio does not know %(number)s in this account. Check the digits, or buy the number "
                "there first."
            ),
            code="unknown",
            params={"number": e164},
        )
    if not found.takes_calls:
        raise ValidationError(
            _("This number takes messages and no calls. Choose one with voice at Twilio."),
            code="no_voice",
        )
    if found.handled_elsewhere:
        raise ValidationError(
            _(
                "At Twilio an application or a trunk takes this number's calls. Choose a webhook "
                "there, then add the number."
            ),
            code="elsewhere",
        )
    return found


def _not_told(error: TelephonyError) -> str:
    if error.permanent:
        return str(_("Twilio refuses the account. Check its SID and token under Access keys."))
    return str(_("Twilio did not answer. Try again in a minute."))


def _led_here(
    business: Business,
    account: TwilioAccount,
    owned: OwnedNumber,
    number: PhoneNumber,
    by: User | None,
    now: datetime,
) -> bool:
    """The number stays the business's also when the carrier could not be told: the page of the
    numbers says what to set by hand.
    """
    try:
        telephony.lead_number_here(
            account,
            owned.number_sid,
            voice_url=public(reverse("calls:incoming", args=[business.slug])),
            status_url=public(reverse("calls:call-status", args=[business.slug])),
        )
    except TelephonyError as error:
        logger.warning("number_not_led_here", error=str(error))
        return False
    with business_scope(business):
        record_audit(
            business=business, action="number.led_here", by=by, now=now, subject=number.e164
        )
    return True
