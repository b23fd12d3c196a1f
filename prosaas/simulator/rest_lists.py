"""Lists at the carrier's REST interface: filters, and one page after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urlencode

from prosaas.simulator.call_record import CallRecord
from prosaas.simulator.rest_forms import ApiError
from prosaas.simulator.rest_resources import Json, WallTime, call_resource

_DEFAULT_PAGE_SIZE = 50
_MAX_PAGE_SIZE = 1000
_SHOWN_UNTIL = "PA"  # before the sid of the last call that was shown


def last_shown(query: Mapping[str, str]) -> str:
    """The call behind which a page begins, so that calls which are new since then move nothing."""
    return query.get("PageToken", "").removeprefix(_SHOWN_UNTIL)


def filtered(
    calls: Iterator[CallRecord], query: Mapping[str, str], wall_time: WallTime
) -> Iterator[CallRecord]:
    bounds = _bounds(query)
    return (
        call
        for call in calls
        if _matches(call, query) and all(bound.admits(call, wall_time) for bound in bounds)
    )


def page_of_calls(
    found: Iterator[CallRecord], query: Mapping[str, str], path: str, wall_time: WallTime
) -> Json:
    """Looks no further than to the first call of the next page."""
    size, number = _size(query), _number(query, "Page", 0)
    skipped = 0 if last_shown(query) else number * size
    shown = list(islice(found, skipped, skipped + size + 1))
    more, shown = len(shown) > size, shown[:size]
    resources = [call_resource(call, wall_time) for call in shown]
    token = f"{_SHOWN_UNTIL}{shown[-1].sid}" if more else ""
    return _framed("calls", resources, query, path, more=more, token=token)


def page(kind: str, resources: list[Json], query: Mapping[str, str], path: str) -> Json:
    size, number = _size(query), _number(query, "Page", 0)
    begin = number * size
    shown = resources[begin : begin + size]
    return _framed(kind, shown, query, path, more=begin + size < len(resources))


def _framed(
    kind: str,
    shown: list[Json],
    query: Mapping[str, str],
    path: str,
    *,
    more: bool,
    token: str = "",
) -> Json:
    size, number = _size(query), _number(query, "Page", 0)
    filters = {name: value for name, value in query.items() if not name.startswith("Page")}

    def address(page_number: int, token: str = "") -> str:
        place = {"PageSize": size, "Page": page_number} | ({"PageToken": token} if token else {})
        return f"{path}?{urlencode(filters | place)}"

    return {
        kind: shown,
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(0, len(shown) - 1),
        "uri": address(number, query.get("PageToken", "")),
        "first_page_uri": address(0),
        "previous_page_uri": address(number - 1) if number else None,
        "next_page_uri": address(number + 1, token) if more else None,
    }


def _matches(call: CallRecord, query: Mapping[str, str]) -> bool:
    return (
        query.get("To", call.to) == call.to
        and query.get("From", call.from_) == call.from_
        and query.get("Status", call.shown_status) == call.shown_status
        and query.get("ParentCallSid", call.parent_sid) == call.parent_sid
    )


class _Bound:
    """StartTime or EndTime, with < for before and > for on or after; a call that has not started
    yet has no start time and matches none of them.
    """

    def __init__(self, parameter: str, value: str) -> None:
        self._field = parameter.rstrip("<>")
        self._relation = parameter[-1]
        self._moment = _moment(parameter, value)

    def admits(self, call: CallRecord, wall_time: WallTime) -> bool:
        at = call.answered_at if self._field == "StartTime" else call.ended_at
        if at is None:
            return False
        moment = wall_time(at)
        if self._relation == "<":
            return moment < self._moment
        if self._relation == ">":
            return moment >= self._moment
        return moment.date() == self._moment.date()


def _bounds(query: Mapping[str, str]) -> list[_Bound]:
    return [
        _Bound(parameter, value)
        for parameter, value in query.items()
        if parameter.rstrip("<>") in {"StartTime", "EndTime"}
    ]


def _moment(parameter: str, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ApiError(400, 20001, f"{parameter}: {value!r} is not a time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _size(query: Mapping[str, str]) -> int:
    return min(max(1, _number(query, "PageSize", _DEFAULT_PAGE_SIZE)), _MAX_PAGE_SIZE)


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, str(default))
    if not value.isascii() or not value.isdigit():
        raise ApiError(400, 20001, f"{name}: {value!r} is not a number")
    return int(value)
