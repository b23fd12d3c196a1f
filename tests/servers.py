"""A pytest plugin (`-p tests.servers`): PostgreSQL and Valkey for the run.

A fixture would be too late, since pytest-django reads the settings before any. The
servers are started by the controlling process alone; pytest-xdist's workers inherit
its environment and make a database of their own each on the one server.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from prosaas.embedded import EmbeddedError, Servers


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """A wrapper runs before everybody's plain hooks, pytest-django's among them."""
    asked = early_config.known_args_namespace
    named = {"DATABASE_URL", "REDIS_URL"} & {name for name, value in os.environ.items() if value}
    if not (named or asked.help or asked.version):
        _start(early_config)
    return (yield)


def _start(config: pytest.Config) -> None:
    home = Path(tempfile.gettempdir()) / f"prosaas-tests-{secrets.token_hex(6)}"
    servers = Servers(home, durable=False)

    def stop() -> None:
        servers.stop()  # first, or PostgreSQL stays behind
        shutil.rmtree(home, ignore_errors=True)

    config.add_cleanup(stop)
    # pytest winds up in order for a Ctrl-C; at SIGTERM it would leave the servers behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        servers.start()
    except EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error
    os.environ["DATABASE_URL"] = servers.database_url
    os.environ["REDIS_URL"] = servers.redis_url
