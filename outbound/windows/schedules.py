"""Calling hours as they are stored: slots of a week, by the clock on the wall of whoever is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# In the order of `date.weekday()`.
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00)")
# What is quoted back to whoever wrote it; a stranger's JSON may be of any length.
QUOTED: Final = 40

# No law names hours in Israel; these are what people there expect.
DEFAULT_SCHEDULE: Final[Mapping[str, list[list[str]]]] = {
    "sun": [["09:00", "20:00"]],
    "mon": [["09:00", "20:00"]],
    "tue": [["09:00", "20:00"]],
    "wed": [["09:00", "20:00"]],
    "thu": [["09:00", "20:00"]],
    "fri": [["09:00", "13:00"]],
    "sat": [],
}


class ScheduleInvalid(ValueError):  # noqa: N818 - a verdict, told to whoever wrote the hours
    """Says, in the reader's language, what to mend."""

    def __init__(self, sentence: _StrPromise, **params: object) -> None:
        super().__init__(sentence, params)
        self.sentence = sentence
        self.params = params

    def __str__(self) -> str:
        return str(self.sentence) % self.params


class Slot(NamedTuple):
    """Times of day, as what has passed since midnight on the wall."""

    opens: timedelta
    closes: timedelta


@dataclass(frozen=True, slots=True)
class Schedule:
    week: tuple[tuple[Slot, ...], ...]

    def slots(self, day: date) -> tuple[Slot, ...]:
        """In order; one may begin where the one before it ends."""
        return self.week[day.weekday()]


def parse_schedule(stored: object) -> Schedule:
    """Raises `ScheduleInvalid`. A day that is not named is a day without calls."""
    if not isinstance(stored, Mapping):
        raise ScheduleInvalid(_("The calling hours have to be a table of weekdays and times."))
    for key in stored:
        if key not in DAYS:
            raise ScheduleInvalid(
                _("“%(day)s” is not a day of the week. The days are: %(days)s."),
                day=str(key)[:QUOTED],
                days=", ".join(DAYS),
            )
    week = tuple(_day(WEEKDAYS[number], stored.get(day, [])) for number, day in enumerate(DAYS))
    if not any(week):
        raise ScheduleInvalid(
            _("The calling hours are empty, so nobody would ever be called. Open a day.")
        )
    return Schedule(week)


def _day(day: str, stored: object) -> tuple[Slot, ...]:
    slots = tuple(sorted(_slots(day, stored)))
    for earlier, later in pairwise(slots):
        if later.opens < earlier.closes:
            raise ScheduleInvalid(
                _("%(day)s: the hours from %(earlier)s and from %(later)s overlap. Join them."),
                day=day,
                earlier=_written(earlier.opens),
                later=_written(later.opens),
            )
    return slots


def _slots(day: str, stored: object) -> Iterator[Slot]:
    if not isinstance(stored, list | tuple):
        raise _not_hours(day, stored)
    for pair in stored:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise _not_hours(day, pair)
        yield _slot(day, _time(day, pair[0]), _time(day, pair[1]))


def _slot(day: str, opens: timedelta, closes: timedelta) -> Slot:
    if opens >= closes:
        raise ScheduleInvalid(
            _(
                "%(day)s: %(opens)s to %(closes)s does not end after it begins. "
                "Hours over midnight are two: up to 24:00, and from 00:00 on the next day."
            ),
            day=day,
            opens=_written(opens),
            closes=_written(closes),
        )
    return Slot(opens, closes)


def _time(day: str, stored: object) -> timedelta:
    found = TIME.fullmatch(stored) if isinstance(stored, str) else None
    if found is None:
        raise ScheduleInvalid(
            _(
                "%(day)s: “%(time)s” is not a time of day. Write it like 09:00, or 24:00 at the end."
            ),
            day=day,
            time=str(stored)[:QUOTED],
        )
    hours, minutes = filter(None, found.groups())
    return timedelta(hours=int(hours), minutes=int(minutes))


def _not_hours(day: str, stored: object) -> ScheduleInvalid:
    return ScheduleInvalid(
        _('%(day)s: “%(hours)s” is not a list of hours. Write it like [["09:00", "20:00"]].'),
        day=day,
        hours=str(stored)[:QUOTED],
    )


def _written(time: timedelta) -> str:
    hours, minutes = divmod(time // timedelta(minutes=1), 60)
    return f"{hours:02}:{minutes:02}"
