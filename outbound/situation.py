"""What the gates are asked about, read in the transaction that records the intent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Left, Length

from calls.models import AgentSettings, Call, ClosedDay, DoNotCall
from outbound import windows
from outbound.destinations import country_of
from outbound.gates import JobSituation, Lines, RunSituation
from outbound.models import (
    AttemptState,
    CarrierAccount,
    DialAttempt,
    DialUsage,
    NumberTest,
    OutboundCallJob,
    OutboundCallRun,
    OutboundSettings,
    RunStatus,
    SuppressedNumber,
)
from prompts.models import Direction
from tenants.credentials import CredentialMissing, limited_until, openai_account, refused_until
from tenants.models import Business, PhoneNumber

RANG: Final = (
    AttemptState.POSTING,
    AttemptState.UNKNOWN,
    AttemptState.HUMAN,
    AttemptState.PLACED,
    AttemptState.FINAL,
)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
# So long may a request be under way: at its end the window has to be open still.
LAST_MOMENT: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Everywhere:
    """What only a platform scope can see: counted over all businesses."""

    outbound_live: int
    inbound_live: int
    account_live: int


def everywhere(account: CarrierAccount | None) -> Everywhere:
    """Inside a platform scope only."""
    live = DialAttempt.objects.live()
    return Everywhere(
        outbound_live=live.count(),
        inbound_live=Call.objects.live()
        .on_the_telephone()
        .filter(direction=Direction.INBOUND)
        .count(),
        account_live=live.filter(account_sid=account.account_sid).count() if account else 0,
    )


def on_the_line(account_sid: str, numbers: Collection[str]) -> frozenset[str]:
    """Which of them a call of this account rings, whoever's it is. Inside a platform scope only."""
    here = {"account_sid": account_sid, "to_e164__in": numbers}
    dialled = DialAttempt.objects.live().filter(**here).values_list("to_e164")
    tested = NumberTest.objects.live().filter(**here).values_list("to_e164")
    return frozenset(number for (number,) in dialled.union(tested))


@dataclass(frozen=True, slots=True)
class Rules:
    """What a run and its business have set, read once for a batch of jobs."""

    run: OutboundCallRun
    business: Business
    own: OutboundSettings
    agent: AgentSettings
    closed_days: frozenset[date]

    @classmethod
    def of(cls, run: OutboundCallRun, now: datetime) -> Rules:
        business = run.business
        ahead = now.date() + windows.HORIZON
        closed = ClosedDay.objects.for_business(business)
        days = closed.filter(date__gte=now.date() - DAY, date__lte=ahead)
        return cls(
            run=run,
            business=business,
            own=OutboundSettings.objects.of(business),
            agent=AgentSettings.objects.of(business),
            closed_days=frozenset(days.values_list("date", flat=True)),
        )

    @property
    def seconds_a_call(self) -> int:
        return self.run.ring_s + self.agent.max_call_s

    def window(self, number: str, now: datetime) -> windows.Decision:
        stored: list[Any] = [self.own.schedule]
        if self.run.schedule:
            stored.append(self.run.schedule)

        def at(moment: datetime) -> windows.Decision:
            return windows.decide_as_stored(
                number=number,
                now=moment,
                schedules=stored,
                observes=self.own.observe_shabbat,
                closed_days=self.closed_days,
            )

        decision = at(now)
        if decision.until is None or not decision.allowed or decision.until > now + LAST_MOMENT:
            return decision
        return at(decision.until)


def day_of(business: Business, now: datetime) -> date:
    return now.astimezone(ZoneInfo(business.timezone)).date()


def run_situation(
    rules: Rules,
    usage: DialUsage,
    account: CarrierAccount | None,
    all_over: Everywhere,
    now: datetime,
) -> RunSituation:
    run, own = rules.run, rules.own
    live = DialAttempt.objects.for_business(rules.business).live()
    key_missing, key_refused_until, key_limited_until = _model_key(rules.business, now)
    return RunSituation(
        now=now,
        status=run.status,
        business_is_active=rules.business.is_active,
        account_missing=account is None,
        account_refused_code=account.refused_code if account and account.refused_at else None,
        key_missing=key_missing,
        key_refused_until=key_refused_until,
        key_limited_until=key_limited_until,
        next_call_at=account.next_at if account else None,
        slowed_until=account.slowed_until if account else None,
        account_lines=_account_lines(account, all_over),
        installation=_installation_lines(all_over),
        business=Lines(live.count(), own.concurrency),
        run=Lines(live.filter(run=run).count(), run.concurrency),
        calls_today=usage.calls,
        most_calls_today=own.most_calls_today,
        seconds_today=usage.reserved_s + usage.used_s,
        reserved_today=usage.reserved_s,
        settings_broken=run.is_broken,
        hours_broken=own.has_broken_hours,
        most_seconds_today=own.most_seconds_today,
        seconds_a_call=rules.seconds_a_call,
        tomorrow=_tomorrow(rules.business, now),
        require_consent=run.require_consent,
        countries=own.countries or own_countries(rules.business),
        most_calls=own.most_calls,
        within=timedelta(days=own.within_days),
        gap=own.gap,
        dialled_by_block=_dialled_by_block(rules.business, now),
        most_of_a_block=settings.OUTBOUND_BLOCK_CALLS_A_MINUTE,
    )


