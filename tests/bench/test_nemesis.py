"""The dial protocol outlives the nemesis, and three weakenings of it do not."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from prosaas.embedded import Servers

ROOT = Path(__file__).resolve().parents[2]
SEED = 7
MUTANTS = ("settle", "lease", "guard")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="it needs two cores"),
]


def nemesis(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.dial", "--home", str(home), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.fixture
def servers() -> Iterator[Path]:
    """Their own: they are restarted in the middle of it."""
    home = Path(tempfile.gettempdir()) / f"prosaas-nemesis-{secrets.token_hex(6)}"
    try:
        with Servers(home, durable=False):
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_nobody_is_called_twice_or_lost_unless_the_protocol_is_weakened(servers: Path) -> None:
    """One test: two trials at the same time would have half the machine each, and the same figures."""
    for seed in (("--seed", str(SEED)), ()):
        done = nemesis(servers, "--seconds", "30", "--leads", "60", *seed)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Every invariant holds." in done.stdout
    for mutant in MUTANTS:
        weaker = ("--weaken", mutant, "--seed", str(SEED), "--seconds", "20", "--leads", "36")
        done = nemesis(servers, *weaker)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "was called 2 times" in done.stdout
