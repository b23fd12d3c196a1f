"""Calls by the words in them, leads by name or number: what the list of calls is searched by.

Each answer is bounded, so that no search costs more for being a common one.
"""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Final

import phonenumbers
from django.db import connection
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet

from calls.models import Call, Lead, PromptBinding, SpokenWord
from tenants.models import Business, PhoneNumber

MOST_WORDS: Final = 4
# Of the calls with the rarest word, so many of the newest are looked at.
MOST_CALLS: Final = 2000
MOST_LEADS: Final = 200
# A telephone number as people write one: 050-123 4567.
WRITTEN: Final = re.compile(r"[+\d][\d\s().-]*")
E164_DIGITS: Final = 15
# A call is given its words while it rings.
RINGS_AT_MOST: Final = timedelta(days=1)


def words_of(text: str) -> list[str]:
    """As the database takes a text apart; the longest first, for they are the rarest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT calls_words(%s, false)", [text.replace("\0", "")])
        words = [str(word) for (word,) in cursor.fetchall()]
    return sorted(words, key=lambda word: (-len(word), word))[:MOST_WORDS]


def calls_with(
    business: Business, text: str, among: QuerySet[Call], period: Q | None = None
) -> QuerySet[Call]:
    """Those of `among` in which each of these words was said; `period` is of `began_at`."""
    words = words_of(text)
    if not words:
        return among.none()
    spoken = SpokenWord.objects.for_business(business).filter(period or Q())
    rarest = min(words, key=lambda word: spoken.filter(word=word)[:MOST_CALLS].count())
    newest = spoken.filter(word=rarest).order_by("-began_at", "-call_id")[:MOST_CALLS]
    found = among.filter(pk__in=newest.values("call_id"))
    for word in words:
        if word != rarest:
            said = spoken.filter(word=word, began_at=OuterRef("created_at"), call=OuterRef("pk"))
            found = found.filter(Exists(said))
    return found


def calls_on_version(
    business: Business, version_id: uuid.UUID, among: QuerySet[Call]
) -> QuerySet[Call]:
    """Those of `among` that ran on this prompt version. The list is walked through in the order of
    time, and of an old version all newer calls would be: so it begins and ends where its calls do.
    """
    bindings = PromptBinding.objects.for_business(business).filter(version=version_id)
    bound = bindings.aggregate(first=Min("created_at"), last=Max("created_at"))
    if bound["first"] is None:
        return among.none()
    period = (bound["first"] - RINGS_AT_MOST, bound["last"] + RINGS_AT_MOST)
    return among.filter(binding__version=version_id, created_at__range=period)


def leads_called(business: Business, text: str) -> list[uuid.UUID]:
    """By the beginning of the number, or of words of the name."""
    if WRITTEN.fullmatch(text.strip()):
        leads = Lead.objects.for_business(business).filter(_number_begins(business, text))
        return list(leads.values_list("pk", flat=True)[:MOST_LEADS])
    words = words_of(text)
    named = Lead.objects.for_business(business)
    for word in words:
        named = named.found_by(name=word)
    return list(named.values_list("pk", flat=True)[:MOST_LEADS]) if words else []


def _number_begins(business: Business, text: str) -> Q:
    digits = re.sub(r"\D", "", text)
    begins = _begins(digits)
    if text.strip().startswith("0"):
        for code in _country_codes(business):
            begins |= _begins(f"{code}{digits.lstrip('0')}")
    return begins


def _begins(digits: str) -> Q:
    """As a range of digits only, which every language sorts alike."""
    return Q(phone_e164__gte=f"+{digits}", phone_e164__lte=f"+{digits:9<{E164_DIGITS}}")


def _country_codes(business: Business) -> set[int]:
    numbers = PhoneNumber.objects.for_business(business).values_list("e164", flat=True)
    return {phonenumbers.parse(number).country_code or 0 for number in numbers}
