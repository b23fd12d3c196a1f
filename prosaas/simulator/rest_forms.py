"""The forms of the carrier's REST interface: what is asked for, or why it is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlsplit

from multidict import MultiDictProxy

from prosaas.simulator.call_plan import (
    CallSettings,
    Fetch,
    Inline,
    MachineDetection,
    RecordingWish,
    Source,
)

TWIML_LIMIT = 4000
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
_RECORDING_EVENTS = frozenset({"in-progress", "completed", "absent"})
_MAX_RING_S = 600

Form = MultiDictProxy[str]


class ApiError(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Dialling:
    """What `POST …/Calls.json` asks for."""

    to: str
    from_: str
    settings: CallSettings


def dialling(form: Form, own_numbers: frozenset[str]) -> Dialling:
    """`own_numbers`: the numbers of the account; empty means that any may be shown."""
    to, from_ = _number(form, "To", 21201, 21211), _number(form, "From", 21213, 21212)
    if own_numbers and from_ not in own_numbers:
        raise ApiError(400, 21210, f"From: {from_} is not a number of this account")
    settings = CallSettings(
        source=_source(form),
        status_callback=_url(form, "StatusCallback", 21609),
        status_callback_method=_method(form, "StatusCallbackMethod"),
        status_events=_events(form),
        rings_for_s=float(_in_range(form, "Timeout", 1, _MAX_RING_S) or 60),
        time_limit_s=float(_in_range(form, "TimeLimit", 1, 86_400) or 14_400),
        detection=_detection(form),
        recording=_recording(form),
    )
    return Dialling(to, from_, settings)


def new_source(form: Form) -> Source | None:
    """Where `POST …/Calls/{sid}.json` sends a running call, if anywhere."""
    return _source(form) if "Url" in form or "Twiml" in form else None


def new_status(form: Form) -> Literal["completed", "canceled"] | None:
    status = form.get("Status")
    if status not in (None, "completed", "canceled"):
        raise ApiError(400, 21218, f"Status: {status!r} is neither completed nor canceled")
    return cast("Literal['completed', 'canceled'] | None", status)


def _number(form: Form, field: str, missing: int, invalid: int) -> str:
    number = form.get(field, "")
    if not number:
        raise ApiError(400, missing, f"{field}: a number is required")
    if not _E164.fullmatch(number):
        raise ApiError(400, invalid, f"{field}: {number} is not a valid phone number")
    return number


def _source(form: Form) -> Source:
    url, document = form.get("Url", ""), form.get("Twiml", "")
    # The real carrier lets Url win; a caller that sends both is mistaken about one of them.
    if bool(url) == bool(document):
        raise ApiError(400, 21205, "exactly one of Url and Twiml is required")
    if len(document) > TWIML_LIMIT:
        raise ApiError(400, 20001, f"Twiml: longer than {TWIML_LIMIT} characters")
    if document:
        return Inline(document)
    return Fetch(
        _url(form, "Url", 21205), _method(form, "Method"), _url(form, "FallbackUrl", 21205)
    )


def _url(form: Form, field: str, invalid: int) -> str:
    url = form.get(field, "")
    parts = urlsplit(url)
    host = parts.hostname or ""
    if url and (parts.scheme not in {"http", "https"} or not host or "_" in host):
        raise ApiError(400, invalid, f"{field}: {url} is not a valid URL")
    return url


def _method(form: Form, field: str) -> str:
    return _one_of(form, field, {"POST", "GET"}) or "POST"


def _events(form: Form) -> frozenset[str]:
    events = frozenset(form.getall("StatusCallbackEvent", ["completed"]))
    if not events <= _EVENTS:
        raise ApiError(400, 21626, f"StatusCallbackEvent: {', '.join(sorted(events - _EVENTS))}")
    return events


def _detection(form: Form) -> MachineDetection | None:
    mode = _one_of(form, "MachineDetection", {"Enable", "DetectMessageEnd"})
    if not mode or form.get("SendDigits"):
        return None
    return MachineDetection(
        mode=cast("Literal['Enable', 'DetectMessageEnd']", mode),
        in_background=_is_true(form, "AsyncAmd"),
        callback=_url(form, "AsyncAmdStatusCallback", 21609),
        callback_method=_method(form, "AsyncAmdStatusCallbackMethod"),
        timeout_s=float(_in_range(form, "MachineDetectionTimeout", 3, 59) or 30),
    )


def _recording(form: Form) -> RecordingWish | None:
    return recording_wish(form, "OutboundAPI") if _is_true(form, "Record") else None


def recording_wish(form: Form, source: str, ready_after_s: float = 2.0) -> RecordingWish:
    channels = _one_of(form, "RecordingChannels", {"mono", "dual"})
    _one_of(form, "Trim", {"trim-silence", "do-not-trim"})
    events = frozenset(form.getall("RecordingStatusCallbackEvent", ["completed"]))
    if not events <= _RECORDING_EVENTS:
        unknown = ", ".join(sorted(events - _RECORDING_EVENTS))
        raise ApiError(400, 20001, f"RecordingStatusCallbackEvent: {unknown}")
    return RecordingWish(
        channels=2 if channels == "dual" else 1,
        callback=_url(form, "RecordingStatusCallback", 21609),
        callback_method=_method(form, "RecordingStatusCallbackMethod"),
        events=events,
        source=source,
        ready_after_s=ready_after_s,
    )


def _is_true(form: Form, field: str) -> bool:
    return _one_of(form, field, {"true", "false"}) == "true"


def _one_of(form: Mapping[str, str], field: str, allowed: set[str]) -> str:
    value = form.get(field, "")
    if value and value not in allowed:
        raise ApiError(400, 20001, f"{field}: {value!r} is not one of {', '.join(sorted(allowed))}")
    return value


def _in_range(form: Mapping[str, str], field: str, least: int, most: int) -> int:
    value = form.get(field, "")
    if not value:
        return 0
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise ApiError(400, 20001, f"{field}: {value!r} is not between {least} and {most}")
    return int(value)
