"""Child processes of the demo: all started here, all ended here."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Ctrl-C promises five seconds, of which the databases need one or two of their own.
LEAVE_WITHIN_S = 2.5
POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


class ChildDiedError(Exception):
    """A process of the demo ended by itself."""


class Children:
    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """In a session of its own, so that Ctrl-C in the terminal reaches us and not it."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own programs
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children.append(Child(name, process, log))

    def check(self) -> None:
        for child in self._children:
            if child.process.poll() is not None:
                raise ChildDiedError(
                    f"{child.name} ended with code {child.process.returncode}; "
                    f"its log is {child.log}:\n{_tail(child.log)}"
                )

    def stop(self) -> None:
        for child in self._children:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + LEAVE_WITHIN_S
        while time.monotonic() < deadline and self._alive():
            time.sleep(POLL_S)
        for child in self._children:
            # The group as well: a worker's own children must not outlive it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
        self._children.clear()

    def _alive(self) -> bool:
        return any(child.process.poll() is None for child in self._children)


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
