from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from outbound import actions, dialer
from tenants.heartbeats import beat

DIAL_FOR_S = 20.0
IDLE_S = 1.0
IMPORT_FOR_S = 30.0
FILL_FOR_S = 30.0


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def dial(**kwargs: object) -> None:
    asked = dialer.dial_in_turn(for_s=DIAL_FOR_S, idle_s=IDLE_S)
    if asked is not None:
        beat("dial", now=timezone.now(), did={"carrier_asked": asked})


@shared_task  # type: ignore[untyped-decorator]
def keep_watch(**kwargs: object) -> None:
    actions.keep_watch()


@shared_task  # type: ignore[untyped-decorator]
def import_leads(**kwargs: object) -> None:
    ends = time.monotonic() + IMPORT_FOR_S
    actions.import_leads(until=lambda: time.monotonic() > ends, clock=timezone.now)
    beat("import_leads", now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def fill_runs(**kwargs: object) -> None:
    ends = time.monotonic() + FILL_FOR_S
    actions.fill_runs(until=lambda: time.monotonic() > ends, clock=timezone.now)
    beat("fill_runs", now=timezone.now())
