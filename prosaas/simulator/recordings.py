"""Recordings of calls at the stand-in carrier: the two voices as they were on the line."""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

from prosaas.simulator import mulaw
from prosaas.simulator.media import MediaStream

_WAVE_FORMAT_MULAW = 7


@dataclass(frozen=True, slots=True)
class Recording:
    call_sid: str
    made_at: float  # when it began
    channels: int
    caller: bytes = b""
    agent: bytes = b""
    status: Literal["in-progress", "completed", "absent"] = "completed"
    source: str = "OutboundAPI"
    sid: str = field(default_factory=lambda: "RE" + secrets.token_hex(16))

    @property
    def duration_s(self) -> int:
        return len(self.caller) // (mulaw.SAMPLES_PER_MS * 1000)

    def wav(self) -> bytes:
        if self.channels == 1:
            return _wav(mulaw.mix(self.caller, self.agent), channels=1)
        interleaved = bytes(chain.from_iterable(zip(self.caller, self.agent, strict=True)))
        return _wav(interleaved, channels=2)


def finished(begun: Recording, streams: list[MediaStream]) -> Recording:
    """What was on the line from the moment at which it was begun."""
    caller, agent = bytearray(), bytearray()
    for stream in streams:
        opened = stream.start_sent_at or 0.0
        begin = max(opened, begun.made_at)
        said = bytes(stream.caller_audio)[_bytes_in(begin - opened) :]
        end = begin + len(said) / (mulaw.SAMPLES_PER_MS * 1000)
        caller += said
        agent += stream.playback.line_between(begin, end).ljust(len(said), mulaw.SILENCE)[
            : len(said)
        ]
    made = replace(begun, caller=bytes(caller), agent=bytes(agent))
    return replace(made, status="completed" if made.duration_s else "absent")


def _bytes_in(seconds: float) -> int:
    return round(seconds * mulaw.SAMPLES_PER_MS * 1000)


def _wav(audio: bytes, channels: int) -> bytes:
    rate = mulaw.SAMPLES_PER_MS * 1000
    form = struct.pack(
        "<HHIIHHH", _WAVE_FORMAT_MULAW, channels, rate, rate * channels, channels, 8, 0
    )
    chunks = _chunk(b"fmt ", form) + _chunk(b"data", audio)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
