"""Leads that may be one person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Count

from calls.models import Lead
from tenants.models import Business

NAMES_A_PAGE: Final = 25
# A name that more people have says nothing.
MOST_OF_A_NAME: Final = 10
DIFFERENT_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """The lead that was there first stands first."""

    keep: Lead
    drop: Lead
    has_similar_number: bool


@dataclass(frozen=True, slots=True)
class Pairs:
    rows: list[Pair]
    after: str  # the name to go on behind, "" where there are no more


def duplicates(business: Business, *, after: str = "") -> Pairs:
    """Pairs of the same name, those with nearly the same number first. The names are counted along
    their index and no further than the page needs. Inside the business's scope.
    """
    leads = Lead.objects.for_business(business)
    by_name = leads.filter(name_words__gt=after).order_by("name_words").values("name_words")
    shared = by_name.annotate(n=Count("pk")).filter(n__gt=1, n__lte=MOST_OF_A_NAME)
    names = list(shared.values_list("name_words", flat=True)[: NAMES_A_PAGE + 1])
    found = leads.filter(name_words__in=names[:NAMES_A_PAGE]).order_by("created_at", "pk")
    pairs = sorted(_pairs(found), key=lambda pair: not pair.has_similar_number)
    return Pairs(pairs, names[NAMES_A_PAGE - 1] if len(names) > NAMES_A_PAGE else "")


def _pairs(leads: Iterable[Lead]) -> Iterator[Pair]:
    """Each with the first of its name, or with the first whose number is like its own."""
    groups: dict[str, list[Lead]] = defaultdict(list)
    for lead in leads:
        earlier = groups[lead.name_words]
        if earlier:
            like = [one for one in earlier if is_similar(one.phone_e164, lead.phone_e164)]
            yield Pair((like or earlier)[0], lead, bool(like))
        earlier.append(lead)


def is_similar(one: str, other: str) -> bool:
    """Of the same length but for a digit or two, or the same but for what stands before it."""
    if len(one) != len(other):
        shorter, longer = sorted((one.lstrip("+"), other.lstrip("+")), key=len)
        return longer.endswith(shorter[-7:])
    return sum(a != b for a, b in zip(one, other, strict=True)) <= DIFFERENT_DIGITS
