"""What the processes of a trial note about themselves, one JSON line each, in one file for all."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson


class Trace:
    """Each line is one write to the end of the file, so that processes which are killed in the
    middle of anything leave whole lines.
    """

    def __init__(self, file: Path) -> None:
        self._out = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, what: str, **facts: Any) -> None:
        line = {"at": time.time(), "pid": os.getpid(), "what": what} | facts
        os.write(self._out, orjson.dumps(line) + b"\n")


def lines(file: Path) -> Iterator[dict[str, Any]]:
    if file.exists():
        yield from map(orjson.loads, file.read_bytes().splitlines())
