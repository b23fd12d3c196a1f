"""Nothing that comes in on either socket raises, and nothing but declared types comes out."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calls.engine import events
from calls.engine.commands import (
    AddItem,
    AddNote,
    AnswerTool,
    CancelResponse,
    DeleteItem,
    Purpose,
    RequestResponse,
    TruncateItem,
)
from calls.engine.events import Mark, MarkReached
from calls.engine.limits import Limits
from calls.engine.profile import Role
from calls.wire import realtime, twilio
from calls.wire.fields import MAX_IDENTIFIER, MAX_LABEL, MAX_NUMBER, MAX_SENTENCE
from tests.calls.wire.arbitrary import ANY_VALUE, PATIENT, anything, written
from tests.calls.wire.server_events import EXAMPLES
from tests.calls.wire.test_twilio import PAYLOAD, START, mark, media
from tests.calls.wire.vendor import assert_client_event

FROM_CARRIER = [START, media(PAYLOAD), mark("item_9:1200:g3"), {"event": "stop"}]
FROM_MODEL = [message for message, _event in EXAMPLES]
IDENTIFIERS = st.text(
    st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=MAX_IDENTIFIER
)
NUMBERS = st.integers(min_value=0, max_value=10**9 - 1)


@settings(PATIENT, max_examples=400)
@given(anything(FROM_CARRIER))
@example('{"event":' * 1500)
def test_anything_from_the_carrier_becomes_a_declared_type(text: str) -> None:
    message = twilio.decode(text)
    assert isinstance(message, twilio.Inbound)
    if isinstance(message, twilio.Media):
        assert_forwards(message.payload)


@settings(PATIENT, max_examples=400)
@given(anything(FROM_MODEL).map(lambda text: text.encode(errors="surrogatepass")))
@example(b'{"type":[]}')
@example(b'{"type":{}}')
def test_anything_from_the_model_becomes_a_declared_type(message: bytes) -> None:
    event = realtime.decode(message)
    assert isinstance(event, realtime.Inbound)
    for name, value in fields_of(event):
        assert_within_bounds(name, value)


@PATIENT
@given(st.binary(max_size=300))
def test_any_bytes_from_the_model_become_a_declared_type(message: bytes) -> None:
    assert isinstance(realtime.decode(message), realtime.Inbound)


def fields_of(event: realtime.Inbound) -> list[tuple[str, Any]]:
    names = type(event).__slots__
    found = [(name, getattr(event, name)) for name in names]
    if isinstance(event, events.ResponseFinished):
        found += [("call_id", call.call_id) for call in event.function_calls]
        found += [("item_id", item_id) for item_id in event.item_ids]
        found += [("tokens", getattr(event.usage, name)) for name in events.Usage.__slots__]
    return found


def assert_within_bounds(name: str, value: Any) -> None:
    """What becomes a key, a column or part of a sentence is short, printable, and small enough."""
    if name in ("item_id", "response_id", "call_id"):
        assert 0 < len(value) <= MAX_IDENTIFIER
        assert value.isascii()
        assert value.isprintable()
    elif name in ("code", "error_code", "status", "input_format", "output_format"):
        assert len(value) <= MAX_LABEL
        assert value.isprintable()
    elif name == "message":
        assert len(value) <= MAX_SENTENCE
        assert value.isprintable()
    elif name in ("at_ms", "tokens"):
        assert 0 <= value <= MAX_NUMBER


# A caller's frame is put between two quotes, unparsed


def base64(data: bytes) -> str:
    return b64encode(data).decode()


@settings(PATIENT, max_examples=400)
@given(st.text("AB+/=", max_size=12) | st.binary(max_size=400).map(base64) | ANY_VALUE)
@example('","x":"')
@example('AAAA","audio":"BBBB')
@example("AAA\\")
def test_no_payload_reaches_the_model_as_anything_but_audio(payload: object) -> None:
    message = twilio.decode(written(media(payload)))
    if isinstance(message, twilio.Media):
        assert message.payload == payload
        assert_forwards(message.payload)
    else:
        assert isinstance(message, twilio.Broken)


@PATIENT
@given(st.binary(min_size=1, max_size=4000))
def test_every_frame_reaches_the_model_byte_for_byte(audio: bytes) -> None:
    message = twilio.decode(written(media(base64(audio))))
    assert isinstance(message, twilio.Media)
    assert b64decode(orjson.loads(realtime.append(message.payload))["audio"]) == audio


def assert_forwards(payload: str) -> None:
    message = realtime.append(payload)
    assert orjson.loads(message) == {"type": "input_audio_buffer.append", "audio": payload}
    b64decode(payload, validate=True)


# What we send, whatever ids the other side gave


@PATIENT
@given(st.builds(Mark, IDENTIFIERS, NUMBERS, NUMBERS), IDENTIFIERS)
def test_every_mark_comes_back_as_it_went(sent: Mark, stream_sid: str) -> None:
    echo = orjson.loads(twilio.Encoder(stream_sid).mark(sent))
    assert (echo["event"], echo["streamSid"]) == ("mark", stream_sid)
    assert twilio.decode(orjson.dumps(echo).decode()) == MarkReached(sent)


@PATIENT
@given(st.binary(min_size=160, max_size=160), IDENTIFIERS)
def test_every_frame_reaches_the_carrier_byte_for_byte(frame: bytes, stream_sid: str) -> None:
    message = orjson.loads(twilio.Encoder(stream_sid).media(frame))
    assert message == {
        "event": "media",
        "streamSid": stream_sid,
        "media": {"payload": message["media"]["payload"]},
    }
    assert b64decode(message["media"]["payload"], validate=True) == frame


@PATIENT
@given(IDENTIFIERS, NUMBERS, st.text(max_size=200), st.sampled_from(Purpose))
def test_every_message_to_the_model_is_valid_whatever_its_ids(
    given_id: str, number: int, text: str, purpose: Purpose
) -> None:
    for message in (
        realtime.request_response(RequestResponse(given_id, purpose)),
        realtime.cancel_response(CancelResponse(given_id)),
        realtime.truncate_item(TruncateItem(given_id, number)),
        realtime.delete_item(DeleteItem(given_id)),
        realtime.add_note(AddNote(text)),
        *[realtime.add_item(AddItem(role, text, given_id, first=True)) for role in Role],
        realtime.answer_tool(AnswerTool(given_id, given_id, text, text, succeeded=False)),
    ):
        assert_client_event(message)


@PATIENT
@given(st.text(max_size=500), st.text(max_size=200))
def test_every_prompt_reaches_the_model_letter_by_letter(prompt: str, vocabulary: str) -> None:
    settings_ = realtime.SessionSettings(
        "marin", "gpt-4o-mini-transcribe", vocabulary, (), Limits()
    )
    session = assert_client_event(realtime.session_update(settings_, prompt, "cfg_1")).session
    assert session.instructions == prompt
    assert session.audio.input.transcription.prompt == vocabulary
