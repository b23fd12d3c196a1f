"""What the list of calls is narrowed down by."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from functools import cached_property

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.models import Call, CallStatus, EndReason
from calls.searching import calls_on_version, calls_with, leads_called
from prompts.models import Direction, PromptVersion


class CallFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    words = django_filters.CharFilter(
        label=_("Words in the conversation"),
        method="with_words",
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "dir": "auto"}),
    )
    lead = django_filters.CharFilter(
        label=_("Name or telephone number"),
        method="of_lead",
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "dir": "auto"}),
    )
    direction = django_filters.ChoiceFilter(
        label=_("Direction"), choices=Direction, empty_label=_("All")
    )
    status = django_filters.ChoiceFilter(
        label=_("Status"), choices=CallStatus, empty_label=_("All")
    )
    end_reason = django_filters.ChoiceFilter(
        label=_("Why it ended"), choices=EndReason, empty_label=_("All")
    )
    since = django_filters.DateFilter(
        label=_("From (day)"),
        method="of_period",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = django_filters.DateFilter(
        label=_("Until (day)"),
        method="of_period",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    # Asked for from the page of a version alone; a choice of all of them would be a long one.
    version = django_filters.UUIDFilter(method="on_version", widget=forms.HiddenInput)

    class Meta:
        model = Call
        fields = ("words", "lead", "direction", "status", "end_reason", "since", "until", "version")

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.Meta.fields)

    @cached_property
    def prompt_version(self) -> PromptVersion | None:
        """The one that is asked for, if there is such a one."""
        wanted = self.form.cleaned_data.get("version") if self.form.is_valid() else None
        if wanted is None:
            return None
        versions = PromptVersion.objects.for_business(self.request.business)
        found: PromptVersion | None = versions.select_related("prompt").filter(pk=wanted).first()
        return found

    def with_words(self, calls: QuerySet[Call], name: str, value: str) -> QuerySet[Call]:
        return calls_with(self.request.business, value, calls, self._period("began_at"))

    def of_lead(self, calls: QuerySet[Call], name: str, value: str) -> QuerySet[Call]:
        return calls.filter(lead__in=leads_called(self.request.business, value))

    def on_version(self, calls: QuerySet[Call], name: str, value: uuid.UUID) -> QuerySet[Call]:
        return calls_on_version(self.request.business, value, calls)

    def of_period(self, calls: QuerySet[Call], name: str, value: date) -> QuerySet[Call]:
        return calls.filter(self._period("created_at"))

    def _period(self, moment: str) -> Q:
        since = self.form.cleaned_data.get("since")
        until = self.form.cleaned_data.get("until")
        from_since = Q(**{f"{moment}__gte": midnight(since)}) if since else Q()
        day_after = midnight(until + timedelta(days=1)) if until else None
        return from_since & Q(**{f"{moment}__lt": day_after}) if day_after else from_since


def midnight(day: date) -> datetime:
    """With which the day begins where the business is."""
    return timezone.make_aware(datetime.combine(day, time.min))
