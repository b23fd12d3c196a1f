"""What is on a callee's line: voices from the stand-ins' recordings, and tones that we make."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from calls.engine.audio import FRAME_BYTES
from prosaas.simulator import clips, mulaw

CLIPS: Final = Path(clips.__file__).parent / "clips"
LOUD: Final = 7000
NOISE: Final = 25
# One second of ringing, and its silence: America, Israel.
RINGS: Final[dict[str, tuple[tuple[float, ...], float, float]]] = {
    "us": ((440, 480), 2.0, 4.0),
    "il": ((400,), 1.0, 3.0),
}
CHORDS: Final = ((523, 659, 784), (440, 523, 659), (349, 440, 523), (392, 494, 587))
KEYS: Final = ((697, 1209), (770, 1336), (852, 1477), (941, 1336))


def frames(audio: bytes) -> Iterator[bytes]:
    for at in range(0, len(audio) - FRAME_BYTES + 1, FRAME_BYTES):
        yield audio[at : at + FRAME_BYTES]


@cache
def hush() -> tuple[bytes, ...]:
    return tuple(frames(_tones(2.0)))


@cache
def voice(language: str) -> tuple[bytes, ...]:
    """So long a voice that nobody notices when it repeats itself."""
    names = ("question", "opening_hours", "name")
    return tuple(
        frames(b"".join((CLIPS / f"{language}_{name}.ulaw").read_bytes() for name in names))
    )


@cache
def sound(name: str) -> tuple[bytes, ...]:
    kind, *given = name.split()
    match kind:
        case "tone":
            return tuple(frames(_tones(int(given[1]) / 1000, float(given[0]))))
        case "ring":
            tones, on_s, off_s = RINGS[given[0]]
            return tuple(frames(_tones(on_s, *tones) + _tones(off_s)))
        case "fax":
            return tuple(frames(_tones(3.0, 2100)))
        case "music":
            return tuple(frames(b"".join(_tones(0.8, *chord) for chord in CHORDS * 3)))
        case _:
            return tuple(frames(b"".join(_tones(0.2, *key) + _tones(0.3) for key in KEYS)))


def _tones(seconds: float, *hz: float) -> bytes:
    chance = random.Random(3)
    return mulaw.encode(
        round(
            sum(LOUD * math.sin(2 * math.pi * each * number / 8000) for each in hz)
            + chance.gauss(0, NOISE)
        )
        for number in range(round(seconds * 8000))
    )
