"""The telephone numbers of an account, and whither it sends their calls."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from prosaas.simulator.call_params import API_VERSION
from prosaas.simulator.rest_forms import ApiError
from prosaas.simulator.rest_resources import Json


@dataclass(frozen=True, slots=True)
class IncomingNumber:
    voice_url: str = ""
    voice_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    voice_application_sid: str = ""
    trunk_sid: str = ""
    voice: bool = True


# What a form may change, and the field that it changes.
CHANGED: Final = {
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
}


def number_from(wish: Mapping[str, Any]) -> IncomingNumber:
    return IncomingNumber(**wish)


class NumberBook:
    """Which numbers an account has bought; `own` belong to every account, and lead nowhere yet."""

    def __init__(self, own: frozenset[str]) -> None:
        self._own = own
        self._of_account: dict[str, dict[str, IncomingNumber]] = {}

    def give(self, account_sid: str, numbers: Mapping[str, IncomingNumber]) -> None:
        self._of_account.setdefault(account_sid, {}).update(numbers)

    def change(self, account_sid: str, number_sid: str, form: Mapping[str, str]) -> Json | None:
        """None: the account has no such number."""
        for e164, number in self._known(account_sid).items():
            if number_resource(e164, number, account_sid)["sid"] == number_sid:
                changes: dict[str, Any] = {
                    CHANGED[name]: value for name, value in form.items() if name in CHANGED
                }
                changed = replace(number, **changes)
                self.give(account_sid, {e164: changed})
                return number_resource(e164, changed, account_sid)
        return None

    def resources(self, account_sid: str, query: Mapping[str, str]) -> list[Json]:
        """The real carrier takes a part of a number and wildcards as well; nobody here asks so."""
        wanted = query.get("PhoneNumber", "")
        if "*" in wanted:
            raise ApiError(400, 20001, "PhoneNumber: the stand-in knows no wildcards")
        return [
            number_resource(e164, number, account_sid)
            for e164, number in self._known(account_sid).items()
            if wanted in {"", e164}
        ]

    def _known(self, account_sid: str) -> dict[str, IncomingNumber]:
        known = dict.fromkeys(sorted(self._own), IncomingNumber())
        return known | self._of_account.get(account_sid, {})


def number_resource(e164: str, number: IncomingNumber, account_sid: str) -> Json:
    sid = "PN" + hashlib.sha256(f"{account_sid} {e164}".encode()).hexdigest()[:32]
    return {
        "sid": sid,
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "friendly_name": e164,
        "phone_number": e164,
        "voice_url": number.voice_url,
        "voice_method": number.voice_method,
        "voice_fallback_url": "",
        "voice_fallback_method": "POST",
        "voice_caller_id_lookup": False,
        "voice_application_sid": number.voice_application_sid or None,
        "trunk_sid": number.trunk_sid or None,
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "capabilities": {"voice": number.voice, "sms": False, "mms": False, "fax": False},
        "status": "in-use",
        "origin": "twilio",
        "beta": False,
        "uri": f"/{API_VERSION}/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}.json",
    }
