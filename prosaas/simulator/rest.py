"""The carrier's REST interface, with the faults of POST …/Calls.json that matter to a dialler."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, NoReturn
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict, MultiDictProxy

from prosaas.simulator.call_params import API_VERSION
from prosaas.simulator.call_plan import FINAL, HangUp
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.recordings import Recording
from prosaas.simulator.rest_forms import ApiError, Form, dialling, new_source, new_status
from prosaas.simulator.rest_resources import (
    Json,
    call_resource,
    matching,
    page,
    recording_resource,
    started_within,
)
from prosaas.simulator.switchboard import Switchboard
from prosaas.simulator.webhooks import Account

_ROOT = f"/{API_VERSION}/Accounts/{{account}}"


@dataclass(frozen=True, slots=True)
class RestFault:
    """What happens to one request for a call. By default nothing out of the ordinary."""

    accept: bool = True  # the telephone rings, whatever the answer says
    then: Literal["answer", "hang", "reset", "garbage"] = "answer"
    status: int = 201
    code: int = 0
    after_s: float = 0.0


ACCEPT_500 = RestFault(status=500, code=20500)
ACCEPT_HANG = RestFault(then="hang")
ACCEPT_RESET = RestFault(then="reset")
ACCEPT_GARBAGE = RestFault(then="garbage")
REFUSE_429 = RestFault(accept=False, status=429, code=20429)
REFUSE_500 = RestFault(accept=False, status=500, code=20500)


def slow(seconds: float) -> RestFault:
    return RestFault(after_s=seconds)


class RestInterface:
    def __init__(self, switchboard: Switchboard, own_numbers: frozenset[str]) -> None:
        self.faults: deque[RestFault] = deque()  # one for each POST …/Calls.json to come
        self.list_lag_s = 0.0  # a new call appears in lists only after this
        self._switchboard = switchboard
        self._own_numbers = own_numbers

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post(f"{_ROOT}/Calls.json", self._answering(self._create))
        app.router.add_get(f"{_ROOT}/Calls.json", self._answering(self._list))
        app.router.add_get(f"{_ROOT}/Calls/{{sid}}.json", self._answering(self._show))
        app.router.add_post(f"{_ROOT}/Calls/{{sid}}.json", self._answering(self._update))
        app.router.add_get(
            f"{_ROOT}/Calls/{{call}}/Recordings.json", self._answering(self._list_recordings)
        )
        app.router.add_get(f"{_ROOT}/Recordings.json", self._answering(self._list_recordings))
        app.router.add_get(f"{_ROOT}/Recordings/{{name}}", self._answering(self._show_recording))

    def authenticated(self, request: web.Request) -> Account:
        sid, token = _credentials(request)
        account = self._switchboard.accounts.get(sid)
        if account is None or not hmac.compare_digest(account.auth_token, token):
            raise ApiError(401, 20003, "Authenticate")
        return account

    def _answering(
        self, handler: Callable[[web.Request, Account], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                account = self.authenticated(request)
                if request.match_info["account"] != account.sid:
                    raise ApiError(404, 20404, f"{request.path} was not found")
                return await handler(request, account)
            except ApiError as error:
                return error_response(error)

        return answer

    # Calls.

    async def _create(self, request: web.Request, account: Account) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults else RestFault()
        wanted = dialling(await _form(request), self._own_numbers)
        await self._switchboard.clock.sleep(fault.after_s)
        call = None
        if fault.accept:
            call = self._switchboard.dial(account, wanted.to, wanted.from_, wanted.settings)
        if fault.then == "hang":
            await _hang()
        if fault.then == "reset":
            return _reset(request)
        if fault.then == "garbage":
            return web.Response(status=201, text='{"sid": "CA', content_type="application/json")
        if call is None or fault.status >= 400:
            raise ApiError(fault.status, fault.code, "as the fault script says")
        return web.json_response(self._resource(call), status=201)

    async def _list(self, request: web.Request, account: Account) -> web.StreamResponse:
        visible_since = self._switchboard.clock.now() - self.list_lag_s
        calls = [
            call
            for call in reversed(self._switchboard.calls.values())
            if call.account == account and call.created_at <= visible_since
        ]
        started = started_within(calls, request.query, self._switchboard.network.wall_time)
        found = matching((self._resource(call) for call in started), request.query)
        return web.json_response(page("calls", found, request.query, request.path))

    async def _show(self, request: web.Request, account: Account) -> web.StreamResponse:
        return web.json_response(self._resource(self._call(request, account)))

    async def _update(self, request: web.Request, account: Account) -> web.StreamResponse:
        call = self._call(request, account)
        form = await _form(request)
        status, source = new_status(form), new_source(form)
        if call.status in FINAL:
            raise ApiError(400, 21220, "Call is not in-progress. Cannot redirect.")
        if status == "completed" or (status == "canceled" and call.answered_at is None):
            call.obey(HangUp("the REST interface", "canceled"))
        elif source is not None:
            if call.answered_at is None:
                raise ApiError(400, 21220, "Call is not in-progress. Cannot redirect.")
            call.obey(source)
        return web.json_response(self._resource(call))

    def _call(self, request: web.Request, account: Account) -> PhoneCall:
        call = self._switchboard.calls.get(request.match_info["sid"])
        if call is None or call.account != account:
            raise ApiError(404, 20404, f"{request.path} was not found")
        return call

    def _resource(self, call: PhoneCall) -> Json:
        return call_resource(call, self._switchboard.network.wall_time)

    # Recordings.

    async def _list_recordings(self, request: web.Request, account: Account) -> web.StreamResponse:
        call_sid = request.match_info.get("call") or request.query.get("CallSid")
        found = [
            recording_resource(recording, account.sid, self._switchboard.network.wall_time)
            for recording in self._recordings(account)
            if call_sid in (None, recording.call_sid)
        ]
        return web.json_response(page("recordings", found, request.query, request.path))

    async def _show_recording(self, request: web.Request, account: Account) -> web.StreamResponse:
        sid, _, form = request.match_info["name"].partition(".")
        for recording in self._recordings(account):
            if recording.sid == sid and form == "json":
                resource = recording_resource(
                    recording, account.sid, self._switchboard.network.wall_time
                )
                return web.json_response(resource)
            if recording.sid == sid and form in {"", "wav"}:
                return web.Response(body=recording.wav(), content_type="audio/x-wav")
        raise ApiError(404, 20404, f"{request.path} was not found")

    def _recordings(self, account: Account) -> list[Recording]:
        return [
            call.recording
            for call in self._switchboard.calls.values()
            if call.account == account and call.recording is not None
        ]


def error_response(error: ApiError) -> web.Response:
    body = {
        "code": error.code,
        "message": error.message,
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": error.status,
    }
    return web.json_response(body, status=error.status)


def _credentials(request: web.Request) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


async def _form(request: web.Request) -> Form:
    fields = parse_qsl(await request.text(), keep_blank_values=True)
    return MultiDictProxy(MultiDict(fields))


async def _hang() -> NoReturn:
    """Ends when the client gives up or the carrier is closed: both cancel the handler."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def _reset(request: web.Request) -> web.Response:
    transport = request.transport
    if transport is not None:
        connection: socket.socket = transport.get_extra_info("socket")
        # Linger zero turns the close into a RST.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()
