"""Twilio Media Streams, bidirectional (`<Connect><Stream>`): messages in and out.

Twilio docs, Voice, Media Streams, "WebSocket messages". All numbers in them are strings.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from calls.engine.audio import FRAME_BYTES
from calls.engine.events import CarrierStopped, KeyPressed, Mark, MarkReached
from calls.wire.fields import Ignored, Json, MalformedError, identifier, obj, optional_text, text

# A frame is 160 bytes, 216 characters of base64. Twilio does not promise it; a second at once is
# more than any network hiccup bunches into one message.
MAX_PAYLOAD: Final = 4 * 8000 // 3
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}").fullmatch
KEYS: Final = frozenset("0123456789*#")  # A to D are on no telephone that a caller has
_MARK: Final = re.compile(r"(?P<item>.+):(?P<end>[0-9]{1,9}):g(?P<generation>[0-9]{1,9})").fullmatch


@dataclass(frozen=True, slots=True)
class Media:
    """A caller's frame; `payload` is checked base64 and goes to the model as it is."""

    payload: str


@dataclass(frozen=True, slots=True)
class StreamStarted:
    stream_sid: str
    call_sid: str
    account_sid: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A message that Twilio would never send; some are forgiven, many end the stream."""

    kind: str


Inbound = Media | StreamStarted | MarkReached | KeyPressed | CarrierStopped | Ignored | Broken


def decode(message: str) -> Inbound:
    """One message of Twilio's. Never raises."""
    try:
        parsed = orjson.loads(message)
    except orjson.JSONDecodeError:
        return Broken("json")
    if not isinstance(parsed, dict):
        return Broken("json")
    try:
        return _decode(parsed)
    except MalformedError as missing:
        return Broken(f"{_event(parsed)}.{missing}")


def _decode(message: Json) -> Inbound:
    decoder = DECODERS.get(_event(message))
    return Ignored("carrier.unknown") if decoder is None else decoder(message)


def _event(message: Json) -> str:
    event = message.get("event")
    return event if isinstance(event, str) and event.isidentifier() else "unknown"


def _media(message: Json) -> Inbound:
    media = obj(message, "media")
    if media.get("track", "inbound") != "inbound":
        return Ignored("carrier.other_track")
    payload = text(media, "payload")
    # The payload is put into the model's message between two quotes: it must be what it says.
    if len(payload) > MAX_PAYLOAD or len(payload) % 4 or _BASE64(payload) is None:
        return Broken("media.payload")
    return Media(payload)


def decoded(payload: str) -> bytes:
    """The bytes of a Media message's payload, which was checked."""
    return a2b_base64(payload)


def _start(message: Json) -> StreamStarted:
    start = obj(message, "start")
    return StreamStarted(
        stream_sid=identifier(start, "streamSid"),
        call_sid=identifier(start, "callSid"),
        account_sid=identifier(start, "accountSid"),
        encoding=optional_text(obj(start, "mediaFormat"), "encoding"),
    )


def _key(message: Json) -> Inbound:
    digit = text(obj(message, "dtmf"), "digit")
    return KeyPressed(digit) if digit in KEYS else Ignored("carrier.other_key")


def _mark(message: Json) -> Inbound:
    name = _MARK(text(obj(message, "mark"), "name"))
    if name is None:
        return Ignored("carrier.foreign_mark")
    return MarkReached(Mark(name["item"], int(name["end"]), int(name["generation"])))


def _stop(_message: Json) -> Inbound:
    return CarrierStopped()


def _connected(_message: Json) -> Inbound:
    return Ignored("carrier.connected")


DECODERS: Final[Mapping[str, Callable[[Json], Inbound]]] = {
    "connected": _connected,
    "start": _start,
    "media": _media,
    "mark": _mark,
    "dtmf": _key,
    "stop": _stop,
}


class Encoder:
    """Messages for one stream. Anything but media, mark and clear is error 31924 at Twilio."""

    def __init__(self, stream_sid: str) -> None:
        sid = orjson.dumps(stream_sid).decode()
        self._media = f'{{"event":"media","streamSid":{sid},"media":{{"payload":"'
        self._mark = f'{{"event":"mark","streamSid":{sid},"mark":{{"name":'
        self.clear: Final = f'{{"event":"clear","streamSid":{sid}}}'

    def media(self, frame: bytes) -> str:
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"a frame has {FRAME_BYTES} bytes, not {len(frame)}")
        return f'{self._media}{b64encode(frame).decode()}"}}}}'

    def mark(self, mark: Mark) -> str:
        name = f"{mark.item_id}:{mark.end_ms}:g{mark.generation}"
        return f"{self._mark}{orjson.dumps(name).decode()}}}}}"
