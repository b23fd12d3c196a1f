from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from prosaas.simulator.carrier import Carrier
from prosaas.simulator.clock import Clock
from tests.simulator.product import ACCOUNT, PATIENCE_S, TOKEN, Product, running_product


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    async with running_product() as running:
        yield running


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with Carrier(
        account_sid=ACCOUNT, auth_token=TOKEN, clock=Clock(speed=5), allow_insecure_ws=True
    ) as running:
        asyncio.get_running_loop().call_later(PATIENCE_S, hang_up_all, running)
        yield running


def hang_up_all(carrier: Carrier) -> None:
    """A test that waits for a call to end must not wait for ever when something is broken."""
    for call in carrier.calls.values():
        call.hang_up()
