"""The OpenAI Realtime API (GA, WebSocket): server events in, client events out.

OpenAI API reference, "Realtime server events" and "Realtime client events". Events are recognised
by `type` alone; those that decide nothing here are known and passed over, unknown ones counted.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from calls.engine import events
from calls.engine.commands import (
    AddItem,
    AddNote,
    AnswerTool,
    CancelResponse,
    ClearInputAudio,
    DeleteItem,
    Purpose,
    RequestResponse,
    TruncateItem,
)
from calls.engine.configuration import AUDIO_FORMAT
from calls.engine.limits import Limits
from calls.engine.profile import Role
from calls.wire.fields import (
    Ignored,
    Json,
    MalformedError,
    count,
    identifier,
    integer,
    is_identifier,
    label,
    obj,
    objects,
    optional_obj,
    optional_text,
    sentence,
    text,
)

TRY_AGAIN: Final = re.compile(
    r"try again in (?P<number>\d{1,6}(?:\.\d{1,6})?)(?P<unit>ms|s)\b"
).search


@dataclass(frozen=True, slots=True)
class SessionCreated:
    """The server's hello, with its defaults: the socket may be used from now on."""


Inbound = events.Event | SessionCreated | Ignored


def decode(message: bytes) -> Inbound:
    """One server event. Never raises."""
    try:
        parsed = orjson.loads(message)
    except orjson.JSONDecodeError:
        return Ignored("model.json")
    if not isinstance(parsed, dict):
        return Ignored("model.json")
    kind = parsed.get("type")
    if not isinstance(kind, str):
        return Ignored("model.unknown")
    decoder = DECODERS.get(kind)
    if decoder is None:
        return PASSED_OVER if kind in UNDECIDING else Ignored("model.unknown")
    try:
        return decoder(parsed)
    except MalformedError as missing:
        return Ignored(f"model.malformed.{kind}.{missing}")


def _session_created(_message: Json) -> Inbound:
    return SessionCreated()


def _session_updated(message: Json) -> Inbound:
    audio = optional_obj(obj(message, "session"), "audio")
    return events.SessionConfirmed(
        input_format=_format(optional_obj(audio, "input")),
        output_format=_format(optional_obj(audio, "output")),
    )


def _format(side: Json) -> str:
    return label(optional_obj(side, "format"), "type")


def _speech_started(message: Json) -> Inbound:
    return events.CallerStarted(identifier(message, "item_id"), integer(message, "audio_start_ms"))


def _speech_stopped(message: Json) -> Inbound:
    return events.CallerStopped(identifier(message, "item_id"), integer(message, "audio_end_ms"))


def _committed(message: Json) -> Inbound:
    return events.CallerCommitted(identifier(message, "item_id"))


def _transcription_completed(message: Json) -> Inbound:
    return events.CallerTranscribed(identifier(message, "item_id"), text(message, "transcript"))


def _transcription_failed(message: Json) -> Inbound:
    code = label(optional_obj(message, "error"), "code")
    return events.TranscriptionFailed(identifier(message, "item_id"), code or "unknown")


def _response_created(message: Json) -> Inbound:
    response = obj(message, "response")
    request_id = optional_text(optional_obj(response, "metadata"), "request")
    return events.ResponseStarted(identifier(response, "id"), request_id)


