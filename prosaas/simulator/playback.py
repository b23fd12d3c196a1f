"""The carrier's playback buffer, and the record of what the caller really heard.

Nothing runs per millisecond: a first-in-first-out buffer that drains at a fixed rate is fully
described by the moment at which it will be empty, so every question is answered by arithmetic.
All times are seconds of one clock and are passed in.
"""

from __future__ import annotations

import array
import math
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

from prosaas.simulator.mulaw import SAMPLES_PER_MS, SILENCE

BYTES_PER_SECOND = SAMPLES_PER_MS * 1000
_ROUNDING = 1e-3  # of a byte: far above the error of a float, far below one sample
_SAME_MOMENT = 1e-7  # seconds: audio that comes exactly when the buffer empties leaves no gap


@dataclass(slots=True)
class Segment:
    """Audio that played without a break."""

    start: float
    audio: bytearray
    cleared: bool = False  # followed by a clear or the end of the call: no gap after it is a fault

    @property
    def end(self) -> float:
        return self.start + len(self.audio) / BYTES_PER_SECOND

    def played(self, until: float) -> int:
        return max(0, min(len(self.audio), _bytes_in(until - self.start)))

    def between(self, start: float, end: float) -> bytes:
        return bytes(self.audio[self.played(start) : self.played(end)])


@dataclass(frozen=True, slots=True)
class DryGap:
    """The buffer ran empty at `start`, and the next audio came at `end`."""

    start: float
    end: float

    @property
    def ms(self) -> float:
        return (self.end - self.start) * 1000


@dataclass(frozen=True, slots=True)
class Clear:
    at: float
    dropped_bytes: int
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MarkEcho:
    at: float
    name: str
    cleared: bool  # the wire does not tell a played mark from a cleared one; the record does


class Playback:
    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.clears: list[Clear] = []
        self.echoes: list[MarkEcho] = []
        self.arrived_at = array.array("d")
        self.arrived_bytes = array.array("L")
        self.depth_after = array.array("L")  # bytes in the buffer once the message was in it
        self._pending_marks: deque[tuple[float, str]] = deque()
        self._empty_at = -math.inf
        self._ended_at = math.inf

    # What the media socket does to the buffer.

    def play(self, audio: bytes, now: float) -> None:
        if now >= self._ended_at:
            return
        if audio:
            self._append(audio, now)
        self.arrived_at.append(now)
        self.arrived_bytes.append(len(audio))
        self.depth_after.append(self.depth_bytes(now))

    def _append(self, audio: bytes, now: float) -> None:
        if not self.segments or self.segments[-1].cleared or now > self._empty_at + _SAME_MOMENT:
            self.segments.append(Segment(start=now, audio=bytearray()))
        self.segments[-1].audio += audio
        # From the segment's start, never by adding up: thousands of small sums would drift.
        self._empty_at = self.segments[-1].end

    def mark(self, name: str, now: float) -> None:
        """Due when everything before it has been played: at once when nothing is waiting."""
        self._pending_marks.append((max(now, self._empty_at), name))

    def due_marks(self, now: float) -> list[str]:
        """The names to echo now, in order; each is given out once."""
        due = []
        while self._pending_marks and self._pending_marks[0][0] <= now:
            _, name = self._pending_marks.popleft()
            self.echoes.append(MarkEcho(now, name, cleared=False))
            due.append(name)
        return due

    @property
    def next_mark_at(self) -> float | None:
        return self._pending_marks[0][0] if self._pending_marks else None

    def clear(self, now: float) -> list[str]:
        """Drops what has not been played; the marks that waited for it are to be echoed now."""
        dropped = self._cut(now)
        marks = [name for _, name in self._pending_marks]
        self._pending_marks.clear()
        self.echoes += [MarkEcho(now, name, cleared=True) for name in marks]
        self.clears.append(Clear(now, dropped, tuple(marks)))
        return marks

    def end(self, now: float) -> None:
        """The line is gone: what still waits is never heard, and nothing new is taken."""
        self._cut(now)
        self._pending_marks.clear()
        self._ended_at = min(self._ended_at, now)

    def _cut(self, now: float) -> int:
        dropped = self.depth_bytes(now)
        if self.segments:
            segment = self.segments[-1]
            del segment.audio[segment.played(now) :]
            segment.cleared = True
        self._empty_at = min(self._empty_at, now)
        return dropped

    # What a person at the telephone, or a test, wants to know.

    def depth_bytes(self, now: float) -> int:
        if now >= self._empty_at:
            return 0
        segment = self.segments[-1]
        return len(segment.audio) - segment.played(now)

    def heard_bytes(self, until: float = math.inf) -> bytes:
        """The agent's audio as it was played, pauses left out. Without `until`: to the end, and
        while the line is open as if what is waiting were played out.
        """
        return self.heard_between(-math.inf, until)

    def heard_between(self, start: float, end: float) -> bytes:
        return b"".join(segment.between(start, end) for segment in self._overlapping(start, end))

    def line_between(self, start: float, end: float) -> bytes:
        """What the ear gets: the agent's audio with silence in its pauses, in full length."""
        line = bytearray(SILENCE * _bytes_in(end - start))
        for segment in self._overlapping(start, end):
            audio = segment.between(start, end)
            # A byte counts once it has been played in full, hence up, where `played` rounds down:
            # lines of neighbouring moments join without a gap.
            offset = max(0, math.ceil((segment.start - start) * BYTES_PER_SECOND - _ROUNDING))
            line[offset : offset + len(audio)] = audio
        return bytes(line)

    def _overlapping(self, start: float, end: float) -> list[Segment]:
        # Segments follow each other in time, and the questions of a running call are about its
        # last moments: walk back from the end.
        last = bisect_right(self.segments, end, key=_start_of)
        first = last
        while first > 0 and self.segments[first - 1].end > start:
            first -= 1
        return self.segments[first:last]

    @property
    def first_frame_at(self) -> float | None:
        return self.segments[0].start if self.segments else None

    @property
    def last_frame_at(self) -> float | None:
        """The moment at which the last byte so far has been played."""
        return self.segments[-1].end if self.segments else None

    @property
    def max_ahead_ms(self) -> float:
        """How much audio lay in the buffer at its fullest."""
        return max(self.depth_after, default=0) / SAMPLES_PER_MS

    @property
    def max_payload(self) -> int:
        return max(self.arrived_bytes, default=0)

    def dry_gaps(self, shorter_than: float = math.inf) -> list[DryGap]:
        """Pauses that came from running dry. Real pauses between two utterances are among them:
        `shorter_than` (seconds) leaves those out. A pause after a clear is never one.
        """
        gaps = [
            DryGap(before.end, after.start)
            for before, after in zip(self.segments, self.segments[1:], strict=False)
            if not before.cleared
        ]
        return [gap for gap in gaps if gap.end - gap.start < shorter_than]


def _start_of(segment: Segment) -> float:
    return segment.start


def _bytes_in(seconds: float) -> int:
    if math.isinf(seconds):
        return 1 << 62 if seconds > 0 else -(1 << 62)
    return math.floor(seconds * BYTES_PER_SECOND + _ROUNDING)
