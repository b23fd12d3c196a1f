from __future__ import annotations

import asyncio
import uuid
from functools import partial

import structlog
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from calls.groups import call_group, team_group
from calls.models import Call

logger = structlog.get_logger(__name__)

ANNOUNCE_TIMEOUT_S = 0.5


def announce(call: Call, kind: str) -> None:
    """News of a call for the process that holds its sockets, once the row is committed.

    A hint: the consumer looks at the row every half second as well. So whatever is wrong with
    Redis, it costs half a second and no more.
    """
    transaction.on_commit(partial(tell_watchers, call.business_id, call.pk, kind))


def tell_watchers(business_id: uuid.UUID, call_id: uuid.UUID, kind: str) -> None:
    """In a loop of its own: that of the process may have been told to end meanwhile, and a thread
    that waits for it would keep the process for ever.
    """
    message = {"type": kind, "call_id": str(call_id)}
    try:
        asyncio.run(_send(business_id, call_id, message))
    except (RedisError, OSError, TimeoutError) as error:
        name = type(error).__name__
        logger.warning("call_news_not_announced", call_id=str(call_id), kind=kind, error=name)


async def _send(business_id: uuid.UUID, call_id: uuid.UUID, message: dict[str, str]) -> None:
    """To the process that holds its sockets, and to the pages on which the team watches."""
    layer = get_channel_layer()
    async with asyncio.timeout(ANNOUNCE_TIMEOUT_S):
        await layer.group_send(call_group(business_id, call_id), message)
        changed = {"type": "live.changed", "call_id": str(call_id)}
        await layer.group_send(team_group(business_id), changed)
