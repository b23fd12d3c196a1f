"""What happened in one session, for assertions and for benches. Times of events are the clock's;
times of audio and of updates are `time.monotonic()`, which other processes of the machine share.
"""

from __future__ import annotations

import base64
import hashlib
import time
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from prosaas.simulator import mulaw
from prosaas.simulator.clock import Clock

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Happened:
    at: float
    type: str
    body: Json


@dataclass(slots=True)
class SessionLog:
    clock: Clock
    keeps_events: bool = True
    """Off for load runs: then only the figures remain."""
    keeps_stamps: bool = True
    """Whether each append is stamped with its time and a checksum of its bytes."""
    received: list[Happened] = field(default_factory=list)
    """All but the appends, which are too many; those are counted below."""
    events_sent: list[Happened] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)
    """The audio written, as mu-law."""
    update_times: array[float] = field(default_factory=lambda: array("d"))
    append_count: int = 0
    append_times: array[float] = field(default_factory=lambda: array("d"))
    append_checksums: array[int] = field(default_factory=lambda: array("L"))
    delta_times: array[float] = field(default_factory=lambda: array("d"))
    delta_bytes: array[int] = field(default_factory=lambda: array("L"))
    delta_items: list[str] = field(default_factory=list)
    spoken: dict[str, bytearray] = field(default_factory=dict)
    """The audio sent for each item, as mu-law, cut or not."""

    def received_event(self, event: Json) -> None:
        if event["type"] == "session.update":
            self.update_times.append(time.monotonic())
        if self.keeps_events:
            self.received.append(Happened(self.clock.now(), event["type"], event))

    def received_audio(self, raw: bytes, audio: bytes) -> None:
        self.append_count += 1
        if self.keeps_stamps:
            self.append_times.append(time.monotonic())
            self.append_checksums.append(zlib.crc32(raw))
        if self.keeps_events:
            self.heard += audio

    def sent(self, event: Json) -> None:
        if self.keeps_events:
            self.events_sent.append(Happened(self.clock.now(), event["type"], event))

    def sent_audio(self, item_id: str, audio: bytes) -> None:
        self.delta_times.append(time.monotonic())
        self.delta_bytes.append(len(audio))
        self.delta_items.append(item_id)
        self.spoken.setdefault(item_id, bytearray()).extend(audio)

    def figures(self) -> Json:
        return {
            "appends": self.append_count,
            "deltas": len(self.delta_times),
            "spoken_ms": sum(self.delta_bytes) // mulaw.SAMPLES_PER_MS,
        }

    def stamps(self) -> Json:
        """For a bench in another process."""
        return {
            "update_times": list(self.update_times),
            "append_times": list(self.append_times),
            "append_checksums": list(self.append_checksums),
            "delta_times": list(self.delta_times),
            "delta_bytes": list(self.delta_bytes),
            "delta_items": self.delta_items,
            "spoken": [_spoken(item_id, audio) for item_id, audio in self.spoken.items()],
        }


def _spoken(item_id: str, audio: bytearray) -> Json:
    return {
        "item_id": item_id,
        "ms": len(audio) // mulaw.SAMPLES_PER_MS,
        "sha256": hashlib.sha256(audio).hexdigest(),
        "audio": base64.b64encode(audio).decode(),
    }


def of_type(events: Sequence[Happened], kind: str | None) -> list[Json]:
    return [event.body for event in events if kind in (None, event.type)]
