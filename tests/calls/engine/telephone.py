"""The caller's end of the line: the carrier's playback buffer, exactly.

First in, first out, drained at 8 bytes a millisecond of the time that is passed in. A mark is due
when the buffer's head reaches it; a clear empties the buffer and makes every pending mark due.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from calls.engine.audio import BYTES_PER_MS, FRAME_S
from calls.engine.events import Mark

EPSILON_S: Final = 1e-7  # sums of floats; far below one sample
BYTES_PER_S: Final = BYTES_PER_MS * 1000


@dataclass(slots=True)
class Utterance:
    """One item of the agent's: what of it the model sent, the carrier took, the caller heard."""

    item_id: str
    response_id: str
    audio: bytearray = field(default_factory=bytearray)
    done: bool = False  # the model adds nothing
    sent: int = 0  # bytes of audio handed to the carrier, padding not counted
    heard: int = 0  # bytes of audio that were played
    cut: bool = False  # cleared: nothing of it may be sent any more
    peak: int = 0  # bytes that were heard before it was held
    rewound: bool = False  # held in the middle: it goes on at what was not heard

    @property
    def generated_ms(self) -> int:
        return len(self.audio) // BYTES_PER_MS

    @property
    def heard_ms(self) -> int:
        return max(self.heard, self.peak) // BYTES_PER_MS


@dataclass(slots=True)
class Frame:
    plays_at: float
    data: bytes
    of: Utterance
    audio_bytes: int  # without the padding


class Telephone:
    def __init__(self) -> None:
        self.heard = bytearray()  # everything that came out of it, padding included
        self.frames = 0
        self.marks_return = True
        self.mark_lost_at = 0.0
        # By how much the latest mark was held up that still told where the caller was. One from
        # before the buffer ran dry tells nothing any more, however late it is.
        self.mark_late_ms = 0
        self._empty_at = 0.0
        self._refilled_at = 0.0
        self._frames: deque[Frame] = deque()
        self._marks: deque[tuple[float, Mark]] = deque()

    def queue_frame(self, data: bytes, of: Utterance, audio_bytes: int, now: float) -> None:
        if now > self._empty_at + EPSILON_S:
            self._refilled_at = now
        plays_at = max(now, self._empty_at)
        self._frames.append(Frame(plays_at, data, of, audio_bytes))
        self._empty_at = plays_at + FRAME_S
        self.frames += 1

    def queue_mark(self, mark: Mark, now: float) -> None:
        self._marks.append((max(now, self._empty_at), mark))

    def level_ms(self, now: float) -> float:
        """How much is still to be played."""
        return max(0.0, self._empty_at - now) * 1000

    def play(self, now: float) -> None:
        """Play until now; of the frame that is sounding, only what has sounded counts as heard."""
        while self._frames and self._frames[0].plays_at + FRAME_S <= now + EPSILON_S:
            frame = self._frames.popleft()
            self._hear(frame, len(frame.data))

    def clear(self, now: float) -> None:
        """Empty the buffer. The marks in it are echoed as if they had been played."""
        self.play(now)
        if self._frames:
            sounding = self._frames.popleft()
            self._hear(sounding, _sounded(sounding, now))
        self._frames.clear()
        self._empty_at = now
        self._marks.clear()

    def marks(self) -> list[Mark]:
        """The ones that are still to be reached."""
        return [mark for _, mark in self._marks]

    def heard_until(self, now: float) -> bytes:
        sounding = b"".join(frame.data[: _sounded(frame, now)] for frame in self._frames)
        return bytes(self.heard) + sounding

    @property
    def next_mark_at(self) -> float | None:
        return self._marks[0][0] if self._marks else None

    def take_mark(self, now: float) -> Mark:
        reached_at, mark = self._marks.popleft()
        if reached_at >= self._refilled_at and now < self._empty_at:
            self.mark_late_ms = round((now - reached_at) * 1000)
        return mark

    def _hear(self, frame: Frame, size: int) -> None:
        self.heard += frame.data[:size]
        frame.of.heard += min(size, frame.audio_bytes)


def _sounded(frame: Frame, now: float) -> int:
    return max(0, int((now - frame.plays_at + EPSILON_S) * BYTES_PER_S))
