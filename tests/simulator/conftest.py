from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from prosaas.simulator.carrier import Carrier
from prosaas.simulator.clock import Clock
from tests.simulator.dialling import Dialler, dialling
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


@pytest.fixture
async def busy_carrier() -> AsyncIterator[Carrier]:
    """Dials as fast as it is asked to, ten times as fast as the wall clock."""
    async with Carrier(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        other_accounts={"AC" + "2" * 32: "the other token"},
        clock=Clock(speed=10),
        calls_per_second=0,
        allow_insecure_ws=True,
    ) as running:
        asyncio.get_running_loop().call_later(PATIENCE_S, hang_up_all, running)
        yield running


@pytest.fixture
async def dialler(busy_carrier: Carrier) -> AsyncIterator[Dialler]:
    async with dialling(busy_carrier.base_url) as ready:
        yield ready
