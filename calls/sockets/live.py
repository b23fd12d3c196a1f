"""News for an open page: something in this business's calls has changed, look again.

Hints alone, without a word of what was said: the page asks for what it shows, and is asked who it is,
by HTTP. Whatever is lost here costs until the page's own next look, three seconds later.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Final

import orjson
import structlog
from channels.consumer import AsyncConsumer
from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError
from redis.exceptions import RedisError

from calls.end_tasks import end_tasks
from calls.groups import team_group
from calls.sockets.door import Message, Receive, Send, person_of
from calls.threads import off_loop
from tenants.access import Action, may
from tenants.models import Membership, User
from tenants.scoping import business_scope
from tenants.second_factor import lacks_second_factor

logger = structlog.get_logger(__name__)

# When nothing came for so long, a message of our own goes the same way and has to come back.
PING_AFTER_S: Final = 2.0
AGAIN_AFTER_S: Final = 1.0
AGAIN_AT_MOST_S: Final = 3.0
# Who has left the team meanwhile is no longer told.
ASK_AGAIN_S: Final = 15.0
LEAVE_WITHIN_S: Final = 0.5


class NotAllowed:
    CODE: Final = 4403


class LiveConsumer(AsyncConsumer):  # type: ignore[misc]
    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        business_id: uuid.UUID = scope["url_route"]["kwargs"]["business_id"]
        user = person_of(scope)
        if user is None or not await allowed(user, business_id, Action.SEE_PAGES):
            logger.warning("live_socket_refused")
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept"})
        await LiveNews(user, business_id, receive, send).run()


async def allowed(user: User, business_id: uuid.UUID, action: Action) -> bool:
    """No, where the database cannot be asked."""
    try:
        return await off_loop(may_do)(user=user, business_id=business_id, action=action)
    except (DatabaseError, InterfaceError):
        return False


def may_do(*, user: User, business_id: uuid.UUID, action: Action) -> bool:
    with business_scope(business_id):
        memberships = Membership.objects.for_business(business_id).filter(user=user.pk)
        membership = memberships.select_related("business", "user").first()
        return (
            membership is not None
            and membership.user.is_active
            and membership.business.is_active
            and may(membership.role, action)
            and not lacks_second_factor(membership.user, membership.role)
        )


class LiveNews:
    def __init__(self, user: User, business_id: uuid.UUID, receive: Receive, send: Send) -> None:
        self._user = user
        self._business_id = business_id
        self._receive = receive
        self._send = send
        self._away: bool | None = None  # as the page was told
        self._asked_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        reading = asyncio.create_task(self._read(), name="read-page")
        hearing = asyncio.create_task(self._hear(), name="hear-news")
        tasks = {reading, hearing}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks(*tasks)
        if hearing.done() and not hearing.cancelled() and (fault := hearing.exception()):
            raise fault

    async def _read(self) -> None:
        """The page says nothing; that it has gone is news."""
        while (await self._receive())["type"] == "websocket.receive":
            pass

    async def _hear(self) -> None:
        layer = get_channel_layer()
        if layer is None:
            return
        pause = AGAIN_AFTER_S
        while await self._still_allowed():
            try:
                await self._hear_group(layer)
                return
            except (RedisError, OSError, TimeoutError) as error:
                if not self._away:
                    logger.warning("channel_layer_away", error=type(error).__name__)
                    pause = AGAIN_AFTER_S
                await self._say_away(True)
                await asyncio.sleep(pause)
                pause = min(2 * pause, AGAIN_AT_MOST_S)
        await self._send({"type": "websocket.close", "code": NotAllowed.CODE})

    async def _hear_group(self, layer: Any) -> None:
        """Returns when this person may hear no more."""
        channel = await layer.new_channel()
        group = team_group(self._business_id)
        receiving: asyncio.Task[Message] | None = None
        pinged = heard = False
        try:
            await layer.group_add(group, channel)
            while await self._still_allowed():
                receiving = receiving or asyncio.create_task(layer.receive(channel))
                # At first at once: until something has come this way, nobody knows that it can.
                await asyncio.wait({receiving}, timeout=PING_AFTER_S if pinged or heard else 0)
                if not receiving.done():
                    if pinged:
                        raise TimeoutError
                    await layer.send(channel, {"type": "live.ping"})
                    pinged = True
                    continue
                message, receiving, pinged, heard = receiving.result(), None, False, True
                await self._say_away(False)
                if message.get("type") == "live.changed":
                    await self._tell("changed", call=message["call_id"])
            await self._send({"type": "websocket.close", "code": NotAllowed.CODE})
        finally:
            if receiving is not None:
                await end_tasks(receiving)
            await self._leave(layer, group, channel)

    async def _leave(self, layer: Any, group: str, channel: str) -> None:
        try:
            async with asyncio.timeout(LEAVE_WITHIN_S):
                await layer.group_discard(group, channel)
        except (RedisError, OSError, TimeoutError) as error:
            logger.info("channel_layer_not_left", error=type(error).__name__)

    async def _still_allowed(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._asked_at < ASK_AGAIN_S:
            return True
        self._asked_at = now
        return await allowed(self._user, self._business_id, Action.SEE_PAGES)

    async def _say_away(self, away: bool) -> None:
        if away is not self._away:
            self._away = away
            await self._tell("hints", away=away)

    async def _tell(self, kind: str, **facts: Any) -> None:
        try:
            text = orjson.dumps({"kind": kind} | facts).decode()
            await self._send({"type": "websocket.send", "text": text})
        except (OSError, RuntimeError):  # it is closing; the reader will hear of it
            logger.info("live_page_not_told")
