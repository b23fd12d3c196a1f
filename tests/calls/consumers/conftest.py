from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from tests.calls.bridge.clockwork import ClockworkLoop
from tests.calls.consumers.rig import Rig


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"clockwork": ClockworkLoop}


@pytest.fixture
async def rig(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    one = Rig(monkeypatch)
    yield one
    await one.clears_up()
