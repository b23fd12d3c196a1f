"""The businesses of a trial, whom they call, and under which limits."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from calls.models import AgentSettings, Lead
from outbound import windows
from outbound.actions import add_leads, create_run, start_run
from outbound.models import CarrierAccount, DialUsage, OutboundCallRun, OutboundSettings
from outbound.situation import day_of
from prompts.actions import publish, save_draft
from prompts.models import Direction, PromptVersion
from tenants.actions import claim_number, create_business
from tenants.models import Business, Credential, PhoneNumber
from tenants.scoping import business_scope

RING_S: Final = 5
LONGEST_S: Final = 60
SECONDS_A_CALL: Final = RING_S + LONGEST_S
# Of the account of one business alone: a paced account takes one call with each look at a run.
CALLS_PER_SECOND: Final = 5
WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS: Final = {day: [["00:00", "24:00"]] for day in WEEK}
RETRIES: Final = {
    "busy": {"times": 1, "after_s": 2},
    "no_answer": {"times": 1, "after_s": 3},
    "failed": {"times": 1, "after_s": 2},
}
# Honolulu, New York, Guam: at most hours of the day it is night in one of them.
AMERICANS: Final = ("+1808555{:04d}", "+1212555{:04d}", "+1671555{:04d}")
# The business with a cap may speak for so long until no further call fits in.
LEFT_OF_CAP_S: Final = SECONDS_A_CALL + 10
CAP_MINUTES: Final = 30


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many of the leads each run gets."""

    roses: int
    roses_again: int  # half of them are in the run before as well
    tulips: int  # a third of them are the roses'
    capped: int
    closed: int

    @classmethod
    def of(cls, leads: int) -> Sizes:
        capped, closed = max(6, leads // 12), max(4, leads // 20)
        shared = leads - capped - closed
        return cls(shared - 2 * (shared // 3), shared // 3, shared // 3, capped, closed)


@dataclass(frozen=True, slots=True)
class Made:
    run: OutboundCallRun
    numbers: Sequence[str]


@dataclass(frozen=True, slots=True)
class World:
    businesses: Sequence[Business]
    runs: Sequence[Made]
    capped_numbers: Sequence[str]  # whoever answers there talks for long
    # Numbers and runs that nobody may ever be called of.
    closed: OutboundCallRun
    used_before_s: Mapping[uuid.UUID, int]

    @property
    def numbers(self) -> list[str]:
        return sorted({number for made in self.runs for number in made.numbers})

    @property
    def open_runs(self) -> list[OutboundCallRun]:
        """Those that can be paused and stopped, and told of numbers that are not to be called."""
        return [made.run for made in self.runs if made.run.pk != self.closed.pk]


class Maker:
    def __init__(self, *, seed: int, leads: int, other_account: tuple[str, str]) -> None:
        self._dice = random.Random(f"world {seed}")
        self._sizes = Sizes.of(leads)
        self._other_account = other_account

    def make(self, *, account_sid: str, now: datetime) -> World:
        other = self._other_account[0]
        CarrierAccount.objects.create(account_sid=account_sid, calls_per_second=0)
        CarrierAccount.objects.create(account_sid=other, calls_per_second=CALLS_PER_SECOND)
        sizes = self._sizes
        zone = far_from_midnight(now)
        roses = _business("roses", zone, now, concurrency=11)
        tulips = _business("tulips", zone, now, concurrency=9)
        capped = _business("capped", zone, now, concurrency=5, minutes_a_day=CAP_MINUTES)
        self._give_own_account(capped)
        used = {capped.pk: CAP_MINUTES * 60 - LEFT_OF_CAP_S}
        _use_up(capped, used[capped.pk], now)
        first = self._numbers(sizes.roses)
        again = [*first[: sizes.roses_again // 2], *self._numbers(-(-sizes.roses_again // 2))]
        shared = [*first[: sizes.tulips // 3], *self._numbers(sizes.tulips - sizes.tulips // 3)]
        spoken = self._numbers(sizes.capped)
        night = self._numbers(sizes.closed - 2) + numbers_at_night(now)[:2]
        closed = _run(tulips, "closed", night, now, concurrency=2, schedule=_in_three_days(now))
        return World(
            businesses=(roses, tulips, capped),
            runs=(
                _run(roses, "roses", first, now, concurrency=8),
                _run(roses, "roses again", again, now, concurrency=6),
                _run(tulips, "tulips", shared, now, concurrency=9),
                _run(capped, "capped", spoken, now, concurrency=3),
                closed,
            ),
            capped_numbers=spoken,
            closed=closed.run,
            used_before_s=used,
        )

    def _numbers(self, count: int) -> list[str]:
        return [f"+97250{each:07d}" for each in self._dice.sample(range(10**7), count)]

    def _give_own_account(self, business: Business) -> None:
        account_sid, auth_token = self._other_account
        with business_scope(business):
            Credential.objects.create(
                business=business,
                provider=Credential.Provider.TWILIO,
                account_sid=account_sid,
                secret=auth_token,
            )


def far_from_midnight(now: datetime) -> str:
    """No day ends in the middle of a trial: its account would be another one."""
    shift = 12 - now.hour  # the sign of these names is turned round
    return f"Etc/GMT{-shift:+d}" if shift else "Etc/GMT"


def numbers_at_night(now: datetime) -> list[str]:
    """Possibly none: around 23 h UTC it is day in all of them."""
    found: list[str] = []
    for pattern in AMERICANS:
        number = pattern.format(100 + len(found))
        if not any(_is_open(number, now + timedelta(minutes=m)) for m in (0, 10, 20)):
            found.append(number)
    return found


def _is_open(number: str, at: datetime) -> bool:
    return windows.decide_as_stored(number=number, now=at, schedules=[ALWAYS]).allowed


def _in_three_days(now: datetime) -> dict[str, Any]:
    day = (now + timedelta(days=3)).astimezone(ZoneInfo("Asia/Jerusalem"))
    return {WEEK[day.weekday()]: [["09:00", "12:00"]]}


def _business(slug: str, zone: str, now: datetime, **limits: Any) -> Business:
    business = create_business(
        slug=slug, name=slug.title(), language="en", timezone=zone, by=None, now=now
    )
    generous = {"calls_a_day": 100_000, "minutes_a_day": 100_000, "most_calls": 1000}
    with business_scope(business):
        OutboundSettings.objects.create(
            business=business,
            schedule=ALWAYS,
            observe_shabbat=False,
            verified_at=now,
            gap_minutes=0,
            countries=["IL", "US", "GU"],
            **(generous | limits),
        )
        AgentSettings.objects.create(business=business, max_call_s=LONGEST_S)
    return business


def _run(
    business: Business, name: str, numbers: Sequence[str], now: datetime, **settings: Any
) -> Made:
    run = create_run(
        business=business,
        name=name,
        version=_version(business, now),
        number=_caller(business, now),
        by=None,
        now=now,
        ring_s=RING_S,
        retries=RETRIES,
        **settings,
    )
    add_leads(run=run, leads=_leads(business, numbers), by=None, now=now)
    start_run(run=run, by=None, now=now)
    return Made(run, numbers)


def _leads(business: Business, numbers: Sequence[str]) -> list[Lead]:
    with business_scope(business):
        new = [Lead(business=business, phone_e164=number) for number in numbers]
        Lead.objects.bulk_create(new, ignore_conflicts=True)
        return list(Lead.objects.for_business(business).filter(phone_e164__in=numbers))


def _version(business: Business, now: datetime) -> PromptVersion:
    with business_scope(business):
        versions = PromptVersion.objects.for_business(business)
        found = versions.filter(prompt__direction=Direction.OUTBOUND).first()
    if found is not None:
        return found
    version = save_draft(
        business=business,
        direction=Direction.OUTBOUND,
        text="You sell flowers. Be brief.",
        greeting="Hello.",
        by=None,
        now=now,
    )
    publish(version=version, by=None, now=now)
    return version


def _caller(business: Business, now: datetime) -> PhoneNumber:
    with business_scope(business):
        numbers = PhoneNumber.objects.for_business(business)
        found, taken = numbers.first(), PhoneNumber.objects.count()
    if found is not None:
        return found
    digits = sum(map(ord, business.slug)) + taken
    return claim_number(business=business, e164=f"+9723555{digits:04d}", by=None, now=now)


def _use_up(business: Business, seconds: int, now: datetime) -> None:
    with business_scope(business):
        DialUsage.objects.create(
            business=business, day=day_of(business, now), calls=0, used_s=seconds
        )
