"""The account of a day: reserved when a call is intended, given back or used when it is over.

Of all rows that are locked for an attempt this is the last one.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Protocol

from django.db.models import F

from outbound.models import DialUsage


class Counted(Protocol):
    """A call for which seconds of a day are kept."""

    business_id: uuid.UUID
    usage_day: date
    reserved_s: int


def reserve(call: Counted) -> None:
    _change(call, calls=1, reserved_s=call.reserved_s)


def give_back(call: Counted) -> None:
    """Nobody was rung."""
    _change(call, calls=-1, reserved_s=-call.reserved_s)


def use(call: Counted, *, seconds: int) -> None:
    _change(call, reserved_s=-call.reserved_s, used_s=seconds)


def _change(call: Counted, **by: int) -> None:
    day = DialUsage.objects.for_business(call.business_id).filter(day=call.usage_day)
    day.update(**{field: F(field) + amount for field, amount in by.items()})
