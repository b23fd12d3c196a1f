"""Whose account a business's calls run on: its own, else the installation's."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from django.conf import settings

from tenants.models import Business, Credential

INSTALLATION = "installation"


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
    own = _own(business, Credential.Provider.TWILIO)
    if own is not None:
        return TwilioAccount(own.account_sid, own.secret)
    if settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN:
        return TwilioAccount(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
    raise CredentialMissing(
        "No Twilio account: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, "
        "or store a Twilio credential for this business."
    )


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


def openai_key(business: Business | uuid.UUID) -> str:
    """Inside a scope only."""
    return openai_account(business).api_key


def _own(business: Business | uuid.UUID, provider: str) -> Credential | None:
    return Credential.objects.for_business(business).filter(provider=provider).first()
