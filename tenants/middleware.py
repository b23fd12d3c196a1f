from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

IDLE: Final = timedelta(hours=12)
AT_MOST: Final = timedelta(days=7)
# A row of the session table is not written at each request.
NOTED_EVERY: Final = timedelta(minutes=1)
BEGAN, SEEN = "began_at", "seen_at"
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


class SessionLimits:
    """A login ends after 12 hours without the person, and after 7 days in any case.

    Both are the expiry of the session's own row, which every door looks at, sockets included.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Whoever never looked at the session should not have its cookie in `Vary` because of us.
        if request.session.accessed and request.user.is_authenticated and not asks_itself(request):
            keep(request.session, timezone.now())
        return response


def asks_itself(request: HttpRequest) -> bool:
    """A page left open asks for news every few seconds, and nobody may be sitting before it."""
    return bool(request.headers.get("HX-Request")) and request.method in SAFE_METHODS


def keep(session: SessionBase, now: datetime) -> None:
    if session.get(SEEN, 0) > (now - NOTED_EVERY).timestamp():
        return
    began = session.setdefault(BEGAN, now.timestamp())
    session[SEEN] = now.timestamp()
    session.set_expiry(min(now + IDLE, datetime.fromtimestamp(began, UTC) + AT_MOST))
