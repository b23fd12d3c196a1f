"""`python -m prosaas.simulator.model`: the stand-in model in a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import logging
import signal

import uvloop

from prosaas.simulator.clock import Clock
from prosaas.simulator.model.scenario import Handshake, Hearing, Pacing, Scenario
from prosaas.simulator.model.server import RealtimeModel

_LIFETIME_S = 3600.0


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    # Each handshake and each plain request would be a line of its own.
    logging.getLogger("websockets").setLevel(logging.WARNING)
    uvloop.run(_serve(_arguments().parse_args()))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0 takes any free one")
    parser.add_argument("--key", help="the only API key that is accepted; without it, any is")
    parser.add_argument(
        "--first-delta-ms",
        type=float,
        nargs=2,
        metavar=("FROM", "TO"),
        default=[300.0, 1500.0],
        help="from a request to the first audio of its answer",
    )
    parser.add_argument(
        "--times-real-time",
        type=float,
        nargs=2,
        metavar=("FROM", "TO"),
        default=[3.0, 10.0],
        help="how much faster than it is heard the audio is delivered; 0 0 for no pause at all",
    )
    parser.add_argument(
        "--transcript-ms", type=float, nargs=2, metavar=("FROM", "TO"), default=[250.0, 600.0]
    )
    parser.add_argument("--speed", type=float, default=1.0, help="of the simulated clock")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--figures-only",
        action="store_true",
        help="keep no events and no caller audio in memory, for long load runs",
    )
    return parser


async def _serve(options: argparse.Namespace) -> None:
    model = RealtimeModel(
        clock=Clock(options.speed),
        scenario=_scenario(options),
        handshake=Handshake(lifetime=_LIFETIME_S),
        host=options.host,
        port=options.port,
        key=options.key,
        keeps_events=not options.figures_only,
    )
    told_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    async with model:
        await told_to_stop.wait()


def _scenario(options: argparse.Namespace) -> Scenario:
    slowest, fastest = options.times_real_time
    pacing = Pacing(
        first_delta=_seconds(options.first_delta_ms),
        times_real_time=(slowest, fastest) if slowest > 0 else None,
    )
    hearing = Hearing(delay=_seconds(options.transcript_ms))
    return dataclasses.replace(Scenario(), pacing=pacing, hearing=hearing, seed=options.seed)


def _seconds(milliseconds: list[float]) -> tuple[float, float]:
    first, last = milliseconds
    return first / 1000, last / 1000


if __name__ == "__main__":
    main()
