"""All businesses at a glance, and above them what wants somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OrderBy, OuterRef, Q, QuerySet, Sum
from django.http import HttpRequest, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prosaas.backoffice.figures import FAILED, calls_of, dialled_of, last_call_of, rows_of
from prosaas.backoffice.tiles import tiles
from tenants.admin_site import operator_of
from tenants.models import Business, PhoneNumber

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

BUSINESSES_A_PAGE: Final = 50
COLUMNS: Final[dict[str, _StrPromise]] = {
    "name": _("business"),
    "status": _("status"),
    "today": _("calls today"),
    "calls": _("calls in 7 days"),
    "minutes": _("minutes in 7 days"),
    "failures": _("failures in 7 days"),
    "dialled": _("minutes dialled in 7 days"),
    "last": _("last call"),
}
# What is counted by each business's own clock is not sorted by.
UNSORTED: Final = frozenset({"today"})


@dataclass(frozen=True, slots=True)
class Order:
    column: str = "name"
    falls: bool = False

    @classmethod
    def asked(cls, wish: str) -> Order:
        column = wish.removeprefix("-")
        known = column in COLUMNS.keys() - UNSORTED
        return cls(column, wish.startswith("-")) if known else cls()

    def next(self, column: str) -> str:
        """What a click on this column asks for: figures from the greatest down first."""
        if column == self.column:
            return column if self.falls else f"-{column}"
        return column if column in ("name", "status") else f"-{column}"

    def of(self, businesses: QuerySet[Business], now: datetime) -> QuerySet[Business]:
        sorted_by = SORTED_BY.get(self.column, lambda now: F(self.column))(now)
        order = OrderBy(sorted_by, descending=self.falls, nulls_last=True)
        return businesses.order_by(order, "name", "pk")


SORTED_BY: Final[dict[str, Any]] = {
    "calls": lambda now: calls_of(now, Count("pk")),
    "minutes": lambda now: calls_of(now, Sum("duration_s")),
    "failures": lambda now: calls_of(now, Count("pk"), FAILED),
    "dialled": dialled_of,
    "last": lambda now: last_call_of(),
}


def overview(request: HttpRequest) -> TemplateResponse:
    now = timezone.now()
    order = Order.asked(request.GET.get("o", ""))
    found = order.of(_found(request.GET), now)
    pages = Paginator(found.annotate(last_call_at=last_call_of()), BUSINESSES_A_PAGE)
    page = pages.get_page(request.GET.get("p"))
    context = {
        **admin.site.each_context(request),
        "title": _("Overview"),
        "tiles": tiles(operator_of(request), now),
        "columns": [
            (label, None if name in UNSORTED else order.next(name), _direction(order, name))
            for name, label in COLUMNS.items()
        ],
        "rows": rows_of(list(page), now),
        "page": page,
        "sought": request.GET.get("q", ""),
        "status": request.GET.get("status", ""),
        "statuses": Business.Status.choices,
        "order": f"-{order.column}" if order.falls else order.column,
    }
    return TemplateResponse(request, "backoffice/overview.html", context)


def _found(asked: QueryDict) -> QuerySet[Business]:
    businesses = Business.objects.all()
    if asked.get("status") in Business.Status.values:
        businesses = businesses.filter(status=asked["status"])
    for word in asked.get("q", "").replace("\x00", "").split():
        number = PhoneNumber.objects.filter(business=OuterRef("pk"), e164__contains=word)
        businesses = businesses.filter(
            Q(name__icontains=word)
            | Q(slug__icontains=word)
            | Q(industry__icontains=word)
            | Exists(number)
        )
    return businesses


def _direction(order: Order, name: str) -> str:
    if order.column != name:
        return "none"
    return "descending" if order.falls else "ascending"
