"""Typed reading of the environment.

Every variable NAME may also come from a file: NAME_FILE holds the path (the way
secrets arrive in containers). A blank value counts as not set, so that a line of
`.env.example` may be copied without being filled in. Whatever cannot be read is
refused with one sentence that says what to set; a secret's value is never in it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})


def load_dotenv(default: Path) -> None:
    """Read the file named by ENV_FILE (blank: none), else `default` when it exists.

    A variable that is set already keeps its value.
    """
    named = os.environ.get("ENV_FILE")
    if named is None and default.is_file():
        environ.Env.read_env(default)
    elif named:
        if not Path(named).is_file():
            raise ImproperlyConfigured("ENV_FILE names a file that is not there; correct the path.")
        environ.Env.read_env(named)


def is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def env_str(name: str, default: str | None = None) -> str:
    value = _read(name)
    if value is not None:
        return value
    if default is None:
        raise ImproperlyConfigured(
            f"Set {name} (or {name}_FILE, the path of a file that holds it)."
        )
    return default


def env_secret(name: str, default: str | None = None, *, least: int = 1) -> str:
    value = env_str(name, default)
    if value and len(value) < least:
        raise ImproperlyConfigured(f"{name} is too short: set at least {least} random characters.")
    return value


def env_bool(name: str, default: bool) -> bool:
    word = _read(name)
    if word is None:
        return default
    if word.lower() in TRUE_WORDS:
        return True
    if word.lower() in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} is {word!r}; set it to 1 or 0.")


def env_int(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    text = _read(name)
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {text!r}; set it to a whole number.") from None
    if number < least or (most is not None and number > most):
        limit = f"{least} or more" if most is None else f"between {least} and {most}"
        raise ImproperlyConfigured(f"{name} is {number}; set it to a number {limit}.")
    return number


def env_list(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Values between commas, blanks dropped."""
    text = _read(name)
    if text is None:
        return list(default)
    return [item.strip() for item in text.split(",") if item.strip()]


def env_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    word = env_str(name, default)
    if word not in choices:
        raise ImproperlyConfigured(f"{name} is {word!r}; set it to one of: {', '.join(choices)}.")
    return word


def env_url(
    name: str, default: str | None = None, *, schemes: tuple[str, ...] = ("https", "http")
) -> str:
    """An address without its trailing slash. The value is not repeated in the
    refusal, since an address may carry a password."""
    url = env_str(name, default).rstrip("/")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ImproperlyConfigured(
            f"{name} is not an address; set it to {schemes[0]}://host[:port]."
        )
    return url


def env_email(name: str, default: str) -> dict[str, Any]:
    """Django's EMAIL_* settings for the server in `name`. The value may carry a password."""
    try:
        config = dict(environ.Env.email_url_config(env_str(name, default)))
    except (KeyError, ValueError):
        config = {}
    if not config.get("EMAIL_BACKEND"):
        raise ImproperlyConfigured(
            f"{name} is not usable; set it to smtp+tls://user:password@host:587."
        )
    return config


def env_database(name: str) -> dict[str, Any]:
    """Django's dictionary for the PostgreSQL address in `name`."""
    url = env_str(name)
    sentence = f"{name} is not usable; set it to postgresql://role:password@host:port/name."
    if not url.startswith(("postgresql://", "postgres://")):
        raise ImproperlyConfigured(sentence)
    try:
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:
        raise ImproperlyConfigured(sentence) from None
    if not config["NAME"]:
        raise ImproperlyConfigured(sentence)
    return config


def _read(name: str) -> str | None:
    path = os.environ.get(f"{name}_FILE")
    value = os.environ.get(name)
    if path and value:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    if path:
        try:
            value = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise ImproperlyConfigured(
                f"{name}_FILE names a file that cannot be read; correct the path or its permissions."
            ) from None
    return (value or "").strip() or None
