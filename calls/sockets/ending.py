"""A socket of a page lives no longer than the login, or the place in the team, that has opened it."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any, Final

import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import DatabaseError, InterfaceError
from django.utils.crypto import constant_time_compare
from redis.exceptions import RedisError

from calls.end_tasks import end_tasks
from calls.sockets.door import Application, Message, Receive, Send, person_of
from calls.threads import off_loop
from tenants.models import User
from tenants.sockets import ENDED, mark_of, person_group

logger = structlog.get_logger(__name__)

# The page asks for itself again, and is led to the login, or shown what is left of its rights.
LOGGED_OUT: Final = 4401
ASK_AGAIN_S: Final = 15.0
AGAIN_AFTER_S: Final = 1.0
LEAVE_WITHIN_S: Final = 0.5
GONE: Final = {"type": "websocket.disconnect", "code": LOGGED_OUT}


def until_logged_out(application: Application) -> Application:
    """The application is told that its page has gone when its person may not be here any more."""

    async def enter(scope: Message, receive: Receive, send: Send) -> None:
        user = person_of(scope)
        if user is None:
            await application(scope, receive, send)
            return
        ways = Ways(receive, send)
        watching = asyncio.create_task(Watch(scope, user, ways).run(), name="watch-login")
        try:
            await application(scope, ways.receive, ways.send)
        finally:
            await end_tasks(watching)

    return enter


class Ways:
    """To and from the page, until they are closed from here."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._ended = asyncio.Event()

    async def receive(self) -> Message:
        """Not every server says by itself that a socket that we have closed is closed."""
        if self._ended.is_set():
            return dict(GONE)
        arriving: asyncio.Future[Message] = asyncio.ensure_future(self._receive())
        waiting: set[asyncio.Future[Any]] = {arriving, asyncio.ensure_future(self._ended.wait())}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return dict(GONE) if self._ended.is_set() else arriving.result()
        finally:
            for each in waiting:
                each.cancel()

    async def send(self, message: Message) -> None:
        if not self._ended.is_set():
            await self._send(message)

    async def close(self) -> None:
        """Before it is accepted, this is a refusal."""
        self._ended.set()
        try:
            await self._send({"type": "websocket.close", "code": LOGGED_OUT})
        except (OSError, RuntimeError):
            logger.info("page_was_closed_already")


class Watch:
    def __init__(self, scope: Message, user: User, ways: Ways) -> None:
        self._user_id: int = user.pk
        self._session_key: str = scope["session"].session_key or ""
        self._business = str(scope["url_route"]["kwargs"].get("business_id", ""))
        self._ways = ways

    async def run(self) -> None:
        """What nobody watches is not left open: a fault of the watching closes the socket too."""
        try:
            await self._until_over()
            logger.info("socket_of_a_login_that_ended_closed")
        except Exception:
            logger.exception("login_not_watched")
        await self._ways.close()

    async def _until_over(self) -> None:
        while True:
            try:
                await self._hear(get_channel_layer())
                return
            except (RedisError, OSError) as error:
                logger.warning("channel_layer_away", error=type(error).__name__)
            await asyncio.sleep(AGAIN_AFTER_S)
            if not await self._is_logged_in():
                return

    async def _hear(self, layer: Any) -> None:
        """Returns when the socket is to be closed."""
        channel = await layer.new_channel()
        receiving: asyncio.Task[Message] | None = None
        try:
            await layer.group_add(person_group(self._user_id), channel)
            # Asked first: it may have ended just before anybody could tell us.
            while await self._is_logged_in():
                receiving = receiving or asyncio.create_task(layer.receive(channel))
                await asyncio.wait({receiving}, timeout=ASK_AGAIN_S)
                if receiving.done():
                    message, receiving = receiving.result(), None
                    if self._is_meant(message):
                        return
        finally:
            if receiving is not None:
                await end_tasks(receiving)
            await self._leave(layer, channel)

    def _is_meant(self, message: Message) -> bool:
        """A test call names no business in its address: it ends with any of them."""
        business, session = message.get("business", ""), message.get("session", "")
        return (
            message.get("type") == ENDED
            and business in ("", self._business or business)
            and session in ("", mark_of(self._session_key))
        )

    async def _leave(self, layer: Any, channel: str) -> None:
        try:
            async with asyncio.timeout(LEAVE_WITHIN_S):
                await layer.group_discard(person_group(self._user_id), channel)
        except (RedisError, OSError, TimeoutError) as error:
            logger.info("channel_layer_not_left", error=type(error).__name__)

    async def _is_logged_in(self) -> bool:
        """Where the database cannot be asked, the socket's own question about the role says no."""
        try:
            return await off_loop(is_logged_in)(self._session_key, self._user_id)
        except (DatabaseError, InterfaceError):
            return True


def is_logged_in(session_key: str, user_id: int) -> bool:
    """As `django.contrib.auth.get_user` judges, which may change the session: nobody would tell the
    browser from here.
    """
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or session.get(SESSION_KEY) != str(user_id):
        return False
    known = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    told = session.get(HASH_SESSION_KEY, "")
    return any(constant_time_compare(told, each) for each in known)
