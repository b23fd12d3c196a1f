"""Whose account a business's calls run on: its own, else the installation's."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from tenants.models import Business, Credential, LimitedKey, RefusedKey

logger = structlog.get_logger(__name__)

INSTALLATION = "installation"
# A refused key is tried again by the next call after a minute, and ever more rarely.
RETRY_AFTER = timedelta(minutes=1)
RETRY_AT_MOST = timedelta(minutes=15)
LIMITED_FOR = timedelta(minutes=1)


class CredentialMissing(LookupError):  # noqa: N818 - says what is missing; every caller reads it so
    """Neither the business nor the installation has an account; the text says what to set."""


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    account_sid: str
    auth_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenAIAccount:
    """`owner` is `INSTALLATION` or the business's id: sockets are never shared between owners."""

    api_key: str = field(repr=False)
    owner: str


def twilio_account(business: Business | uuid.UUID) -> TwilioAccount:
    """Inside a scope only."""
    own = own_twilio_account(business)
    if own is not None:
        return own
    if settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN:
        return TwilioAccount(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
    raise CredentialMissing(
        "No Twilio account: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, "
        "or store a Twilio credential for this business."
    )


def own_twilio_account(business: Business | uuid.UUID) -> TwilioAccount | None:
    """Inside a scope only. None: its calls run on the installation's account, where there is one."""
    own = _own(business, Credential.Provider.TWILIO)
    return TwilioAccount(own.account_sid, own.secret) if own is not None else None


def openai_account(business: Business | uuid.UUID) -> OpenAIAccount:
    """Inside a scope only."""
    own = _own(business, Credential.Provider.OPENAI)
    if own is not None:
        return OpenAIAccount(own.secret, str(own.business_id))
    if settings.OPENAI_API_KEY:
        return OpenAIAccount(settings.OPENAI_API_KEY, INSTALLATION)
    raise CredentialMissing(
        "No OpenAI key: set OPENAI_API_KEY, or store an OpenAI credential for this business."
    )


def refuse_key(api_key: str, *, code: str, now: datetime) -> None:
    """The model's side has refused this key, or its account, as such: no call is to wait for the
    same answer. Calls that were under way by then are refused too, and make the pause no longer."""
    with transaction.atomic():
        found, _ = RefusedKey.objects.select_for_update().get_or_create(
            fingerprint=fingerprint(api_key),
            defaults={"code": code[:64], "refused_at": now, "retry_at": now},
        )
        if now >= found.retry_at:
            pause = min(RETRY_AFTER * 2 ** min(found.refusals, 8), RETRY_AT_MOST)
            found.refusals, found.retry_at = found.refusals + 1, now + pause
        found.code, found.refused_at = code[:64], now
        found.save(update_fields=["code", "refused_at", "refusals", "retry_at"])
    logger.error("model_key_refused", code=code, fingerprint=found.fingerprint[:8])


def limit_key(api_key: str, *, code: str, now: datetime) -> None:
    """The model's side has too much to do for this account. Calls that are under way wait and ask
    again; until it has calmed down nobody else is to be called into the queue."""
    LimitedKey.objects.update_or_create(
        fingerprint=fingerprint(api_key),
        defaults={"code": code[:64], "limited_at": now, "until": now + LIMITED_FOR},
    )
    logger.warning("model_key_limited", code=code, fingerprint=fingerprint(api_key)[:8])


def limited_until(api_key: str, *, now: datetime) -> datetime | None:
    limited = LimitedKey.objects.filter(fingerprint=fingerprint(api_key), until__gt=now)
    return limited.values_list("until", flat=True).first()


def is_refused(api_key: str, *, now: datetime) -> bool:
    return refused_until(api_key, now=now) is not None


def refused_until(api_key: str, *, now: datetime) -> datetime | None:
    """None: nothing is held against it, or it is time to try it again."""
    refused = RefusedKey.objects.filter(fingerprint=fingerprint(api_key), retry_at__gt=now)
    return refused.values_list("retry_at", flat=True).first()


def accept_key(api_key: str) -> None:
    """It was good for a session: whatever was wrong with it is set right."""
    RefusedKey.objects.filter(fingerprint=fingerprint(api_key)).delete()


def fingerprint(api_key: str) -> str:
    return salted_hmac("tenants.credentials", api_key, algorithm="sha256").hexdigest()


def _own(business: Business | uuid.UUID, provider: str) -> Credential | None:
    return Credential.objects.for_business(business).filter(provider=provider).first()
