"""The items that a response makes, each a sequence of events that may be cut at any delta."""

from __future__ import annotations

import base64
import json
import random
import re
from dataclasses import dataclass
from typing import Any, Protocol

from prosaas.simulator import mulaw
from prosaas.simulator.model.conversation import Item, new_id
from prosaas.simulator.model.formats import from_mulaw
from prosaas.simulator.model.scenario import AUDIO_DELTA, Range, UseTool

Json = dict[str, Any]

# Words run ahead of the sound, so a cut item has more transcript than audio.
_WORDS_AHEAD_MS = 400
# Deltas without audio leave as fast as the model writes: about so much is one of them worth.
_WRITTEN_DELTA_MS = 60


class Sink(Protocol):
    """Where a response sends what belongs to it."""

    def emit(self, kind: str, **fields: Any) -> None: ...
    def sent_audio(self, item_id: str, audio: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Place:
    response_id: str
    output_index: int

    def of(self, item: Item, content_index: int | None = None) -> Json:
        place: Json = {
            "response_id": self.response_id,
            "item_id": item.id,
            "output_index": self.output_index,
        }
        if content_index is not None:
            place["content_index"] = content_index
        return place


class Output(Protocol):
    item: Item
    cut_short: bool
    """It has less to say than it was meant to."""

    def open(self) -> None: ...
    def advance(self) -> float | None:
        """Emits the next delta; returns its worth in milliseconds, None when nothing is left."""

    def close(self) -> None: ...


class Utterance:
    """A spoken item."""

    def __init__(
        self,
        sink: Sink,
        place: Place,
        text: str,
        audio: bytes,
        audio_format: Json,
        delta_ms: Range,
        dice: random.Random,
        allowed_ms: int | None,
    ) -> None:
        self.item = _message({"type": "output_audio", "transcript": ""})
        self._whole_size = len(audio)
        allowed = len(audio) if allowed_ms is None else allowed_ms * mulaw.SAMPLES_PER_MS
        self.cut_short = allowed < len(audio)
        self._sink = sink
        self._place = place.of(self.item, content_index=0)
        self._audio = audio[:allowed]
        self._format = audio_format
        self._delta_ms = delta_ms
        self._dice = dice
        self._words = re.findall(r"\s*\S+", text)
        self._said_words = 0
        self._position = 0
        self._transcript = ""

    def open(self) -> None:
        part = {"type": "audio", "transcript": ""}
        self._sink.emit("response.content_part.added", **self._place, part=part)

    def advance(self) -> float | None:
        if self._position >= len(self._audio):
            return None
        size = self._delta_size()
        piece = self._audio[self._position : self._position + size]
        self._position += len(piece)
        self._say_words_until(self._position + _WORDS_AHEAD_MS * mulaw.SAMPLES_PER_MS)
        self._send(piece)
        return len(piece) / mulaw.SAMPLES_PER_MS

    def close(self) -> None:
        done = self._place
        part = {"type": "audio", "transcript": self._transcript}
        self._sink.emit("response.output_audio.done", **done)
        self._sink.emit(
            "response.output_audio_transcript.done", **done, transcript=self._transcript
        )
        self._sink.emit("response.content_part.done", **done, part=part)

    def _delta_size(self) -> int:
        size = max(1, round(self._dice.uniform(*self._delta_ms) * mulaw.SAMPLES_PER_MS))
        # Telephone frames have 160 bytes; nobody promised that a delta holds whole ones.
        return size if size % mulaw.FRAME_BYTES else size + 37

    def _say_words_until(self, position: int) -> None:
        share = min(1.0, position / self._whole_size)
        due = round(share * len(self._words))
        words = "".join(self._words[self._said_words : due])
        self._said_words = max(self._said_words, due)
        if words:
            self._transcript += words
            self.item.say(words)
            self._sink.emit("response.output_audio_transcript.delta", **self._place, delta=words)

    def _send(self, piece: bytes) -> None:
        self.item.speak(piece)
        self._sink.sent_audio(self.item.id, piece)
        encoded = base64.b64encode(from_mulaw(self._format, piece)).decode()
        self._sink.emit(AUDIO_DELTA, **self._place, delta=encoded)


class Writing:
    """A written item, for responses that asked for text."""

    def __init__(self, sink: Sink, place: Place, text: str) -> None:
        self.item = _message({"type": "output_text", "text": ""})
        self.cut_short = False
        self._sink = sink
        self._place = place.of(self.item, content_index=0)
        self._words = re.findall(r"\s*\S+", text)
        self._written = ""

    def open(self) -> None:
        part = {"type": "text", "text": ""}
        self._sink.emit("response.content_part.added", **self._place, part=part)

    def advance(self) -> float | None:
        if not self._words:
            return None
        words, self._words = "".join(self._words[:4]), self._words[4:]
        self._written += words
        self.item.say(words)
        self._sink.emit("response.output_text.delta", **self._place, delta=words)
        return _WRITTEN_DELTA_MS

    def close(self) -> None:
        part = {"type": "text", "text": self._written}
        self._sink.emit("response.output_text.done", **self._place, text=self._written)
        self._sink.emit("response.content_part.done", **self._place, part=part)


class Calling:
    """A function call; cut in the middle, its arguments are broken JSON, and still `done`."""

    def __init__(self, sink: Sink, place: Place, use: UseTool) -> None:
        arguments = json.dumps(dict(use.arguments), ensure_ascii=False)
        self.item = Item(
            {
                "id": new_id("item"),
                "object": "realtime.item",
                "type": "function_call",
                "status": "in_progress",
                "name": use.name,
                "call_id": use.call_id or new_id("call"),
                "arguments": "",
            }
        )
        self.cut_short = False
        self._sink = sink
        self._ids = {**place.of(self.item), "call_id": self.item.body["call_id"]}
        self._rest = arguments if use.raw is None else use.raw
        self._step = max(1, -(-len(self._rest) // use.deltas))

    def open(self) -> None:
        """A call has no content part."""

    def advance(self) -> float | None:
        if not self._rest:
            return None
        piece, self._rest = self._rest[: self._step], self._rest[self._step :]
        self.item.body["arguments"] += piece
        self._sink.emit("response.function_call_arguments.delta", **self._ids, delta=piece)
        return _WRITTEN_DELTA_MS

    def close(self) -> None:
        self._sink.emit(
            "response.function_call_arguments.done",
            **self._ids,
            name=self.item.body["name"],
            arguments=self.item.body["arguments"],
        )


def _message(part: Json) -> Item:
    return Item(
        {
            "id": new_id("item"),
            "object": "realtime.item",
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [part],
        }
    )
