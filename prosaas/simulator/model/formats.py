"""The three audio formats of the protocol. Inside, everything is mu-law at 8 kHz."""

from __future__ import annotations

import sys
from array import array
from typing import Any

from prosaas.simulator import mulaw

# PCM runs at 24 kHz: three samples of two bytes for each of ours.
_PCM_BYTES_PER_SAMPLE = 6


def _a_law_magnitude(code: int) -> int:
    exponent, mantissa = (code >> 4) & 7, code & 15
    if exponent == 0:
        return (mantissa << 4) + 8
    return ((mantissa << 4) + 0x108) << (exponent - 1)


def _decode_a_law(code: int) -> int:
    plain = code ^ 0x55  # G.711 sends every other bit inverted
    return _a_law_magnitude(plain) if plain & 0x80 else -_a_law_magnitude(plain)


_A_LAW = tuple(_decode_a_law(code) for code in range(256))
_FROM_A_LAW = mulaw.encode(_A_LAW)
_TO_A_LAW = bytes(
    min(range(256), key=lambda code: abs(_A_LAW[code] - sample)) for sample in mulaw.DECODE
)
_TO_PCM = tuple(sample.to_bytes(2, "little", signed=True) * 3 for sample in mulaw.DECODE)


class InputFormat:
    """Turns what the client appends into mu-law; a sample cut in two waits for its rest."""

    def __init__(self, declared: dict[str, Any]) -> None:
        self._type = declared["type"]
        self._rest = b""

    def to_mulaw(self, audio: bytes) -> bytes:
        if self._type == "audio/pcmu":
            return audio
        if self._type == "audio/pcma":
            return audio.translate(_FROM_A_LAW)
        return self._pcm_to_mulaw(self._rest + audio)

    def _pcm_to_mulaw(self, audio: bytes) -> bytes:
        whole = len(audio) - len(audio) % _PCM_BYTES_PER_SAMPLE
        self._rest = audio[whole:]
        samples = array("h", audio[:whole])
        if sys.byteorder == "big":
            samples.byteswap()
        return mulaw.encode(samples[::3])


def from_mulaw(declared: dict[str, Any], audio: bytes) -> bytes:
    match declared["type"]:
        case "audio/pcmu":
            return audio
        case "audio/pcma":
            return audio.translate(_TO_A_LAW)
        case _:
            return b"".join(map(_TO_PCM.__getitem__, audio))
