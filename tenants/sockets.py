"""Open sockets of a person end when what they were opened with does: a login, or a place in a team.

A hint by the channel layer, once the row is committed. Whoever holds a socket asks by itself now and
then as well, so whatever is wrong with Redis costs some seconds and no more.
"""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from typing import Final

import structlog
from channels.layers import get_channel_layer
from django.db import transaction
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

TELL_WITHIN_S: Final = 0.5
ENDED: Final = "sockets.ended"


def person_group(user_id: int) -> str:
    return f"u.{user_id}.sockets"


def mark_of(session_key: str) -> str:
    """Tells one session from another, and logs nobody in."""
    return salted_hmac("tenants.sockets", session_key, algorithm="sha256").hexdigest()[:32]


def end_sockets(
    *user_ids: int, business_id: uuid.UUID | None = None, session_key: str | None = None
) -> None:
    """Of these people; of this business or of this session alone, where one is named."""
    message = {
        "type": ENDED,
        "business": str(business_id or ""),
        "session": mark_of(session_key) if session_key else "",
    }
    transaction.on_commit(partial(_tell, user_ids, message))


def _tell(user_ids: tuple[int, ...], message: dict[str, str]) -> None:
    """In a loop of its own: that of the process may have been told to end meanwhile."""
    try:
        asyncio.run(_send(user_ids, message))
    except (RedisError, OSError, TimeoutError) as error:
        logger.warning("sockets_not_told_to_end", error=type(error).__name__)


async def _send(user_ids: tuple[int, ...], message: dict[str, str]) -> None:
    layer = get_channel_layer()
    async with asyncio.timeout(TELL_WITHIN_S):
        for user_id in user_ids:
            await layer.group_send(person_group(user_id), message)
