"""Token counts: 10 a second for the caller's audio, 20 for the model's, one for 4 characters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from prosaas.simulator.model.conversation import Item

_CALLER_MS_PER_TOKEN = 100
_MODEL_MS_PER_TOKEN = 50
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Tokens:
    text: int
    audio: int

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.text + other.text, self.audio + other.audio)

    @property
    def total(self) -> int:
        return self.text + self.audio


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a context; equal pieces at the front of two contexts are cached."""

    name: str
    revision: int
    tokens: Tokens


def text_tokens(text: str) -> int:
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def model_audio_tokens(ms: int) -> int:
    return -(-ms // _MODEL_MS_PER_TOKEN)


def preamble(instructions: str, tools: str) -> Piece:
    return Piece(
        "preamble", hash((instructions, tools)), Tokens(text_tokens(instructions + tools), 0)
    )


def piece_of(item: Item) -> Piece:
    return Piece(item.id, item.revision, tokens_of(item))


def tokens_of(item: Item) -> Tokens:
    if item.role == "user" and item.audio:
        # The transcript comes from another model and is not part of the context.
        return Tokens(0, -(-item.audio_ms // _CALLER_MS_PER_TOKEN))
    return Tokens(text_tokens(item.text), model_audio_tokens(item.audio_ms))


def usage(
    context: Iterable[Piece], before: Iterable[Piece], output: Iterable[Item]
) -> dict[str, Any]:
    """`before` is the context of the session's last response: its unchanged front is cached."""
    pieces = list(context)
    pairs = zip(pieces, before, strict=False)
    common = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
    cached = sum((piece.tokens for piece in common), Tokens(0, 0))
    taken = sum((piece.tokens for piece in pieces), Tokens(0, 0))
    made = sum((tokens_of(item) for item in output), Tokens(0, 0))
    return {
        "total_tokens": taken.total + made.total,
        "input_tokens": taken.total,
        "output_tokens": made.total,
        "input_token_details": {
            "text_tokens": taken.text,
            "audio_tokens": taken.audio,
            "image_tokens": 0,
            "cached_tokens": cached.total,
            "cached_tokens_details": {
                "text_tokens": cached.text,
                "audio_tokens": cached.audio,
                "image_tokens": 0,
            },
        },
        "output_token_details": {"text_tokens": made.text, "audio_tokens": made.audio},
    }
