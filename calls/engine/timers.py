"""Named deadlines of one call. A timer is a value, not something that runs."""

from __future__ import annotations

from enum import Enum, auto


class Timer(Enum):
    CONFIGURE_RETRY = auto()
    CONFIGURE_GIVE_UP = auto()
    EXPANSION_RETRY = auto()
    GREETING_AUDIO = auto()
    ANSWER_RECREATE = auto()
    ANSWER_GIVE_UP = auto()
    RATE_LIMIT = auto()
    TOOL = auto()
    ROTATE = auto()
    CANDIDATE = auto()
    VERDICT = auto()
    KEYS = auto()
    SILENCE = auto()
    OPENING = auto()
    MACHINE = auto()
    WARNING = auto()
    MAX_CALL = auto()
    FAREWELL = auto()
    CARRIER_SILENT = auto()


class Timers:
    def __init__(self) -> None:
        self.next_at: float | None = None
        self._at: dict[Timer, float] = {}

    def set(self, timer: Timer, at: float) -> None:
        self._at[timer] = at
        self._find_next()

    def clear(self, *timers: Timer) -> None:
        for timer in timers:
            self._at.pop(timer, None)
        self._find_next()

    def clear_all(self) -> None:
        self._at.clear()
        self.next_at = None

    def __contains__(self, timer: Timer) -> bool:
        return timer in self._at

    def pop_due(self, now: float) -> Timer | None:
        """The earliest timer whose time has come, taken out; None when there is none."""
        if self.next_at is None or now < self.next_at:
            return None
        timer = min(self._at, key=self._at.__getitem__)
        self.clear(timer)
        return timer

    def _find_next(self) -> None:
        self.next_at = min(self._at.values(), default=None)
