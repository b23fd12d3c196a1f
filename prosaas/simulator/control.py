"""The stand-in carrier's own door, for other processes: place calls, watch them, script the world.

Nothing of this exists at the real carrier, hence a path of its own.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from prosaas.simulator import people, rest
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.media import MediaStream
from prosaas.simulator.people import Person, Step
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.rest_forms import ApiError
from prosaas.simulator.rest_resources import Json
from prosaas.simulator.switchboard import DEFAULT_CALLER, Switchboard

_ROOT = "/simulator"
# Pauses longer than this are taken for pauses between utterances, not for a buffer run dry.
_DRY_GAP_S = 1.0

_PEOPLE: dict[str, Callable[[str], Person]] = {
    "polite_caller": people.polite_caller,
    "interrupter": people.interrupter,
    "silent_caller": lambda _language: people.silent_caller(),
    "impatient": lambda _language: people.impatient(),
}
_STEPS: dict[str, Callable[..., Step]] = {
    "say": people.Say,
    "wait": people.Wait,
    "after_agent_starts": people.AfterAgentStarts,
    "at_last_word": people.AtLastWord,
    "after_agent_ends": people.AfterAgentEnds,
    "interrupt": people.Interrupt,
    "press": people.Press,
    "silent": people.Silent,
    "count_frames": people.CountFrames,
    "hang_up": people.HangUp,
}
_FAULTS = {
    "accept_500": rest.ACCEPT_500,
    "accept_hang": rest.ACCEPT_HANG,
    "accept_reset": rest.ACCEPT_RESET,
    "accept_garbage": rest.ACCEPT_GARBAGE,
    "refuse_429": rest.REFUSE_429,
    "refuse_500": rest.REFUSE_500,
}


class ControlDoor:
    def __init__(self, switchboard: Switchboard, interface: rest.RestInterface) -> None:
        self._switchboard = switchboard
        self._interface = interface

    def add_routes(self, app: web.Application) -> None:
        add = app.router.add_route
        add("POST", f"{_ROOT}/calls", self._guarded(self._place_call))
        add("GET", f"{_ROOT}/calls", self._guarded(self._list_calls))
        add("GET", f"{_ROOT}/calls/{{sid}}", self._guarded(self._show_call))
        add("GET", f"{_ROOT}/calls/{{sid}}/heard", self._guarded(self._heard))
        add("GET", f"{_ROOT}/calls/{{sid}}/said", self._guarded(self._said))
        add("GET", f"{_ROOT}/calls/{{sid}}/frames", self._guarded(self._frames))
        add("POST", f"{_ROOT}/calls/{{sid}}/acts", self._guarded(self._act))
        add("PUT", f"{_ROOT}/callees/{{number}}", self._guarded(self._script_callee))
        add("POST", f"{_ROOT}/faults", self._guarded(self._script_faults))

    def _guarded(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                self._interface.authenticated(request)
                return await handler(request)
            except ApiError as error:
                return rest.error_response(error)

        return answer

    async def _place_call(self, request: web.Request) -> web.StreamResponse:
        wish = await _json(request)
        events = wish.get("status_events", ["completed"])
        try:
            call = await self._switchboard.place_call(
                to=wish["to"],
                from_=wish.get("from", DEFAULT_CALLER),
                voice_url=wish["voice_url"],
                fallback_url=wish.get("fallback_url", ""),
                status_callback=wish.get("status_callback", ""),
                status_events=frozenset(events),
                account_sid=wish.get("account_sid", ""),
                person=person_from(wish.get("person", "silent_caller"), wish.get("language", "")),
            )
        except KeyError as error:
            raise ApiError(400, 0, f"missing or unknown: {error}") from error
        return web.json_response({"sid": call.sid}, status=201)

    async def _list_calls(self, _request: web.Request) -> web.StreamResponse:
        calls = [_summary(call) for call in self._switchboard.calls.values()]
        return web.json_response({"calls": calls})

    async def _show_call(self, request: web.Request) -> web.StreamResponse:
        """`?log_from=n` leaves out the first n entries of the log: for those who look often."""
        call = self._call(request)
        log_from = int(request.query.get("log_from", "0"))
        state = _summary(call) | {
            "now": self._switchboard.clock.now(),
            "answered_at": call.answered_at,
            "ended_at": call.ended_at,
            "errors": call.errors,
            "spoken": call.spoken,
            "log": [asdict(entry) for entry in call.log[log_from:]],
            "streams": [self._stream(stream) for stream in call.streams],
            "legs": [leg.sid for leg in call.legs],
            "twiml_requests": [exchange.status for exchange in call.exchanges],
            "callbacks": [
                {"about": exchange.about, "status": exchange.status, "at": exchange.sent_at}
                for exchange in call.callbacks
            ],
        }
        return web.json_response(state)

    async def _heard(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=self._call(request).heard_bytes())

    async def _said(self, request: web.Request) -> web.StreamResponse:
        said = b"".join(bytes(stream.caller_audio) for stream in self._call(request).streams)
        return web.Response(body=said)

    async def _frames(self, request: web.Request) -> web.StreamResponse:
        streams = [
            {
                "chunk": list(stream.caller_frames.chunk),
                "sent_at": list(stream.caller_frames.sent_at),
                "arrived_at": list(stream.playback.arrived_at),
                "arrived_bytes": list(stream.playback.arrived_bytes),
            }
            for stream in self._call(request).streams
        ]
        return web.json_response({"streams": streams})

    async def _act(self, request: web.Request) -> web.StreamResponse:
        call, wish = self._call(request), await _json(request)
        match wish:
            case {"do": "hang up"}:
                call.hang_up()
            case {"do": "lose network"}:
                call.lose_network()
            case {"do": "say", "clip": str(clip)}:
                call.say(clip)
            case {"do": "press", "digit": str(digit)}:
                call.press(digit)
            case _:
                raise ApiError(400, 0, "do: hang up, lose network, say (clip) or press (digit)")
        return web.json_response({})

    async def _script_callee(self, request: web.Request) -> web.StreamResponse:
        wish = await _json(request)
        person = person_from(wish.pop("person", "silent_caller"), wish.pop("language", ""))
        try:
            callee = Callee(person=person, **wish)
        except TypeError as error:
            raise ApiError(400, 0, str(error)) from error
        self._switchboard.callees[request.match_info["number"]] = callee
        return web.json_response({})

    async def _script_faults(self, request: web.Request) -> web.StreamResponse:
        wish = await _json(request)
        unknown = set(wish.get("rest", [])) - set(_FAULTS)
        if unknown:
            raise ApiError(400, 0, f"unknown faults: {', '.join(sorted(unknown))}")
        self._interface.faults.extend(_FAULTS[name] for name in wish.get("rest", []))
        self._interface.list_lag_s = float(wish.get("list_lag_s", self._interface.list_lag_s))
        return web.json_response({})

    def _call(self, request: web.Request) -> PhoneCall:
        call = self._switchboard.calls.get(request.match_info["sid"])
        if call is None:
            raise ApiError(404, 20404, "there is no such call")
        return call

    def _stream(self, stream: MediaStream) -> Json:
        playback = stream.playback
        return {
            "sid": stream.sid,
            "url": stream.url,
            "start_sent_at": stream.start_sent_at,
            "closed_at": stream.closed_at,
            "closed_by": stream.closed_by,
            "failure": str(stream.failure) if stream.failure else "",
            "frames_sent": len(stream.caller_frames.chunk),
            "overflows": stream.overflows,
            "received": stream.received,
            "first_frame_at": playback.first_frame_at,
            "heard_ms": len(playback.heard_bytes(self._switchboard.clock.now())) / 8,
            "max_ahead_ms": playback.max_ahead_ms,
            "max_payload": playback.max_payload,
            "dry_gaps_ms": [gap.ms for gap in playback.dry_gaps(shorter_than=_DRY_GAP_S)],
            "clears": len(playback.clears),
            "marks_echoed": len(playback.echoes),
        }


def person_from(wish: object, language: str) -> Person:
    """A ready-made person by name, or `{"name": …, "steps": [{"step": "say", "clip": …}, …]}`."""
    if isinstance(wish, str) and wish in _PEOPLE:
        return _PEOPLE[wish](language or "en")
    if not isinstance(wish, dict):
        raise ApiError(400, 0, f"person: one of {', '.join(_PEOPLE)}, or a script")
    steps = tuple(_step_from(step) for step in wish.get("steps", []))
    name = str(wish.get("name", "scripted caller"))
    return Person(name, steps, language, echo=bool(wish.get("echo")))


def _step_from(wish: dict[str, Any]) -> Step:
    fields = dict(wish)
    name = fields.pop("step", None)
    if name not in _STEPS:
        raise ApiError(400, 0, f"step: one of {', '.join(_STEPS)}")
    try:
        return _STEPS[name](**fields)
    except (TypeError, KeyError) as error:
        raise ApiError(400, 0, f"step {name}: {error}") from error


def _summary(call: PhoneCall) -> Json:
    return {
        "sid": call.sid,
        "status": call.status,
        "direction": call.direction,
        "to": call.to,
        "from": call.from_,
        "person": call.person.name,
    }


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text())
    except json.JSONDecodeError as error:
        raise ApiError(400, 0, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise ApiError(400, 0, "the body is not a JSON object")
    return body
