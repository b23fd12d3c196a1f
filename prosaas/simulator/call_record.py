"""What is known of a call as long as the carrier runs, however much of the call itself is let go."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from prosaas.simulator.call_plan import FINAL, Status
from prosaas.simulator.recordings import Recording
from prosaas.simulator.webhooks import Exchange

Direction = Literal["inbound", "outbound-api", "outbound-dial"]


@dataclass(slots=True, eq=False)
class CallRecord:
    sid: str
    account_sid: str
    direction: Direction
    to: str
    from_: str
    created_at: float
    parent_sid: str = ""  # of the caller who is put through to this leg
    url: str = ""  # where its first document comes from, which no resource shows
    status: Status = "queued"
    answered_by: str = ""
    queue_time_s: float = 0.0
    updated_at: float = 0.0
    answered_at: float | None = None
    ended_at: float | None = None
    recording: Recording | None = None
    webhooks: tuple[Exchange, ...] = ()  # once the call itself has been let go
    number: int = 0  # how many were entered into the book before
    others_live: int = 0  # calls to the same number that were live when it was accepted

    @property
    def is_over(self) -> bool:
        return self.status in FINAL

    @property
    def shown_status(self) -> Status:
        """As the REST interface shows it: "initiated" exists in callbacks only."""
        return "queued" if self.status == "initiated" else self.status

    @property
    def duration_s(self) -> int:
        if self.answered_at is None or self.ended_at is None:
            return 0
        return math.ceil(self.ended_at - self.answered_at)


class Recorded:
    """Something that is under way and told of by its record."""

    def __init__(self, record: CallRecord) -> None:
        self.record = record

    @property
    def sid(self) -> str:
        return self.record.sid

    @property
    def direction(self) -> Direction:
        return self.record.direction

    @property
    def to(self) -> str:
        return self.record.to

    @property
    def from_(self) -> str:
        return self.record.from_

    @property
    def parent_sid(self) -> str:
        return self.record.parent_sid

    @property
    def status(self) -> Status:
        return self.record.status

    @property
    def answered_by(self) -> str:
        return self.record.answered_by

    @property
    def queue_time_s(self) -> float:
        return self.record.queue_time_s

    @property
    def created_at(self) -> float:
        return self.record.created_at

    @property
    def answered_at(self) -> float | None:
        return self.record.answered_at

    @property
    def ended_at(self) -> float | None:
        return self.record.ended_at

    @property
    def duration_s(self) -> int:
        return self.record.duration_s

    @property
    def recording(self) -> Recording | None:
        return self.record.recording
