from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prosaas.settings")
http = get_asgi_application()

# Models may be imported only after Django is set up, which the line above does.
from calls.process import MediaProcess  # noqa: E402
from calls.routing import websocket_urlpatterns  # noqa: E402

application = MediaProcess(
    ProtocolTypeRouter(
        {
            "http": http,
            # Each route has its own guard: the carrier signs, a page of ours has a session.
            "websocket": URLRouter(websocket_urlpatterns),
        }
    )
)
