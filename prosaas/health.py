"""Whether this process is up, and whether what it needs is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import redis
import redis.asyncio
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

PROBE_SECONDS = 0.5


async def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers; a load balancer restarts it when this does not."""
    return HttpResponse("ok\n", content_type="text/plain")


async def readyz(_request: HttpRequest) -> JsonResponse:
    """503 names what is missing: send no calls here until it is back."""
    database, hints = await asyncio.gather(
        _state(_ask_database, psycopg.Error), _state(_ask_redis, redis.RedisError)
    )
    states = {"database": database, "redis": hints}
    ready = all(state == "ok" for state in states.values())
    return JsonResponse(states, status=200 if ready else 503)


async def _state(ask: Callable[[], Awaitable[None]], refusal: type[Exception]) -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await ask()
    except TimeoutError:
        return f"no answer within {PROBE_SECONDS} s"
    except (refusal, OSError):
        return "refused"
    return "ok"


async def _ask_database() -> None:
    """On a connection of its own: a busy pool is no reason to call the database dead."""
    wanted = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "service")
    parameters = connection.get_connection_params()
    async with await psycopg.AsyncConnection.connect(
        **{name: parameters[name] for name in wanted if name in parameters}
    ) as database:
        await database.execute("SELECT 1")


async def _ask_redis() -> None:
    async with redis.asyncio.from_url(settings.REDIS_URL) as client:
        await client.ping()
