"""What an operator at a terminal means: a business, a run, a telephone, of all businesses.

Each raises `NotFound` with a sentence that says what to type instead.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import phonenumbers
from django.db.models import Case, CharField, QuerySet, Value, When
from django.db.models.functions import Cast
from django.utils.translation import gettext

from outbound.destinations import country_of
from outbound.models import OVER, OutboundCallJob, OutboundCallRun
from tenants.models import Business, PhoneNumber
from tenants.scoping import PlatformReason, platform_scope

RUNS_LISTED: Final = 30
JOBS_LISTED: Final = 100
NOWHERE: Final = ""  # a number has to come with its country then
SHORT_ID: Final = 8
ID_BEGINS: Final = re.compile(r"[0-9a-f][0-9a-f-]{3,35}", re.IGNORECASE)


class NotFound(Exception):  # noqa: N818 - said to whoever typed it
    """The text is for the person at the terminal."""


class CountedRun(NamedTuple):
    run: OutboundCallRun
    counts: Mapping[str, int]


def business_named(slug: str) -> Business:
    with platform_scope(PlatformReason.COMMAND):
        found = Business.objects.filter(slug=slug).first()
        if found is None:
            slugs = ", ".join(Business.objects.order_by("slug").values_list("slug", flat=True)[:20])
            text = gettext("There is no business “%(slug)s”. There are: %(slugs)s.")
            raise NotFound(text % {"slug": slug, "slugs": slugs or "-"})
        return found


def run_named(named: str, business: Business | None) -> OutboundCallRun:
    """By its name, within a business; by its id, or by how that begins, anywhere."""
    with platform_scope(PlatformReason.COMMAND):
        runs = _runs(business)
        by_name = list(runs.filter(name=named)[:5]) if business else []
        found = by_name or list(_by_id(runs, named)[:5])
    if len(found) == 1:
        return found[0]
    raise NotFound(_ambiguous(found) if found else _unknown_run(named, business))


def _by_id(
    runs: QuerySet[OutboundCallRun, OutboundCallRun], named: str
) -> QuerySet[OutboundCallRun, OutboundCallRun]:
    if not ID_BEGINS.fullmatch(named):
        return runs.none()
    as_text = Cast("id", CharField())
    return runs.annotate(as_text=as_text).filter(as_text__startswith=named.lower())


def _ambiguous(found: Sequence[OutboundCallRun]) -> str:
    ids = ", ".join(f"{run.pk} ({run.name})" for run in found)
    return gettext("Several runs are meant; give the id of one: %(ids)s.") % {"ids": ids}


def _unknown_run(named: str, business: Business | None) -> str:
    if business is None:
        text = gettext(
            "No run's id begins with “%(named)s”. A name needs --business; “outbound status” lists "
            "the runs."
        )
    else:
        text = gettext(
            "No run of “%(slug)s” is called “%(named)s”, and no id begins so; “outbound status” "
            "lists the runs."
        )
    return text % {"named": named, "slug": business.slug if business else ""}


def latest_runs(business: Business | None) -> list[CountedRun]:
    """Those that are not over come first."""
    with platform_scope(PlatformReason.COMMAND):
        is_over = Case(When(status__in=OVER, then=Value(1)), default=Value(0))
        runs = list(_runs(business).order_by(is_over, "-created_at", "pk")[:RUNS_LISTED])
        counts = OutboundCallJob.objects.counts_of(runs)
        return [CountedRun(run, counts[run.pk]) for run in runs]


def _runs(business: Business | None) -> QuerySet[OutboundCallRun, OutboundCallRun]:
    runs: QuerySet[OutboundCallRun, OutboundCallRun] = OutboundCallRun.objects.select_related(
        "business", "number", "version__prompt"
    )
    return runs.filter(business=business) if business else runs


def jobs_of(written: str, business: Business | None) -> list[OutboundCallJob]:
    """Of whoever has this number, however it is written, in all runs, the newest first."""
    numbers = _numbers(written, _regions(business))
    with platform_scope(PlatformReason.COMMAND):
        jobs = OutboundCallJob.objects.filter(phone_e164__in=numbers)
        if business:
            jobs = jobs.filter(business=business)
        found = list(
            jobs.select_related("business", "run__business", "lead").order_by("-created_at", "pk")[
                :JOBS_LISTED
            ]
        )
    if not found:
        text = gettext("No run has %(numbers)s.")
        raise NotFound(text % {"numbers": ", ".join(sorted(numbers))})
    return found


def numbers_written(written: str, business: Business) -> frozenset[str]:
    """What this may mean, in the countries of the business's numbers. Inside its scope."""
    own = PhoneNumber.objects.for_business(business).filter(active=True)
    regions = _countries(own.values_list("e164", flat=True))
    return _all_parsed(written, regions)


def _countries(numbers: Iterable[str]) -> frozenset[str]:
    return frozenset(map(country_of, numbers)) - {""}


def _regions(business: Business | None) -> frozenset[str]:
    """Where a number without a country may be meant: where the business's own numbers are."""
    with platform_scope(PlatformReason.COMMAND):
        own = PhoneNumber.objects.filter(active=True)
        if business:
            own = own.filter(business=business)
        return _countries(own.values_list("e164", flat=True))


def _all_parsed(written: str, regions: frozenset[str]) -> frozenset[str]:
    return frozenset(
        filter(None, (_parsed(written, region) for region in sorted(regions) or [NOWHERE]))
    )


def _numbers(written: str, regions: frozenset[str]) -> frozenset[str]:
    numbers = _all_parsed(written, regions)
    if not numbers:
        text = gettext(
            "“%(written)s” is not a telephone number. Write it with its country, such as "
            "+972501234567."
        )
        raise NotFound(text % {"written": written})
    return numbers


def _parsed(written: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def short_id(run_id: uuid.UUID) -> str:
    return str(run_id)[:SHORT_ID]
