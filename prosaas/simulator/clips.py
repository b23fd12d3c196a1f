"""The short recordings that scripted callers and the stand-in model speak with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

from prosaas.simulator import mulaw

FOLDER = Path(__file__).parent / "clips"

Kind = Literal["speech", "filler", "noise"]
Speaker = Literal["caller", "agent", "machine", "nobody"]


@dataclass(frozen=True, slots=True)
class Clip:
    name: str
    language: str
    text: str
    audio: bytes
    kind: Kind
    speaker: Speaker

    @property
    def ms(self) -> int:
        return len(self.audio) // mulaw.SAMPLES_PER_MS


@cache
def all_clips() -> tuple[Clip, ...]:
    index = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    return tuple(_read(entry) for entry in index)


def load(name: str) -> Clip:
    for clip in all_clips():
        if clip.name == name:
            return clip
    raise KeyError(f"there is no clip named {name!r}; clips/index.json lists them all")


def _read(entry: dict[str, str]) -> Clip:
    return Clip(
        name=entry["name"],
        language=entry["language"],
        text=entry["text"],
        audio=(FOLDER / f"{entry['name']}.ulaw").read_bytes(),
        kind=cast("Kind", entry["kind"]),
        speaker=cast("Speaker", entry["speaker"]),
    )
