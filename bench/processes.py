"""The processes of a bench: each started here, each ended here, by its own id."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from prosaas.processes import wait_until

BASE_DIR = Path(__file__).resolve().parent.parent
LEAVE_WITHIN_S = 5.0


class ChildDiedError(Exception):
    """A process of the bench ended by itself, or never came up."""


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.popen.pid)

    def check(self) -> None:
        if self.popen.poll() is not None:
            raise ChildDiedError(f"{self.name} ended with {self.popen.returncode}: {self.tail()}")

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


@contextlib.contextmanager
def running(
    name: str,
    module: str,
    *arguments: str,
    place: Callable[[int], None],
    environment: Mapping[str, str],
    logs: Path,
) -> Iterator[Child]:
    """`python -m module` for as long as the block lasts. `place` is told its process id at once:
    threads that it starts inherit their cores.
    """
    log = logs / f"{name}.log"
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=BASE_DIR,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C reaches us, and we end it
        )
    try:
        place(popen.pid)
        yield Child(name, popen, log)
    finally:
        _end(popen)


def _end(popen: subprocess.Popen[bytes]) -> None:
    if popen.poll() is None:
        popen.terminate()
        wait_until(lambda: popen.poll() is not None, seconds=LEAVE_WITHIN_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(popen.pid, signal.SIGKILL)
    popen.wait()


def run(module: str, *arguments: str, environment: Mapping[str, str]) -> None:
    """`python -m module`, to its end. Raises ChildDiedError when that was not a good one."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=BASE_DIR,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise ChildDiedError(f"{module} {arguments[0]}: {done.stderr or done.stdout}")
