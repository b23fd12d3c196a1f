"""Calls that are live in the rows although nobody can be on the line any more.

The sweep settles such a call within minutes, with the carrier's help. What is found here it could
not settle: the carrier cannot be asked, or says of a dead line that it lives.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import (
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce

from calls.models import AgentSettings, Call, Transfer
from calls.models.call import CallQuerySet
from calls.twiml import LONGEST_TALK_S

# Time for a sweep a minute to have seen it twice and more.
PATIENCE: Final = timedelta(minutes=5)
LONGEST_RINGING: Final = timedelta(minutes=10)
SECOND: Final = Value(timedelta(seconds=1), output_field=DurationField())


class Why(StrEnum):
    NEVER_ANSWERED = "never_answered"
    NO_MEDIA = "no_media"
    TOO_LONG = "too_long"


def stuck_calls(*, now: datetime) -> CallQuerySet:
    """Inside a scope, and of its businesses. Each has `longest_s`, what its business allows."""
    settled = AgentSettings.objects.filter(business=OuterRef("business")).values("max_call_s")[:1]
    default = AgentSettings._meta.get_field("max_call_s").default
    allowed = ExpressionWrapper(F("longest_s") * SECOND, output_field=DurationField())
    began_before = ExpressionWrapper(
        Value(now - PATIENCE, output_field=DateTimeField()) - allowed, output_field=DateTimeField()
    )
    talks_to_a_person = Transfer.objects.under_way().filter(
        business=OuterRef("business"),
        call=OuterRef("pk"),
        requested_at__gt=now - timedelta(seconds=LONGEST_TALK_S) - PATIENCE,
    )
    calls: CallQuerySet = (
        Call.objects.live()
        .on_the_telephone()
        .annotate(longest_s=Coalesce(Subquery(settled), default))
    )
    return calls.filter(
        Q(answered_at=None, created_at__lte=now - LONGEST_RINGING)
        | Q(answered_at__lte=began_before)
        | Q(answered_at__isnull=False, token_used_at=None, token_expires_at__lte=now - PATIENCE),
        ~Exists(talks_to_a_person),
    )


def why_stuck(call: Call) -> Why:
    """Of one of `stuck_calls`."""
    if call.answered_at is None:
        return Why.NEVER_ANSWERED
    return Why.NO_MEDIA if call.token_used_at is None else Why.TOO_LONG
