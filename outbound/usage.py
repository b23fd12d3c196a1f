"""The account of a day: reserved when a call is intended, given back or used when it is over.

Of all rows that are locked for an attempt this is the last one.
"""

from __future__ import annotations

from django.db.models import F

from outbound.models import DialAttempt, DialUsage


def reserve(attempt: DialAttempt) -> None:
    _change(attempt, calls=1, reserved_s=attempt.reserved_s)


def give_back(attempt: DialAttempt) -> None:
    """Nobody was rung."""
    _change(attempt, calls=-1, reserved_s=-attempt.reserved_s)


def use(attempt: DialAttempt, *, seconds: int) -> None:
    _change(attempt, reserved_s=-attempt.reserved_s, used_s=seconds)


def _change(attempt: DialAttempt, **by: int) -> None:
    day = DialUsage.objects.for_business(attempt.business_id).filter(day=attempt.usage_day)
    day.update(**{field: F(field) + amount for field, amount in by.items()})
