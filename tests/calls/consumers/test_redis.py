"""The real channel layer on a real Redis, where a subscription is something that can be left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from channels.layers import get_channel_layer

from calls.consumers import MediaStream
from calls.groups import call_group
from calls.watch import live_calls
from tests.calls.bridge.rig import admitted_call


async def nobody(*_args: object) -> Any:
    raise AssertionError("no socket is needed")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what Redis does has no event to wait for
            await asyncio.sleep(0.001)


def test_a_hint_arrives_and_nothing_of_the_call_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    call = admitted_call()
    asked: list[Sequence[object]] = []

    def news_of_calls(call_ids: Sequence[object]) -> list[object]:
        asked.append(call_ids)
        return []

    monkeypatch.setattr("calls.watch.news_of_calls", news_of_calls)

    async def scenario() -> None:
        layer = get_channel_layer()
        stream = MediaStream(call, nobody, nobody)
        hearing = asyncio.create_task(stream._hear_hints())
        await until(lambda: len(asked) == 1)  # it listens, and has looked for what was before
        group = call_group(call.business_id, call.call_id)
        await layer.group_send(group, {"type": "call.ended"})
        await until(lambda: len(asked) == 2)
        [queue] = layer.channels.values()
        await until(lambda: bool(queue._getters))  # it listens again

        hearing.cancel()
        await asyncio.wait([hearing], timeout=5)
        assert hearing.cancelled()
        assert layer.groups == {}
        assert layer.channels == {}
        assert [shard._subscribed_to for shard in layer._shards] == [set()]
        await layer.flush()
        await live_calls().close()

    asyncio.run(scenario())
