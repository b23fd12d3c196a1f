from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, Self

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Greatest, Lower, Reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from calls.models.do_not_call import DoNotCall
from prompts.render import clean
from tenants.models import Business
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

MOST_FACTS = 30
NAME_LIMIT = 200
FACT_NAME_LIMIT = 60
FACT_LIMIT = 500
# Above every character that a text can hold, so that a prefix is a stretch of the index.
BEHIND_ALL: Final = "\U0010ffff"


class LeadStatus(models.TextChoices):
    """How far the business is with somebody: for people to say."""

    NEW = "new", pgettext_lazy("lead", "new")
    IN_TOUCH = "in_touch", pgettext_lazy("lead", "in touch")
    WON = "won", pgettext_lazy("lead", "customer")
    LOST = "lost", pgettext_lazy("lead", "not interested")


class Gender(models.TextChoices):
    """How somebody is spoken to."""

    FEMALE = "female", _("female")
    MALE = "male", _("male")


class FromWord(models.Func):
    """The name in lower case from its second or third word on. A double name is two words."""

    function = "substring"
    template = (
        "lower(coalesce(substring(%(expressions)s from "
        "'^(?:[^\\s/–—־-]+[\\s/–—־-]+){%(words)s}([^\\s/–—־-].*)$'), ''))"
    )

    def __init__(self, expression: str, words: int, **extra: Any) -> None:
        super().__init__(expression, words=words, **extra)


def _indexed_text(expression: models.Expression | models.Func) -> models.GeneratedField:
    """A column of its own and not an index on the expression: under row-level security PostgreSQL
    uses no index through a function that is not leakproof, and `lower`, LIKE and every search in
    texts are not. Compared by code points, of which a prefix is a stretch.
    """
    return models.GeneratedField(
        expression=expression,
        output_field=models.CharField(max_length=NAME_LIMIT, db_collation="C"),
        db_persist=True,
        editable=False,
    )


class LeadQuerySet(BusinessOwnedQuerySet["Lead"]):
    def found_by(self, *, name: str = "", begins: str = "", ends: str = "") -> Self:
        """Any of: a word of the name begins so, the number does, the number ends so."""
        wanted = Q()
        if name:
            for field in ("name_words", "name_words_2", "name_words_3"):
                wanted |= _begins(field, name)
        if begins:
            wanted |= Q(phone_e164__gte=begins, phone_e164__lt=begins + ":")
        if ends:
            backwards = ends[::-1]
            wanted |= Q(phone_backwards__gte=backwards, phone_backwards__lt=backwards + ":")
        return self.filter(wanted) if wanted else self

    def with_do_not_call(self) -> Self:
        return self.annotate(is_listed=_listed())

    def listed(self, is_listed: bool) -> Self:
        return self.filter(_listed() if is_listed else ~_listed())

    def called(self, lead_id: uuid.UUID, now: datetime) -> None:
        """There was a call with this lead; two may be noted in any order."""
        self.filter(pk=lead_id).update(last_call_at=Greatest("last_call_at", models.Value(now)))


def _begins(field: str, prefix: str) -> Q:
    # The database's own lower case on both sides: for some letters Python's is another one.
    first = Lower(models.Value(prefix, output_field=models.CharField()))
    last = Lower(models.Value(prefix + BEHIND_ALL, output_field=models.CharField()))
    return Q((f"{field}__gte", first), (f"{field}__lt", last))


def _listed() -> models.Exists:
    return models.Exists(
        DoNotCall.objects.filter(
            business=models.OuterRef("business"), phone_e164=models.OuterRef("phone_e164")
        )
    )


class Lead(BusinessOwned):
    """The person at the other end, one per telephone number and business."""

    # Without an index of its own: six others begin with it.
    business = models.ForeignKey(
        Business,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("business"),
    )
    phone_e164 = models.CharField(_("telephone"), max_length=16)
    name = models.CharField(_("name"), max_length=200, blank=True)
    gender = models.CharField(_("spoken to as"), max_length=8, choices=Gender, blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=LeadStatus, default=LeadStatus.NEW
    )
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    consent_at = models.DateTimeField(_("agreed to be called"), null=True, blank=True)
    consent_source = models.CharField(_("where they agreed"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("first seen"), default=timezone.now, editable=False)
    last_call_at = models.DateTimeField(_("last call"), null=True, blank=True, editable=False)

    name_words = _indexed_text(Lower("name"))
    name_words_2 = _indexed_text(FromWord("name", 1))
    name_words_3 = _indexed_text(FromWord("name", 2))
    phone_backwards = _indexed_text(Reverse("phone_e164"))

    objects: ClassVar = LeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            models.UniqueConstraint(fields=["business", "phone_e164"], name="lead_phone_once"),
            models.CheckConstraint(
                condition=models.Q(phone_e164__regex=r"^\+[1-9][0-9]{3,14}$"), name="lead_e164"
            ),
            models.CheckConstraint(
                condition=models.Q(gender__in=["", *Gender.values]), name="lead_gender"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=LeadStatus.values), name="lead_status"
            ),
        ]
        indexes = [
            models.Index(fields=["business", "-created_at", "-id"], name="lead_pages"),
            models.Index(
                fields=["business", "status", "-created_at", "-id"], name="lead_by_status"
            ),
            models.Index(fields=["business", "last_call_at"], name="lead_by_last_call"),
            models.Index(fields=["business", "name_words"], name="lead_by_name"),
            models.Index(fields=["business", "name_words_2"], name="lead_by_second_word"),
            models.Index(fields=["business", "name_words_3"], name="lead_by_third_word"),
            models.Index(fields=["business", "phone_backwards"], name="lead_by_last_digits"),
        ]

    def __str__(self) -> str:
        return self.name or self.phone_e164

    def facts_as_text(self) -> str:
        """What the agent is told beside the name. The gender first: what follows may be cut off."""
        gender = {"gender": self.gender} if self.gender else {}
        facts = gender | {name: value for name, value in self.facts.items() if name not in gender}
        return "\n".join(f"{name}: {value}" for name, value in facts.items())

    def note(self, *, name: str, facts: Mapping[str, str]) -> list[str]:
        """Keep what was said: empty values leave what is known. Returns what there is no room for.

        The row is locked: the same person may be in two calls at once.
        """
        with transaction.atomic():
            stored = Lead.objects.for_business(self.business_id).select_for_update().get(pk=self.pk)
            stored.name = clean(name, NAME_LIMIT) or stored.name
            left_over: list[str] = stored._merge(facts)
            stored.save(update_fields=["name", "facts"])
        self.name, self.facts = stored.name, stored.facts
        return left_over

    def _merge(self, facts: Mapping[str, str]) -> list[str]:
        left_over = []
        for name, value in facts.items():
            key, fact = clean(name, FACT_NAME_LIMIT), clean(value, FACT_LIMIT)
            if not (key and fact):
                continue
            if key in self.facts or len(self.facts) < MOST_FACTS:
                self.facts[key] = fact
            else:
                left_over.append(key)
        return left_over
