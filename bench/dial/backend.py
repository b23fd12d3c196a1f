"""PostgreSQL and Valkey of a trial, and how they are torn down in the middle of it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import redis
from cryptography.fernet import Fernet
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

from bench.processes import BASE_DIR
from bench.processes import run as run_module
from prosaas.embedded import Servers, running_environment
from prosaas.processes import launch, pid_in, run, wait_until

TEMPLATE: Final = "nemesis_template"
UP_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Backend:
    """`home` of the embedded servers; None: they are somebody else's, and nobody restarts them."""

    database_url: str
    redis_url: str
    secrets: Mapping[str, str]
    home: Path | None

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the developer's own: neither `.env` nor keys reach the product under test."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "ENV_FILE": "",
            "PYTHONPATH": str(BASE_DIR),
            "LOG_FORMAT": "json",
            **self.secrets,
        }

    def restart_postgres(self) -> None:
        """Without a checkpoint and without goodbyes: every session is gone, every lock with it."""
        if self.home is None:
            return
        data = self.home / "postgres" / "data"
        postgres = Path((data / "postmaster.opts").read_text().split(maxsplit=1)[0])
        restart = (postgres.with_name("pg_ctl"), "restart", "-m", "immediate", "-w", "-D", data)
        done, said = run(*restart, "-l", self.home / "postgres" / "server.log")
        if not done:
            raise RuntimeError(f"PostgreSQL did not come back: {said}")

    def restart_valkey(self) -> None:
        if self.home is None:
            return
        folder = self.home / "valkey"
        process = psutil.Process(pid_in(folder / "valkey.pid"))
        program = process.exe()
        process.send_signal(signal.SIGKILL)
        wait_until(lambda: not _answers(self.redis_url), seconds=UP_WITHIN_S)
        launch(program, folder / "valkey.conf")
        wait_until(lambda: _answers(self.redis_url), seconds=UP_WITHIN_S)


@contextlib.contextmanager
def backend(home: Path | None) -> Iterator[Backend]:
    """Of the servers that another process runs on `home`; of those that DATABASE_URL and REDIS_URL
    name; else of servers for this trial alone. The database is a new one, and goes with the trial.
    """
    with contextlib.ExitStack() as stack:
        found = stack.enter_context(_servers(home))
        with _database(found) as database_url:
            yield Backend(database_url, found.redis_url, found.secrets, found.home)


@contextlib.contextmanager
def _servers(home: Path | None) -> Iterator[Backend]:
    running = running_environment(home) if home else None
    if home and running:
        yield _of(running, home)
    elif os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        yield _of(_drawn() | dict(os.environ), None)
    else:
        own = Path(tempfile.gettempdir()) / f"prosaas-nemesis-{secrets.token_hex(6)}"
        try:
            with Servers(own, durable=False) as servers:
                yield _of(servers.environment(), own)
        finally:
            shutil.rmtree(own, ignore_errors=True)


def _of(environment: Mapping[str, str], home: Path | None) -> Backend:
    keys = {name: environment[name] for name in ("SECRET_KEY", "FIELD_KEYS")}
    return Backend(environment["DATABASE_URL"], environment["REDIS_URL"], keys, home)


def _drawn() -> dict[str, str]:
    return {"SECRET_KEY": secrets.token_hex(32), "FIELD_KEYS": Fernet.generate_key().decode()}


@contextlib.contextmanager
def _database(servers: Backend) -> Iterator[str]:
    prepare(servers)
    name = f"nemesis_{secrets.token_hex(6)}"
    database, template = sql.Identifier(name), sql.Identifier(TEMPLATE)
    with _connected(servers.database_url) as session:
        session.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(database, template))
        # Throw-away servers commit without waiting for the disk. What was committed has to outlive
        # an immediate restart all the same: it is what the protocol stands on.
        session.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = on").format(database))
    try:
        yield _named(servers.database_url, name)
    finally:
        with _connected(servers.database_url) as session:
            _drop(session, database)


def _drop(session: psycopg.Connection, database: sql.Identifier) -> None:
    drop = sql.SQL("DROP DATABASE {}").format(database)
    try:
        session.execute(drop + sql.SQL(" WITH (FORCE)"))
    except psycopg.errors.InsufficientPrivilege:
        # The server is cleaning it up, and nobody may end that by force: asked without, it ends it.
        session.execute(drop)


def prepare(servers: Backend) -> None:
    """All tables, once for all trials on these servers."""
    with _connected(servers.database_url) as session:
        found = session.execute("SELECT FROM pg_database WHERE datname = %s", [TEMPLATE])
        if found.rowcount:
            return
        making = sql.Identifier(f"{TEMPLATE}_new")
        session.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(making))
        session.execute(sql.SQL("CREATE DATABASE {}").format(making))
        new = Backend(
            _named(servers.database_url, f"{TEMPLATE}_new"),
            servers.redis_url,
            servers.secrets,
            None,
        )
        migrating = new.environment | {"DJANGO_SETTINGS_MODULE": "prosaas.settings"}
        run_module("manage", "migrate", "--verbosity", "0", environment=migrating)
        session.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(making, sql.Identifier(TEMPLATE))
        )


def _connected(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url, autocommit=True)


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as client:
            return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
