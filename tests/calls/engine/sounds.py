"""Frames of a caller's line: 20 ms of mu-law each."""

from __future__ import annotations

import math
import random
from typing import Final

from prosaas.simulator import mulaw

# Codes of -55, -18 and -25 dB below full scale or so, either sign in turn.
QUIET: Final = b"\xfd\x7d" * 80
VOICE: Final = b"\x9e\x1e" * 80
CAR: Final = b"\xa6\x26" * 80
ECHO: Final = b"\xd4\x54" * 80


def talk(frames: int) -> list[bytes]:
    """So many frames of speech, which dips every tenth of a second or so."""
    return [QUIET if number % 6 == 5 else VOICE for number in range(frames)]


def tone(ms: int, *hz: float, loud: int = 8000, noise: int = 30) -> list[bytes]:
    """Frames of one tone, or of several at once, over the noise of a line."""
    chance = random.Random(5)
    samples = [
        sum(loud * math.sin(2 * math.pi * each * number / 8000) for each in hz)
        + chance.gauss(0, noise)
        for number in range(ms * 8)
    ]
    audio = mulaw.encode(map(round, samples))
    return [audio[at : at + 160] for at in range(0, len(audio), 160)]


def hush(ms: int) -> list[bytes]:
    return tone(ms)


BEEP: Final = [*tone(400, 1000), *hush(200)]
