"""The default conversation: items in order, as the model's context holds them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from prosaas.simulator import mulaw
from prosaas.simulator.model.formats import from_mulaw
from prosaas.simulator.model.refusal import RefusedError, invalid_value

Json = dict[str, Any]

_AUDIO_PARTS = ("input_audio", "output_audio")


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(10)}"


@dataclass(slots=True)
class Item:
    body: Json
    """The item as it goes over the wire, without audio."""
    audio: bytearray = field(default_factory=bytearray)
    """Mu-law; what of it still stands in the context."""
    truncated: bool = False
    revision: int = 0

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def role(self) -> str:
        return str(self.body.get("role", ""))

    @property
    def type(self) -> str:
        return str(self.body["type"])

    @property
    def audio_ms(self) -> int:
        return len(self.audio) // mulaw.SAMPLES_PER_MS

    @property
    def text(self) -> str:
        """All words that stand in the item."""
        parts = [part.get("text") or part.get("transcript") or "" for part in self._content()]
        own = [str(self.body.get(key, "")) for key in ("arguments", "output")]
        return " ".join(filter(None, parts + own))

    def _content(self) -> list[Json]:
        content: list[Json] = self.body.get("content", [])
        return content

    def wire(self) -> Json:
        """A copy: what was sent must not change with what comes later."""
        copied = dict(self.body)
        if "content" in copied:
            copied["content"] = [dict(part) for part in self._content()]
        return copied

    def wire_with_audio(self, audio_format: Json) -> Json:
        copied = self.wire()
        for part in copied.get("content", ()):
            if part["type"] in _AUDIO_PARTS:
                encoded = base64.b64encode(from_mulaw(audio_format, bytes(self.audio)))
                part["audio"] = encoded.decode()
        return copied

    def speak(self, audio: bytes) -> None:
        if not self.truncated:
            self.audio += audio

    def say(self, words: str) -> None:
        """Adds to the transcript or text of the (only) part that the model writes."""
        part = self._content()[0]
        key = "text" if part["type"] == "output_text" else "transcript"
        if not self.truncated:
            part[key] += words

    def truncate(self, audio_end_ms: int) -> None:
        if not self._has_spoken() or audio_end_ms == 0:
            raise RefusedError(
                "unsupported_content_type", "Only model output audio messages can be truncated."
            )
        if audio_end_ms > self.audio_ms:
            raise RefusedError(
                None,
                f"Audio content of {self.audio_ms}ms is already shorter than {audio_end_ms}ms",
                "audio_end_ms",
            )
        del self.audio[audio_end_ms * mulaw.SAMPLES_PER_MS :]
        # The whole transcript goes: nobody knows which of its words lie before the cut.
        self._content()[0]["transcript"] = None
        self.truncated = True
        self.revision += 1

    def _has_spoken(self) -> bool:
        kinds = [part["type"] for part in self._content()]
        return self.role == "assistant" and "output_audio" in kinds and bool(self.audio)


class Conversation:
    def __init__(self) -> None:
        self.id = new_id("conv")
        self._items: list[Item] = []

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def last_id(self) -> str | None:
        return self._items[-1].id if self._items else None

    def append(self, item: Item) -> str | None:
        """Returns the id of the item before it."""
        previous = self.last_id
        self._items.append(item)
        return previous

    def insert(self, item: Item, previous_item_id: str | None) -> str | None:
        if self.find(item.id) is not None:
            raise invalid_value("item.id", f"an item with the id '{item.id}' exists already.")
        if previous_item_id is None:
            return self.append(item)
        position = self._position_behind(previous_item_id)
        self._items.insert(position, item)
        return self._items[position - 1].id if position else None

    def _position_behind(self, item_id: str) -> int:
        if item_id == "root":
            return 0
        for position, item in enumerate(self._items):
            if item.id == item_id:
                return position + 1
        raise RefusedError(
            "invalid_value",
            f"Previous item with ID '{item_id}' not found in conversation.",
            "previous_item_id",
        )

    def before(self, item: Item) -> str | None:
        """None at the front, and for an item that was deleted meanwhile."""
        position = next((i for i, each in enumerate(self._items) if each is item), 0)
        return self._items[position - 1].id if position else None

    def find(self, item_id: str) -> Item | None:
        return next((item for item in self._items if item.id == item_id), None)

    def require(self, item_id: str, verb: str) -> Item:
        item = self.find(item_id)
        if item is None:
            raise RefusedError(
                f"item_{verb}_invalid_item_id",
                f"Error: Item with item_id '{item_id}' not found in the conversation.",
                "item_id",
            )
        return item

    def delete(self, item_id: str) -> None:
        self._items.remove(self.require(item_id, "delete"))

    def require_call(self, call_id: str) -> None:
        calls = (item for item in self._items if item.type == "function_call")
        if call_id not in (item.body.get("call_id") for item in calls):
            raise RefusedError(
                "invalid_tool_call_id",
                f"Tool call ID '{call_id}' not found in conversation.",
                "item.call_id",
            )
