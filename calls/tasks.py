from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from calls import actions
from tenants.heartbeats import beat

# What a sweep has found and nobody has begun by then, the next sweep finds again.
SWEEP_S = 9


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def close_stale_calls(**kwargs: object) -> None:
    actions.close_stale_calls(now=timezone.now())
    beat("close_stale_calls", now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def make_greeting_clips(**kwargs: object) -> None:
    actions.make_greeting_clips(now=timezone.now())
    beat("make_greeting_clips", now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def sweep_recordings(**kwargs: object) -> None:
    for address in actions.recordings_to_keep(now=timezone.now()):
        keep_recording.apply_async(
            kwargs={name: str(value) for name, value in address._asdict().items()}, expires=SWEEP_S
        )
    beat("sweep_recordings", now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def forget_words(**kwargs: object) -> None:
    actions.forget_words(now=timezone.now())
    beat("forget_words", now=timezone.now())


# A long call is a large file. The limits are shorter than the claim on a row, and than the time
# after which the broker gives a task to somebody else.
@shared_task(soft_time_limit=270, time_limit=300)  # type: ignore[untyped-decorator]
def keep_recording(*, recording_id: str, business_id: str, **kwargs: object) -> None:
    ids = {"recording_id": uuid.UUID(recording_id), "business_id": uuid.UUID(business_id)}
    actions.keep_recording(**ids, now=timezone.now())
