"""The dial protocol outlives the nemesis, and three weakenings of it do not."""

from __future__ import annotations

import fcntl
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


@pytest.fixture(scope="module")
def servers() -> Iterator[Path]:
    """Their own: they are restarted in the middle of it."""
    home = Path(tempfile.gettempdir()) / f"prosaas-nemesis-{secrets.token_hex(6)}"
    try:
        with Servers(home, durable=False):
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two trials at the same time would have half the machine each, and the same figures."""
    shared = tmp_path_factory.getbasetemp().parent / "nemesis.lock"
    with shared.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def nemesis(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.dial", "--home", str(home), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize("seed", [("--seed", str(SEED)), ()], ids=["fixed seed", "drawn seed"])
def test_nobody_is_called_twice_and_nobody_is_lost(
    servers: Path, alone: None, seed: tuple[str, ...]
) -> None:
    done = nemesis(servers, "--seconds", "60", "--leads", "120", *seed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every invariant holds." in done.stdout


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_weaker_protocol_is_found_out(servers: Path, alone: None, mutant: str) -> None:
    done = nemesis(
        servers, "--weaken", mutant, "--seed", str(SEED), "--seconds", "20", "--leads", "36"
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "was called 2 times" in done.stdout
