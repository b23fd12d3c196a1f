"""What a process does so that its calls have it for themselves."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from calls.process import MediaProcess, Receive, Scope, Send


@pytest.fixture(autouse=True)
def as_python_starts() -> Iterator[None]:
    gc.unfreeze()
    sys.setswitchinterval(0.005)
    yield
    gc.unfreeze()
    sys.setswitchinterval(0.005)


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    pass


def test_the_garbage_collector_lets_everything_be_that_was_there_before_the_calls() -> None:
    assert gc.get_freeze_count() == 0
    before = [object()]

    MediaProcess(nothing)

    assert gc.get_freeze_count() > 10_000
    assert not any(before is each for each in gc.get_objects())


def test_what_calls_leave_behind_is_still_collected() -> None:
    MediaProcess(nothing)

    loop: list[object] = []
    loop.append(loop)
    del loop

    assert gc.collect() >= 1


def test_a_thread_that_computes_does_not_keep_the_loop_waiting() -> None:
    MediaProcess(nothing)

    assert sys.getswitchinterval() <= 0.001
