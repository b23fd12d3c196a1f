"""From what the two stand-ins saw to figures: pure arithmetic, all times in seconds of one clock."""

from __future__ import annotations

import math
import statistics
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prosaas.simulator.mulaw import FRAME_BYTES, SILENCE
from prosaas.simulator.stamps import stamp

FRAME_S = 0.02
# By this many of its first frames a session is told from the others.
TELLING_FRAMES = 250


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of time that counts: everybody is on the line, nobody has left yet."""

    start: float
    end: float

    def __contains__(self, at: float) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Trace:
    """One call, as the carrier and the model saw it."""

    line: int
    started_at: float  # `start` left the carrier
    configured_at: float  # `session.update` reached the model
    first_delta_at: float
    first_frame_at: float  # at the caller
    sent_at: Mapping[int, float]  # by frame number, at the carrier
    arrivals: Sequence[tuple[int, float]]  # frame number and time at the model, as they came
    overflows: int  # frames that the carrier could not send, since nobody read them
    spoken: bytes  # by the model, each item filled up to whole frames
    heard: bytes  # by the caller
    largest_payload: int
    furthest_ahead_ms: float
    dry_gaps_ms: Sequence[float]

    @property
    def setup_ms(self) -> float:
        return (self.configured_at - self.started_at) * 1000

    @property
    def first_sound_ms(self) -> float:
        return (self.first_frame_at - self.first_delta_at) * 1000

    @property
    def heard_in_full(self) -> bool:
        return bool(self.spoken) and self.heard == self.spoken

    @property
    def heard_in_order(self) -> bool:
        """Nothing but what the model said, from its beginning, as far as the call has come."""
        return self.spoken.startswith(self.heard)

    def delays_ms(self, window: Window) -> list[float]:
        arrived: dict[int, float] = {}
        for frame, at in self.arrivals:
            arrived.setdefault(frame, at)
        return [
            (arrived[frame] - at) * 1000
            for frame, at in self.sent_at.items()
            if at in window and frame in arrived
        ]

    def lost(self, window: Window) -> int:
        arrived = {frame for frame, _ in self.arrivals}
        sent = (frame for frame, at in self.sent_at.items() if at in window)
        return sum(frame not in arrived for frame in sent) + self.overflows

    @property
    def repeated(self) -> int:
        return len(self.arrivals) - len({frame for frame, _ in self.arrivals})

    @property
    def out_of_order(self) -> int:
        frames = [frame for frame, _ in self.arrivals]
        return sum(after < before for before, after in zip(frames, frames[1:], strict=False))

    def carrier_lag_ms(self, window: Window) -> list[float]:
        """How late the carrier itself sent each frame, against the best that it managed."""
        offsets = [at - frame * FRAME_S for frame, at in self.sent_at.items() if at in window]
        earliest = min(offsets, default=0.0)
        return [(offset - earliest) * 1000 for offset in offsets]


@dataclass(frozen=True, slots=True)
class Distribution:
    count: int
    p50: float
    p95: float
    p99: float
    max: float


def distribution(values: Iterable[float]) -> Distribution:
    ordered = sorted(values)
    return Distribution(
        count=len(ordered),
        p50=percentile(ordered, 50),
        p95=percentile(ordered, 95),
        p99=percentile(ordered, 99),
        max=percentile(ordered, 100),
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest rank: a value that was really measured. Of nothing: not a number."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure over several runs."""

    min: float
    median: float
    max: float


def spread(values: Sequence[float]) -> Spread:
    if not values:
        return Spread(math.nan, math.nan, math.nan)
    return Spread(min(values), statistics.median(values), max(values))


def in_whole_frames(audio: bytes) -> bytes:
    return audio + SILENCE * (-len(audio) % FRAME_BYTES)


class Lines:
    """Which call a session of the model belongs to, told by the numbers on its frames."""

    def __init__(self, lines: Sequence[int], frames: int) -> None:
        self._frames = {
            line: {zlib.crc32(stamp(line, frame)): frame for frame in range(frames)}
            for line in lines
        }
        self._line_of = {
            checksum: line
            for line, known in self._frames.items()
            for checksum in list(known)[:TELLING_FRAMES]
        }

    def line_of(self, checksums: Sequence[int]) -> int | None:
        """None for a session of no call, a warm one."""
        lines = [
            self._line_of[each] for each in checksums[:TELLING_FRAMES] if each in self._line_of
        ]
        return statistics.mode(lines) if lines else None

    def arrivals(
        self, line: int, checksums: Sequence[int], times: Sequence[float]
    ) -> list[tuple[int, float]]:
        known = self._frames[line]
        return [
            (known[checksum], at)
            for checksum, at in zip(checksums, times, strict=True)
            if checksum in known
        ]
