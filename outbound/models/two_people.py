from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models import Lead
from tenants.models import User
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

Both = frozenset[uuid.UUID]


class TwoPeopleQuerySet(BusinessOwnedQuerySet["TwoPeople"]):
    def among(self, leads: Collection[Lead]) -> set[Both]:
        """The keys of each two of these leads that are two people."""
        told = self.filter(one__in=leads, other__in=leads)
        return {frozenset(both) for both in told.values_list("one", "other")}


class TwoPeople(BusinessOwned):
    """Two leads that look like one person and are two, as somebody of the business has said. Which of
    the two stands first means nothing.
    """

    one = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="+", verbose_name=_("lead")
    )
    other = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="+", verbose_name=_("other lead")
    )
    said_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("said by"),
    )
    said_at = models.DateTimeField(_("said"), default=timezone.now, editable=False)

    objects: ClassVar = TwoPeopleQuerySet.as_manager()

    class Meta:
        verbose_name = _("two people who look like one")
        verbose_name_plural = _("two people who look like one")
        constraints = [
            models.UniqueConstraint(
                "business", Least("one", "other"), Greatest("one", "other"), name="twopeople_once"
            ),
            models.CheckConstraint(condition=~Q(one=F("other")), name="twopeople_two"),
        ]

    def __str__(self) -> str:
        return f"{self.one_id}, {self.other_id}"
