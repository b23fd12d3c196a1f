"""`python -m bench.dial.dispatcher`: diallers and watchers, each a process, and again when it dies.

They run the very functions that the Celery tasks run, in a loop. This process only forks them: so a
dispatcher that was killed is back after some milliseconds, with everything loaded.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import django
import orjson
import structlog
from django.db import connections
from django.utils import timezone

logger = structlog.get_logger(__name__)

DIALS_FOR_S: Final = 4.0
IDLE_S: Final = 1.0
WATCH_EVERY_S: Final = 0.1
SWEEP_EVERY_S: Final = 0.5
BACK_AFTER_S: Final = 0.1


class Parent:
    def __init__(self, work: Mapping[str, Callable[[int], None]], pids: Path) -> None:
        self._work = work
        self._pids = pids
        self._children: dict[int, str] = {}
        self._born = 0

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._leave)
        for name in self._work:
            self._fork(name)
        while True:
            pid, _status = os.waitpid(-1, 0)
            name = self._children.pop(pid, "")
            if name:
                time.sleep(BACK_AFTER_S)
                self._fork(name)

    def _fork(self, name: str) -> None:
        self._born += 1
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._work[name](self._born)
            os._exit(1)
        self._children[pid] = name
        self._tell()

    def _tell(self) -> None:
        """Renamed when whole: whoever reads it is another process."""
        told = self._pids.with_suffix(".part")
        told.write_bytes(orjson.dumps({name: pid for pid, name in self._children.items()}))
        told.replace(self._pids)

    def _leave(self, _number: int, _frame: FrameType | None) -> NoReturn:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)


def dial_for_ever() -> NoReturn:
    from outbound.dialer import dial

    while True:
        try:
            dial(for_s=DIALS_FOR_S, idle_s=IDLE_S)
        except Exception:
            logger.exception("dialler_broke_off")
            time.sleep(BACK_AFTER_S)
        connections.close_all()  # as Celery does between two tasks


def watch_for_ever() -> NoReturn:
    from calls.actions import close_stale_calls
    from outbound.actions import keep_watch

    swept_at = 0.0
    while True:
        try:
            keep_watch()
            if time.monotonic() - swept_at >= SWEEP_EVERY_S:
                swept_at = time.monotonic()
                close_stale_calls(now=timezone.now())
        except Exception:
            logger.exception("watch_broke_off")
        connections.close_all()
        time.sleep(WATCH_EVERY_S)


def main() -> None:
    options = _arguments()
    django.setup()
    from bench.dial.mixes import MIXES
    from bench.dial.scale import scale_down
    from bench.dial.steps import Steps
    from bench.dial.trace import Trace
    from bench.dial.weakened import WEAKENINGS

    scale_down()
    if options.weaken:
        WEAKENINGS[options.weaken]()
    mix, trace = MIXES[options.mix], Trace(options.trace)

    def dialler(born: int) -> None:
        dice = random.Random(f"{options.seed} {born}")
        chances = mix.steps if born <= mix.victims else {}
        Steps(chances, dice, trace, options.calm).install()
        dial_for_ever()

    def watcher(_born: int) -> None:
        watch_for_ever()

    work: dict[str, Callable[[int], None]] = {}
    work |= {f"dialler {number}": dialler for number in range(options.diallers)}
    work |= {f"watcher {number}": watcher for number in range(options.watchers)}
    Parent(work, options.pids).run()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.dial.dispatcher", description=__doc__)
    parser.add_argument("--diallers", type=int, default=3)
    parser.add_argument("--watchers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mix", default="all")
    parser.add_argument("--weaken", default="")
    parser.add_argument("--trace", type=Path, required=True)
    parser.add_argument("--calm", type=Path, required=True, help="once it is there, nobody dies")
    parser.add_argument("--pids", type=Path, required=True, help="written with every birth")
    return parser.parse_args()


if __name__ == "__main__":
    main()
