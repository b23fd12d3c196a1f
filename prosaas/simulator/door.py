"""What all doors of the stand-in carrier for other processes share. Nothing of them exists at the
real carrier, hence a path of their own.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from prosaas.simulator import rest
from prosaas.simulator.rest_forms import ApiError
from prosaas.simulator.switchboard import Switchboard

ROOT = "/simulator"


class Door:
    def __init__(self, switchboard: Switchboard, interface: rest.RestInterface) -> None:
        self._switchboard = switchboard
        self._interface = interface

    def _guarded(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Takes the credentials of any account, and answers what is not understood with a 400."""

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                self._interface.authenticated(request)
                return await handler(request)
            except ApiError as error:
                return rest.error_response(error)
            except (ValueError, TypeError, KeyError) as error:
                return rest.error_response(ApiError(400, 0, f"not understood: {error}"))

        return answer


async def json_of(request: web.Request) -> dict[str, Any]:
    body = json.loads(await request.text())
    if not isinstance(body, dict):
        raise ApiError(400, 0, "the body is not a JSON object")
    return body


def as_json(body: object) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json")
