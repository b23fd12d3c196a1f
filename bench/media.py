"""What the media path costs and how late it is: `python -m bench.media --help`.

The product, or the bare relay in its place, runs alone on one core; the stand-ins and the database
on the others. What is measured is what the two stand-ins saw.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from bench.candidates import RELAY, Candidate, product
from bench.capacity import Capacity, find_capacity
from bench.doors import DoorError
from bench.greeting import TooLongError, greeting_of
from bench.installation import Installation, installed
from bench.machine import Cores, MachineError
from bench.processes import ChildDiedError
from bench.promises import PLAIN, WITH_QUERY, Verdict, judge
from bench.report import disturbance, table
from bench.results import Result, result_of
from bench.trial import Load, observe
from prosaas.embedded import EmbeddedError
from prosaas.processes import exit_on_signals

RAMP_S = 0.1124  # a call: 5.62 frames, so that no two callers are in step
SINGLE_CALLS = 5
QUICK = {"calls": 3, "seconds": 1.0, "runs": 1, "singles": 1}
CAPACITY_SECONDS = 6.0
CAPACITY_RAMP_S = 0.05
MOST_CALLS = 800


def main() -> int:
    options = _arguments()
    try:
        cores = Cores.of_this_process(urgent=options.urgent)
        cores.beside(os.getpid())
        with exit_on_signals(), installed() as installation:
            return Bench(options, installation, cores).run()
    except (ChildDiedError, DoorError, EmbeddedError, MachineError, TooLongError) as error:
        sys.exit(f"No figures: {error}")


class Bench:
    def __init__(
        self, options: argparse.Namespace, installation: Installation, cores: Cores
    ) -> None:
        self._options = options
        self._installation = installation
        self._cores = cores
        self._results: list[Result] = []
        self._capacities: list[Capacity] = []

    def run(self) -> int:
        verdicts = self._compare()
        if self._options.capacity:
            self._find_capacities()
        if self._options.json:
            self._write(self._options.json, verdicts)
        return 0 if all(verdict.holds for verdict in verdicts) else 1

    def _compare(self) -> list[Verdict]:
        """Product and relay in turn, so that what changes on the machine changes for both."""
        options = self._options
        measured = product(options.server)
        queried = product(options.server, with_query=True)
        candidates = [measured, RELAY, *([queried] if options.query else [])]
        load = Load(options.calls, options.seconds, options.calls * RAMP_S, options.singles)
        greeting = self._greet(load)
        for run in range(options.runs):
            for candidate in candidates:
                self._note(f"run {run + 1} of {options.runs}: {candidate.name}")
                self._results.append(self._trial(candidate, load, greeting))
        print(_heading(options))
        print(table({each.name: self._of(each) for each in candidates}))
        print(disturbance(self._results))
        verdicts = judge(PLAIN, self._of(measured))
        if options.query:
            verdicts += judge(WITH_QUERY, self._of(queried))
        print(*verdicts, sep="\n")
        return verdicts

    def _find_capacities(self) -> None:
        print("\nMost calls of one core with p99 ≤ 20 ms and no frame lost")
        for candidate in (product("daphne"), product("uvicorn"), RELAY):
            capacity = find_capacity(candidate.name, partial(self._attempt, candidate), MOST_CALLS)
            self._capacities.append(capacity)
            print(capacity, flush=True)

    def _attempt(self, candidate: Candidate, calls: int) -> Result:
        self._note(f"capacity of {candidate.name}: {calls} calls")
        load = Load(calls, CAPACITY_SECONDS, calls * CAPACITY_RAMP_S, hears_out=False)
        return self._trial(candidate, load, self._greet(load))

    def _greet(self, load: Load) -> str:
        greeting = greeting_of(load.greeting_s)
        self._installation.greet_with(greeting)
        return greeting

    def _trial(self, candidate: Candidate, load: Load, greeting: str) -> Result:
        return result_of(observe(candidate, load, greeting, self._installation, self._cores))

    def _of(self, candidate: Candidate) -> list[Result]:
        return [each for each in self._results if each.candidate == candidate.name]

    def _note(self, text: str) -> None:
        print(f"{text}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)

    def _write(self, file: Path, verdicts: Sequence[Verdict]) -> None:
        content: dict[str, Any] = {
            "results": [asdict(result) for result in self._results],
            "promises": [
                {"text": each.promise.text, "limit": each.promise.limit, "holds": each.holds}
                | {"measured": each.measured, "worst": each.worst}
                for each in verdicts
            ],
            "capacities": [asdict(capacity) for capacity in self._capacities],
        }
        file.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def _heading(options: argparse.Namespace) -> str:
    runs = "run" if options.runs == 1 else "runs, in turn"
    return f"\n{options.calls} calls for {options.seconds:g} s, {options.runs} {runs}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.media", description=__doc__)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0, help="that are measured")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
    parser.add_argument("--query", action="store_true", help="also with a query of 0.5 s running")
    parser.add_argument("--capacity", action="store_true", help="also the most calls of a core")
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it works")
    parser.add_argument(
        "--urgent", action="store_true", help="keep others on the machine waiting; for root"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run's figures there")
    parser.set_defaults(singles=SINGLE_CALLS)
    options = parser.parse_args()
    if options.quick:
        vars(options).update(QUICK)
    return options


if __name__ == "__main__":
    sys.exit(main())
