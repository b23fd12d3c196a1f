from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models.call import Call
from tenants.models import User
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

INSTRUCTION_LIMIT = 500


class LiveOrderQuerySet(BusinessOwnedQuerySet["LiveOrder"]):
    def take(
        self, call_ids: Sequence[uuid.UUID], now: datetime
    ) -> Mapping[uuid.UUID, list[tuple[str, str]]]:
        """What waits for these calls, oldest first, for whoever asks first. Inside a transaction."""
        waiting = self.filter(call__in=call_ids, taken_at=None).order_by("created_at", "pk")
        taken = list(waiting.select_for_update(skip_locked=True))
        if taken:
            self.filter(pk__in=[order.pk for order in taken]).update(taken_at=now)
        orders = defaultdict(list)
        for order in taken:
            orders[order.call_id].append((order.kind, order.text))
        return orders


class LiveOrder(BusinessOwned):
    """What somebody of the team tells the agent in the middle of a call. The caller hears none of it."""

    class Kind(models.TextChoices):
        INSTRUCTION = "instruction", _("instruction to the agent")
        TAKE_OVER = "take_over", _("a person takes over")

    call = models.ForeignKey(
        Call, on_delete=models.CASCADE, related_name="live_orders", verbose_name=_("call")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    text = models.TextField(_("text"), blank=True)
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("given by")
    )
    created_at = models.DateTimeField(_("given"), default=timezone.now, editable=False)
    taken_at = models.DateTimeField(_("reached the agent"), null=True, blank=True)

    objects: ClassVar = LiveOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order to the agent")
        verbose_name_plural = _("orders to the agent")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="instruction", text__regex=r"\S")
                | models.Q(kind="take_over", text=""),
                name="liveorder_words",
            )
        ]
        indexes = [
            models.Index(fields=["business", "call", "created_at"], name="liveorder_of_call"),
            models.Index(
                fields=["call"], condition=models.Q(taken_at=None), name="liveorder_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
