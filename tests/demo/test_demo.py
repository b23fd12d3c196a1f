"""The demo as a person starts it: one command, two calls, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SPOKEN_WITHIN_S = 120.0
# Five are promised; a machine that runs other tests at the same moment gets twice as many.
GONE_WITHIN_S = 10.0
# What the developer has set must not turn the stand-ins into real services.
LEFT_OUT = (
    "DATABASE_URL",
    "DJANGO_SETTINGS_MODULE",
    "OPENAI_API_KEY",
    "PUBLIC_URL",
    "REDIS_URL",
    "TWILIO_AUTH_TOKEN",
)


@contextmanager
def demo(home: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    with subprocess.Popen(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env=environment | {"PROSAAS_HOME": str(home), "ENV_FILE": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        too_long = threading.Timer(SPOKEN_WITHIN_S, process.kill)
        too_long.start()
        try:
            yield process
        finally:
            too_long.cancel()
            process.terminate()


def said_until(process: subprocess.Popen[str], word: str) -> str:
    """What it prints, up to the first line with this word."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if word in line:
            return said
    raise AssertionError(f"the demo ended without {word!r}:\n{said}")


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    children: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    return children


@pytest.mark.slow
def test_it_talks_leaves_nothing_behind_and_does_so_again() -> None:
    """The second time on what the first has left, as a person starts it twice in a row."""
    with tempfile.TemporaryDirectory(prefix="prosaas-demo-") as folder:
        home = Path(folder) / "home"
        Path(folder).chmod(0o755)  # the servers' user has to pass through
        for number in (signal.SIGINT, signal.SIGTERM):
            talks_and_leaves_nothing_behind(home, number)


def talks_and_leaves_nothing_behind(home: Path, number: signal.Signals) -> None:
    with demo(home) as process:
        said = said_until(process, "  agent   ")
        started = family(process)

        process.send_signal(number)
        began = time.monotonic()
        process.wait(20)
        took = time.monotonic() - began

    assert "a stand-in, not Twilio" in said
    assert "a stand-in, not OpenAI" in said
    assert len(started) >= 5
    assert [one for one in started if one.is_running() and one.status() != "zombie"] == []
    assert took < GONE_WITHIN_S
