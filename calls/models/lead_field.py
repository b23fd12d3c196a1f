from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import ClassVar, Final, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from calls.models.lead import FACT_LIMIT, FACT_NAME_LIMIT
from prompts.render import clean
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

MOST_FIELDS: Final = 20
LARGEST: Final = Decimal(10) ** 15


class FieldKind(models.TextChoices):
    TEXT = "text", _("text")
    NUMBER = "number", _("number")
    DATE = "date", _("date")
    CHOICE = "choice", _("choice")


class LeadFieldQuerySet(BusinessOwnedQuerySet["LeadField"]):
    def in_order(self) -> Self:
        return self.order_by("position", "label")


class LeadField(BusinessOwned):
    """Something that this business wants to know of each of its leads. What is known stands among
    the lead's facts, under `key`, which stays when the label is changed.
    """

    key = models.CharField(_("key"), max_length=FACT_NAME_LIMIT, editable=False)
    label = models.CharField(_("name of the field"), max_length=FACT_NAME_LIMIT)
    kind = models.CharField(_("kind"), max_length=8, choices=FieldKind, default=FieldKind.TEXT)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    position = models.PositiveSmallIntegerField(_("place in the order"), default=0)

    objects: ClassVar = LeadFieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("field of leads")
        verbose_name_plural = _("fields of leads")
        constraints = [
            models.UniqueConstraint(fields=["business", "key"], name="leadfield_key_once"),
            models.UniqueConstraint(
                fields=["business", "label"],
                name="leadfield_label_once",
                violation_error_message=_("There is a field of this name."),
            ),
            models.CheckConstraint(condition=Q(kind__in=FieldKind.values), name="leadfield_kind"),
        ]

    def __str__(self) -> str:
        return self.label

    def read(self, written: str) -> str:
        """The value as it is stored. Raises `ValidationError` for what this kind does not hold."""
        value = clean(written, FACT_LIMIT)
        if not value:
            return ""
        match self.kind:
            case FieldKind.NUMBER:
                return _number(value)
            case FieldKind.DATE:
                return _date(value)
            case FieldKind.CHOICE:
                return self._choice(value)
            case _:
                return value

    def _choice(self, value: str) -> str:
        for choice in self.choices:
            if str(choice).casefold() == value.casefold():
                return str(choice)
        raise ValidationError(_("Choose one of the values of this field."), code="choice")


def _number(value: str) -> str:
    try:
        number = Decimal(value.replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= LARGEST or abs(number.adjusted()) > 15:
        raise ValidationError(_("Write a number."), code="number")
    return f"{number:f}"


def _date(value: str) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError as error:
        raise ValidationError(_("Write a date, such as 2026-03-31."), code="date") from error
