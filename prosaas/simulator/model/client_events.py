"""What a client may send: eleven events, each with its form."""

from __future__ import annotations

import binascii
from typing import Any

import orjson

from prosaas.simulator.model.refusal import RefusedError, invalid_value, missing_parameter
from prosaas.simulator.model.session_object import (
    FORMAT,
    MAX_OUTPUT_TOKENS,
    METADATA,
    MODALITIES,
    PROMPT,
    REASONING,
    TOOL_CHOICE,
    TOOLS,
    VOICE,
    Json,
)
from prosaas.simulator.model.shapes import (
    Anything,
    Choice,
    Flag,
    Listing,
    Nullable,
    Record,
    Shape,
    Tagged,
    Text,
    Whole,
)

APPEND = "input_audio_buffer.append"
LONGEST_AUDIO = 15 * 1024 * 1024

_TYPE = Text()
_ID = Text(longest=64)
_ITEM_FIELDS: dict[str, Shape] = {
    "id": _ID,
    "type": _TYPE,
    "object": Choice(("realtime.item",)),
    "status": Choice(("completed", "incomplete", "in_progress")),
}
_INPUT_TEXT = Record({"type": _TYPE, "text": Text()}, required=("text",))
_CONTENT: dict[str, Tagged] = {
    "system": Tagged("type", {"input_text": _INPUT_TEXT}),
    "user": Tagged(
        "type",
        {
            "input_text": _INPUT_TEXT,
            "input_audio": Record(
                {"type": _TYPE, "audio": Text(), "transcript": Nullable(Text())},
                required=("audio",),
            ),
            "input_image": Record(
                {
                    "type": _TYPE,
                    "image_url": Text(),
                    "detail": Choice(("auto", "low", "high")),
                },
                required=("image_url",),
            ),
        },
    ),
    # Nobody but the model itself can make assistant audio.
    "assistant": Tagged(
        "type", {"output_text": Record({"type": _TYPE, "text": Text()}, required=("text",))}
    ),
}
_MESSAGE = Tagged(
    "role",
    {
        role: Record(
            {**_ITEM_FIELDS, "role": Text(), "content": Listing(content)}, required=("content",)
        )
        for role, content in _CONTENT.items()
    },
)


class _Item(Tagged):
    """Messages have one more fork below: the role."""

    def inspect(self, value: Any, path: str) -> None:
        if value.get("type") == "message":
            _MESSAGE.check(value, path)
        else:
            super().inspect(value, path)


_ITEM_FORMS: dict[str, Record] = {
    "message": Record({}),
    "function_call": Record(
        {**_ITEM_FIELDS, "name": Text(), "arguments": Text(), "call_id": _ID},
        required=("name", "arguments"),
    ),
    "function_call_output": Record(
        {**_ITEM_FIELDS, "call_id": _ID, "output": Text()}, required=("call_id", "output")
    ),
}
_REFERENCE = Record({"type": _TYPE, "id": _ID}, required=("id",))
ITEM = _Item("type", _ITEM_FORMS)
_ITEM_OR_REFERENCE = _Item("type", {**_ITEM_FORMS, "item_reference": _REFERENCE})

RESPONSE = Record(
    {
        "instructions": Text(),
        "input": Listing(_ITEM_OR_REFERENCE),
        "conversation": Choice(("auto", "none")),
        "output_modalities": MODALITIES,
        "audio": Record({"output": Record({"format": FORMAT, "voice": VOICE})}),
        "tools": TOOLS,
        "tool_choice": TOOL_CHOICE,
        "parallel_tool_calls": Flag(),
        "reasoning": Nullable(REASONING),
        "max_output_tokens": MAX_OUTPUT_TOKENS,
        "metadata": Nullable(METADATA),
        "prompt": Nullable(PROMPT),
    }
)


def _event(required: tuple[str, ...] = (), **fields: Shape) -> Record:
    return Record({"type": _TYPE, "event_id": Nullable(Text(longest=512)), **fields}, required)


EVENTS: dict[str, Record] = {
    # What is inside a session is checked against its circumstances, so not here.
    "session.update": _event(("session",), session=Anything()),
    APPEND: _event(("audio",), audio=Text()),
    "input_audio_buffer.commit": _event(),
    "input_audio_buffer.clear": _event(),
    "conversation.item.create": _event(("item",), item=ITEM, previous_item_id=Nullable(_ID)),
    "conversation.item.retrieve": _event(("item_id",), item_id=_ID),
    "conversation.item.truncate": _event(
        ("item_id", "content_index", "audio_end_ms"),
        item_id=_ID,
        content_index=Whole(0),
        audio_end_ms=Whole(0),
    ),
    "conversation.item.delete": _event(("item_id",), item_id=_ID),
    "response.create": _event(response=Nullable(RESPONSE)),
    "response.cancel": _event(response_id=Nullable(_ID)),
    "output_audio_buffer.clear": _event(),
}


def parse(message: str | bytes) -> Json:
    """Any JSON object with a known `type`; its other fields are for `check`."""
    if isinstance(message, bytes):
        raise RefusedError(None, "Events are text frames, not binary ones.")
    try:
        event = orjson.loads(message)
    except orjson.JSONDecodeError:
        raise RefusedError("invalid_json", "The event is not valid JSON.") from None
    if not isinstance(event, dict):
        raise RefusedError("invalid_type", "An event must be a JSON object.")
    return event


def check(event: Json) -> None:
    if "type" not in event:
        raise missing_parameter("type")
    Choice(tuple(EVENTS)).check(event["type"], "type")
    _refuse_what_cannot_be_sent_back(event)
    EVENTS[event["type"]].check(event, "")


def audio_of(event: Json, field: str = "audio") -> bytes:
    try:
        audio = binascii.a2b_base64(event[field], strict_mode=True)
    except ValueError:
        raise invalid_value(field, "the audio is not valid base64.") from None
    if len(audio) > LONGEST_AUDIO:
        raise invalid_value(field, "at most 15 MiB of audio at once.")
    return audio


def _refuse_what_cannot_be_sent_back(event: Json) -> None:
    # Deeper than the encoder goes: it could be stored, but no later event could show it.
    try:
        orjson.dumps(event)
    except orjson.JSONEncodeError:
        raise RefusedError("invalid_json", "The event is nested too deeply.") from None
