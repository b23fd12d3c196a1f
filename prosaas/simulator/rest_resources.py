"""Calls and recordings as the carrier's REST interface shows them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime

from prosaas.simulator.call_params import API_VERSION
from prosaas.simulator.call_record import CallRecord
from prosaas.simulator.recordings import Recording
from prosaas.simulator.webhooks import Exchange

Json = dict[str, object]
WallTime = Callable[[float], datetime]

_WORD_BEGINS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def call_resource(call: CallRecord, wall_time: WallTime) -> Json:
    """Url, fallback and callbacks of the call are not shown: the real carrier hides them too."""
    uri = f"/{API_VERSION}/Accounts/{call.account_sid}/Calls/{call.sid}.json"
    return {
        "sid": call.sid,
        "account_sid": call.account_sid,
        "parent_call_sid": call.parent_sid or None,
        "api_version": API_VERSION,
        "to": call.to,
        "to_formatted": call.to,
        "from": call.from_,
        "from_formatted": call.from_,
        "status": call.shown_status,
        "direction": call.direction,
        "answered_by": call.answered_by or None,
        "queue_time": str(round(call.queue_time_s * 1000)),
        "date_created": _rfc2822(call.created_at, wall_time),
        "date_updated": _rfc2822(call.updated_at or call.created_at, wall_time),
        "start_time": _rfc2822(call.answered_at, wall_time),
        "end_time": _rfc2822(call.ended_at, wall_time),
        "duration": str(call.duration_s) if call.is_over else None,
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
            "events": uri.removesuffix(".json") + "/Events.json",
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
        "status": recording.status,
        "source": recording.source,
        "channels": recording.channels,
        "duration": None if recording.status == "in-progress" else str(recording.duration_s),
        "start_time": made,
        "date_created": made,
        "date_updated": made,
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "uri": uri,
    }


def event_resource(exchange: Exchange, wall_time: WallTime) -> Json:
    """One request to the application, as …/Calls/{sid}/Events.json tells of it."""
    response = {
        "date_created": wall_time(exchange.answered_at).isoformat(),
        "request_duration": round((exchange.answered_at - exchange.sent_at) * 1000),
        "response_code": exchange.status,
        "content_type": exchange.content_type,
        "response_body": exchange.body,
    }
    parameters = {_snake_case(name): value for name, value in exchange.params.items()}
    request = {"method": exchange.method, "url": exchange.url, "parameters": parameters}
    return {"request": request, "response": response if exchange.status else None}


def _snake_case(name: str) -> str:
    return _WORD_BEGINS.sub("_", name).lower()


def _rfc2822(at: float | None, wall_time: WallTime) -> str | None:
    return None if at is None else format_datetime(wall_time(at))
