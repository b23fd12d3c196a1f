"""The steps of the protocol at which a dialler dies or freezes, wrapped around the product's own
functions from outside.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest import mock

import psycopg

from bench.dial.trace import Trace
from calls.placing import CallRequest, Placing, place_call
from outbound import dialer, intents
from outbound.intents import Intent, Taken, take_jobs
from outbound.liveness import DIALLERS
from outbound.placements import record
from outbound.verdicts import note_passed
from tenants.credentials import TwilioAccount

STEPS: Final = (
    "before the intent",
    "inside the intent",
    "after the intent",
    "before the look",
    "after the look",
    "after the answer",
    "after the record",
)


@dataclass(frozen=True, slots=True)
class Chances:
    """Of one step. `frozen_s`: then it goes on; `forlorn`: its proof of life is taken meanwhile.
    `alone`: only the thread that got there is held up, as by a socket that does not write.
    """

    die: float = 0.0
    freeze: float = 0.0
    frozen_s: float = 2.0
    forlorn: bool = False
    alone: bool = False


class Steps:
    def __init__(
        self, chances: Mapping[str, Chances], dice: random.Random, trace: Trace, calm: Path
    ) -> None:
        """`calm`: once there is such a file, nothing happens at any step."""
        self._chances = chances
        self._dice = dice
        self._trace = trace
        self._calm = calm
        self._turn = threading.Lock()
        self._owner = 0

    def reach(self, step: str) -> None:
        chances = self._chances.get(step, Chances())
        with self._turn:
            lot = self._dice.random()
        if self._calm.exists():
            return
        if lot < chances.die:
            self._trace.note("died", step=step)
            os.kill(os.getpid(), signal.SIGKILL)
        elif lot < chances.die + chances.freeze:
            self._freeze(step, chances)

    def _freeze(self, step: str, chances: Chances) -> None:
        if chances.forlorn:
            _take_proof_of_life(self._owner)
        self._trace.note("froze", step=step, seconds=chances.frozen_s)
        if chances.alone:
            time.sleep(chances.frozen_s)
            return
        wakes = f"sleep {chances.frozen_s}; kill -CONT {os.getpid()}"
        subprocess.Popen(["/bin/sh", "-c", wakes], start_new_session=True)
        os.kill(os.getpid(), signal.SIGSTOP)

    def install(self) -> None:
        mock.patch.object(dialer, "take_jobs", self._take_jobs).start()
        mock.patch.object(dialer, "place_call", self._place_call).start()
        mock.patch.object(dialer, "record", self._record).start()
        mock.patch.object(intents, "note_passed", self._note_passed).start()

    def _take_jobs(self, *, owner: int, **which: Any) -> Taken:
        self._owner = owner
        self.reach("before the intent")
        taken = take_jobs(owner=owner, **which)
        if taken.intents:
            self.reach("after the intent")
        return taken

    def _note_passed(self, *about: Any) -> None:
        note_passed(*about)
        self.reach("inside the intent")

    def _place_call(
        self, account: TwilioAccount, request: CallRequest, *, may_send: Callable[[], bool]
    ) -> Placing:
        def looked() -> bool:
            self.reach("before the look")
            if not may_send():
                return False
            self._trace.note("looked", attempt=request.answer_url.rsplit("/", 1)[1])
            self.reach("after the look")
            return True

        return place_call(account, request, may_send=looked)

    def _record(self, intent: Intent, placing: Placing, **by: Any) -> None:
        self.reach("after the answer")
        record(intent, placing, **by)
        self.reach("after the record")


def _take_proof_of_life(owner: int) -> None:
    """As a restart of PostgreSQL does, or a network that drops the connection."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            " WHERE locktype = 'advisory' AND classid = %s AND objid = %s",
            (DIALLERS, owner),
        )
