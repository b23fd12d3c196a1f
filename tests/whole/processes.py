"""Web servers of the product as processes of their own, on the database of the test."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import psutil
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
START_S = 30.0
LEAVES_WITHIN_S = 15.0


def database_url() -> str:
    """Of the test's own database, for another process."""
    made = connection.settings_dict
    return f"postgresql://{made['USER']}:{made['PASSWORD']}@{made['HOST']}:{made['PORT']}/{made['NAME']}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def web_server(port: int, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    """Listens by the time that it is yielded, and is ended with the block."""
    arguments = ["-m", "daphne", "-b", HOST, "-p", str(port), "prosaas.asgi:application"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        env=dict(os.environ) | {"DATABASE_URL": database_url()} | dict(environment),
    )
    try:
        await _listening(port)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await _left(process)


async def _left(process: Process) -> None:
    try:
        async with asyncio.timeout(LEAVES_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise AssertionError("a server that was asked to end did not") from None


async def _listening(port: int) -> None:
    async with asyncio.timeout(START_S):
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return


@contextlib.asynccontextmanager
async def one_address(port: int, servers: Sequence[int]) -> AsyncIterator[None]:
    """As a load balancer: whoever connects is taken to the first of the servers that is there."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there, here = await _first_of(servers)
            both = (_pump(reader, here), _pump(there, writer))
            await asyncio.gather(*both, return_exceptions=True)
        writer.close()

    balancer = await asyncio.start_server(take, HOST, port)
    try:
        yield
    finally:
        balancer.close()


async def _first_of(servers: Sequence[int]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for port in servers[:-1]:
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(HOST, port)
    return await asyncio.open_connection(HOST, servers[-1])


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


class OthersTime:
    """What other programs have had of the machine since then: a promise is about one of our own."""

    def __init__(self, *ours: Process) -> None:
        self._ours = [psutil.Process(each.pid) for each in ours] + [psutil.Process()]
        self._before = self._so_far()

    def slowdown(self) -> float:
        """How much longer everything has taken: 1 where nobody else wanted anything."""
        all_s, others_s = (
            now - then for now, then in zip(self._so_far(), self._before, strict=True)
        )
        return float(all_s / max(all_s - others_s, 0.1 * all_s))

    def _so_far(self) -> tuple[float, float]:
        machine = psutil.cpu_times()
        all_s = sum(machine)
        ours_s = sum(sum(each.cpu_times()[:2]) for each in self._ours)
        return all_s, all_s - machine.idle - machine.iowait - ours_s