def ordinary_situation(rules: Rules, now: datetime) -> RunSituation:
    """As a run stands that runs, with nobody on the line: for a look ahead at its jobs alone."""
    own, plenty = rules.own, Lines(0, 1)
    return RunSituation(
        now=now,
        status=RunStatus.RUNNING,
        business_is_active=True,
        account_missing=False,
        account_refused_code=None,
        key_missing=False,
        key_refused_until=None,
        next_call_at=None,
        slowed_until=None,
        account_lines=None,
        installation=plenty,
        business=plenty,
        run=plenty,
        calls_today=0,
        most_calls_today=own.most_calls_today,
        seconds_today=0,
        most_seconds_today=own.most_seconds_today,
        seconds_a_call=rules.seconds_a_call,
        tomorrow=_tomorrow(rules.business, now),
        require_consent=rules.run.require_consent,
        countries=own.countries or own_countries(rules.business),
        most_calls=own.most_calls,
        within=timedelta(days=own.within_days),
        gap=own.gap,
        dialled_by_block=Counter(),
        most_of_a_block=settings.OUTBOUND_BLOCK_CALLS_A_MINUTE,
    )


def situation_of_test(
    business: Business,
    own: OutboundSettings,
    usage: DialUsage,
    account: CarrierAccount | None,
    all_over: Everywhere,
    *,
    seconds_a_call: int,
    now: datetime,
) -> RunSituation:
    """For one call that belongs to no run."""
    live = DialAttempt.objects.for_business(business).live().count()
    live += NumberTest.objects.for_business(business).live().count()
    return RunSituation(
        now=now,
        status=RunStatus.RUNNING,
        business_is_active=business.is_active,
        account_missing=account is None,
        account_refused_code=account.refused_code if account and account.refused_at else None,
        key_missing=False,
        key_refused_until=None,
        next_call_at=account.next_at if account else None,
        slowed_until=account.slowed_until if account else None,
        account_lines=_account_lines(account, all_over),
        installation=_installation_lines(all_over),
        business=Lines(live, own.concurrency),
        run=Lines(0, 1),
        calls_today=usage.calls,
        most_calls_today=own.most_calls_today,
        seconds_today=usage.reserved_s + usage.used_s,
        reserved_today=usage.reserved_s,
        most_seconds_today=own.most_seconds_today,
        seconds_a_call=seconds_a_call,
        tomorrow=_tomorrow(business, now),
        require_consent=False,
        countries=own.countries or own_countries(business),
        most_calls=own.most_calls,
        within=timedelta(days=own.within_days),
        gap=own.gap,
        dialled_by_block=Counter(),
        most_of_a_block=settings.OUTBOUND_BLOCK_CALLS_A_MINUTE,
    )


def job_situations(
    rules: Rules, jobs: Sequence[OutboundCallJob], busy: Collection[str], now: datetime
) -> list[JobSituation]:
    """In the order of the jobs, by as many queries for a hundred as for one."""
    numbers = [job.phone_e164 for job in jobs]
    listed = DoNotCall.objects.for_business(rules.business).filter(phone_e164__in=numbers)
    on_business_list = set(listed.values_list("phone_e164", flat=True))
    suppressed = SuppressedNumber.objects.filter(phone_e164__in=numbers)
    on_installation_list = set(suppressed.values_list("phone_e164", flat=True))
    earlier = _earlier_calls(rules, numbers, now)
    return [
        JobSituation(
            number=job.phone_e164,
            on_business_list=job.phone_e164 in on_business_list,
            on_installation_list=job.phone_e164 in on_installation_list,
            consent_at=job.lead.consent_at,
            window=rules.window(job.phone_e164, now),
            earlier_calls=earlier[job.phone_e164],
            on_the_line=job.phone_e164 in busy,
        )
        for job in jobs
    ]


def _earlier_calls(
    rules: Rules, numbers: Sequence[str], now: datetime
) -> dict[str, list[tuple[datetime, bool]]]:
    since = now - max(timedelta(days=rules.own.within_days), rules.own.gap)
    rang = DialAttempt.objects.for_business(rules.business).filter(
        to_e164__in=numbers, posted_at__gt=since, state__in=RANG
    )
    earlier: dict[str, list[tuple[datetime, bool]]] = defaultdict(list)
    rows = rang.order_by("-posted_at").values_list("to_e164", "posted_at", "run_id")
    for number, posted_at, run_id in rows:
        earlier[number].append((posted_at, run_id == rules.run.pk))
    return earlier


def _dialled_by_block(business: Business, now: datetime) -> Counter[str]:
    lately = DialAttempt.objects.for_business(business).filter(
        posted_at__gt=now - MINUTE, state__in=RANG
    )
    block = Left("to_e164", Length("to_e164") - 4)
    return Counter(dict(lately.order_by().values_list(block).annotate(n=Count("pk"))))


def _model_key(business: Business, now: datetime) -> tuple[bool, datetime | None, datetime | None]:
    """Whether it is missing; until when it is refused, and until when limited."""
    try:
        key = openai_account(business).api_key
    except CredentialMissing:
        return True, None, None
    return False, refused_until(key, now=now), limited_until(key, now=now)


def _installation_lines(all_over: Everywhere) -> Lines:
    """Whoever rings in finds a line: part of them is kept free, and more if more are ringing."""
    most = settings.LIVE_CALLS
    for_outbound = min(
        most * (100 - settings.INBOUND_SHARE_PERCENT) // 100, most - all_over.inbound_live
    )
    return Lines(all_over.outbound_live, max(0, for_outbound))


def _account_lines(account: CarrierAccount | None, all_over: Everywhere) -> Lines | None:
    if account is None or account.most_live is None:
        return None
    return Lines(all_over.account_live, account.most_live)


def own_countries(business: Business) -> frozenset[str]:
    own = PhoneNumber.objects.for_business(business).filter(active=True)
    return frozenset(map(country_of, own.values_list("e164", flat=True))) - {""}


def _tomorrow(business: Business, now: datetime) -> datetime:
    zone = ZoneInfo(business.timezone)
    return datetime.combine(day_of(business, now) + DAY, time(), zone)
