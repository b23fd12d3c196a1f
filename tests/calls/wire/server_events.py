"""One example of every server event that decides something, as the API documents it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

from calls.engine import events
from calls.wire.realtime import Inbound, SessionCreated

AUDIO: Final = bytes(range(160))
SESSION: Final[dict[str, Any]] = {
    "type": "realtime",
    "object": "realtime.session",
    "id": "sess_1",
    "model": "gpt-realtime-2.1",
    "output_modalities": ["audio"],
    "instructions": "You sell flowers.",
    "audio": {
        "input": {"format": {"type": "audio/pcmu"}, "turn_detection": None},
        "output": {"format": {"type": "audio/pcmu"}, "voice": "marin"},
    },
}
PART: Final = {"output_index": 0, "content_index": 0}
USAGE: Final = {
    "total_tokens": 412,
    "input_tokens": 352,
    "output_tokens": 60,
    "input_token_details": {
        "text_tokens": 300,
        "audio_tokens": 52,
        "image_tokens": 0,
        "cached_tokens": 260,
        "cached_tokens_details": {"text_tokens": 256, "audio_tokens": 4, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 15, "audio_tokens": 45},
}
SPOKEN: Final[dict[str, Any]] = {
    "id": "item_9",
    "object": "realtime.item",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_audio", "transcript": "Good morning."}],
}
CALLED: Final[dict[str, Any]] = {
    "id": "item_10",
    "object": "realtime.item",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_1",
    "name": "end_call",
    "arguments": '{"reason":"done"}',
}


def response(**fields: object) -> dict[str, object]:
    return {"object": "realtime.response", "id": "resp_1", "conversation_id": "conv_1"} | fields


EXAMPLES: Final[list[tuple[dict[str, Any], Inbound]]] = [
    ({"type": "session.created", "session": SESSION}, SessionCreated()),
    (
        {"type": "session.updated", "session": SESSION},
        events.SessionConfirmed("audio/pcmu", "audio/pcmu"),
    ),
    (
        {
            "type": "input_audio_buffer.speech_started",
            "item_id": "item_1",
            "audio_start_ms": 1200,
        },
        events.CallerStarted("item_1", 1200),
    ),
    (
        {"type": "input_audio_buffer.speech_stopped", "item_id": "item_1", "audio_end_ms": 2400},
        events.CallerStopped("item_1", 2400),
    ),
    (
        {"type": "input_audio_buffer.committed", "item_id": "item_1", "previous_item_id": None},
        events.CallerCommitted("item_1"),
    ),
    (
        {
            "type": "conversation.item.input_audio_transcription.completed",
            "item_id": "item_1",
            "content_index": 0,
            "transcript": "שלום, יש ורדים?",
            "usage": {"type": "duration", "seconds": 1.2},
        },
        events.CallerTranscribed("item_1", "שלום, יש ורדים?"),
    ),
    (
        {
            "type": "conversation.item.input_audio_transcription.failed",
            "item_id": "item_1",
            "content_index": 0,
            "error": {"type": "transcription_error", "code": "audio_unintelligible"},
        },
        events.TranscriptionFailed("item_1", "audio_unintelligible"),
    ),
    (
        {
            "type": "response.created",
            "response": response(
                status="in_progress", metadata={"request": "req_1", "purpose": "greeting"}
            ),
        },
        events.ResponseStarted("resp_1", "req_1"),
    ),
    (
        {
            "type": "response.output_audio.delta",
            "response_id": "resp_1",
            "item_id": "item_9",
            "delta": b64encode(AUDIO).decode(),
            **PART,
        },
        events.AgentAudio("resp_1", "item_9", AUDIO),
    ),
    (
        {
            "type": "response.output_audio.done",
            "response_id": "resp_1",
            "item_id": "item_9",
            **PART,
        },
        events.AgentAudioDone("resp_1", "item_9"),
    ),
    (
        {
            "type": "response.output_audio_transcript.delta",
            "response_id": "resp_1",
            "item_id": "item_9",
            "delta": "Good ",
            **PART,
        },
        events.AgentTextDelta("resp_1", "item_9", "Good "),
    ),
    (
        {
            "type": "response.output_audio_transcript.done",
            "response_id": "resp_1",
            "item_id": "item_9",
            "transcript": "Good morning.",
            **PART,
        },
        events.AgentTranscribed("resp_1", "item_9", "Good morning."),
    ),
    (
        {
            "type": "response.done",
            "response": response(status="completed", output=[SPOKEN, CALLED], usage=USAGE),
        },
        events.ResponseFinished(
            response_id="resp_1",
            status="completed",
            item_ids=("item_9", "item_10"),
            function_calls=(events.FunctionCall("call_1", "end_call", '{"reason":"done"}'),),
            usage=events.Usage(
                text_in=300,
                audio_in=52,
                cached_text_in=256,
                cached_audio_in=4,
                text_out=15,
                audio_out=45,
            ),
        ),
    ),
    (
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "code": "conversation_already_has_active_response",
                "message": "Conversation already has an active response.",
                "event_id": "req_2",
            },
        },
        events.ModelError(
            "conversation_already_has_active_response",
            "Conversation already has an active response.",
            "req_2",
        ),
    ),
]

for number, (message, _event) in enumerate(EXAMPLES):
    message["event_id"] = f"event_{number}"
