"""The sound of a call, both sides, for one page: what its process publishes while this asks for it."""

from __future__ import annotations

import asyncio
import uuid
from base64 import b64encode
from typing import Any, Final

import orjson
import structlog
from channels.consumer import AsyncConsumer
from channels.layers import get_channel_layer
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from redis.exceptions import RedisError

from calls.actions import is_live, listen_in
from calls.end_tasks import end_tasks
from calls.groups import call_group, listening_group
from calls.listening import RENEW_EVERY_S
from calls.sockets.door import Message, Receive, Send, person_of
from calls.sockets.live import allowed
from calls.threads import off_loop
from tenants.access import Action
from tenants.models import User

logger = structlog.get_logger(__name__)

AWAY: Final = 1013  # RFC 6455, registry: try again later


class ListeningConsumer(AsyncConsumer):  # type: ignore[misc]
    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        where = scope["url_route"]["kwargs"]
        user = person_of(scope)
        if user is None or not await self._may(user, **where):
            logger.warning("listening_refused", call_id=str(where["call_id"]))
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept"})
        await Listener(user, receive, send, **where).run()

    async def _may(self, user: User, business_id: uuid.UUID, call_id: uuid.UUID) -> bool:
        if not await allowed(user, business_id, Action.LISTEN_IN):
            return False
        try:
            return await off_loop(listen_in)(
                business_id=business_id, call_id=call_id, by=user, now=timezone.now()
            )
        except (PermissionDenied, DatabaseError, InterfaceError):
            return False


class Listener:
    def __init__(
        self,
        user: User,
        receive: Receive,
        send: Send,
        *,
        business_id: uuid.UUID,
        call_id: uuid.UUID,
    ) -> None:
        self._user = user
        self._receive = receive
        self._send = send
        self._business_id = business_id
        self._call_id = call_id

    async def run(self) -> None:
        tasks = {
            asyncio.create_task(self._read(), name="read-page"),
            asyncio.create_task(self._hear(), name="hear-call"),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks(*tasks)
        for task in done:
            task.result()

    async def _read(self) -> None:
        while (await self._receive())["type"] == "websocket.receive":
            pass

    async def _hear(self) -> None:
        code = 1000
        try:
            await self._hear_group(get_channel_layer())
        except (RedisError, OSError) as error:
            logger.warning("channel_layer_away", error=type(error).__name__)
            code = AWAY
        try:
            await self._send({"type": "websocket.close", "code": code})
        except (OSError, RuntimeError):
            logger.info("listening_page_was_closed_already")

    async def _hear_group(self, layer: Any) -> None:
        """Until the call is over, or this person may not hear it any more."""
        channel = await layer.new_channel()
        group = listening_group(self._business_id, self._call_id)
        renewing: asyncio.Task[None] | None = None
        receiving: asyncio.Task[Message] | None = None
        try:
            await layer.group_add(group, channel)
            renewing = asyncio.create_task(self._renew(layer))
            while not renewing.done():
                receiving = receiving or asyncio.create_task(layer.receive(channel))
                await asyncio.wait({receiving, renewing}, return_when=asyncio.FIRST_COMPLETED)
                if receiving.done():
                    message, receiving = receiving.result(), None
                    await self._play(message)
            renewing.result()
        finally:
            await end_tasks(*[task for task in (renewing, receiving) if task is not None])
            await layer.group_discard(group, channel)

    async def _renew(self, layer: Any) -> None:
        group = call_group(self._business_id, self._call_id)
        while await self._goes_on():
            await layer.group_send(group, {"type": "call.listened"})
            await asyncio.sleep(RENEW_EVERY_S)

    async def _goes_on(self) -> bool:
        if not await allowed(self._user, self._business_id, Action.LISTEN_IN):
            return False
        try:
            return await off_loop(is_live)(business_id=self._business_id, call_id=self._call_id)
        except (DatabaseError, InterfaceError):
            return False

    async def _play(self, message: Message) -> None:
        sound = {side: b64encode(message[side]).decode() for side in ("caller", "agent")}
        try:
            await self._send({"type": "websocket.send", "text": orjson.dumps(sound).decode()})
        except (OSError, RuntimeError):
            logger.info("listening_page_not_told")
