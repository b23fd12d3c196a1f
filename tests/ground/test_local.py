from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from prosaas.embedded import Servers
from prosaas.local import installation

NAMES = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder, and an environment that names no servers."""
    path = Path(tempfile.gettempdir()) / f"prosaas-local-{secrets.token_hex(6)}"
    monkeypatch.setenv("PROSAAS_HOME", str(path))
    monkeypatch.setenv("ENV_FILE", "")
    # The disk of a busy machine is not the subject.
    monkeypatch.setattr("prosaas.embedded.Servers", partial(Servers, durable=False))
    for name in NAMES:
        # Set before it is removed, so that what a block exports is taken back afterwards.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def with_servers_of_its_own() -> None:
    with installation():
        pass


def answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_without_any_setting_it_brings_its_own_servers_and_keys(home: Path) -> None:
    with installation():
        address = os.environ["DATABASE_URL"]
        assert answers(address)
        assert all(os.environ[name] for name in NAMES)
    assert not answers(address)


def test_keys_that_are_set_are_not_replaced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "Alice's own")
    with installation():
        assert os.environ["SECRET_KEY"] == "Alice's own"
        assert os.environ["FIELD_KEYS"]


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_servers_that_are_named_are_used_and_none_started(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "named")
    with installation():
        assert os.environ[name] == "named"
        assert "SECRET_KEY" not in os.environ
    assert not home.exists()


def test_without_the_extra_it_says_what_to_set(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("prosaas.embedded", "prosaas.processes"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(SystemExit, match="Set DATABASE_URL and REDIS_URL, or install"):
        with_servers_of_its_own()
    assert not home.exists()


def test_a_second_command_joins_the_servers_of_the_first(home: Path) -> None:
    with Servers(home, durable=False) as servers:
        with installation():
            assert os.environ["DATABASE_URL"] == servers.database_url
        assert answers(servers.database_url)


def test_a_command_that_wants_them_alone_is_refused_beside_another(home: Path) -> None:
    with Servers(home, durable=False) as servers:
        with (
            pytest.raises(SystemExit, match=f"in use by process {os.getpid()}"),
            installation(alone=True),
        ):
            pytest.fail("it shared them")
        assert answers(servers.database_url)
