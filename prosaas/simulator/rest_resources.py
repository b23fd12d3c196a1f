"""Calls and recordings as the carrier's REST interface shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlencode

from prosaas.simulator.call_params import API_VERSION
from prosaas.simulator.call_plan import FINAL
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.recordings import Recording
from prosaas.simulator.rest_forms import ApiError

Json = dict[str, object]
WallTime = Callable[[float], datetime]

_DEFAULT_PAGE_SIZE = 50
_MAX_PAGE_SIZE = 1000


def call_resource(call: PhoneCall, wall_time: WallTime) -> Json:
    """Url, fallback and callbacks of the call are not shown: the real carrier hides them too."""
    uri = f"/{API_VERSION}/Accounts/{call.account.sid}/Calls/{call.sid}.json"
    over = call.status in FINAL
    return {
        "sid": call.sid,
        "account_sid": call.account.sid,
        "parent_call_sid": call.parent_sid or None,
        "api_version": API_VERSION,
        "to": call.to,
        "to_formatted": call.to,
        "from": call.from_,
        "from_formatted": call.from_,
        # "initiated" exists in callbacks only.
        "status": "queued" if call.status == "initiated" else call.status,
        "direction": call.direction,
        "answered_by": call.answered_by or None,
        "queue_time": str(round(call.queue_time_s * 1000)),
        "date_created": _rfc2822(call.created_at, wall_time),
        "date_updated": _rfc2822(call.log[-1].at if call.log else call.created_at, wall_time),
        "start_time": _rfc2822(call.answered_at, wall_time),
        "end_time": _rfc2822(call.ended_at, wall_time),
        "duration": str(call.duration_s) if over else None,
        "price": None,
        "price_unit": "USD",
        "phone_number_sid": "",
        "forwarded_from": None,
        "caller_name": None,
        "group_sid": None,
        "trunk_sid": "",
        "annotation": None,
        "uri": uri,
        "subresource_uris": {
            "recordings": uri.removesuffix(".json") + "/Recordings.json",
        },
    }


def recording_resource(recording: Recording, account_sid: str, wall_time: WallTime) -> Json:
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Recordings/{recording.sid}.json"
    made = _rfc2822(recording.made_at, wall_time)
    return {
        "sid": recording.sid,
        "account_sid": account_sid,
        "call_sid": recording.call_sid,
        "api_version": API_VERSION,
        "status": "completed",
        "source": "OutboundAPI",
        "channels": recording.channels,
        "duration": str(recording.duration_s),
        "start_time": made,
        "date_created": made,
        "date_updated": made,
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "uri": uri,
    }


def page(kind: str, resources: list[Json], query: Mapping[str, str], path: str) -> Json:
    size = min(_number(query, "PageSize", _DEFAULT_PAGE_SIZE), _MAX_PAGE_SIZE)
    number = _number(query, "Page", 0)
    begin = number * size
    shown = resources[begin : begin + size]
    filters = {name: value for name, value in query.items() if not name.startswith("Page")}

    def address(page_number: int) -> str:
        return f"{path}?{urlencode(filters | {'PageSize': size, 'Page': page_number})}"

    return {
        kind: shown,
        "page": number,
        "page_size": size,
        "start": begin,
        "end": begin + max(0, len(shown) - 1),
        "uri": address(number),
        "first_page_uri": address(0),
        "previous_page_uri": address(number - 1) if number else None,
        "next_page_uri": address(number + 1) if begin + size < len(resources) else None,
    }


def matching(calls: Iterable[Json], query: Mapping[str, str]) -> list[Json]:
    wanted = {
        resource_field: query[parameter]
        for parameter, resource_field in _FILTERS.items()
        if parameter in query
    }
    return [call for call in calls if all(call[name] == value for name, value in wanted.items())]


_FILTERS = {"To": "to", "From": "from", "Status": "status", "ParentCallSid": "parent_call_sid"}


def started_within(
    calls: Iterable[PhoneCall], query: Mapping[str, str], wall_time: WallTime
) -> list[PhoneCall]:
    """By StartTime and EndTime, with < for before and > for on or after; a call that has not
    started yet has no start time and matches none of them.
    """
    kept = list(calls)
    for parameter, value in query.items():
        name, relation = parameter.rstrip("<>"), parameter[-1:]
        if name not in {"StartTime", "EndTime"}:
            continue
        bound = _moment(parameter, value)
        kept = [call for call in kept if _fits(_time_of(call, name, wall_time), relation, bound)]
    return kept


def _time_of(call: PhoneCall, name: str, wall_time: WallTime) -> datetime | None:
    at = call.answered_at if name == "StartTime" else call.ended_at
    return None if at is None else wall_time(at)


def _fits(moment: datetime | None, relation: str, bound: datetime) -> bool:
    if moment is None:
        return False
    if relation == "<":
        return moment < bound
    if relation == ">":
        return moment >= bound
    return moment.date() == bound.date()


def _moment(parameter: str, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ApiError(400, 20001, f"{parameter}: {value!r} is not a time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, str(default))
    if not value.isascii() or not value.isdigit():
        raise ApiError(400, 20001, f"{name}: {value!r} is not a number")
    return int(value)


def _rfc2822(at: float | None, wall_time: WallTime) -> str | None:
    return None if at is None else format_datetime(wall_time(at))
