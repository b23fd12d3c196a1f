"""What a process does so that its calls have it for themselves."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from calls.process import MediaProcess, Receive, Scope, Send


@pytest.fixture
def thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    pass


@pytest.mark.usefixtures("thawed")
def test_the_garbage_collector_lets_everything_be_that_was_there_before_the_calls() -> None:
    assert gc.get_freeze_count() == 0
    before = [object()]

    MediaProcess(nothing)

    assert gc.get_freeze_count() > 10_000
    assert not any(before is each for each in gc.get_objects())


@pytest.mark.usefixtures("thawed")
def test_what_calls_leave_behind_is_still_collected() -> None:
    MediaProcess(nothing)

    loop: list[object] = []
    loop.append(loop)
    del loop

    assert gc.collect() >= 1
