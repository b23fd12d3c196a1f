from __future__ import annotations

import pytest
from django.conf import settings

from tenants.models import Business
from tests.calls.carrier import SignedCarrier
from tests.people import make_number, make_published

ALICES_NUMBER = "+97231110001"
CHARLIES_NUMBER = "+97231110002"


def opens(business: Business, number: str, *directions: str) -> Business:
    """The business takes calls: a number, and a prompt for each of these directions."""
    make_number(business, number)
    for direction in directions:
        text = f"You sell roses. Secret of {business.slug} {direction}."
        greeting = f"Welcome to {business.slug}, {direction}."
        make_published(business, direction, text, greeting)
    return business


@pytest.fixture
def alices(flowers: Business) -> Business:
    return opens(flowers, ALICES_NUMBER, "inbound", "outbound")


@pytest.fixture
def charlies(garage: Business) -> Business:
    return opens(garage, CHARLIES_NUMBER, "inbound", "outbound")


@pytest.fixture
def carrier() -> SignedCarrier:
    """The installation's account, on which businesses without one of their own run."""
    return SignedCarrier(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
