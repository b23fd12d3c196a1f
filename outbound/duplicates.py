"""Leads that may be one person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from calls.models import Lead
from calls.models.lead import LeadQuerySet
from outbound.models import TwoPeople
from outbound.models.two_people import Both
from tenants.models import Business

NAMES_A_PAGE: Final = 25
# How many leads are looked through for one page: however few share a name, none takes long.
LOOKED_THROUGH: Final = 10_000
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
    """Pairs of the same name, those with nearly the same number first. The names are looked through
    along their index. Who was said to be two people is not proposed again. Inside the business's
    scope.
    """
    leads = Lead.objects.for_business(business)
    names, go_on_after = _shared_names(leads, after)
    found = list(leads.filter(name_words__in=names).order_by("created_at", "pk"))
    apart = TwoPeople.objects.for_business(business).among(found)
    pairs = sorted(_pairs(found, apart), key=lambda pair: not pair.has_similar_number)
    return Pairs(pairs, go_on_after)


def _shared_names(leads: LeadQuerySet, after: str) -> tuple[list[str], str]:
    """A name at the end of what was looked through is looked at again: there may be more of it."""
    along = leads.filter(name_words__gt=after).order_by("name_words")
    counts = Counter(along.values_list("name_words", flat=True)[:LOOKED_THROUGH])
    looked_at = list(counts)
    is_cut = counts.total() == LOOKED_THROUGH
    if is_cut and len(looked_at) > 1:
        del counts[looked_at.pop()]
    shared = [name for name, count in counts.items() if 1 < count <= MOST_OF_A_NAME]
    if len(shared) > NAMES_A_PAGE:
        return shared[:NAMES_A_PAGE], shared[NAMES_A_PAGE - 1]
    return shared, looked_at[-1] if is_cut else ""


def _pairs(leads: Iterable[Lead], apart: Collection[Both]) -> Iterator[Pair]:
    """Each with the first of its name, or with the first whose number is like its own."""
    groups: dict[str, list[Lead]] = defaultdict(list)
    for lead in leads:
        of_name = groups[lead.name_words]
        earlier = [one for one in of_name if frozenset({one.pk, lead.pk}) not in apart]
        if earlier:
            like = [one for one in earlier if is_similar(one.phone_e164, lead.phone_e164)]
            yield Pair((like or earlier)[0], lead, bool(like))
        of_name.append(lead)


def is_similar(one: str, other: str) -> bool:
    """Of the same length but for a digit or two, or the same but for what stands before it."""
    if len(one) != len(other):
        shorter, longer = sorted((one.lstrip("+"), other.lstrip("+")), key=len)
        return longer.endswith(shorter[-7:])
    return sum(a != b for a, b in zip(one, other, strict=True)) <= DIFFERENT_DIGITS
