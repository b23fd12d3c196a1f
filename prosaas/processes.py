"""Running somebody else's server program: as whom, on which port, until when."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypedDict

import psutil

# `nobody`, by number: the name stands for other numbers on some systems.
UNPRIVILEGED = 65534
RUN_SECONDS = 60
PORT_TRIES = 3
POLL_SECONDS = 0.02


class PortTakenError(Exception):
    """Another program took the port between our look and our start."""


class Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def is_root() -> bool:
    return os.geteuid() == 0


def identity() -> Identity:
    """Keyword arguments for subprocess: root steps down, everybody else stays."""
    if not is_root():
        return {}
    return {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []}


def environment() -> dict[str, str]:
    """Nothing of ours: neither keys nor the PG… variables that would steer PostgreSQL."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def give(path: Path) -> None:
    if is_root():
        os.chown(path, UNPRIVILEGED, UNPRIVILEGED)


def run(*command: str | Path) -> tuple[bool, str]:
    """Whether it went well, and what it said. In a session of its own, so that a Ctrl-C
    in the terminal does not hit it in the middle of a stop."""
    with tempfile.TemporaryFile() as said:  # not a pipe: a server left behind would hold it open
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment(),
            start_new_session=True,
            timeout=RUN_SECONDS,
            check=False,
            **identity(),
        )
        said.seek(0)
        return done.returncode == 0, said.read().decode(errors="replace")


def launch(*command: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=environment(),
        start_new_session=True,
        **identity(),
    )


def may_use(path: Path, wish: str) -> bool:
    """Asks the kernel as the servers' user: -x for a folder to enter, -w to write."""
    return run("test", wish, path)[0]


def starts(program: Path) -> bool:
    try:
        return run(program, "--version")[0]
    except OSError:
        return False


def pid_in(file: Path) -> int | None:
    """The first line's number, if there is one: the file may be half written."""
    try:
        return int(file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def is_running(pid: int | None, word: str) -> bool:
    """Whether that process lives and has `word` in its command line. Numbers are given
    out again, so that the number alone may mean a stranger."""
    if not pid or pid < 1:
        return False
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and any(
            word in argument for argument in process.cmdline()
        )
    except psutil.Error:
        return False


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def on_free_port(start: Callable[[int], None]) -> int:
    """Call `start` with a free port of the loopback; again with another when it lost the
    race for it."""
    for _ in range(PORT_TRIES):
        port = _free_port()
        with contextlib.suppress(PortTakenError):
            start(port)
            return port
    raise PortTakenError(f"{PORT_TRIES} free ports in a row were taken by another program")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def exit_on_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block by SystemExit, so that what it started is stopped."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    with _handling((signal.SIGTERM, signal.SIGHUP), leave):
        yield


@contextlib.contextmanager
def deaf_to_signals() -> Iterator[None]:
    with _handling((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _handling(
    numbers: tuple[signal.Signals, ...],
    handler: Callable[[int, FrameType | None], NoReturn] | signal.Handlers,
) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers, and only there do they run
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
