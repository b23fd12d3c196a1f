from __future__ import annotations

from django.urls import path

from calls.consumers import MediaStreamConsumer

websocket_urlpatterns = [path("ws/media/<token>", MediaStreamConsumer.as_asgi())]
