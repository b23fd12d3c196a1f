"""What a frame is, and how simple the audio path is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FRAME_MS: Final = 20
BYTES_PER_MS: Final = 8  # G.711 mu-law: 8,000 samples a second, one byte each
FRAME_BYTES: Final = FRAME_MS * BYTES_PER_MS
FRAME_S: Final = FRAME_MS / 1000
SILENCE: Final = b"\xff"  # mu-law zero


def _ducked(code: int) -> int:
    """The code of a quarter of its amplitude (-12 dB), rounded towards silence.

    G.711 mu-law: sign, exponent and mantissa, all inverted; section 3.2.2.
    """
    inverted = ~code & 0xFF
    sign, exponent, mantissa = inverted & 0x80, (inverted >> 4) & 7, inverted & 15
    quarter = ((((mantissa << 3) + 132) << exponent) - 132) // 4 + 132
    exponent = quarter.bit_length() - 8
    return ~(sign | exponent << 4 | (quarter >> (exponent + 3)) & 15) & 0xFF


# Agent audio under a caller's voice, by one `translate`.
DUCK: Final = bytes(map(_ducked, range(256)))


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """The single source of truth about what happens to audio between the two sockets.

    Simple mode: a caller's frame is forwarded untouched, whatever it holds. Each of the other
    switches has, in some system, swallowed a caller's word.
    """

    simple_mode: bool = True
    echo_guard: bool = False
    music_detection: bool = False
    noise_gate: bool = False
    frame_ms: int = FRAME_MS

    def describe(self) -> str:
        mode = "simple" if self.simple_mode else "filtered"
        on = [
            name for name in ("echo_guard", "music_detection", "noise_gate") if getattr(self, name)
        ]
        return f"{mode}, {', '.join(on) or 'no filters'}, {self.frame_ms} ms frames"


AUDIO_CONFIG: Final = AudioConfig()
