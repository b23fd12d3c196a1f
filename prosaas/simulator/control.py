"""Through this door other processes place calls at the stand-in carrier, and watch them."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from prosaas.simulator.call_record import CallRecord
from prosaas.simulator.door import ROOT, Door, json_of
from prosaas.simulator.media import MediaStream
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.rest_forms import ApiError
from prosaas.simulator.rest_resources import Json
from prosaas.simulator.switchboard import DEFAULT_CALLER
from prosaas.simulator.wishes import person_from

# Pauses longer than this are taken for pauses between utterances, not for a buffer run dry.
_DRY_GAP_S = 1.0


class ControlDoor(Door):
    def add_routes(self, app: web.Application) -> None:
        add = app.router.add_route
        add("POST", f"{ROOT}/calls", self._guarded(self._place_call))
        add("GET", f"{ROOT}/calls", self._guarded(self._list_calls))
        add("GET", f"{ROOT}/calls/{{sid}}", self._guarded(self._show_call))
        add("GET", f"{ROOT}/calls/{{sid}}/heard", self._guarded(self._heard))
        add("GET", f"{ROOT}/calls/{{sid}}/message", self._guarded(self._message))
        add("GET", f"{ROOT}/calls/{{sid}}/said", self._guarded(self._said))
        add("GET", f"{ROOT}/calls/{{sid}}/frames", self._guarded(self._frames))
        add("POST", f"{ROOT}/calls/{{sid}}/acts", self._guarded(self._act))

    async def _place_call(self, request: web.Request) -> web.StreamResponse:
        wish = await json_of(request)
        call = await self._switchboard.place_call(
            to=wish["to"],
            from_=wish.get("from", DEFAULT_CALLER),
            voice_url=wish["voice_url"],
            fallback_url=wish.get("fallback_url", ""),
            status_callback=wish.get("status_callback", ""),
            status_events=frozenset(wish.get("status_events", ["completed"])),
            account_sid=wish.get("account_sid", ""),
            person=person_from(wish.get("person", "silent_caller"), wish.get("language", "")),
        )
        return web.json_response({"sid": call.sid}, status=201)

    async def _list_calls(self, _request: web.Request) -> web.StreamResponse:
        calls = [_summary(record) for record in self._switchboard.network.book]
        return web.json_response({"calls": calls})

    async def _show_call(self, request: web.Request) -> web.StreamResponse:
        """`?log_from=n` leaves out the first n entries of the log: for those who look often."""
        call = self._call(request)
        log_from = int(request.query.get("log_from", "0"))
        state = _summary(call.record) | {
            "person": call.person.name,
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

    async def _message(self, request: web.Request) -> web.StreamResponse:
        """What a mailbox has recorded."""
        return web.Response(body=self._call(request).message)

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
        call, wish = self._call(request), await json_of(request)
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

    def _call(self, request: web.Request) -> PhoneCall:
        sid = request.match_info["sid"]
        if self._switchboard.network.book.find(sid) is None:
            raise ApiError(404, 20404, "there is no such call")
        if sid not in self._switchboard.calls:
            raise ApiError(410, 0, f"of this call only the record is kept: see {ROOT}/accepted")
        return self._switchboard.calls[sid]

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


def _summary(call: CallRecord) -> Json:
    return {
        "sid": call.sid,
        "status": call.status,
        "direction": call.direction,
        "to": call.to,
        "from": call.from_,
    }
