from __future__ import annotations

from typing import Any

from channels.consumer import AsyncConsumer
from django.urls import URLPattern, path

from calls.consumers import BrowserCallConsumer, MediaStreamConsumer
from calls.sockets.door import of_our_pages
from calls.sockets.ending import until_logged_out
from calls.sockets.listening import ListeningConsumer
from calls.sockets.live import LiveConsumer
from calls.sockets.typed import TypedTestConsumer


def page_socket(route: str, consumer: type[AsyncConsumer]) -> URLPattern:
    # Around each of them, since a router inside another one may have nothing around it.
    guarded: Any = of_our_pages(until_logged_out(consumer.as_asgi()))
    pattern: URLPattern = path(route, guarded)
    return pattern


websocket_urlpatterns = [
    # No Origin check and no session: the carrier has neither. Its signature and the token guard it.
    path("ws/media/<token>", MediaStreamConsumer.as_asgi()),
    page_socket("ws/live/<uuid:business_id>", LiveConsumer),
    page_socket("ws/live/<uuid:business_id>/<uuid:call_id>/sound", ListeningConsumer),
    page_socket("ws/try/<token>", BrowserCallConsumer),
    page_socket("ws/try/<token>/typed", TypedTestConsumer),
]
