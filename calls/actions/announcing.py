from __future__ import annotations

import asyncio
import uuid
from functools import partial

import structlog
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from calls.groups import call_group
from calls.models import Call

logger = structlog.get_logger(__name__)

ANNOUNCE_TIMEOUT_S = 0.5


def announce(call: Call, kind: str) -> None:
    """News of a call for the process that holds its sockets, once the row is committed.

    A hint: the consumer looks at the row every half second as well. So whatever is wrong with
    Redis, it costs half a second and no more.
    """
    transaction.on_commit(partial(_tell_watchers, call.business_id, call.pk, kind))


def _tell_watchers(business_id: uuid.UUID, call_id: uuid.UUID, kind: str) -> None:
    """In a loop of its own: that of the process may have been told to end meanwhile, and a thread
    that waits for it would keep the process for ever.
    """
    message = {"type": kind, "call_id": str(call_id)}
    try:
        asyncio.run(_send(call_group(business_id, call_id), message))
    except (RedisError, OSError, TimeoutError) as error:
        name = type(error).__name__
        logger.warning("call_news_not_announced", call_id=str(call_id), kind=kind, error=name)


async def _send(group: str, message: dict[str, str]) -> None:
    async with asyncio.timeout(ANNOUNCE_TIMEOUT_S):
        await get_channel_layer().group_send(group, message)
