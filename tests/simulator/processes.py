"""The stand-in carrier as a process of its own."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.simulator.product import ACCOUNT, TOKEN

ROOT = Path(__file__).parents[2]
_ADDRESS = re.compile(r"listens on (\S+)")


@asynccontextmanager
async def running_carrier(*options: str) -> AsyncIterator[tuple[Process, str]]:
    """The process and its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "prosaas.simulator.carrier", "--account-sid", ACCOUNT, "--auth-token", TOKEN),
        *options,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stderr is not None
    try:
        announced = _ADDRESS.search((await process.stderr.readline()).decode())
        assert announced is not None
        yield process, announced[1]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
