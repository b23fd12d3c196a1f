"""A pytest plugin (`-p tests.servers`): PostgreSQL and Valkey for the run.

A fixture would be too late, since pytest-django reads the settings before any. The
servers are started by the controlling process alone; pytest-xdist's workers inherit
its environment and make a database of their own each on the one server.

`python -m tests.servers COMMAND …` runs a command that runs pytest more than once, on
one pair of servers.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from prosaas.embedded import EmbeddedError, Servers

MEMORY = Path("/dev/shm")  # noqa: S108 - a name drawn at random, in a folder that is the owner's alone
ENOUGH_BYTES = 6 * 2**30


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """A wrapper runs before everybody's plain hooks, pytest-django's among them."""
    asked = early_config.known_args_namespace
    if not (_are_named() or asked.help or asked.version):
        _start(early_config)
    return (yield)


def _are_named() -> bool:
    return bool(os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"))


def _throw_away_servers() -> Servers:
    return Servers(_quick_folder() / f"prosaas-tests-{secrets.token_hex(6)}", durable=False)


def _quick_folder() -> Path:
    """In memory where there is plenty: emptying tables makes files by the hundred."""
    with contextlib.suppress(OSError):
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
            return MEMORY
    return Path(tempfile.gettempdir())


def _start(config: pytest.Config) -> None:
    servers = _throw_away_servers()

    def stop() -> None:
        servers.stop()  # first, or PostgreSQL stays behind
        shutil.rmtree(servers.home, ignore_errors=True)

    config.add_cleanup(stop)
    # pytest winds up in order for a Ctrl-C; at SIGTERM it would leave the servers behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        servers.start()
    except EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error
    os.environ["DATABASE_URL"] = servers.database_url
    os.environ["REDIS_URL"] = servers.redis_url


def _run(command: list[str]) -> int:
    if _are_named():
        return subprocess.call(command)
    servers = _throw_away_servers()
    try:
        with servers:
            named = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
            return _until_over(command, os.environ | named)
    except EmbeddedError as error:
        sys.exit(str(error))
    finally:
        shutil.rmtree(servers.home, ignore_errors=True)


def _until_over(command: list[str], environment: dict[str, str]) -> int:
    """A signal that ends us ends the command too, and the servers after it."""
    with subprocess.Popen(command, env=environment) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))
