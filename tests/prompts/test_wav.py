from __future__ import annotations

import struct

import pytest

from prompts.wav import wav


@pytest.mark.parametrize("samples", [0, 1, 8_000, 8_001])
def test_a_player_is_told_that_it_is_telephone_audio(samples: int) -> None:
    audio = b"\x10" * samples
    file = wav(audio)
    assert (file[:4], file[8:12]) == (b"RIFF", b"WAVE")
    assert struct.unpack("<I", file[4:8]) == (len(file) - 8,)

    chunks = dict(chunks_of(file[12:]))
    kind, channels, rate, byte_rate, block, bits, extra = struct.unpack("<HHIIHHH", chunks[b"fmt "])
    assert (kind, channels, rate, byte_rate) == (7, 1, 8_000, 8_000)
    assert (block, bits, extra) == (1, 8, 0)
    assert struct.unpack("<I", chunks[b"fact"]) == (samples,)
    assert chunks[b"data"] == audio


def chunks_of(body: bytes) -> list[tuple[bytes, bytes]]:
    found = []
    while body:
        name, size = struct.unpack("<4sI", body[:8])
        found.append((name, body[8 : 8 + size]))
        body = body[8 + size + size % 2 :]
    return found
