"""Each periodic task writes down that it came to its end: one that fails, or that nobody does any
more, falls silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tenants.models import Heartbeat


def beat(task: str, *, now: datetime, did: Mapping[str, int] | None = None) -> None:
    Heartbeat.objects.update_or_create(task=task, defaults={"at": now, "detail": dict(did or {})})
