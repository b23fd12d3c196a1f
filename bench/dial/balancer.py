"""`python -m bench.dial.balancer`: one address for several web servers, one after the other, and past
those that are not there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import Sequence
from itertools import count

import uvloop

from bench.doors import HOST

Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Balancer:
    def __init__(self, servers: Sequence[int]) -> None:
        self._servers = servers
        self._turns = count()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await self._server()
        if there is not None:
            far_reader, far_writer = there
            pumps = (_pump(reader, far_writer), _pump(far_reader, writer))
            await asyncio.gather(*pumps, return_exceptions=True)
        writer.close()

    async def _server(self) -> Pipe | None:
        first = next(self._turns)
        for number in range(len(self._servers)):
            port = self._servers[(first + number) % len(self._servers)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(HOST, port)
        return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


async def _serve(port: int, servers: Sequence[int]) -> None:
    balancer = await asyncio.start_server(Balancer(servers).take, HOST, port)
    await balancer.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dial.balancer", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--to", type=int, action="append", required=True, help="may be repeated")
    options = parser.parse_args()
    uvloop.run(_serve(options.port, options.to))


if __name__ == "__main__":
    main()
