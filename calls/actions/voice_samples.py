"""A sentence in a voice, for whoever chooses one. Outside every scope: the model takes seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from asgiref.sync import async_to_sync
from django.utils.translation import gettext, override

from calls.greetings import speak
from calls.realtime_client import Account
from prompts.models import VoiceSample
from tenants.access import Action, require
from tenants.credentials import openai_account
from tenants.models import Business, User
from tenants.scoping import business_scope

WITHIN_S: Final = 15.0


def voice_sample(*, business: Business, voice: str, by: User | None, now: datetime) -> VoiceSample:
    """In the language of the business; spoken once for all businesses, and then kept.

    Raises GreetingError and CredentialMissing.
    """
    with business_scope(business):
        require(by, business, Action.EDIT_PROMPT)
        known = VoiceSample.objects.filter(voice=voice, language=business.language).first()
        if known is not None:
            return known
        key = openai_account(business)
    account = Account(key.owner, key.api_key)
    text = sentence(business.language)
    audio = async_to_sync(speak)(account, text=text, voice=voice, within_s=WITHIN_S)
    sample, _created = VoiceSample.objects.get_or_create(
        voice=voice, language=business.language, defaults={"audio": audio, "made_at": now}
    )
    return sample


def sentence(language: str) -> str:
    with override(language):
        return gettext("Hello, this is how I sound on the telephone. How can I help you?")
