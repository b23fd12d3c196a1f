"""The carrier's end of one media stream: frames by the clock, marks by the playback buffer."""

from __future__ import annotations

import array
import asyncio
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from prosaas.simulator import mulaw
from prosaas.simulator.clock import Clock, Timer
from prosaas.simulator.media_socket import (
    PROTOCOL_FAILURE,
    SOCKET_CLOSED,
    Jitter,
    Outbox,
    Signature,
    StreamError,
    open_socket,
    read_message,
    read_payload,
)
from prosaas.simulator.people import Performer
from prosaas.simulator.playback import Playback
from prosaas.simulator.twiml import ConnectStream
from prosaas.simulator.webhooks import Account, PublicAddress

_FRAME_S = mulaw.FRAME_MS / 1000
# A product that reads too slowly loses audio, as it would with the real carrier.
_SEND_BUFFER_LIMIT = 64 * 1024
_ECHO_DELAY_S = 0.150
_AUDIO_FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


@dataclass(frozen=True, slots=True)
class MediaFaults:
    """What is wrong with a media stream; nothing, by default."""

    signature: Signature = "right"
    url: str = ""  # connect here instead of where the TwiML says
    start_call_sid: str = ""  # claim to be this call
    start_account_sid: str = ""
    parameters: Mapping[str, str] | None = None  # other customParameters than the TwiML's
    send_start: bool = True
    send_stop: bool = True
    echo_marks: bool = True
    jitter: Jitter | None = None
    lost_ms: tuple[tuple[int, int], ...] = ()  # stretches of the caller's audio that never arrive
    repeat_every: int = 0  # each so-many-th frame is sent twice


@dataclass(frozen=True, slots=True)
class CallerFrames:
    """When each frame of the caller's went out, by its chunk number."""

    chunk: array.array[int] = field(default_factory=lambda: array.array("L"))
    sent_at: array.array[float] = field(default_factory=lambda: array.array("d"))


