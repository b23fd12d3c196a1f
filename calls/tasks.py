from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from calls import actions
from calls.telephony import TelephonyError


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def close_stale_calls(**kwargs: object) -> None:
    actions.close_stale_calls(now=timezone.now())


@shared_task(autoretry_for=(TelephonyError,), max_retries=3, retry_backoff=2)  # type: ignore[untyped-decorator]
def hang_up_call(*, call_id: str, business_id: str, **kwargs: object) -> None:
    actions.hang_up(call_id=uuid.UUID(call_id), business_id=uuid.UUID(business_id))
