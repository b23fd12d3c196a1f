"""What a dial costs, and whether it costs more when the queue is long: `python -m bench.dial_scale`.

One dialler runs alone on one core against a carrier that takes whatever it is asked for, everything
else on the others. It is measured in turn with a thousand and with a million queued jobs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.dial.backend import Backend, backend
from bench.dial.parts import Part, Place, new_place
from bench.dial.world_door import NOTHING_HEARD, WorldDoor
from bench.doors import DoorError
from bench.machine import Cores, MachineError
from bench.processes import BASE_DIR, ChildDiedError
from prosaas.embedded import EmbeddedError
from prosaas.processes import exit_on_signals, wait_until

SMALL = 1_000
CALLED_BEFORE = 200_000
LEAST_A_SECOND = 100.0
MOST_RATIO = 1.2
READY_WITHIN_S = 30.0
WITHIN_S = 900.0


@dataclass(frozen=True, slots=True)
class Took:
    asked: int
    wall_s: float
    processor_s: float

    @property
    def a_second(self) -> float:
        return self.asked / self.wall_s

    @property
    def wall_ms(self) -> float:
        return 1000 * self.wall_s / self.asked

    @property
    def processor_ms(self) -> float:
        return 1000 * self.processor_s / self.asked


def main() -> int:
    options = _arguments()
    try:
        cores = Cores.of_this_process(urgent=options.urgent)
        cores.beside(os.getpid())
        with exit_on_signals(), stage(options.home) as (place, small, big):
            return Bench(options, cores, place, small, big).run()
    except (ChildDiedError, DoorError, EmbeddedError, MachineError) as error:
        sys.exit(f"No figures: {error}")


class Bench:
    def __init__(
        self, options: argparse.Namespace, cores: Cores, place: Place, small: Backend, big: Backend
    ) -> None:
        self._options = options
        self._cores = cores
        self._place = place
        self._queues = {"short": small, "long": big}

    def run(self) -> int:
        note(f"a queue of {self._options.jobs} jobs is made")
        self._run("fill", "long", *_filling(self._options.jobs, CALLED_BEFORE))
        took: dict[str, list[Took]] = {name: [] for name in self._queues}
        for number in range(self._options.rounds):
            note(f"round {number + 1} of {self._options.rounds}")
            self._run("fill", "short", *_filling(SMALL, 0))
            for name in self._queues:
                took[name].append(self._dial(name))
        print(table(took))
        walks = self._show_plans()
        if self._options.profile:
            print(self._run("dialler", "long", *self._dialling(self._options.profile)))
        return 1 if walks or _is_too_slow(took) else 0

    def _dial(self, name: str) -> Took:
        return Took(**json.loads(self._run("dialler", name, *self._dialling(0))))

    def _dialling(self, profile: int) -> list[str]:
        core = str(self._cores.measured)
        return [
            *("--seconds", str(self._options.seconds)),
            "--core",
            core,
            "--profile",
            str(profile),
        ]

    def _show_plans(self) -> bool:
        try:
            print(self._run("show_plans", "long"))
        except ChildDiedError as walks:
            print(walks)
            return True
        return False

    def _run(self, what: str, name: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", f"bench.dial_scale.{what}", *arguments],
            cwd=BASE_DIR,
            env=self._environment(self._queues[name]),
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
        if done.returncode:
            raise ChildDiedError(f"{what}: {done.stdout}{done.stderr[-3000:]}")
        return done.stdout

    def _environment(self, queue: Backend) -> dict[str, str]:
        return self._place.environment | {
            "DATABASE_URL": queue.database_url,
            "DJANGO_SETTINGS_MODULE": "prosaas.settings",
            "LIVE_CALLS": "10000",
            "INBOUND_SHARE_PERCENT": "0",
        }


def table(took: dict[str, list[Took]]) -> str:
    head = f"{'queue':<8}{'a second':>10}{'wall ms':>10}{'processor ms':>14}  a dial, medians"
    return "\n".join([head, *(_line(name, each) for name, each in took.items()), _ratios(took)])


def _line(name: str, took: list[Took]) -> str:
    a_second = median(one.a_second for one in took)
    wall, processor = (
        median(one.wall_ms for one in took),
        median(one.processor_ms for one in took),
    )
    return f"{name:<8}{a_second:>10.0f}{wall:>10.2f}{processor:>14.2f}"


def _ratios(took: dict[str, list[Took]]) -> str:
    wall, processor = ratio(took, "wall_ms"), ratio(took, "processor_ms")
    return f"long to short: wall {wall:.2f}, processor {processor:.2f}; at most {MOST_RATIO}"


def ratio(took: dict[str, list[Took]], figure: str) -> float:
    long, short = (median(getattr(one, figure) for one in took[name]) for name in ("long", "short"))
    return float(long / short)


def _is_too_slow(took: dict[str, list[Took]]) -> bool:
    slow = median(one.a_second for one in took["long"]) < LEAST_A_SECOND
    return slow or max(ratio(took, "wall_ms"), ratio(took, "processor_ms")) > MOST_RATIO


def _filling(queued: int, called_before: int) -> list[str]:
    return ["--queued", str(queued), "--called-before", str(called_before)]


@contextlib.contextmanager
def stage(home: Path | None) -> Iterator[tuple[Place, Backend, Backend]]:
    """Two databases on the same servers, and the carrier."""
    with (
        tempfile.TemporaryDirectory(prefix="dial-scale-") as folder,
        backend(home) as small,
        backend(small.home) as big,
    ):
        place = new_place(Path(folder), small.environment)
        options = [*place.address.of_carrier(), "--calls-per-second", "unlimited"]
        carrier = Part(
            "carrier",
            "prosaas.simulator.carrier",
            *options,
            environment=place.environment,
            logs=place.logs,
        )
        carrier.start()
        try:
            _say_nothing(WorldDoor(place.address))
            yield place, small, big
        finally:
            carrier.kill()


def _say_nothing(door: WorldDoor) -> None:
    """Nobody hears of any call again: what is measured is the asking."""

    def is_there() -> bool:
        try:
            door.callbacks(NOTHING_HEARD)
        except DoorError:
            return False
        return True

    if not wait_until(is_there, seconds=READY_WITHIN_S):
        raise ChildDiedError("the carrier did not come up")
    door.people({"mix": {"busy": 1.0}, "ring_s": [0.5, 1.0]}, {})


def note(text: str) -> None:
    print(f"{text}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.dial_scale", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000, help="in the long queue")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round and queue")
    parser.add_argument(
        "--profile", type=int, default=0, metavar="N", help="the N dearest functions"
    )
    parser.add_argument(
        "--urgent", action="store_true", help="keep others on the machine waiting; for root"
    )
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="of embedded servers that run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
