"""Silence in the middle of a file that comes piece by piece."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.wav import LONGEST_HEADER, AudioError, Stretch, silenced

RATE = 8000


def linear(ms: int, channels: int = 2) -> bytes:
    """What the carrier gives: 16 bits, no sample of which is zero."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(b"\x11\x22" * (ms * RATE // 1000 * channels))
    return file.getvalue()


def of_format(tag: int, audio: bytes, *, before: bytes = b"") -> bytes:
    form = struct.pack("<HHIIHH", tag, 1, RATE, RATE, 1, 8)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + before
    chunks += b"data" + struct.pack("<I", len(audio)) + audio
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def pieces(whole: bytes, size: int) -> Iterator[bytes]:
    return (whole[start : start + size] for start in range(0, len(whole), size))


def frames(file: bytes) -> bytes:
    with wave.open(io.BytesIO(file)) as wav:
        content: bytes = wav.readframes(wav.getnframes())
    return content


def silence(file: bytes, *stretches: Stretch, size: int = 1000) -> bytes:
    return b"".join(silenced(pieces(file, size), stretches))


def test_only_the_stretch_is_silent_and_on_both_channels() -> None:
    told = frames(silence(linear(1000), (250, 500)))
    quarter = RATE // 4 * 4
    assert len(told) == 4 * quarter
    assert set(told[:quarter]) == {0x11, 0x22}
    assert set(told[quarter : 2 * quarter]) == {0}
    assert set(told[2 * quarter :]) == {0x11, 0x22}


def test_a_stretch_without_an_end_goes_to_the_end() -> None:
    told = frames(silence(linear(1000), (750, None)))
    assert set(told[: 3 * RATE]) == {0x11, 0x22}
    assert set(told[3 * RATE :]) == {0}


def test_what_lies_outside_of_the_recording_changes_nothing() -> None:
    file = linear(200)
    assert silence(file, (-500, 0), (200, 900), (5000, None)) == file


def test_without_a_stretch_nothing_is_even_read() -> None:
    assert silence(b"no WAV file at all") == b"no WAV file at all"


@pytest.mark.parametrize(("tag", "quiet"), [(1, 0x80), (6, 0xD5), (7, 0xFF)])
def test_silence_is_what_the_format_takes_for_it(tag: int, quiet: int) -> None:
    audio = bytes([0x33]) * RATE
    told = silence(of_format(tag, audio), (0, 500))
    assert told == of_format(tag, bytes([quiet]) * 4000 + audio[4000:])


def test_remarks_before_the_samples_are_left_alone() -> None:
    remark = b"LIST" + struct.pack("<I", 5) + b"INFO!" + b"\0"
    audio = bytes([0x33]) * 800
    told = silence(of_format(7, audio, before=remark), (0, None))
    assert told == of_format(7, b"\xff" * 800, before=remark)


@given(
    size=st.integers(1, 5000),
    stretches=st.lists(st.tuples(st.integers(-50, 300), st.none() | st.integers(-50, 300))),
)
def test_where_the_pieces_are_cut_makes_no_difference(size: int, stretches: list[Stretch]) -> None:
    file = linear(200)
    whole = silence(file, *stretches, size=len(file))
    assert silence(file, *stretches, size=size) == whole
    assert len(whole) == len(file)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"RIFF",
        b"ID3\x04 and an MP3 file behind it",
        linear(100)[:40],
        of_format(2, bytes(800)),
        of_format(65534, bytes(800)),
        b"RIFF\0\0\0\0WAVEdata\x04\0\0\0\0\0\0\0",
        of_format(7, bytes(800), before=b"LIST\xff\xff\xff\x00" + bytes(2 * LONGEST_HEADER)),
    ],
)
def test_of_what_is_not_understood_nothing_is_given(file: bytes) -> None:
    with pytest.raises(AudioError):
        next(silenced(pieces(file, 7), [(0, None)]))
