"""What the lists of several models show, and how they are searched."""

from __future__ import annotations

import re
import uuid
from typing import Any, ClassVar, Final, Protocol, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from outbound.models import OutboundCallRun
from tenants.admin_display import link
from tenants.admin_site import ModelAdmin

# A telephone number as people write one: 050-123 4567.
WRITTEN: Final = re.compile(r"[+\d][\d\s().-]*")
# Nobody reads a list of all runs; the one that is chosen stands in it too.
RUNS_SHOWN: Final = 30


class PhoneSearch(ModelAdmin):
    """Finds +972501234567 by 050-123 4567 as well."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if WRITTEN.fullmatch(term):
            term = re.sub(r"\D", "", term).lstrip("0") or term
        return super().get_search_results(request, queryset, term)


class PageOfMany(ChangeList):
    """Of a hundred thousand rows the page is cut first: joined before, all of them would be sorted
    with everything that belongs to them.
    """

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        belongings = cast(ManyRows, self.model_admin).list_select_related
        return rows.select_related(None).prefetch_related(*belongings)


class ManyRows(ModelAdmin):
    list_select_related: ClassVar[tuple[str, ...]]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PageOfMany


def _isolated(*names: str) -> str:
    """Side by side in the order of the page, each in its own direction."""
    return " · ".join(f"\u2068{name}\u2069" for name in names)


class OfRun(Protocol):
    run: OutboundCallRun


class RunColumn:
    @admin.display(description=_("run"), ordering="run__name")
    def of_run(self, row: OfRun) -> SafeString:
        return link(row.run)


class RunFilter(admin.SimpleListFilter):
    title = _("run")
    parameter_name = "run"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        runs = OutboundCallRun.objects.select_related("business").order_by("-created_at", "pk")
        shown = list(runs[:RUNS_SHOWN])
        chosen = self._chosen()
        if chosen and chosen not in [run.pk for run in shown]:
            shown += runs.filter(pk=chosen)
        return [(str(run.pk), _isolated(run.name, run.business.name)) for run in shown]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        chosen = self._chosen()
        return queryset.filter(run=chosen) if chosen else queryset.none()

    def _chosen(self) -> uuid.UUID | None:
        try:
            return uuid.UUID(self.value() or "")
        except ValueError:
            return None


def list_address(model: type[Model], **chosen: str | uuid.UUID) -> str:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode({name: str(value) for name, value in chosen.items()})}"


def list_link(model: type[Model], text: object, **chosen: str | uuid.UUID) -> SafeString:
    return format_html('<a href="{}">{}</a>', list_address(model, **chosen), text)


def told(sentence: str) -> SafeString:
    """Names and numbers in it may go the other way."""
    return format_html('<bdi dir="auto">{}</bdi>', sentence)
