from __future__ import annotations

import struct
from typing import Final

MULAW: Final = 7  # RFC 2361: WAVE_FORMAT_MULAW
SAMPLES_A_SECOND: Final = 8_000


def wav(audio: bytes) -> bytes:
    """Telephone audio as a file that browsers play: one channel, a byte a sample.

    A format other than PCM names its samples in a `fact` chunk, and chunks have even lengths.
    """
    layout = struct.pack("<HHIIHHH", MULAW, 1, SAMPLES_A_SECOND, SAMPLES_A_SECOND, 1, 8, 0)
    chunks = (
        _chunk(b"fmt ", layout)
        + _chunk(b"fact", struct.pack("<I", len(audio)))
        + _chunk(b"data", audio)
    )
    return _chunk(b"RIFF", b"WAVE" + chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
