from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest
import redis
from channels.layers import BaseChannelLayer, channel_layers
from django.conf import settings

from prosaas.embedded import Valkey

LIMIT_S = settings.REDIS_TIMEOUT_S + 0.4  # what a busy machine may add


def layer_at(address: str) -> BaseChannelLayer:
    """The one of the settings, at another address."""
    [host] = settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"]
    layer: BaseChannelLayer = channel_layers._make_backend(
        "default", {"hosts": [host | {"address": address}]}
    )
    return layer


async def test_a_group_hears_again_when_redis_is_back(valkey: Valkey) -> None:
    address = await asyncio.to_thread(valkey.start)
    port = int(address.rpartition(":")[2].removesuffix("/0"))
    layer = layer_at(address)
    channel = await layer.new_channel()
    await layer.group_add("t.1.call.2", channel)
    hearing = asyncio.ensure_future(layer.receive(channel))
    await asyncio.to_thread(valkey.stop)
    with pytest.raises(redis.RedisError):
        await layer.group_send("t.1.call.2", {"type": "call.ended"})
    assert not hearing.done()
    await asyncio.to_thread(valkey._start_on, port)

    async def say_it_until_it_is_heard() -> Any:
        while not hearing.done():
            await layer.group_send("t.1.call.2", {"type": "call.ended"})
            await asyncio.wait([hearing], timeout=0.1)
        return hearing.result()

    assert await asyncio.wait_for(say_it_until_it_is_heard(), 10) == {"type": "call.ended"}
    await layer.flush()


async def test_a_redis_that_is_away_costs_no_time() -> None:
    layer = layer_at("redis://127.0.0.1:1/0")
    started = time.monotonic()
    with pytest.raises(redis.RedisError):
        await layer.group_send("t.1.call.2", {"type": "call.ended"})
    assert time.monotonic() - started < LIMIT_S
    await layer.flush()


async def test_a_redis_that_is_silent_costs_half_a_second_at_most() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        layer = layer_at(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        started = time.monotonic()
        with pytest.raises(redis.RedisError):
            await layer.group_send("t.1.call.2", {"type": "call.ended"})
        assert time.monotonic() - started < LIMIT_S
        await layer.flush()
