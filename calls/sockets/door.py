"""Who may open a socket from a page.

A socket carries the session's cookie from whatever page has opened it, and no other protection: so
the page has to be one of ours, by the Origin that only a browser writes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, cast
from urllib.parse import urlsplit

import structlog
from channels.auth import AuthMiddlewareStack
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from tenants.models import User

logger = structlog.get_logger(__name__)

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

NEEDS_NO_PORT: Final = {"http": ":80", "https": ":443"}


def of_our_pages(application: Application) -> Application:
    """The application, for pages of ours; `scope["user"]` is whoever is logged in."""
    with_user = AuthMiddlewareStack(application)

    async def enter(scope: Message, receive: Receive, send: Send) -> None:
        if is_ours(dict(scope["headers"])):
            await with_user(scope, receive, send)
            return
        logger.warning("socket_of_a_strange_page_refused")
        await refuse(receive, send)

    return enter


async def refuse(receive: Receive, send: Send) -> None:
    """Before it is accepted: the browser sees HTTP 403."""
    await receive()
    await send({"type": "websocket.close"})


def is_ours(headers: dict[bytes, bytes]) -> bool:
    """The page's origin is PUBLIC_URL, or the very host that the socket was asked of, by a name that
    is ours. No Origin at all: no browser, so nobody's page.
    """
    origin = headers.get(b"origin", b"").decode("latin-1").lower()
    if origin == origin_of(settings.PUBLIC_URL):
        return True
    page = urlsplit(origin)
    host = headers.get(b"host", b"").decode("latin-1").lower()
    if page.scheme not in NEEDS_NO_PORT or not host or page.netloc != host:
        return False
    if settings.SERVED_BY_HTTPS and page.scheme != "https":
        return False
    name, _port = split_domain_port(host)
    return bool(name) and validate_host(name, settings.ALLOWED_HOSTS)


def origin_of(url: str) -> str:
    parts = urlsplit(url.lower())
    host = parts.netloc.removesuffix(NEEDS_NO_PORT.get(parts.scheme, ""))
    return f"{parts.scheme}://{host}"


def person_of(scope: Message) -> User | None:
    user = scope.get("user")
    return cast(User, user) if user is not None and user.is_authenticated else None
