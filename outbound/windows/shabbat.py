"""When a day of rest begins and ends in Israel, by the sun; the strictest of what is kept there.

Somebody with an Israeli number may be anywhere in the country. So a day of rest begins when the
first town lights candles: 40 minutes before sunset as in Jerusalem (others wait until 18 to 30
before it), and before the earliest of the country's sunsets. It ends when the sun is 8.5 degrees
below the horizon in the last place (three small stars can be seen), and a few minutes later. Those
who wait 72 minutes are not waited for.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import Final, NamedTuple

from astral import Observer
from astral.sun import dusk, sunset

from outbound.windows.holidays import RestDay, rest_day
from outbound.windows.spans import Span

# The ends of the country: nowhere in it does the sun set earlier or later than in one of these. At
# the height of the sea, where it sets earlier than seen from a hill.
ENDS: Final = (
    Observer(33.27, 35.77),  # Majdal Shams
    Observer(33.09, 35.10),  # Rosh Hanikra
    Observer(31.22, 34.27),  # Kerem Shalom
    Observer(29.49, 34.90),  # Eilat, Taba
    Observer(31.40, 35.48),  # the Dead Sea
)
CANDLES_BEFORE_SUNSET: Final = timedelta(minutes=40)
STARS: Final = 8.5
AFTER_NIGHTFALL: Final = timedelta(minutes=5)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)


class Rest(NamedTuple):
    during: Span
    day: RestDay


@cache
def candle_lighting(eve: date) -> datetime:
    earliest = min(sunset(end, eve) for end in ENDS)
    return _minute(earliest - CANDLES_BEFORE_SUNSET)


@cache
def nightfall(day: date) -> datetime:
    latest = max(dusk(end, day, depression=STARS) for end in ENDS)
    return _minute(latest + AFTER_NIGHTFALL + MINUTE)


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


@cache
def rests(day: date) -> tuple[Rest, ...]:
    """All rest that touches this day of UTC. Of days of rest in a row, each begins before the one
    before it ends; so they are one stretch.
    """
    return tuple(
        Rest(Span(candle_lighting(of - DAY), nightfall(of)), rest)
        for of in (day, day + DAY)
        if (rest := rest_day(of)) is not None
    )
