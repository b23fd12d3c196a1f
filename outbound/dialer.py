"""The dial protocol: intent, last look, one request, and what is known afterwards.

A dialler is a session with a proof of life. Its main thread writes intents and outcomes; its other
threads do nothing but ask the carrier, once per intent. No transaction is open meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from calls.placing import CallRequest, Placing, Unknown, Withheld, place_call
from outbound import addresses, spool
from outbound.intents import Intent, take_jobs
from outbound.liveness import Liveness, LivenessLost, living, turn
from outbound.placements import record
from outbound.protocol import Protocol, database_now, protocol
from outbound.queue import candidates
from outbound.reconcile import settle_the_dead
from outbound.together import record_together
from outbound.turns import Candidate, Turns

logger = structlog.get_logger(__name__)

AT_ONCE: Final = 32
# Above the periodic tasks that one process does at a time.
DIALLING: Final = 100
LOOK_EVERY_S: Final = 0.25
SHORTEST_WAIT_S: Final = 0.005

Clock = Callable[[], datetime]
Monotonic = Callable[[], float]


def dial(
    *,
    for_s: float,
    idle_s: float = 0.0,
    clock: Clock = database_now,
    monotonic: Monotonic = time.monotonic,
) -> int:
    """Dial whatever is due for so long, or until nothing has been due for `idle_s`. Returns how
    often the carrier was asked.

    Whoever stopped before us in the middle of something is seen to first: what they were about is
    settled before anything new is begun.
    """
    spool.deliver()
    settle_the_dead(now=clock())
    with living() as alive, ThreadPoolExecutor(AT_ONCE, "dial") as pool:
        dialler = Dialler(alive, pool, protocol(), clock, monotonic)
        try:
            dialler.run(until=monotonic() + for_s, idle_s=idle_s)
        finally:
            dialler.finish()
        return dialler.asked


def dial_in_turn(*, for_s: float, idle_s: float) -> int | None:
    """Unless as many diallers are at work as there are to be: then None."""
    for place in range(settings.DIALLERS):
        with turn(DIALLING + place) as is_ours:
            if is_ours:
                return dial(for_s=for_s, idle_s=idle_s)
    return None


class Dialler:
    def __init__(
        self,
        alive: Liveness,
        pool: ThreadPoolExecutor,
        figures: Protocol,
        clock: Clock,
        monotonic: Monotonic,
    ) -> None:
        self.asked = 0
        self._alive = alive
        self._pool = pool
        self._figures = figures
        self._clock = clock
        self._monotonic = monotonic
        self._turns = Turns()
        self._under_way: dict[Future[Placing], Intent] = {}

    def run(self, *, until: float, idle_s: float) -> None:
        """Raises `LivenessLost`, after which nothing more may be sent."""
        idle_since = self._monotonic()
        while (now := self._monotonic()) < until:
            self._record_answers()
            pause = self._step()
            if self._under_way or pause == 0:
                idle_since = now
            elif now - idle_since >= idle_s:
                return
            if pause:
                self._wait(min(pause, until - now))

    def finish(self) -> None:
        """Every request that went out is waited for and written down."""
        while self._under_way:
            self._wait(LOOK_EVERY_S)
            self._record_answers()

    def _step(self) -> float:
        """Look at one run. Returns for how many seconds there is nothing to do."""
        free = AT_ONCE - len(self._under_way)
        if not free:
            return LOOK_EVERY_S
        self._alive.check()
        now, all_runs = self._clock(), candidates()
        chosen = self._turns.choose(self._turns.ready(all_runs, now))
        if chosen is None:
            return self._until(self._turns.next_at(all_runs), now)
        self._take(chosen, free)
        return 0

    def _take(self, chosen: Candidate, free: int) -> None:
        taken = take_jobs(
            run_id=chosen.run_id,
            business_id=chosen.business_id,
            owner=self._alive.owner,
            most=free,
            clock=self._clock,
        )
        intended_at = self._monotonic()
        if taken.look_again_at is not None:
            self._turns.hold(chosen.run_id, taken.look_again_at)
        for intent in taken.intents:
            asking = self._pool.submit(self._ask, intent, intended_at)
            self._under_way[asking] = intent
            self.asked += 1

    def _ask(self, intent: Intent, intended_at: float) -> Placing:
        """In a thread of the pool, which touches no row but through our proof of life."""
        request = CallRequest(
            to=intent.to,
            from_=intent.from_,
            answer_url=addresses.answer(intent.business_slug, intent.attempt_id),
            fallback_url=addresses.fallback(intent.language),
            status_url=addresses.status(intent.business_slug, intent.attempt_id),
            detection_url=(
                addresses.detection(intent.business_slug, intent.attempt_id)
                if intent.listens_for_machines
                else ""
            ),
            ring_s=intent.ring_s,
            longest_s=intent.longest_s,
        )
        return place_call(
            intent.account, request, may_send=lambda: self._may_send(intent, intended_at)
        )

    def _may_send(self, intent: Intent, intended_at: float) -> bool:
        """The last look. Whoever was paused since the intent, or since the look, does not send."""
        looked_at = self._monotonic()
        if looked_at - intended_at > self._figures.intent_good_s:
            return False
        try:
            wanted = self._alive.still_wanted(
                attempt_id=intent.attempt_id,
                business_id=intent.business_id,
                fence=intent.fence,
            )
        except LivenessLost:
            return False
        return wanted and self._monotonic() - looked_at <= self._figures.look_good_s

    def _wait(self, seconds: float) -> None:
        seconds = max(seconds, SHORTEST_WAIT_S)
        if self._under_way:
            wait(self._under_way, timeout=seconds, return_when=FIRST_COMPLETED)
        else:
            time.sleep(seconds)

    def _until(self, moment: datetime | None, now: datetime) -> float:
        if moment is None:
            return LOOK_EVERY_S
        return min(max((moment - now) / timedelta(seconds=1), SHORTEST_WAIT_S), LOOK_EVERY_S)

    def _record_answers(self) -> None:
        done = [asking for asking in self._under_way if asking.done()]
        answers = [(self._under_way.pop(asking), _answer(asking)) for asking in done]
        _write_down(answers, self._alive.owner, self._clock)


def _answer(asking: Future[Placing]) -> Placing:
    """A fault of ours in the middle of asking leaves the same doubt as a lost answer."""
    error = asking.exception()
    if error is not None:
        logger.error("asking_failed", exc_info=error)
        return Unknown(f"a fault of ours: {type(error).__name__}")
    return asking.result()


def _write_down(answers: Sequence[tuple[Intent, Placing]], owner: int, clock: Clock) -> None:
    for intent, placing in answers:
        if not isinstance(placing, Withheld):
            logger.info("carrier_asked", attempt_id=str(intent.attempt_id), came=_name(placing))
    for intent, placing in _after_those_of_one_kind(answers, owner, clock):
        try:
            record(intent, placing, owner=owner, now=clock())
        except (DatabaseError, InterfaceError):
            # The database cannot be told now. The CallSid must not be lost with this process.
            logger.exception("answer_not_recorded", attempt_id=str(intent.attempt_id))
            spool.keep(intent, placing)


def _after_those_of_one_kind(
    answers: Sequence[tuple[Intent, Placing]], owner: int, clock: Clock
) -> Sequence[tuple[Intent, Placing]]:
    """What is left when the usual answers have been written down together."""
    if len(answers) < 2:
        return answers
    try:
        return record_together(answers, owner=owner, now=clock())
    except (DatabaseError, InterfaceError):
        logger.exception("answers_not_recorded_together")
        return answers


def _name(placing: Placing) -> str:
    return type(placing).__name__.lower()
