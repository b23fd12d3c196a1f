from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import orjson
import pytest

from calls.engine.events import CarrierStopped, KeyPressed, Mark, MarkReached
from calls.wire import twilio
from calls.wire.fields import Ignored
from calls.wire.twilio import (
    MAX_PAYLOAD,
    Broken,
    Encoder,
    Inbound,
    Media,
    StreamStarted,
    decode,
)

FRAME = bytes(range(160))
PAYLOAD = b64encode(FRAME).decode()
START: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ1",
    "start": {
        "accountSid": "AC1",
        "streamSid": "MZ1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "customParameters": {},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    },
}


def decoded(message: object) -> Inbound:
    return decode(orjson.dumps(message).decode())


def media(payload: object, **more: object) -> dict[str, Any]:
    return {
        "event": "media",
        "sequenceNumber": "57",
        "streamSid": "MZ1",
        "media": {"track": "inbound", "chunk": "56", "timestamp": "1125", "payload": payload}
        | more,
    }


def mark(name: object) -> dict[str, Any]:
    return {"event": "mark", "sequenceNumber": "9", "streamSid": "MZ1", "mark": {"name": name}}


# In


def test_a_start_names_the_stream_and_its_call() -> None:
    assert decoded(START) == StreamStarted("MZ1", "CA1", "AC1", "audio/x-mulaw")


@pytest.mark.parametrize("name", ["streamSid", "callSid", "accountSid", "mediaFormat"])
def test_a_start_without_a_needed_field_is_broken(name: str) -> None:
    without = {key: value for key, value in START["start"].items() if key != name}
    assert decoded(START | {"start": without}) == Broken(f"start.{name}")


@pytest.mark.parametrize("start", [None, [], "MZ1", 7])
def test_a_start_that_is_no_object_is_broken(start: object) -> None:
    assert decoded(START | {"start": start}) == Broken("start.start")


def test_a_frame_keeps_its_payload_as_it_came() -> None:
    assert decoded(media(PAYLOAD)) == Media(PAYLOAD)


def test_its_payload_is_decoded_for_who_listens_to_it() -> None:
    assert twilio.decoded(PAYLOAD) == b64decode(PAYLOAD)


def test_a_frame_need_not_have_160_bytes() -> None:
    assert decoded(media("/w==")) == Media("/w==")
    longest = "/" * (MAX_PAYLOAD // 4 * 4)
    assert decoded(media(longest)) == Media(longest)


def test_a_frame_without_a_track_is_the_callers() -> None:
    message = media(PAYLOAD)
    del message["media"]["track"]
    assert decoded(message) == Media(PAYLOAD)


def test_what_the_agent_says_does_not_come_back_as_the_caller() -> None:
    assert decoded(media(PAYLOAD, track="outbound")) == Ignored("carrier.other_track")


@pytest.mark.parametrize(
    "payload",
    ["", "AAA", "AAAAA", "A===", "AA=A", "AA\nA", "AAAA\n", "AAA\\", 'AA"}', "אאאא", "/" * 20_000],
)
def test_a_payload_that_is_not_base64_is_broken(payload: str) -> None:
    assert decoded(media(payload)) == Broken("media.payload")


@pytest.mark.parametrize("payload", [None, 7, [], {}])
def test_a_payload_that_is_no_text_is_broken(payload: object) -> None:
    assert decoded(media(payload)) == Broken("media.payload")


def test_media_that_is_no_object_is_broken() -> None:
    assert decoded({"event": "media", "media": [PAYLOAD]}) == Broken("media.media")


@pytest.mark.parametrize(
    "sent", [Mark("item_9", 1200, 3), Mark("a:b:g1", 0, 0), Mark("item 9", 999_999_999, 1)]
)
def test_a_mark_comes_back_as_it_went(sent: Mark) -> None:
    name = orjson.loads(Encoder("MZ1").mark(sent))["mark"]["name"]
    assert decoded(mark(name)) == MarkReached(sent)


@pytest.mark.parametrize(
    "name", ["", "item_9", "item_9:1200", "item_9:x:g1", ":1:g1", "item_9:1200:g1\n", "i:-1:g1"]
)
def test_a_mark_that_we_never_set_is_passed_over(name: str) -> None:
    assert decoded(mark(name)) == Ignored("carrier.foreign_mark")


def test_a_number_that_no_mark_of_ours_reaches_is_not_even_read() -> None:
    assert decoded(mark(f"item_9:{'9' * 5000}:g1")) == Ignored("carrier.foreign_mark")


@pytest.mark.parametrize(("given", "kind"), [(None, "mark.mark"), ({"name": 7}, "mark.name")])
def test_a_mark_without_a_name_is_broken(given: object, kind: str) -> None:
    assert decoded({"event": "mark", "mark": given}) == Broken(kind)


def test_a_stop_needs_nothing_but_its_name() -> None:
    assert decoded({"event": "stop"}) == CarrierStopped()
    assert decoded({"event": "stop", "stop": {"callSid": "CA1"}}) == CarrierStopped()


@pytest.mark.parametrize("digit", "0123456789*#")
def test_a_key_of_the_telephone(digit: str) -> None:
    message = {"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": digit}}
    assert decoded(message) == KeyPressed(digit)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"event": "connected", "protocol": "Call", "version": "1.0.0"}, "carrier.connected"),
        ({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "A"}}, "carrier.other_key"),
        ({"event": "of next year"}, "carrier.unknown"),
        ({"event": None}, "carrier.unknown"),
        ({"event": ["media"]}, "carrier.unknown"),
        ({}, "carrier.unknown"),
    ],
)
def test_what_leads_to_nothing_is_counted_under_a_fixed_name(message: object, kind: str) -> None:
    assert decoded(message) == Ignored(kind)


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", '"media"', "\0", "[" * 2000, '{"a":1e999}']
)
def test_what_is_no_object_in_json_is_broken(text: str) -> None:
    assert decode(text) == Broken("json")


def test_half_a_character_is_broken() -> None:
    assert decode("\ud800") == Broken("json")
    assert decode('{"event":"\ud800"}') == Broken("json")
    assert decode('{"event":"\\ud800"}') == Broken("json")


# Out


def test_a_frame_goes_out_as_media_of_its_stream() -> None:
    assert orjson.loads(Encoder("MZ1").media(FRAME)) == {
        "event": "media",
        "streamSid": "MZ1",
        "media": {"payload": PAYLOAD},
    }


@pytest.mark.parametrize("size", [0, 159, 161, 320])
def test_nothing_but_whole_frames_goes_out(size: int) -> None:
    with pytest.raises(ValueError, match="a frame has 160 bytes"):
        Encoder("MZ1").media(bytes(size))


def test_a_mark_names_item_position_and_generation() -> None:
    assert orjson.loads(Encoder("MZ1").mark(Mark("item_9", 1200, 3))) == {
        "event": "mark",
        "streamSid": "MZ1",
        "mark": {"name": "item_9:1200:g3"},
    }


def test_a_clear_names_its_stream_and_nothing_else() -> None:
    assert orjson.loads(Encoder("MZ1").clear) == {"event": "clear", "streamSid": "MZ1"}


def test_a_stream_sid_with_quotes_stays_one_text() -> None:
    encoder = Encoder('MZ","event":"stop')
    for message in (encoder.clear, encoder.media(FRAME), encoder.mark(Mark('i":', 20, 0))):
        parsed = orjson.loads(message)
        assert parsed["event"] in ("clear", "media", "mark")
        assert parsed["streamSid"] == 'MZ","event":"stop'
