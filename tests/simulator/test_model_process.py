"""The stand-in as a process of its own, as demos and load runs start it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from websockets.asyncio.client import connect

from prosaas.simulator.clips import load
from tests.simulator.realtime_client import KEY, SESSION, Client

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def _process(*options: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "prosaas.simulator.model", "--port", "0", "--key", KEY, *options),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(30):
            line = (await process.stderr.readline()).decode()
        port = re.search(
            r"stand-in model, not a real one, listens on ws://127.0.0.1:(\d+)/v1", line
        )
        assert port, line
        yield process, int(port[1])
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            await process.wait()


async def _figures(port: int, path: str = "") -> Any:
    url = f"http://127.0.0.1:{port}/simulator/sessions{path}"
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        assert response.headers["X-ProSaaS-Stand-In"] == "realtime-model"
        return await response.json()


async def test_another_process_can_read_what_arrived_and_when() -> None:
    options = ("--first-delta-ms", "0", "0", "--times-real-time", "0", "0", "--figures-only")
    audio = load("he_question").audio
    async with _process(*options) as (process, port):
        url = f"ws://127.0.0.1:{port}/v1/realtime?model=gpt-realtime-2.1"
        headers = {"Authorization": f"Bearer {KEY}"}
        async with connect(url, additional_headers=headers, proxy=None) as connection:
            client = Client(connection)
            connected = time.monotonic()
            await client.configure(SESSION)
            began = time.monotonic()
            await client.speak(audio)
            response = await client.reply()
            ended = time.monotonic()
            [listed] = await _figures(port)
            shown = await _figures(port, "/0")
        assert (await _figures(port, "/1"))["error"]["code"] == "not_found"
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await process.wait() == 0
    assert listed["appends"] == len(audio) // 160
    assert listed["open"] is True
    frames = [audio[start : start + 160] for start in range(0, len(audio), 160)]
    assert shown["append_checksums"] == [zlib.crc32(frame) for frame in frames]
    # One monotonic clock for all processes of the machine.
    [updated] = shown["update_times"]
    assert connected < updated < began
    assert began < shown["append_times"][0] <= shown["append_times"][-1] < shown["delta_times"][0]
    assert shown["delta_times"][-1] < ended
    assert sum(shown["delta_bytes"]) == len(client.audio())
    [spoken] = shown["spoken"]
    assert spoken["item_id"] == response["output"][0]["id"]
    assert "Bearer" not in str(shown)
    assert KEY not in str(shown)
