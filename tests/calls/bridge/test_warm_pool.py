"""The warm pool by the clock; on real sockets it is tested beside the realtime client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from calls import realtime_client
from calls.realtime_client import LOOK_AGAIN_S, WARM_AGE_S, Account, ModelUnreachableError, WarmPool
from tests.calls.bridge.clockwork import ClockworkLoop
from tests.calls.bridge.rig import KEY, Model

ALICES = Account("installation", KEY)


class Vendor:
    """Opens sockets, or says why not, and notes when it was asked."""

    def __init__(self) -> None:
        self.began = asyncio.get_running_loop().time()
        self.asked_at: list[float] = []
        self.models: list[Model] = []
        self.refusal: ModelUnreachableError | None = None

    async def connect(self, account: Account) -> realtime_client.ModelSocket:
        assert account == ALICES
        self.asked_at.append(asyncio.get_running_loop().time() - self.began)
        if self.refusal is not None:
            raise self.refusal
        self.models.append(Model())
        return self.models[-1].socket


@pytest.fixture
async def vendor(monkeypatch: pytest.MonkeyPatch) -> Vendor:
    one = Vendor()
    monkeypatch.setattr(realtime_client, "connect", one.connect)
    return one


@pytest.fixture
async def pool(vendor: Vendor) -> AsyncIterator[WarmPool]:
    one = WarmPool(ALICES, size=2)
    yield one
    await one.close()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, ClockworkLoop)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await asyncio.sleep(0)
    assert loop.timers == []
    assert not any(model.socket.alive for model in vendor.models)


async def test_two_are_kept_and_no_more(pool: WarmPool, vendor: Vendor) -> None:
    pool.start()
    pool.start()
    await asyncio.sleep(100)
    assert pool.ready == 2
    assert vendor.asked_at == [0, 0]


async def test_what_is_taken_is_replaced_at_once(pool: WarmPool, vendor: Vendor) -> None:
    pool.start()
    await asyncio.sleep(10)
    taken = await pool.socket(ALICES)
    await asyncio.sleep(0.001)
    assert pool.ready == 2
    assert vendor.asked_at == [0, 0, 10]
    taken.close()


async def test_a_model_that_is_away_is_asked_ever_more_rarely(
    pool: WarmPool, vendor: Vendor
) -> None:
    vendor.refusal = ModelUnreachableError("away")
    pool.start()
    await asyncio.sleep(95)
    assert vendor.asked_at == pytest.approx([0, 2, 6, 14, 30, 60, 90])


async def test_a_model_that_is_back_is_asked_soon_when_it_goes_again(
    pool: WarmPool, vendor: Vendor
) -> None:
    vendor.refusal = ModelUnreachableError("away")
    pool.start()
    await asyncio.sleep(31)
    vendor.refusal = None
    await asyncio.sleep(30)
    assert pool.ready == 2

    vendor.refusal = ModelUnreachableError("away again")
    vendor.asked_at.clear()
    (await pool.socket(ALICES)).close()
    await asyncio.sleep(3)
    assert vendor.asked_at == pytest.approx([61, 63])


async def test_a_key_that_is_refused_is_asked_about_once_a_minute(
    pool: WarmPool, vendor: Vendor
) -> None:
    vendor.refusal = ModelUnreachableError("HTTP 401", permanent=True)
    pool.start()
    await asyncio.sleep(130)
    assert vendor.asked_at == pytest.approx([0, 60, 120])


async def test_a_session_that_has_used_up_its_best_minutes_is_replaced(
    pool: WarmPool, vendor: Vendor
) -> None:
    pool.start()
    await asyncio.sleep(WARM_AGE_S + LOOK_AGAIN_S + 1)
    assert pool.ready == 2
    assert len(vendor.models) == 4
    assert [model.socket.alive for model in vendor.models] == [False, False, True, True]
    assert vendor.asked_at[-1] == pytest.approx(WARM_AGE_S, abs=LOOK_AGAIN_S + 1)


async def test_one_that_died_is_replaced_within_seconds(pool: WarmPool, vendor: Vendor) -> None:
    pool.start()
    await asyncio.sleep(1)
    vendor.models[0].breaks()
    assert pool.ready == 1
    await asyncio.sleep(LOOK_AGAIN_S)
    assert pool.ready == 2
    assert vendor.models[1].socket.alive