def _audio_delta(message: Json) -> Inbound:
    try:
        data = b64decode(text(message, "delta"), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError("delta") from None
    return events.AgentAudio(
        identifier(message, "response_id"), identifier(message, "item_id"), data
    )


def _audio_done(message: Json) -> Inbound:
    return events.AgentAudioDone(identifier(message, "response_id"), identifier(message, "item_id"))


def _transcript_delta(message: Json) -> Inbound:
    return events.AgentTextDelta(
        identifier(message, "response_id"),
        identifier(message, "item_id"),
        text(message, "delta"),
    )


def _transcript_done(message: Json) -> Inbound:
    return events.AgentTranscribed(
        identifier(message, "response_id"),
        identifier(message, "item_id"),
        text(message, "transcript"),
    )


def _response_done(message: Json) -> Inbound:
    """Whatever is wrong with its output: the end of a response that is not heard of mutes a call."""
    response = obj(message, "response")
    output = objects(response, "output")
    error = optional_obj(optional_obj(response, "status_details"), "error")
    return events.ResponseFinished(
        response_id=identifier(response, "id"),
        status=label(response, "status"),
        error_code=label(error, "code") or label(error, "type"),
        item_ids=tuple(item["id"] for item in output if is_identifier(item.get("id"))),
        function_calls=tuple(
            events.FunctionCall(item["call_id"], item["name"], optional_text(item, "arguments"))
            for item in output
            if _is_function_call(item)
        ),
        usage=_usage(optional_obj(response, "usage")),
        retry_after_s=_retry_after_s(optional_text(error, "message")),
    )


def _retry_after_s(message: str) -> float:
    """Only the sentence says when: "Please try again in 1.5s", or "in 20ms"."""
    found = TRY_AGAIN(message)
    if found is None:
        return 0.0
    return float(found["number"]) / (1000 if found["unit"] == "ms" else 1)


def _is_function_call(item: Json) -> bool:
    return (
        item.get("type") == "function_call"
        and is_identifier(item.get("call_id"))
        and is_identifier(item.get("name"))
    )


def _usage(usage: Json) -> events.Usage:
    tokens_in = optional_obj(usage, "input_token_details")
    cached = optional_obj(tokens_in, "cached_tokens_details")
    tokens_out = optional_obj(usage, "output_token_details")
    return events.Usage(
        text_in=count(tokens_in, "text_tokens"),
        audio_in=count(tokens_in, "audio_tokens"),
        cached_text_in=count(cached, "text_tokens"),
        cached_audio_in=count(cached, "audio_tokens"),
        text_out=count(tokens_out, "text_tokens"),
        audio_out=count(tokens_out, "audio_tokens"),
    )


def _error(message: Json) -> Inbound:
    error = obj(message, "error")
    return events.ModelError(
        code=label(error, "code") or label(error, "type") or "unknown",
        message=sentence(error, "message"),
        event_id=optional_text(error, "event_id"),
    )


DECODERS: Final[Mapping[str, Callable[[Json], Inbound]]] = {
    "session.created": _session_created,
    "session.updated": _session_updated,
    "input_audio_buffer.speech_started": _speech_started,
    "input_audio_buffer.speech_stopped": _speech_stopped,
    "input_audio_buffer.committed": _committed,
    "conversation.item.input_audio_transcription.completed": _transcription_completed,
    "conversation.item.input_audio_transcription.failed": _transcription_failed,
    "response.created": _response_created,
    "response.output_audio.delta": _audio_delta,
    "response.output_audio.done": _audio_done,
    "response.output_audio_transcript.delta": _transcript_delta,
    "response.output_audio_transcript.done": _transcript_done,
    "response.done": _response_done,
    "error": _error,
}

PASSED_OVER: Final = Ignored("")
UNDECIDING: Final = frozenset(
    {
        "conversation.created",
        "conversation.item.added",
        "conversation.item.created",
        "conversation.item.deleted",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.segment",
        "conversation.item.retrieved",
        "conversation.item.truncated",
        "input_audio_buffer.cleared",
        "input_audio_buffer.timeout_triggered",
        "rate_limits.updated",
        "response.content_part.added",
        "response.content_part.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_text.delta",
        "response.output_text.done",
    }
)


# Out

ROLES: Final = {
    Role.CALLER: ("user", "input_text"),
    Role.AGENT: ("assistant", "output_text"),
    Role.SYSTEM: ("system", "input_text"),
}


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """What every session.update of a call repeats; only the instructions differ."""

    voice: str
    transcription_model: str
    transcription_prompt: str = field(repr=False)
    tools: tuple[Json, ...]
    limits: Limits


def append(payload: str) -> bytes:
    """A caller's frame, as it came: both ends speak mu-law, so nothing is decoded."""
    return b'{"type":"input_audio_buffer.append","audio":"%b"}' % payload.encode("ascii")


def session_update(settings: SessionSettings, instructions: str, event_id: str) -> bytes:
    """The whole session each time: an update that leaves the formats out may reset them."""
    session = {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": instructions,
        "audio": {
            "input": {
                "format": {"type": AUDIO_FORMAT},
                "transcription": {
                    "model": settings.transcription_model,
                    "prompt": settings.transcription_prompt,
                },
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": settings.limits.vad_threshold,
                    "prefix_padding_ms": settings.limits.vad_prefix_ms,
                    "silence_duration_ms": settings.limits.vad_silence_ms,
                    # The engine alone decides who speaks.
                    "create_response": False,
                    "interrupt_response": False,
                },
            },
            "output": {"format": {"type": AUDIO_FORMAT}, "voice": settings.voice},
        },
        "tools": list(settings.tools),
        "tool_choice": "auto",
    }
    return _dump({"type": "session.update", "event_id": event_id, "session": session})


def request_response(command: RequestResponse) -> bytes:
    metadata = {"request": command.request_id, "purpose": str(command.purpose)}
    response: Json = {"metadata": metadata}
    if command.purpose in (Purpose.WORDS, Purpose.MESSAGE):
        response["tool_choice"] = "none"
    return _dump({"type": "response.create", "event_id": command.request_id, "response": response})


def cancel_response(command: CancelResponse) -> bytes:
    return _dump(
        {
            "type": "response.cancel",
            "event_id": f"cancel_{command.response_id}",
            "response_id": command.response_id,
        }
    )


def truncate_item(command: TruncateItem) -> bytes:
    return _dump(
        {
            "type": "conversation.item.truncate",
            "event_id": f"truncate_{command.item_id}",
            "item_id": command.item_id,
            "content_index": 0,
            "audio_end_ms": command.audio_end_ms,
        }
    )


def delete_item(command: DeleteItem) -> bytes:
    return _dump(
        {
            "type": "conversation.item.delete",
            "event_id": f"delete_{command.item_id}",
            "item_id": command.item_id,
        }
    )


def clear_input_audio(_command: ClearInputAudio) -> bytes:
    return _dump({"type": "input_audio_buffer.clear", "event_id": "clear_input"})


def add_note(command: AddNote) -> bytes:
    content = [{"type": "input_text", "text": command.text}]
    return _item("note", {"type": "message", "role": "system", "content": content})


def add_item(command: AddItem) -> bytes:
    """What was said before, as text. An assistant's audio cannot be put into a conversation."""
    role, kind = ROLES[command.role]
    item: Json = {
        "type": "message",
        "role": role,
        "content": [{"type": kind, "text": command.text}],
    }
    if command.item_id:
        item["id"] = command.item_id
    return _item("past", item, first=command.first)


def answer_tool(command: AnswerTool) -> bytes:
    return _item(
        f"answer_{command.call_id}",
        {
            "type": "function_call_output",
            "call_id": command.call_id,
            "output": command.output,
        },
    )


def _item(event_id: str, item: Json, *, first: bool = False) -> bytes:
    message: Json = {"type": "conversation.item.create", "event_id": event_id, "item": item}
    if first:
        message["previous_item_id"] = "root"
    return _dump(message)


def _dump(message: Json) -> bytes:
    return orjson.dumps(message)
