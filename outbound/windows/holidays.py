"""The days on which nobody in Israel is called, Shabbat apart, from 2026 to 2031.

Source: the Hebrew calendar's arithmetic, as kept in Israel (one day of each festival, two of Rosh
Hashana), and for the two days of remembrance the Knesset's laws of 1959 and 1963, which move them
away from Shabbat. A test reckons the table again with pyluach. A table, because a holiday that is
reckoned wrongly would ring at people who must not be rung at, and a table can be read.

Work is forbidden on the festivals. On the fast of Av, and on the days of remembrance, nobody
would think well of a business that calls to sell.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

FIRST_YEAR: Final = 2026
LAST_YEAR: Final = 2031


class RestDay(StrEnum):
    SHABBAT = "shabbat"
    PASSOVER = "passover"
    PASSOVER_END = "passover_end"
    HOLOCAUST_REMEMBRANCE_DAY = "holocaust_remembrance_day"
    MEMORIAL_DAY = "memorial_day"
    SHAVUOT = "shavuot"
    TISHA_BAV = "tisha_bav"
    ROSH_HASHANA = "rosh_hashana"
    YOM_KIPPUR = "yom_kippur"
    SUKKOT = "sukkot"
    SIMCHAT_TORAH = "simchat_torah"
    NOT_IN_TABLE = "not_in_table"  # might be any of them


_DATES: Final[Mapping[RestDay, str]] = {
    RestDay.PASSOVER: "2026-04-02 2027-04-22 2028-04-11 2029-03-31 2030-04-18 2031-04-08",
    RestDay.PASSOVER_END: "2026-04-08 2027-04-28 2028-04-17 2029-04-06 2030-04-24 2031-04-14",
    RestDay.HOLOCAUST_REMEMBRANCE_DAY: (
        "2026-04-14 2027-05-04 2028-04-24 2029-04-12 2030-04-30 2031-04-21"
    ),
    RestDay.MEMORIAL_DAY: "2026-04-21 2027-05-11 2028-05-01 2029-04-18 2030-05-07 2031-04-28",
    RestDay.SHAVUOT: "2026-05-22 2027-06-11 2028-05-31 2029-05-20 2030-06-07 2031-05-28",
    RestDay.TISHA_BAV: "2026-07-23 2027-08-12 2028-08-01 2029-07-22 2030-08-08 2031-07-29",
    RestDay.ROSH_HASHANA: (
        "2026-09-12 2026-09-13 2027-10-02 2027-10-03 2028-09-21 2028-09-22 "
        "2029-09-10 2029-09-11 2030-09-28 2030-09-29 2031-09-18 2031-09-19"
    ),
    RestDay.YOM_KIPPUR: "2026-09-21 2027-10-11 2028-09-30 2029-09-19 2030-10-07 2031-09-27",
    RestDay.SUKKOT: "2026-09-26 2027-10-16 2028-10-05 2029-09-24 2030-10-12 2031-10-02",
    RestDay.SIMCHAT_TORAH: "2026-10-03 2027-10-23 2028-10-12 2029-10-01 2030-10-19 2031-10-09",
}
HOLIDAYS: Final[Mapping[date, RestDay]] = {
    date.fromisoformat(written): holiday
    for holiday, dates in _DATES.items()
    for written in dates.split()
}

_SATURDAY: Final = 5


def rest_day(day: date) -> RestDay | None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        return RestDay.NOT_IN_TABLE
    if day in HOLIDAYS:
        return HOLIDAYS[day]
    return RestDay.SHABBAT if day.weekday() == _SATURDAY else None