class MediaStream:
    """One stream of one call: `open` it, then `listen` until the socket is closed."""

    def __init__(
        self,
        *,
        account: Account,
        call_sid: str,
        verb: ConnectStream,
        performer: Performer,
        clock: Clock,
        address: PublicAddress,
        faults: MediaFaults,
    ) -> None:
        self.sid = "MZ" + secrets.token_hex(16)
        self.url = faults.url or verb.url
        self.playback = Playback()
        self.caller_frames = CallerFrames()
        self.caller_audio = bytearray()
        self.started = asyncio.Event()  # `start` has been sent
        self.agent_heard = asyncio.Event()  # the first audio has come
        self.over = asyncio.Event()  # the socket is closed
        self.failure: StreamError | None = None
        self.reported_end = False  # the application has been told
        self.start_sent_at: float | None = None
        self.closed_at: float | None = None
        self.closed_by: Literal["", "carrier", "application"] = ""
        self.overflows = 0
        self.received: dict[str, int] = {}
        self._account = account
        self._call_sid = call_sid
        self.verb = verb
        self._performer = performer
        self._clock = clock
        self._address = address
        self._faults = faults
        self._socket: ClientConnection | None = None
        self._sequence = 0
        self._frame = 0
        self._next_frame_at = 0.0
        self._timers: dict[Literal["frame", "mark"], Timer] = {}
        self._outbox = Outbox(faults.jitter)

    # Life and end of the socket.

    async def open(self) -> None:
        self._socket = await open_socket(
            self.url, self._account, self._address, self._faults.signature
        )
        self._send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        self._next_frame_at = self._clock.now() + _FRAME_S
        if self._faults.send_start:
            self._send_start()
            self._arm_frame_timer()

    async def listen(self) -> None:
        """Takes the application's messages until the socket is closed, by whomever."""
        try:
            async for message in self._opened():
                self._receive(message)
            self._stop("application")
        except ConnectionClosed as error:
            if self.closed_at is None:
                self.failure = StreamError(SOCKET_CLOSED, f"the connection broke: {error}")
            self._stop("application")
        except StreamError as error:
            self.failure = error
            self._stop("carrier")
            await self._opened().close(code=1002)
        finally:
            self.over.set()

    async def hang_up(self) -> None:
        """The orderly end: `stop`, then a normal close."""
        if self.closed_at is None:
            if self._faults.send_stop and self.started.is_set():
                stop = {"accountSid": self._account.sid, "callSid": self._call_sid}
                self._send_numbered("stop", {"stop": stop})
            self._flush()
            self._stop("carrier")
        await self._opened().close(code=1000)
        await self.over.wait()

    def lose_network(self) -> None:
        """No stop, no close frame: the connection is simply gone."""
        self._stop("carrier")
        self._opened().transport.abort()

    @property
    def is_open(self) -> bool:
        return self._socket is not None and self._socket.state is State.OPEN

    def _opened(self) -> ClientConnection:
        if self._socket is None:
            raise RuntimeError("open() comes first")
        return self._socket

    def _stop(self, closed_by: Literal["carrier", "application"]) -> None:
        if self.closed_at is not None:
            return
        self.closed_at = self._clock.now()
        self.closed_by = closed_by
        self.playback.end(self.closed_at)
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    # From the carrier to the application.

    def press(self, digit: str) -> None:
        self._send_numbered("dtmf", {"dtmf": {"track": "inbound_track", "digit": digit}})

    def _send_start(self) -> None:
        self._send_numbered(
            "start",
            {
                "start": {
                    "accountSid": self._faults.start_account_sid or self._account.sid,
                    "streamSid": self.sid,
                    "callSid": self._faults.start_call_sid or self._call_sid,
                    "tracks": ["inbound"],
                    "customParameters": self._custom_parameters(),
                    "mediaFormat": _AUDIO_FORMAT,
                }
            },
        )
        self._flush()
        self.start_sent_at = self._clock.now()
        self.started.set()

    def _custom_parameters(self) -> dict[str, str]:
        given = self._faults.parameters
        return dict(self.verb.parameters if given is None else given)

    def _arm_frame_timer(self) -> None:
        # Half a tick before: the loop's rounding then spreads around the right moment.
        when = self._next_frame_at - self._clock.tick / 2
        self._timers["frame"] = self._clock.call_at(when, self._send_due_frames)

    def _send_due_frames(self) -> None:
        due = self._clock.now() + self._clock.tick
        while self._next_frame_at <= due:
            self._send_frame(self._next_frame_at)
            self._next_frame_at += _FRAME_S
        self._arm_frame_timer()

    def _send_frame(self, due: float) -> None:
        # A frame may go out a tick before it is due: what reaches the ear until then is not known
        # yet, so the ear is a tick behind.
        heard_until = due - self._clock.tick
        heard = self.playback.line_between(heard_until - _FRAME_S, heard_until)
        audio = self._performer.frame(heard)
        if self._performer.person.echo:
            audio = self._with_echo(audio, due)
        self._frame += 1
        self._sequence += 1
        self.caller_audio += audio
        elapsed_ms = (self._frame - 1) * mulaw.FRAME_MS
        if any(start <= elapsed_ms < end for start, end in self._faults.lost_ms):
            return
        # Written by hand: this is by far the most frequent message.
        message = (
            f'{{"event":"media","sequenceNumber":"{self._sequence}","streamSid":"{self.sid}",'
            f'"media":{{"track":"inbound","chunk":"{self._frame}","timestamp":"{elapsed_ms + 5}",'
            f'"payload":"{binascii.b2a_base64(audio, newline=False).decode()}"}}}}'
        )
        self._dispatch_frame(message)

    def _dispatch_frame(self, message: str) -> None:
        if self._opened().transport.get_write_buffer_size() > _SEND_BUFFER_LIMIT:
            self.overflows += 1
            return
        self.caller_frames.chunk.append(self._frame)
        self.caller_frames.sent_at.append(self._clock.now())
        repeat = self._faults.repeat_every
        for _ in range(2 if repeat and self._frame % repeat == 0 else 1):
            self._outbox.put_frame(message)
        self._write_outbox()

    def _with_echo(self, audio: bytes, due: float) -> bytes:
        start = due - _ECHO_DELAY_S - _FRAME_S
        echo = mulaw.attenuation(self._performer.person.echo_db)
        leaked = self.playback.line_between(start, start + _FRAME_S).translate(echo)
        return leaked if audio == mulaw.SILENT_FRAME else mulaw.mix(audio, leaked)

    def _send_numbered(self, event: str, body: dict[str, object]) -> None:
        self._sequence += 1
        numbered = {"sequenceNumber": str(self._sequence), "streamSid": self.sid}
        self._send({"event": event, **numbered, **body})

    def _send(self, message: dict[str, object]) -> None:
        self._outbox.put(json.dumps(message, separators=(",", ":")))
        self._write_outbox()

    def _flush(self) -> None:
        self._outbox.flush()
        self._write_outbox()

    def _write_outbox(self) -> None:
        # broadcast() writes at once and never waits for the reader: a carrier does not either.
        for message in self._outbox.take():
            broadcast((self._opened(),), message)

    # From the application to the carrier.

    def _receive(self, message: str | bytes) -> None:
        now = self._clock.now()
        if self.closed_at is not None:
            return
        event, body = read_message(message)
        if not self.started.is_set():
            raise StreamError(PROTOCOL_FAILURE, f"{event!r} came before the stream had started")
        if body.get("streamSid") != self.sid:
            raise StreamError(PROTOCOL_FAILURE, f"{event!r} names another stream")
        self.received[event] = self.received.get(event, 0) + 1
        self._HANDLERS[event](self, body, now)

    def _receive_media(self, body: dict[str, Any], now: float) -> None:
        self.playback.play(read_payload(body), now)
        self.agent_heard.set()

    def _receive_mark(self, body: dict[str, Any], now: float) -> None:
        mark = body.get("mark")
        name = mark.get("name") if isinstance(mark, dict) else None
        if not isinstance(name, str):
            raise StreamError(PROTOCOL_FAILURE, "a mark without a name")
        self.playback.mark(name, now)
        self._echo_due_marks()

    def _receive_clear(self, _body: dict[str, Any], now: float) -> None:
        # What has become due in this very moment was played, not cleared.
        self._echo_marks(self.playback.due_marks(now))
        self._echo_marks(self.playback.clear(now))
        self._arm_mark_timer()

    _HANDLERS = {"media": _receive_media, "mark": _receive_mark, "clear": _receive_clear}

    def _echo_due_marks(self) -> None:
        self._echo_marks(self.playback.due_marks(self._clock.now()))
        self._arm_mark_timer()

    def _echo_marks(self, names: list[str]) -> None:
        if self._faults.echo_marks:
            for name in names:
                self._send_numbered("mark", {"mark": {"name": name}})

    def _arm_mark_timer(self) -> None:
        armed = self._timers.pop("mark", None)
        if armed is not None:
            armed.cancel()
        due = self.playback.next_mark_at
        if due is not None:
            self._timers["mark"] = self._clock.call_at(due, self._echo_due_marks)
