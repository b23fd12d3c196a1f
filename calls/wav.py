"""Silence in a recording, piece by piece as it comes: a WAV file is never whole in memory."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

RIFF: Final = struct.Struct("<4sI4s")
CHUNK: Final = struct.Struct("<4sI")
FORMAT: Final = struct.Struct("<HHIIHH")
# The header of a recording has some dozens of bytes, and with a chunk of remarks some hundreds.
LONGEST_HEADER: Final = 64 * 1024
# By the tag of the format and the bits of a sample, as Windows' `mmreg.h` numbers them: linear with
# and without sign, A-law and mu-law.
SILENCE: Final = {(1, 16): b"\0", (1, 8): b"\x80", (6, 8): b"\xd5", (7, 8): b"\xff"}

Stretch = tuple[int, int | None]  # milliseconds from the beginning; None: to the end


class AudioError(ValueError):
    """Not a WAV file, or one whose samples mean something that is not known here."""


@dataclass(frozen=True, slots=True)
class _Layout:
    header: int  # bytes before the first sample
    rate: int  # frames a second
    frame: int  # bytes, of all channels
    silence: bytes

    def place(self, ms: int) -> int:
        """Of the frame that sounds then, in the file."""
        return self.header + max(0, ms) * self.rate // 1000 * self.frame


def silenced(pieces: Iterable[bytes], stretches: Sequence[Stretch]) -> Iterator[bytes]:
    """The same file with silence on all channels in these stretches. Raises `AudioError`, before
    anything has been given.
    """
    if not stretches:
        yield from pieces
        return
    coming = iter(pieces)
    beginning, layout = _read_header(coming)
    gone = [
        (layout.place(start), None if end is None else layout.place(end))
        for start, end in stretches
    ]
    at = 0
    for piece in chain((beginning,), coming):
        yield _without(piece, at, gone, layout.silence)
        at += len(piece)


def _without(
    piece: bytes, at: int, gone: Sequence[tuple[int, int | None]], silence: bytes
) -> bytes:
    changed = bytearray(piece)
    for start, end in gone:
        first = min(max(start - at, 0), len(piece))
        last = len(piece) if end is None else min(max(end - at, 0), len(piece))
        changed[first:last] = silence * max(0, last - first)
    return bytes(changed)


def _read_header(coming: Iterator[bytes]) -> tuple[bytes, _Layout]:
    beginning = b""
    for piece in coming:
        beginning += piece
        layout = _layout(beginning)
        if layout is not None:
            return beginning, layout
        if len(beginning) > LONGEST_HEADER:
            break
    raise AudioError("It has no samples where a WAV file has them.")


def _layout(beginning: bytes) -> _Layout | None:
    """None: more of it has to come."""
    if len(beginning) < RIFF.size:
        return None
    riff, _, wave = RIFF.unpack_from(beginning)
    if (riff, wave) != (b"RIFF", b"WAVE"):
        raise AudioError("It is no WAV file.")
    at, known = RIFF.size, None
    while len(beginning) >= at + CHUNK.size:
        name, size = CHUNK.unpack_from(beginning, at)
        at += CHUNK.size
        if name == b"data":
            if known is None:
                raise AudioError("Its samples come before their format.")
            rate, frame, silence = known
            return _Layout(at, rate, frame, silence)
        if name == b"fmt ":
            if len(beginning) < at + FORMAT.size:
                return None
            known = _format(beginning, at)
        at += size + size % 2
    return None


def _format(beginning: bytes, at: int) -> tuple[int, int, bytes]:
    tag, _channels, rate, _bytes_a_second, frame, bits = FORMAT.unpack_from(beginning, at)
    silence = SILENCE.get((tag, bits))
    if silence is None or not rate or not frame:
        raise AudioError(f"Its format {tag} with {bits} bits is not known.")
    return rate, frame, silence
