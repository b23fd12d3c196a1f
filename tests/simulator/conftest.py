from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from prosaas.simulator.carrier import Carrier
from prosaas.simulator.clock import Clock
from tests.simulator.product import ACCOUNT, TOKEN, Product, running_product


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    async with running_product() as running:
        yield running


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with Carrier(
        account_sid=ACCOUNT, auth_token=TOKEN, clock=Clock(speed=5), allow_insecure_ws=True
    ) as running:
        yield running
