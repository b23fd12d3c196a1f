from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.conf import settings

from prompts.actions import publish, save_draft
from tenants.actions import claim_number, create_business
from tenants.models import Business
from tests.calls.carrier import SignedCarrier

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ALICES_NUMBER = "+97231110001"
CHARLIES_NUMBER = "+97231110002"


def opens(slug: str, language: str, number: str, *directions: str) -> Business:
    """A business with a number, and a prompt for each of these directions."""
    business = create_business(
        slug=slug,
        name=f"{slug.title()}'s shop",
        language=language,
        timezone="Asia/Jerusalem",
        by=None,
        now=NOW,
    )
    claim_number(business=business, e164=number, by=None, now=NOW)
    for direction in directions:
        version = save_draft(
            business=business,
            direction=direction,
            text=f"You sell flowers. Secret of {slug} {direction}.",
            greeting=f"Welcome to {slug}, {direction}.",
            by=None,
            now=NOW,
        )
        publish(version=version, by=None, now=NOW)
    return business


@pytest.fixture
def alices(db: None) -> Business:
    return opens("alice", "he", ALICES_NUMBER, "inbound", "outbound")


@pytest.fixture
def charlies(db: None) -> Business:
    return opens("charlie", "en", CHARLIES_NUMBER, "inbound", "outbound")


@pytest.fixture
def carrier() -> SignedCarrier:
    """The installation's account, on which businesses without one of their own run."""
    return SignedCarrier(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
