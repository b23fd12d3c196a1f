from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from calls import actions
from tenants.heartbeats import beat


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def close_stale_calls(**kwargs: object) -> None:
    actions.close_stale_calls(now=timezone.now())
    beat("close_stale_calls", now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def make_greeting_clips(**kwargs: object) -> None:
    actions.make_greeting_clips(now=timezone.now())
    beat("make_greeting_clips", now=timezone.now())
