"""Campaigns of the tests, and the carrier that takes their calls."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from calls.models import Lead
from outbound.actions import add_leads, create_run, start_run
from outbound.models import (
    DialAttempt,
    DialVerdict,
    OutboundCallJob,
    OutboundCallRun,
    OutboundSettings,
)
from prompts.models import Direction, PromptVersion
from prosaas.simulator.carrier import Carrier
from tenants.models import Business, PhoneNumber
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tests.people import make_number, make_published

# A Wednesday, half past eleven in Jerusalem.
OPEN_HOURS = datetime(2026, 11, 4, 9, 30, tzinfo=UTC)
PEOPLE = count(1)
ALWAYS = {day: [["00:00", "24:00"]] for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}


class Clock:
    """Hands that are moved by the test alone."""

    def __init__(self, now: datetime = OPEN_HOURS) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def moves(self, **by: float) -> None:
        self.now += timedelta(**by)


def new_number() -> str:
    """In a block of its own, so that no alarm goes off by accident."""
    return f"+9725{next(PEOPLE):04d}4567"


def limits(business: Business, **given: Any) -> None:
    with business_scope(business):
        defaults: dict[str, Any] = {"concurrency": 100, "verified_at": OPEN_HOURS} | given
        OutboundSettings.objects.update_or_create(business=business, defaults=defaults)


def make_leads(business: Business, *numbers: str) -> list[Lead]:
    with business_scope(business):
        return [
            Lead.objects.get_or_create(business=business, phone_e164=number)[0]
            for number in numbers
        ]


def outbound_version(business: Business) -> PromptVersion:
    with business_scope(business):
        versions = PromptVersion.objects.for_business(business)
        found = versions.filter(prompt__direction=Direction.OUTBOUND).first()
    return found or make_published(business, Direction.OUTBOUND, "Sell roses. Then say goodbye.")


def caller_number(business: Business) -> PhoneNumber:
    with business_scope(business):
        found = PhoneNumber.objects.for_business(business).first()
    return found or make_number(business)


def make_run(business: Business, *numbers: str, **settings: Any) -> OutboundCallRun:
    run = create_run(
        business=business,
        name=settings.pop("name", "Autumn"),
        version=outbound_version(business),
        number=caller_number(business),
        by=None,
        now=OPEN_HOURS,
        **({"concurrency": 50} | settings),
    )
    leads = make_leads(business, *(numbers or (new_number(),)))
    add_leads(run=run, leads=leads, by=None, now=OPEN_HOURS)
    return run


def started(business: Business, *numbers: str, **settings: Any) -> OutboundCallRun:
    run = make_run(business, *numbers, **settings)
    assert start_run(run=run, by=None, now=OPEN_HOURS)
    return run


def jobs_of(run: OutboundCallRun) -> list[OutboundCallJob]:
    with business_scope(run.business_id):
        return list(OutboundCallJob.objects.of_run(run).order_by("created_at", "phone_e164"))


def job_of(run: OutboundCallRun) -> OutboundCallJob:
    [job] = jobs_of(run)
    return job


def attempts_of(run: OutboundCallRun) -> list[DialAttempt]:
    with business_scope(run.business_id):
        attempts = DialAttempt.objects.for_business(run.business_id).filter(run=run)
        return list(attempts.select_related("call").order_by("created_at", "number"))


def attempt_of(run: OutboundCallRun) -> DialAttempt:
    [attempt] = attempts_of(run)
    return attempt


def verdicts_of(run: OutboundCallRun) -> list[tuple[str, str]]:
    with business_scope(run.business_id):
        verdicts = DialVerdict.objects.for_business(run.business_id).filter(run=run)
        return list(verdicts.order_by("first_at", "pk").values_list("gate", "reason"))


def fresh(run: OutboundCallRun) -> OutboundCallRun:
    with business_scope(run.business_id):
        return OutboundCallRun.objects.get(pk=run.pk)


def every_attempt() -> Sequence[DialAttempt]:
    with platform_scope(PlatformReason.DIAL):
        return list(DialAttempt.objects.all())


class CarrierThread:
    """The stand-in carrier in a thread of its own, as the product would meet it: over HTTP."""

    def __init__(self, carrier: Carrier, loop: asyncio.AbstractEventLoop) -> None:
        self.carrier = carrier
        self._loop = loop

    def does(self, what: Callable[[Carrier], Any]) -> Any:
        """In the carrier's own thread."""

        async def done() -> Any:
            return what(self.carrier)

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(10)

    def settled(self) -> None:
        """Returns once every call is over and has been told of."""

        async def all_over() -> None:
            async with asyncio.timeout(10):
                for call in list(self.carrier.calls.values()):
                    await call.settled()

        asyncio.run_coroutine_threadsafe(all_over(), self._loop).result(15)

    @property
    def rung(self) -> list[str]:
        """The numbers whose call the carrier has accepted, in that order."""
        calls = self.does(lambda carrier: list(carrier.calls.values()))
        return [call.to for call in calls if call.direction == "outbound-api"]


@contextmanager
def carrier_in_a_thread(**settings: Any) -> Iterator[CarrierThread]:
    ready, stop = threading.Event(), threading.Event()
    found: list[CarrierThread] = []

    async def run() -> None:
        async with Carrier(**settings) as carrier:
            found.append(CarrierThread(carrier, asyncio.get_running_loop()))
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="carrier")
    thread.start()
    try:
        assert ready.wait(10)
        yield found[0]
    finally:
        stop.set()
        thread.join(10)
