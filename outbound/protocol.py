"""The figures of the dial protocol, and the clock by which it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Protocol:
    """Seconds. Shorter ones are for trials with a stand-in carrier alone: a real carrier's list of
    calls may lag, and only `settle_s` stands between that and somebody who is rung twice.
    """

    # From the intent to the last look before the request is sent, and from that look to the
    # sending. Whoever was paused for longer does not send.
    intent_good_s: float = 2.0
    look_good_s: float = 0.5
    looks_s: tuple[float, ...] = (2.0, 5.0, 15.0, 30.0, 60.0)
    settle_s: float = 120.0
    # Absence counts when it was seen twice, so far apart.
    absent_again_s: float = 30.0
    # The carrier's clock and ours may differ by this much.
    clocks_apart_s: float = 5.0
    human_after_s: float = 900.0
    # A call that the carrier still holds in its queue after this is in the wrong hands.
    queued_at_most_s: float = 5.0
    congested_first_s: float = 1.0
    congested_most_s: float = 60.0
    retry_unplaced_s: float = 5.0


@cache
def protocol() -> Protocol:
    named = getattr(settings, "DIAL_PROTOCOL", "")
    found = import_string(named) if named else Protocol()
    if not isinstance(found, Protocol):
        raise TypeError(f"{named} is not a Protocol")
    return found


def database_now() -> datetime:
    """The one clock that all processes share; a machine's own may jump by an hour."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
