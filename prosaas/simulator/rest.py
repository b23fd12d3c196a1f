"""The carrier's REST interface, with the faults that matter to a dialler."""

from __future__ import annotations

import base64
import binascii
import hmac
import math
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict, MultiDictProxy

from prosaas.simulator.call_params import API_VERSION
from prosaas.simulator.call_plan import HangUp
from prosaas.simulator.call_record import CallRecord
from prosaas.simulator.recordings import Recording
from prosaas.simulator.rest_faults import NO_FAULT, FaultPlan, RestFault
from prosaas.simulator.rest_forms import (
    ApiError,
    Form,
    dialling,
    new_source,
    new_status,
    recording_wish,
)
from prosaas.simulator.rest_lists import filtered, last_shown, page, page_of_calls
from prosaas.simulator.rest_numbers import NumberBook
from prosaas.simulator.rest_resources import (
    Json,
    call_resource,
    event_resource,
    recording_resource,
)
from prosaas.simulator.switchboard import Switchboard
from prosaas.simulator.webhooks import Account

_LOOK_S = 0.2
_ROOT = f"/{API_VERSION}/Accounts/{{account}}"


class RestInterface:
    def __init__(self, switchboard: Switchboard, own_numbers: frozenset[str]) -> None:
        self.creates = FaultPlan()  # POST …/Calls.json
        self.reads = FaultPlan()  # the list of calls, and one of them
        self.updates = FaultPlan()  # hanging up and redirecting
        self.recordings = FaultPlan()  # the start of one, by the number called
        self.downloads = FaultPlan()  # the audio of one, by its sid
        self.deletions = FaultPlan()  # of recordings, by sid
        self.numbers = NumberBook(own_numbers)
        self.recordings_ready_after_s = 2.0  # from the end of a call
        self.locked_out: set[str] = set()  # accounts whose credentials are refused for now
        self.list_lag_s = 0.0  # a new call appears in lists only after this…
        self.list_lag_varies = False  # …or after a part of it, another one for each call
        self.events_after_s = 900.0  # from the end of a call until its Events can be read
        self._switchboard = switchboard
        self._own_numbers = own_numbers

    @property
    def faults(self) -> deque[RestFault]:
        """One for each POST …/Calls.json to come."""
        return self.creates.queue

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post(f"{_ROOT}/Calls.json", self._answering(self._create))
        app.router.add_get(f"{_ROOT}/Calls.json", self._answering(self._list))
        app.router.add_get(f"{_ROOT}/Calls/{{sid}}.json", self._answering(self._show))
        app.router.add_post(f"{_ROOT}/Calls/{{sid}}.json", self._answering(self._update))
        app.router.add_get(f"{_ROOT}/Calls/{{sid}}/Events.json", self._answering(self._list_events))
        app.router.add_get(
            f"{_ROOT}/Calls/{{call}}/Recordings.json", self._answering(self._list_recordings)
        )
        app.router.add_post(
            f"{_ROOT}/Calls/{{sid}}/Recordings.json", self._answering(self._begin_recording)
        )
        app.router.add_get(
            f"{_ROOT}/IncomingPhoneNumbers.json", self._answering(self._list_numbers)
        )
        app.router.add_post(
            f"{_ROOT}/IncomingPhoneNumbers/{{sid}}.json", self._answering(self._change_number)
        )
        app.router.add_get(f"{_ROOT}/Recordings.json", self._answering(self._list_recordings))
        app.router.add_get(f"{_ROOT}/Recordings/{{name}}", self._answering(self._show_recording))
        app.router.add_delete(
            f"{_ROOT}/Recordings/{{name}}", self._answering(self._delete_recording)
        )

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
                if account.sid in self.locked_out:
                    raise ApiError(401, 20003, "Authenticate")
                if request.match_info["account"] != account.sid:
                    raise ApiError(404, 20404, f"{request.path} was not found")
                return await handler(request, account)
            except ApiError as error:
                return error_response(error)

        return answer

    # Calls.

    async def _create(self, request: web.Request, account: Account) -> web.StreamResponse:
        form = await _form(request)
        wanted = dialling(form, self._own_numbers)
        fault = await self._fault(self.creates, wanted.to)
        if not fault.accept:
            return await self._reply(request, fault, {})
        call = self._switchboard.dial(
            account, wanted.to, wanted.from_, wanted.settings, fault.queue_s
        )
        return await self._reply(request, fault, self._resource(call.record), 201)

    async def _list(self, request: web.Request, account: Account) -> web.StreamResponse:
        fault = await self._fault(self.reads)
        book, wall_time = self._switchboard.network.book, self._switchboard.network.wall_time
        newest_first = book.newest_first(account.sid, request.query, last_shown(request.query))
        visible = (record for record in newest_first if self._is_listed(record))
        found = filtered(visible, request.query, wall_time)
        body = page_of_calls(found, request.query, request.path, wall_time)
        return await self._reply(request, fault, body)

    def _is_listed(self, record: CallRecord) -> bool:
        # The part is read out of the sid: random, and the same whenever the call is looked for.
        part = int(record.sid[2:10], 16) / 16**8 if self.list_lag_varies else 1.0
        return record.created_at + part * self.list_lag_s <= self._switchboard.clock.now()

    async def _show(self, request: web.Request, account: Account) -> web.StreamResponse:
        fault = await self._fault(self.reads)
        return await self._reply(request, fault, self._resource(self._record(request, account)))

    async def _update(self, request: web.Request, account: Account) -> web.StreamResponse:
        record, form = self._record(request, account), await _form(request)
        fault = await self._fault(self.updates, record.to)
        if fault.accept:
            await self._change(record, form)
        return await self._reply(request, fault, self._resource(record))

    async def _change(self, record: CallRecord, form: Form) -> None:
        status, source = new_status(form), new_source(form)
        if record.is_over:
            raise ApiError(400, 21220, "Call is not in-progress. Cannot redirect.")
        call = self._switchboard.calls[record.sid]
        if status is not None and record.answered_at is None:
            call.obey(HangUp("the REST interface", "canceled"))
            await call.ended()
        elif status == "completed":
            call.obey(HangUp("the REST interface"))
        elif source is not None:
            if record.answered_at is None:
                raise ApiError(400, 21220, "Call is not in-progress. Cannot redirect.")
            call.obey(source)

    async def _list_events(self, request: web.Request, account: Account) -> web.StreamResponse:
        record, network = self._record(request, account), self._switchboard.network
        readable_at = (record.ended_at or math.inf) + self.events_after_s
        told = self._switchboard.requests_about(record) if network.clock.now() > readable_at else ()
        events = [event_resource(exchange, network.wall_time) for exchange in told]
        return web.json_response(page("events", events, request.query, request.path))

    def _record(self, request: web.Request, account: Account) -> CallRecord:
        record = self._switchboard.network.book.find(request.match_info["sid"])
        if record is None or record.account_sid != account.sid:
            raise ApiError(404, 20404, f"{request.path} was not found")
        return record

    def _resource(self, record: CallRecord) -> Json:
        return call_resource(record, self._switchboard.network.wall_time)

    # Faults.

    async def _fault(self, plan: FaultPlan, about: str = "") -> RestFault:
        fault = plan.next(about)
        await self._switchboard.clock.sleep(fault.after_s)
        return fault

    async def _reply(
        self, request: web.Request, fault: RestFault, body: Json, status: int = 200
    ) -> web.StreamResponse:
        await self._switchboard.clock.sleep(fault.answer_after_s)
        if fault.then == "hang":
            await self._hang(request, fault.hang_s)
        if fault.then in {"hang", "reset"}:
            return _reset(request)
        if fault.then == "garbage":
            return web.Response(status=status, text='{"sid": "CA', content_type="application/json")
        if fault.status:
            raise ApiError(fault.status, fault.code, "as the fault script says")
        return web.json_response(body, status=status)

    async def _hang(self, request: web.Request, at_most_s: float | None) -> None:
        clock = self._switchboard.clock
        give_up_at = math.inf if at_most_s is None else clock.now() + at_most_s
        # The transport of a client who has gone is gone too; nothing else tells of it.
        while request.transport is not None and clock.now() < give_up_at:
            await clock.sleep(_LOOK_S)

    # Numbers.

    async def _list_numbers(self, request: web.Request, account: Account) -> web.StreamResponse:
        fault = await self._fault(self.reads)
        found = self.numbers.resources(account.sid, request.query)
        body = page("incoming_phone_numbers", found, request.query, request.path)
        return await self._reply(request, fault, body)

    async def _change_number(self, request: web.Request, account: Account) -> web.StreamResponse:
        form = await _form(request)
        fault = await self._fault(self.updates)
        if not fault.accept:
            return await self._reply(request, fault, {})
        changed = self.numbers.change(account.sid, request.match_info["sid"], form)
        if changed is None:
            raise ApiError(404, 20404, f"{request.path} was not found")
        return await self._reply(request, fault, changed)

    # Recordings.

    async def _list_recordings(self, request: web.Request, account: Account) -> web.StreamResponse:
        call_sid = request.match_info.get("call") or request.query.get("CallSid")
        found = [
            self._recording_resource(recording, account)
            for recording in self._recordings(account)
            if call_sid in (None, recording.call_sid)
        ]
        return web.json_response(page("recordings", found, request.query, request.path))

    async def _begin_recording(self, request: web.Request, account: Account) -> web.StreamResponse:
        record, form = self._record(request, account), await _form(request)
        wish = recording_wish(form, "StartCallRecordingAPI", self.recordings_ready_after_s)
        fault = await self._fault(self.recordings, record.to)
        if not fault.accept:
            return await self._reply(request, fault, {})
        # Nobody has told what the real carrier says to a second one: here it is refused as well.
        if record.answered_at is None or record.is_over or record.recording is not None:
            raise ApiError(400, 21220, "Requested resource is not eligible for recording")
        begun = self._switchboard.calls[record.sid].begin_recording(wish)
        return await self._reply(request, fault, self._recording_resource(begun, account), 201)

    async def _show_recording(self, request: web.Request, account: Account) -> web.StreamResponse:
        _, recording, form = self._named_recording(request, account)
        if form == "json":
            fault = await self._fault(self.reads)
            return await self._reply(request, fault, self._recording_resource(recording, account))
        fault = await self._fault(self.downloads, recording.sid)
        if fault != NO_FAULT:
            return await self._reply(request, fault, {})
        if form not in {"", "wav"} or recording.status != "completed":
            raise ApiError(404, 20404, f"{request.path} was not found")
        return web.Response(body=recording.wav(), content_type="audio/x-wav")

    async def _delete_recording(self, request: web.Request, account: Account) -> web.StreamResponse:
        record, recording, _ = self._named_recording(request, account)
        fault = await self._fault(self.deletions, recording.sid)
        if fault.accept:
            if recording.status == "in-progress":
                raise ApiError(400, 20001, "it is still being recorded")
            record.recording = None
        if fault != NO_FAULT:
            return await self._reply(request, fault, {})
        return web.Response(status=204)

    def _named_recording(
        self, request: web.Request, account: Account
    ) -> tuple[CallRecord, Recording, str]:
        sid, _, form = request.match_info["name"].partition(".")
        for record in self._switchboard.network.book:
            recording = record.recording
            if record.account_sid == account.sid and recording and recording.sid == sid:
                return record, recording, form
        raise ApiError(404, 20404, f"{request.path} was not found")

    def _recording_resource(self, recording: Recording, account: Account) -> Json:
        return recording_resource(recording, account.sid, self._switchboard.network.wall_time)

    def _recordings(self, account: Account) -> list[Recording]:
        return [
            record.recording
            for record in self._switchboard.network.book
            if record.account_sid == account.sid and record.recording is not None
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


def _reset(request: web.Request) -> web.Response:
    transport = request.transport
    if transport is not None:
        connection: socket.socket = transport.get_extra_info("socket")
        # Linger zero turns the close into a RST.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()
