"""A small trial that went well, to be spoilt by a test."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from bench.dial.facts import (
    Accepted,
    AttemptFacts,
    BusinessFacts,
    CallFacts,
    Evidence,
    Forbidden,
    JobFacts,
    RunFacts,
    UsageFacts,
)

NOON: Final = datetime(2026, 11, 4, 12, tzinfo=UTC)
ACCOUNT: Final = "AC" + "1" * 32
NUMBERS: Final = ("+972501110001", "+972501110002", "+972501110003")


def named(name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, name)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


BUSINESS: Final = BusinessFacts(
    id=named("roses"),
    slug="roses",
    account_sid=ACCOUNT,
    concurrency=2,
    most_seconds=200,
    used_before_s=10,
)
RUN: Final = RunFacts(
    id=named("run"),
    business_id=BUSINESS.id,
    name="autumn",
    status="completed",
    concurrency=1,
    seconds_a_call=65,
    leads=len(NUMBERS),
    held_until=None,
)


def sid(place: int) -> str:
    return f"CA{place:032x}"


def accepted(place: int, **changed: Any) -> Accepted:
    """Somebody talks for five seconds, and the next one is called five seconds after that."""
    call = Accepted(
        sid=sid(place),
        account_sid=ACCOUNT,
        to=NUMBERS[place],
        slug=BUSINESS.slug,
        attempt_id=named(f"attempt {place}"),
        status="completed",
        accepted_at=after(10 * place),
        ended_at=after(10 * place + 5),
        duration_s=5,
    )
    return replace(call, **changed)


def job(place: int, **changed: Any) -> JobFacts:
    found = JobFacts(
        id=named(f"job {place}"),
        business_id=BUSINESS.id,
        run_id=RUN.id,
        number=NUMBERS[place],
        status="completed",
        due_at=NOON,
    )
    return replace(found, **changed)


def attempt(place: int, **changed: Any) -> AttemptFacts:
    found = AttemptFacts(
        id=named(f"attempt {place}"),
        business_id=BUSINESS.id,
        run_id=RUN.id,
        job_id=named(f"job {place}"),
        number=1,
        account_sid=ACCOUNT,
        to=NUMBERS[place],
        state="final",
        call_sid=sid(place),
    )
    return replace(found, **changed)


def row(place: int, **changed: Any) -> CallFacts:
    found = CallFacts(
        business_id=BUSINESS.id,
        attempt_id=named(f"attempt {place}"),
        call_sid=sid(place),
        status="completed",
        duration_s=5,
        is_final=True,
    )
    return replace(found, **changed)


def usage(**changed: Any) -> UsageFacts:
    found = UsageFacts(BUSINESS.id, date(2026, 11, 4), calls=3, reserved_s=0, used_s=25)
    return replace(found, **changed)


def forbidden(**changed: Any) -> Forbidden:
    found = Forbidden("somebody said so", BUSINESS.id, since=after(0), run_id=RUN.id)
    return replace(found, **changed)


def evidence(**changed: Any) -> Evidence:
    places = range(len(NUMBERS))
    attempts = [attempt(place) for place in places]
    good = Evidence(
        at=after(100),
        most_live=2,
        accepted=[accepted(place) for place in places],
        businesses={BUSINESS.id: BUSINESS},
        runs={RUN.id: RUN},
        jobs=[job(place) for place in places],
        attempts={one.id: one for one in attempts},
        calls=[row(place) for place in places],
        usages=[usage()],
    )
    return replace(good, **changed)


def with_attempt(changed: AttemptFacts) -> dict[uuid.UUID, AttemptFacts]:
    return {**evidence().attempts, changed.id: changed}
