from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from tests.calls.bridge.clockwork import ClockworkLoop
from tests.calls.bridge.rig import Rig, rigged


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"clockwork": ClockworkLoop}


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged() as one:
        yield one
