from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.outbound.rig import CarrierThread, Clock, carrier_in_a_thread


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def line(settings: Settings) -> Iterator[CarrierThread]:
    """The carrier with the account of the installation, as fast as it is asked."""
    with carrier_in_a_thread(
        account_sid=settings.TWILIO_ACCOUNT_SID,
        auth_token=settings.TWILIO_AUTH_TOKEN,
        calls_per_second=1000.0,
    ) as line:
        settings.TWILIO_API_BASE_URL = line.carrier.base_url
        yield line
