from __future__ import annotations

from typing import Any

import orjson
import pytest
from openai.types.realtime import RealtimeServerEvent

from calls.engine import events
from calls.wire.fields import MAX_IDENTIFIER, MAX_LABEL, MAX_NUMBER, MAX_SENTENCE, Ignored
from calls.wire.realtime import DECODERS, UNDECIDING, Inbound, decode
from tests.calls.wire.server_events import CALLED, EXAMPLES, SPOKEN, response
from tests.calls.wire.vendor import assert_server_event, declared_types

# Declared for WebRTC and SIP sessions or for MCP tools; on our socket they would be news.
NOT_FOR_US = {
    "input_audio_buffer.dtmf_event_received",
    "mcp_list_tools.completed",
    "mcp_list_tools.failed",
    "mcp_list_tools.in_progress",
    "output_audio_buffer.cleared",
    "output_audio_buffer.started",
    "output_audio_buffer.stopped",
    "response.mcp_call.completed",
    "response.mcp_call.failed",
    "response.mcp_call.in_progress",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
}


def decoded(message: object) -> Inbound:
    return decode(orjson.dumps(message))


def example(kind: str) -> dict[str, Any]:
    """A copy of the example of this type."""
    [found] = [message for message, _event in EXAMPLES if message["type"] == kind]
    copy: dict[str, Any] = orjson.loads(orjson.dumps(found))
    return copy


@pytest.mark.parametrize(
    ("message", "event"), EXAMPLES, ids=[message["type"] for message, _event in EXAMPLES]
)
def test_a_server_event_becomes_an_event(message: dict[str, Any], event: Inbound) -> None:
    assert_server_event(orjson.dumps(message))
    assert decoded(message) == event


def test_every_event_that_decides_something_has_an_example() -> None:
    assert {message["type"] for message, _event in EXAMPLES} == set(DECODERS)


def test_every_server_event_that_the_vendor_declares_is_known() -> None:
    assert declared_types(RealtimeServerEvent) == set(DECODERS) | UNDECIDING | NOT_FOR_US
    assert not UNDECIDING & set(DECODERS)


@pytest.mark.parametrize("kind", sorted(UNDECIDING))
def test_what_decides_nothing_is_not_counted(kind: str) -> None:
    assert decoded({"type": kind, "item_id": "item_1"}) == Ignored("")


@pytest.mark.parametrize(
    "kind", ["response.audio.delta", "response.cancelled", "", *sorted(NOT_FOR_US)]
)
def test_an_unknown_event_is_counted_under_one_name(kind: str) -> None:
    assert decoded({"type": kind, "delta": "AAAA"}) == Ignored("model.unknown")


@pytest.mark.parametrize("kind", [None, 7, [], {}, ["error"], {"error": 1}, True])
def test_a_type_that_is_no_text_is_unknown(kind: object) -> None:
    assert decoded({"type": kind}) == Ignored("model.unknown")


@pytest.mark.parametrize(
    "message", [b"", b"{", b"null", b"[]", b'"error"', b"\xff", b'{"type":"\\ud800"}', b"[" * 2000]
)
def test_what_is_no_object_in_json_is_counted_as_that(message: bytes) -> None:
    assert decode(message) == Ignored("model.json")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("session.updated", "session"),
        ("input_audio_buffer.speech_started", "item_id"),
        ("input_audio_buffer.speech_started", "audio_start_ms"),
        ("input_audio_buffer.speech_stopped", "audio_end_ms"),
        ("input_audio_buffer.committed", "item_id"),
        ("conversation.item.input_audio_transcription.completed", "transcript"),
        ("conversation.item.input_audio_transcription.failed", "item_id"),
        ("response.created", "response"),
        ("response.output_audio.delta", "delta"),
        ("response.output_audio.delta", "response_id"),
        ("response.output_audio.done", "item_id"),
        ("response.output_audio_transcript.done", "transcript"),
        ("response.done", "response"),
        ("error", "error"),
    ],
)
def test_a_known_event_without_a_needed_field_is_counted_with_its_name(
    kind: str, name: str
) -> None:
    message = example(kind)
    del message[name]
    assert decoded(message) == Ignored(f"model.malformed.{kind}.{name}")
    assert decoded(message | {name: None}) == Ignored(f"model.malformed.{kind}.{name}")


@pytest.mark.parametrize(
    "item_id", ["", "x" * (MAX_IDENTIFIER + 1), "a\0b", "פריט", "a\nb", 7, None, ["a"]]
)
def test_an_id_is_short_printable_ascii_or_the_message_is_malformed(item_id: object) -> None:
    message = example("input_audio_buffer.committed") | {"item_id": item_id}
    assert decoded(message) == Ignored("model.malformed.input_audio_buffer.committed.item_id")


def test_the_longest_id_is_taken() -> None:
    message = example("input_audio_buffer.committed") | {"item_id": "x" * MAX_IDENTIFIER}
    assert decoded(message) == events.CallerCommitted("x" * MAX_IDENTIFIER)


@pytest.mark.parametrize("at_ms", [-1, MAX_NUMBER + 1, 10**30, 1.5, True, "12"])
def test_a_time_is_a_small_whole_number_or_the_message_is_malformed(at_ms: object) -> None:
    message = example("input_audio_buffer.speech_started") | {"audio_start_ms": 0}
    written = orjson.dumps(message).decode()
    written = written.replace('"audio_start_ms":0', f'"audio_start_ms":{_written(at_ms)}')
    kind = "model.malformed.input_audio_buffer.speech_started.audio_start_ms"
    assert decode(written.encode()) == Ignored(kind)


