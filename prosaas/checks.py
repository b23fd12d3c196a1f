"""What is missing or unsafe in the settings, each with what to set.

A value that cannot even be read is refused by `prosaas.env`; here stands what only
shows in the light of other values.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.http.request import validate_host

REAL_TWILIO = "https://api.twilio.com"
ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")


@register(Tags.security)
def field_keys(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    if settings.FIELD_KEYS and all(_is_fernet_key(key) for key in settings.FIELD_KEYS):
        return []
    return [
        Error(
            "FIELD_KEYS holds no usable key, so the credentials of a business cannot be stored.",
            hint="Set it to the output of: python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'. To change keys, put the new one in front, "
            "a comma, then the old ones.",
            id="prosaas.E001",
        )
    ]


@register()
def public_url(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    address = urlsplit(settings.PUBLIC_URL)
    if address.path or address.query:
        found.append(
            Error(
                "PUBLIC_URL has a path.",
                hint="Set it to scheme and host alone, such as https://calls.example.com.",
                id="prosaas.E002",
            )
        )
    if _real_twilio() and address.scheme != "https":
        found.append(
            Error(
                "PUBLIC_URL is not https, and Twilio connects a call's audio by wss only.",
                hint="Set PUBLIC_URL to the https address under which Twilio reaches this "
                "server (in development, that of a tunnel).",
                id="prosaas.E003",
            )
        )
    if not validate_host(address.hostname or "", settings.ALLOWED_HOSTS):
        found.append(
            Error(
                "ALLOWED_HOSTS lacks the host of PUBLIC_URL, so every webhook would be refused.",
                hint=f"Add {address.hostname} to ALLOWED_HOSTS, or leave ALLOWED_HOSTS unset.",
                id="prosaas.E004",
            )
        )
    return found


@register()
def twilio_account(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    if bool(settings.TWILIO_ACCOUNT_SID) != bool(settings.TWILIO_AUTH_TOKEN):
        return [
            Error(
                "Only one of TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN is set.",
                hint="Set both, or neither when every business brings its own account.",
                id="prosaas.E005",
            )
        ]
    if _real_twilio() and not ACCOUNT_SID.fullmatch(settings.TWILIO_ACCOUNT_SID):
        return [
            Error(
                "TWILIO_ACCOUNT_SID is not the SID of an account.",
                hint="Set it to the 34 characters that begin with AC in Twilio's console; a key "
                "that begins with SK cannot check the signatures of webhooks.",
                id="prosaas.E006",
            )
        ]
    return []


@register()
def model_addresses(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    hosts = {
        urlsplit(settings.OPENAI_BASE_URL).hostname,
        urlsplit(settings.OPENAI_WEBSOCKET_BASE_URL).hostname,
    }
    if len(hosts) == 1:
        return []
    return [
        Warning(
            "OPENAI_BASE_URL and OPENAI_WEBSOCKET_BASE_URL name different hosts.",
            hint="Set both to the real service or both to the same stand-in: the same key goes "
            "to both.",
            id="prosaas.W001",
        )
    ]


@register(Tags.security)
def debug_in_public(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    if not (settings.DEBUG and settings.PUBLIC_URL.startswith("https:")):
        return []
    return [
        Warning(
            "DEBUG is on behind a public address: error pages would show settings and rows.",
            hint="Set DEBUG=0.",
            id="prosaas.W002",
        )
    ]


def _real_twilio() -> bool:
    return bool(settings.TWILIO_ACCOUNT_SID) and settings.TWILIO_API_BASE_URL == REAL_TWILIO


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
