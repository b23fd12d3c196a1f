"""Breaks what a trial runs on: processes, servers, the carrier's door. Everything by the seed."""

from __future__ import annotations

import heapq
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Final

import psycopg

from bench.dial.backend import Backend
from bench.dial.mixes import Mix
from bench.dial.owner import Owner
from bench.dial.parts import Parts
from bench.dial.trace import Trace
from bench.dial.world_door import ALL_HEARD, NOTHING_HEARD, QUIET, Json, WorldDoor

FROZEN_S: Final = (0.3, 4.0)  # beyond all patience of the protocol, and beyond `settle_s`
PAUSED_S: Final = (1.2, 3.0)
WITHOUT_LIST_S: Final = 3.0
DEAF_S: Final = 2.0
WEB_BACK_AFTER_S: Final = 0.5
OWNERS_ACTS: Final = {"an owner pauses": 1.0, "an owner closes a number": 2.0}
LOOK_AFTER_EVERY_S: Final = 1.0


class Nemesis:
    def __init__(
        self,
        *,
        seed: int,
        mix: Mix,
        script: Json,
        parts: Parts,
        backend: Backend,
        door: WorldDoor,
        owner: Owner,
    ) -> None:
        self.did: Counter[str] = Counter()
        self._dice = random.Random(f"nemesis {seed}")
        self._mix = mix
        self._script = script
        self._parts = parts
        self._backend = backend
        self._door = door
        self._owner = owner
        self._trace = Trace(parts.place.trace)
        self._order = count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._acts: dict[str, Callable[[], None]] = {
            "kill a dialler": lambda: self._kill("dialler"),
            "kill a watcher": lambda: self._kill("watcher"),
            "freeze a dialler": lambda: self._freeze("dialler"),
            "freeze a watcher": lambda: self._freeze("watcher"),
            "take a proof of life": self._take_proof_of_life,
            "kill a web server": self._kill_web_server,
            "restart PostgreSQL": backend.restart_postgres,
            "restart Valkey": backend.restart_valkey,
            "refuse the list": self._refuse_list,
            "lose all callbacks": self._lose_callbacks,
            "an owner pauses": self._pause,
            "an owner closes a number": owner.is_told_not_to_call,
        }

    def rage(self, for_s: float, *, stop_at: float | None) -> None:
        """`stop_at`: of this time, one run is stopped for good."""
        until = time.monotonic() + for_s
        if self._weights:
            self._later(0.0, self._act_and_again)
        self._later(LOOK_AFTER_EVERY_S, self._look_after_runs)
        if stop_at is not None:
            again = self._owner_of_stopped()
            self._later(for_s * stop_at, again)
        while self._due and self._due[0][0] < until:
            at, _, act = heapq.heappop(self._due)
            time.sleep(max(0.0, at - time.monotonic()))
            self._parts.check()
            act()
        time.sleep(max(0.0, until - time.monotonic()))

    def calm(self) -> None:
        """What was begun is ended, and nothing goes wrong any more."""
        self._mix = Mix(owners_act=False)
        self._parts.place.calm.touch()
        while self._due:
            _, _, act = heapq.heappop(self._due)
            if act not in (self._act_and_again, self._look_after_runs):
                act()
        self._door.faults(QUIET)
        self._hear_callbacks()

    def _owner_of_stopped(self) -> Callable[[], None]:
        run = next(run for run in self._owner.runs if run.name == "roses again")
        return lambda: self._owner.stops(run)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), act))

    def _act_and_again(self) -> None:
        weights = self._weights
        name = self._dice.choices(list(weights), list(weights.values()))[0]
        self.did[name] += 1
        self._trace.note("nemesis", act=name)
        self._acts[name]()
        self._later(self._dice.expovariate(1 / self._mix.act_every_s), self._act_and_again)

    @property
    def _weights(self) -> dict[str, float]:
        return dict(self._mix.acts) | (OWNERS_ACTS if self._mix.owners_act else {})

    def _look_after_runs(self) -> None:
        self._owner.looks_after_runs()
        self._later(LOOK_AFTER_EVERY_S, self._look_after_runs)

    # Processes.

    def _kill(self, kind: str) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._one_of(kind), signal.SIGKILL)

    def _freeze(self, kind: str) -> None:
        pid, seconds = self._one_of(kind), self._dice.uniform(*FROZEN_S)
        self._trace.note("freezes", frozen=pid, seconds=seconds)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        self._later(seconds, lambda: self._thaw(pid))

    def _thaw(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        self._trace.note("thaws", frozen=pid)

    def _one_of(self, kind: str) -> int:
        return self._dice.choice(self._parts.pids(kind))

    def _kill_web_server(self) -> None:
        server = self._dice.choice(self._parts.web)
        server.kill()
        self._later(WEB_BACK_AFTER_S, server.start)

    # Servers.

    def _take_proof_of_life(self) -> None:
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(self._backend.database_url, autocommit=True) as session,
        ):
            found = session.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'prosaas dialler'"
                " AND datname = current_database()"
            ).fetchall()
            if found:
                chosen = self._dice.choice(sorted(found))
                session.execute("SELECT pg_terminate_backend(%s)", chosen)

    # The carrier.

    def _refuse_list(self) -> None:
        refusing = self._script | {"reads": {"mix": {"refuse_503": 1.0}}}
        self._door.faults(refusing)
        self._later(WITHOUT_LIST_S, lambda: self._door.faults(self._script))

    def _lose_callbacks(self) -> None:
        self._door.callbacks(NOTHING_HEARD)
        self._later(DEAF_S, self._hear_callbacks)

    def _hear_callbacks(self) -> None:
        self._door.callbacks(ALL_HEARD | dict(self._mix.callbacks))

    # People.

    def _pause(self) -> None:
        go_on = self._owner.pauses()
        self._later(self._dice.uniform(*PAUSED_S), go_on)