def _written(value: object) -> str:
    """orjson writes no whole number beyond 64 bits, and others do."""
    return str(value) if type(value) is int else orjson.dumps(value).decode()


@pytest.mark.parametrize("delta", ["AAA", "A===", "AAAA\n", "AA AA", "ÄÖÜß", "=AAA"])
def test_audio_that_is_not_base64_is_malformed(delta: str) -> None:
    message = example("response.output_audio.delta") | {"delta": delta}
    assert decoded(message) == Ignored("model.malformed.response.output_audio.delta.delta")


def test_an_empty_delta_is_audio_of_no_length() -> None:
    message = example("response.output_audio.delta") | {"delta": ""}
    assert decoded(message) == events.AgentAudio("resp_1", "item_9", b"")


@pytest.mark.parametrize(
    "session", [{}, {"audio": None}, {"audio": {"input": [], "output": {"format": "audio/pcmu"}}}]
)
def test_a_confirmation_that_names_no_format_confirms_none(session: object) -> None:
    assert decoded({"type": "session.updated", "session": session}) == events.SessionConfirmed(
        "", ""
    )


def test_a_response_that_nobody_asked_for_has_no_request() -> None:
    created = response(metadata=None)
    assert decoded({"type": "response.created", "response": created}) == events.ResponseStarted(
        "resp_1", ""
    )


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"error": {"code": "rate_limit_exceeded", "type": "tokens"}}, "rate_limit_exceeded"),
        ({"error": {"type": "server_error"}}, "server_error"),
        ({"type": "cancelled", "reason": "client_cancelled"}, ""),
        (None, ""),
    ],
)
def test_a_failed_response_says_why(details: object, code: str) -> None:
    failed = response(status="failed", status_details=details)
    assert decoded({"type": "response.done", "response": failed}) == events.ResponseFinished(
        "resp_1", "failed", code
    )


@pytest.mark.parametrize(
    "output",
    [
        None,
        "nothing",
        [None, 7, "item_9"],
        [{"id": None}, {"id": ""}, {"id": "פריט"}],
        [CALLED | {"id": None, "call_id": None}],
        [CALLED | {"id": None, "name": "end call\n"}],
    ],
)
def test_a_response_is_over_whatever_its_output_looks_like(output: object) -> None:
    message = {"type": "response.done", "response": response(status="completed", output=output)}
    assert decoded(message) == events.ResponseFinished("resp_1", "completed")


def test_one_broken_item_hides_no_other() -> None:
    output = [{"id": None}, SPOKEN, CALLED | {"call_id": 7}, CALLED | {"arguments": None}]
    finished = decoded({"type": "response.done", "response": response(output=output)})
    assert finished == events.ResponseFinished(
        "resp_1",
        "",
        item_ids=("item_9", "item_10", "item_10"),
        function_calls=(events.FunctionCall("call_1", "end_call", ""),),
    )


@pytest.mark.parametrize("tokens", [None, -5, 10**12, 1.5, "300", True])
def test_nonsense_in_the_usage_costs_nothing(tokens: object) -> None:
    usage = {"input_token_details": {"text_tokens": tokens}, "output_token_details": tokens}
    message = {"type": "response.done", "response": response(status="completed", usage=usage)}
    assert decoded(message) == events.ResponseFinished("resp_1", "completed")


@pytest.mark.parametrize(
    ("error", "event"),
    [
        ({}, events.ModelError("unknown", "")),
        ({"type": "server_error"}, events.ModelError("server_error", "")),
        ({"code": None, "type": 7, "message": []}, events.ModelError("unknown", "")),
        ({"code": "a\0b", "message": "no\0\n\u202egood"}, events.ModelError("ab", "nogood")),
    ],
)
def test_an_error_is_told_in_characters_that_a_row_can_hold(
    error: object, event: events.ModelError
) -> None:
    assert decoded({"type": "error", "error": error}) == event


def test_an_error_is_told_in_no_more_than_a_sentence() -> None:
    error = {"code": "c" * 1000, "message": "m" * 100_000}
    assert decoded({"type": "error", "error": error}) == events.ModelError(
        "c" * MAX_LABEL, "m" * MAX_SENTENCE
    )


def test_unknown_fields_change_nothing() -> None:
    for message, event in EXAMPLES:
        assert decoded(message | {"of_next_year": {"deep": [1, 2]}}) == event


@pytest.mark.parametrize(
    ("sentence", "seconds"),
    [
        ("Rate limit reached. Please try again in 1.5s.", 1.5),
        ("Please try again in 20ms.", 0.02),
        ("Please try again in 6m0s.", 0.0),
        ("Please try again later.", 0.0),
    ],
)
def test_a_rate_limit_says_how_long_it_lasts(sentence: str, seconds: float) -> None:
    message = example("response.done")
    error = {"code": "rate_limit_exceeded", "message": sentence}
    message["response"]["status_details"] = {"type": "failed", "error": error}
    event = decoded(message)
    assert isinstance(event, events.ResponseFinished)
    assert (event.error_code, event.retry_after_s) == ("rate_limit_exceeded", seconds)
