"""From `response.create` to an order: the session's settings, and what this response changes."""

from __future__ import annotations

from typing import Any

from prosaas.simulator.model.client_events import audio_of
from prosaas.simulator.model.conversation import Conversation, Item, new_id
from prosaas.simulator.model.formats import InputFormat
from prosaas.simulator.model.refusal import RefusedError
from prosaas.simulator.model.response import Order
from prosaas.simulator.model.session_object import (
    Circumstances,
    complete_format,
    refuse_mixed_modalities,
    refuse_reasoning_of_plain_models,
)

Json = dict[str, Any]


def order(
    session: Json,
    wanted: Json,
    conversation: Conversation,
    circumstances: Circumstances,
    *,
    by_turn: bool,
) -> Order:
    refuse_mixed_modalities(wanted, "response")
    refuse_reasoning_of_plain_models(wanted, session["model"], "response")
    output = {**session["audio"]["output"], **wanted.get("audio", {}).get("output", {})}
    if circumstances.audio_was_emitted and output["voice"] != session["audio"]["output"]["voice"]:
        raise RefusedError(
            "cannot_update_voice",
            "Cannot update a conversation's voice if assistant audio is present.",
            "response.audio.output.voice",
        )
    settings = {**session, **wanted}
    return Order(
        id=new_id("resp"),
        by_turn=by_turn,
        in_conversation=wanted.get("conversation", "auto") == "auto",
        text_only=settings["output_modalities"] == ["text"],
        instructions=settings["instructions"],
        asked=wanted.get("instructions", ""),
        tools=() if settings["tool_choice"] == "none" else tuple(settings["tools"]),
        voice=output["voice"],
        audio_format=complete_format(output["format"]),
        max_output_tokens=settings["max_output_tokens"],
        metadata=wanted.get("metadata"),
        input=_own_context(wanted, conversation, session["audio"]["input"]["format"]),
    )


def _own_context(
    wanted: Json, conversation: Conversation, audio_format: Json
) -> tuple[Item, ...] | None:
    if "input" not in wanted:
        return None
    return tuple(_referred(body, conversation, audio_format) for body in wanted["input"])


def _referred(body: Json, conversation: Conversation, audio_format: Json) -> Item:
    if body["type"] == "item_reference":
        return conversation.require(body["id"], "reference")
    return item_from_client(body, audio_format)


def item_from_client(body: Json, audio_format: Json) -> Item:
    """The item with what the server fills in; its audio apart."""
    audio = bytearray()
    content = []
    for part in body.get("content", ()):
        if part["type"] == "input_audio":
            audio += InputFormat(audio_format).to_mulaw(audio_of(part))
        content.append({key: value for key, value in part.items() if key != "audio"})
    filled = {"id": new_id("item"), **body, "object": "realtime.item", "status": "completed"}
    if "content" in body:
        filled["content"] = content
    return Item(filled, audio)
