"""How far a run is, as parts of a bar and rows of a table. All rows are always there, so that a
figure that comes late moves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from outbound.counting import Counts
from outbound.models import JobStatus

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

WIDTH: Final = 1000


class Kind(NamedTuple):
    name: str
    label: _StrPromise
    statuses: tuple[JobStatus, ...]


KINDS: Final = (
    Kind("reached", _("Reached"), (JobStatus.COMPLETED,)),
    Kind(
        "machine",
        _("Answering machine"),
        (JobStatus.VOICEMAIL,),
    ),
    Kind("no_answer", _("Nobody picked up"), (JobStatus.NO_ANSWER,)),
    Kind("busy", _("Busy"), (JobStatus.BUSY,)),
    Kind("failed", _("The call failed"), (JobStatus.FAILED,)),
    Kind(
        "not_called",
        _("Not called"),
        (JobStatus.REJECTED, JobStatus.CANCELED),
    ),
    Kind(
        "under_way",
        _("On the line now"),
        (JobStatus.DIALING, JobStatus.IN_PROGRESS, JobStatus.UNKNOWN),
    ),
    Kind("waiting", _("Still waiting"), (JobStatus.QUEUED,)),
)
BY_NAME: Final = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Part:
    kind: Kind
    count: int
    percent: int
    start: int  # in the bar, which is WIDTH wide
    width: int


@dataclass(frozen=True, slots=True)
class Progress:
    parts: Sequence[Part]
    total: int
    ended: int

    @property
    def percent(self) -> int:
        """Of those who are done with: not a hundred before everybody is."""
        return self.ended * 100 // self.total if self.total else 0


def progress_of(counts: Counts) -> Progress:
    total, parts, before = counts.total, [], 0
    for kind in KINDS:
        count = counts.of(*kind.statuses)
        start, end = (_place(part, total) for part in (before, before + count))
        percent = round(100 * count / total) if total else 0
        parts.append(Part(kind, count, percent, start, end - start))
        before += count
    return Progress(parts, total, counts.ended)


def _place(count: int, total: int) -> int:
    return round(WIDTH * count / total) if total else 0
