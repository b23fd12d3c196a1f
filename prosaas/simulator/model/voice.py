"""The stand-in's voice: a murmur with the length and rhythm of speech, and no words in it.

The same text in the same voice gives the same bytes. No two stretches of it are alike, within a
text or between texts, so a test can tell from the bytes that nothing is lost, doubled or swapped.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

from prosaas.simulator import mulaw

# About 150 words a minute.
_MS_PER_LETTER = 65
_MS_PER_SPACE = 60
_MS_PER_STOP = 180
_STOPS = frozenset(".,;:!?…،؟–-\n")
_TIMBRES = 12

# The two lowest bits of every code are drawn from the text; they change the sound by a hiss.
_DRAWN_BITS = 0x03
# Two codes mean "no sound": a run of them would look like padding that somebody else put there.
_NO_SILENT_CODE = bytes({0xFF: 0xFE, 0x7F: 0x7E}.get(code, code) for code in range(256))
_PAUSE_CODE = 0xF6


@lru_cache(maxsize=1024)
def speech(text: str, voice: str = "marin") -> bytes:
    murmur = b"".join(_sound(letter, voice) for letter in text)
    if not murmur:
        return b""
    return _marked(murmur, f"{voice}\0{text}").translate(_NO_SILENT_CODE)


def _sound(letter: str, voice: str) -> bytes:
    if letter.isspace():
        return _pause(_MS_PER_SPACE)
    if letter in _STOPS:
        return _pause(_MS_PER_STOP)
    return _letter(ord(letter) % _TIMBRES, voice)


def _pause(ms: int) -> bytes:
    return bytes([_PAUSE_CODE]) * (ms * mulaw.SAMPLES_PER_MS)


@lru_cache(maxsize=256)
def _letter(timbre: int, voice: str) -> bytes:
    """A short vowel: a few harmonics of the voice's pitch under a rising and falling envelope."""
    pitch = 95 + hashlib.sha256(voice.encode()).digest()[0] % 110
    formant = 350 + 210 * timbre
    size = (_MS_PER_LETTER - 5 + timbre) * mulaw.SAMPLES_PER_MS
    weights = [math.exp(-(((n * pitch - formant) / 500) ** 2)) + 0.15 / n for n in range(1, 16)]
    scale = 14000 / sum(weights)
    step = 2 * math.pi * pitch / 8000
    return mulaw.encode(
        round(
            scale
            * math.sin(math.pi * (i + 0.5) / size) ** 0.5
            * sum(weight * math.sin(step * n * i) for n, weight in enumerate(weights, start=1))
        )
        for i in range(size)
    )


def _marked(murmur: bytes, seed: str) -> bytes:
    size = len(murmur)
    drawn = int.from_bytes(hashlib.shake_128(seed.encode()).digest(size), "big")
    mask = int.from_bytes(bytes([_DRAWN_BITS]) * size, "big")
    return (int.from_bytes(murmur, "big") ^ (drawn & mask)).to_bytes(size, "big")
