"""Pages of a long list, by the key of their edge: the thousandth page costs what the first does.

A page is named by the last row before it (`?after=`) or the first one behind it (`?before=`).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.http import HttpRequest

ROWS: Final = 50
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Pages(Generic[Row]):
    """`before` and `after` are the query strings of the neighbours, "" where there is none."""

    rows: list[Row]
    before: str = ""
    after: str = ""


def page_of(
    queryset: QuerySet[Row],
    request: HttpRequest,
    *,
    by: Sequence[str],
    descending: bool = True,
    size: int = ROWS,
) -> Pages[Row]:
    """The page that the request names, else the first one. One query.

    `by` names fields of the model itself that together are unique, such as ("created_at", "id"),
    and has to be the order of an index. A cursor that nobody can read is the first page.
    """
    cursor, backwards = _cursor(queryset, request, by)
    downwards = descending != backwards
    rows = queryset.order_by(*(F(name).desc() if downwards else F(name).asc() for name in by))
    if cursor:
        lookup = TupleLessThan if downwards else TupleGreaterThan
        rows = rows.filter(lookup(tuple(F(name) for name in by), tuple(cursor)))
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_before = more if backwards else bool(cursor)
    has_after = bool(cursor) if backwards else more
    return Pages(
        found,
        _link(request, "before", found[0], by) if found and has_before else "",
        _link(request, "after", found[-1], by) if found and has_after else "",
    )


def _cursor(
    queryset: QuerySet[Row], request: HttpRequest, by: Sequence[str]
) -> tuple[list[Any], bool]:
    backwards = "before" in request.GET
    written = request.GET.get("before") or request.GET.get("after") or ""
    try:
        values = json.loads(base64.urlsafe_b64decode(written.encode()))
        fields = [queryset.model._meta.get_field(name) for name in by]
        return [
            _value(field, value) for field, value in zip(fields, values, strict=True)
        ], backwards
    except (ValueError, TypeError, binascii.Error, ValidationError):
        return [], False


def _value(field: Any, value: Any) -> Any:
    read = field.to_python(value)
    if read is None or "\x00" in str(read):
        raise ValueError("no place in the list")
    return read


def _link(request: HttpRequest, direction: str, row: Model, by: Sequence[str]) -> str:
    values = json.dumps([str(getattr(row, name)) for name in by])
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    query[direction] = base64.urlsafe_b64encode(values.encode()).decode()
    return f"?{query.urlencode()}"
