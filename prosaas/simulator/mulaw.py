"""G.711 mu-law for the stand-ins. The product itself never decodes what it forwards."""

from __future__ import annotations

import array
import math
from collections.abc import Iterable
from functools import cache

SAMPLES_PER_MS = 8
FRAME_MS = 20
FRAME_BYTES = FRAME_MS * SAMPLES_PER_MS
SILENCE = b"\xff"
SILENT_FRAME = SILENCE * FRAME_BYTES

_BIAS = 0x84  # G.711 adds 33 to a 14-bit magnitude; 132 is the same at 16 bits
_CLIP_14_BIT = 8159


def _decode_code(code: int) -> int:
    inverted = ~code & 0xFF
    exponent = (inverted >> 4) & 0x07
    mantissa = inverted & 0x0F
    magnitude = (((mantissa << 3) + _BIAS) << exponent) - _BIAS
    return -magnitude if inverted & 0x80 else magnitude


def _encode_14_bit(sample: int) -> int:
    sign_mask = 0xFF if sample >= 0 else 0x7F
    magnitude = min(abs(sample), _CLIP_14_BIT) + (_BIAS >> 2)
    # 33 is the smallest biased magnitude, so the highest set bit is bit 5 or above: segment 0.
    segment = magnitude.bit_length() - 6
    if segment > 7:
        return 0x7F ^ sign_mask
    return ((segment << 4) | ((magnitude >> (segment + 1)) & 0x0F)) ^ sign_mask


DECODE: tuple[int, ...] = tuple(_decode_code(code) for code in range(256))
_SQUARES: tuple[int, ...] = tuple(sample * sample for sample in DECODE)
# The inverted code without its sign bit rises with the magnitude: the loudest sample of a frame
# is found without decoding it.
_LOUDNESS = bytes(~code & 0x7F for code in range(256))
_MAGNITUDE_OF_LOUDNESS: tuple[int, ...] = tuple(DECODE[0xFF - loud] for loud in range(128))


@cache
def _encode_table() -> bytes:
    return bytes(_encode_14_bit(high if high < 8192 else high - 16384) for high in range(16384))


def decode(audio: bytes) -> array.array[int]:
    return array.array("h", map(DECODE.__getitem__, audio))


def encode(samples: Iterable[int]) -> bytes:
    """Takes 16-bit samples; what lies beyond them is clipped."""
    table = _encode_table()
    return bytes(table[(max(-32768, min(32767, sample)) >> 2) & 0x3FFF] for sample in samples)


def rms(audio: bytes) -> float:
    """Root mean square on the 16-bit scale, 0 for nothing."""
    if not audio:
        return 0.0
    return math.sqrt(sum(map(_SQUARES.__getitem__, audio)) / len(audio))


def peak(audio: bytes) -> int:
    """The largest magnitude on the 16-bit scale; about ten times cheaper than `rms`."""
    if not audio:
        return 0
    return _MAGNITUDE_OF_LOUDNESS[max(audio.translate(_LOUDNESS))]


def silence(ms: int) -> bytes:
    return SILENCE * (ms * SAMPLES_PER_MS)


@cache
def attenuation(decibels: float) -> bytes:
    """A table for `bytes.translate` that makes mu-law audio quieter."""
    factor = 10 ** (-decibels / 20)
    return encode(round(sample * factor) for sample in DECODE)


def mix(one: bytes, other: bytes) -> bytes:
    """Both are heard at once; the shorter one ends in silence."""
    length = max(len(one), len(other))
    return encode(
        DECODE[a] + DECODE[b]
        for a, b in zip(one.ljust(length, SILENCE), other.ljust(length, SILENCE), strict=True)
    )
