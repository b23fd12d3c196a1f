"""What an operator looks at first: how much of what wants somebody, all by one question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import F, Func, IntegerField, Model, QuerySet, Subquery
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from calls.models import LIVE, Call
from calls.stuck import stuck_calls
from outbound.models import AttemptState, CarrierAccount, DialAttempt, LeadImport
from prosaas.backoffice.tasks import silent_tasks
from tenants.models import NumberRequest, RefusedKey, User

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

IN_DOUBT: Final = (AttemptState.UNKNOWN, AttemptState.HUMAN)


@dataclass(frozen=True, slots=True)
class Tile:
    label: _StrPromise
    count: int
    address: str
    wants_somebody: bool


def tiles(user: User, now: datetime) -> list[Tile]:
    counts = _counted(
        user,
        live=Call.objects.live().on_the_telephone(),
        stuck=stuck_calls(now=now),
        in_doubt=DialAttempt.objects.filter(state__in=IN_DOUBT),
        accounts=CarrierAccount.objects.filter(refused_at__isnull=False),
        keys=RefusedKey.objects.filter(retry_at__gt=now),
        imports=LeadImport.objects.running(),
        numbers=NumberRequest.objects.open(),
    )
    return [
        _tile(_("live calls"), counts["live"], _list(Call, status__in=",".join(LIVE)), calm=True),
        _tile(_("stuck calls"), counts["stuck"], reverse("admin:stuck")),
        _tile(
            _("dial attempts in doubt"),
            counts["in_doubt"],
            _list(DialAttempt, state__in=",".join(IN_DOUBT)),
        ),
        _tile(
            _("carrier accounts refused"),
            counts["accounts"],
            _list(CarrierAccount, refused_at__isempty="0"),
        ),
        _tile(_("model keys refused"), counts["keys"], _list(RefusedKey, paused="1")),
        _tile(
            _("numbers asked for"), counts["numbers"], _list(NumberRequest, status__exact="open")
        ),
        _tile(
            _("imports under way"),
            counts["imports"],
            _list(LeadImport, status__exact="running"),
            calm=True,
        ),
        _tile(_("silent tasks"), len(silent_tasks(now=now)), reverse("admin:tasks")),
    ]


def _tile(label: _StrPromise, count: int, address: str, calm: bool = False) -> Tile:
    return Tile(label, count, address, wants_somebody=bool(count) and not calm)


def _counted(user: User, **rows: QuerySet[Any]) -> dict[str, int]:
    """The operator's own row carries the counts: a query has to be of something."""
    counts = {name: _count(each) for name, each in rows.items()}
    found: dict[str, Any] = {**User.objects.filter(pk=user.pk).values(**counts).get()}
    return found


def _count(rows: QuerySet[Any]) -> Subquery:
    counted = rows.order_by().annotate(count=Func(F("pk"), function="COUNT")).values("count")
    return Subquery(counted, output_field=IntegerField())


def _list(model: type[Model], **chosen: str) -> str:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(chosen)}"
