"""What the stand-in makes of the caller's audio: it knows the recordings in clips/, no speech."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache

from prosaas.simulator.clips import Clip, all_clips

UNKNOWN_SPEECH = "…"

_PROBE_BYTES = 160
_PROBES = 9
# As much of a clip as must have come through before all of its words count as heard.
_WHOLE = 0.7


@dataclass(frozen=True, slots=True)
class Recognised:
    text: str
    language: str = ""
    clips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Prints:
    clip: Clip
    probes: tuple[tuple[float, bytes], ...]
    """Where in the clip, from 0 to 1, and the bytes that stand there."""


@dataclass(frozen=True, slots=True)
class _Match:
    clip: Clip
    position: int
    share: float
    reached: float

    @property
    def text(self) -> str:
        """Of an interrupted recording only the words that were said."""
        if self.share >= _WHOLE:
            return self.clip.text
        words = self.clip.text.split()
        return " ".join(words[: max(1, round(self.reached * len(words)))]) if words else ""


def prepare() -> None:
    _all_prints()


async def recognise(audio: bytes) -> Recognised:
    """Yields to the loop between recordings: many sessions share it."""
    matches = []
    for prints in _all_prints():
        match = _find(prints, audio)
        if match is not None:
            matches.append(match)
        await asyncio.sleep(0)
    if not matches:
        return Recognised(UNKNOWN_SPEECH)
    return _joined(sorted(matches, key=lambda match: match.position))


def _joined(matches: list[_Match]) -> Recognised:
    text = " ".join(match.text for match in matches if match.text)
    languages = [match.clip.language for match in matches if match.clip.language]
    names = tuple(match.clip.name for match in matches)
    return Recognised(text, languages[-1] if languages else "", names)


@cache
def _all_prints() -> tuple[_Prints, ...]:
    return tuple(_prints_of(clip) for clip in all_clips())


def _prints_of(clip: Clip) -> _Prints:
    size = min(_PROBE_BYTES, len(clip.audio) // 3)
    last = len(clip.audio) - size
    starts = [last * number // (_PROBES - 1) for number in range(_PROBES)]
    cut = ((start, clip.audio[start : start + size]) for start in starts)
    # Silence inside a recording says nothing about which one it is.
    telling = [(start, probe) for start, probe in cut if len(set(probe)) > 16]
    return _Prints(clip, tuple((start / max(1, last), probe) for start, probe in telling))


def _find(prints: _Prints, audio: bytes) -> _Match | None:
    places = [(where, audio.find(probe)) for where, probe in prints.probes]
    found = [(where, place) for where, place in places if place >= 0]
    if not found:
        return None
    reached = max(where for where, _ in found)
    first = min(place for _, place in found)
    return _Match(prints.clip, first, len(found) / len(prints.probes), reached)
