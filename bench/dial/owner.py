"""The people of the businesses, who change their minds while their runs are dialled."""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError, connections
from django.utils import timezone

from bench.dial.facts import Forbidden
from bench.dial.world import World
from calls.models import DoNotCall, DoNotCallVia
from outbound.actions import mark_not_placed, mark_placed, pause_run, start_run, stop_run
from outbound.models import (
    OPEN,
    AttemptState,
    DialAttempt,
    OutboundCallJob,
    OutboundCallRun,
    RunStatus,
)
from tenants.scoping import business_scope

Came = TypeVar("Came")

PATIENCE_S: Final = 20.0
AGAIN_AFTER_S: Final = 0.2


class Owner:
    def __init__(self, world: World, seed: int) -> None:
        self.did: Counter[str] = Counter()
        self._world = world
        self._dice = random.Random(f"owner {seed}")
        self._paused: dict[uuid.UUID, Forbidden] = {}
        self._forbidden: list[Forbidden] = []

    @property
    def runs(self) -> Sequence[OutboundCallRun]:
        return self._world.open_runs

    @property
    def forbidden(self) -> list[Forbidden]:
        return [*self._forbidden, *self._paused.values()]

    def forbid_what_is_closed(self) -> None:
        run = self._world.closed
        self._forbid("its window is closed", run, run_id=run.pk)

    def pauses(self) -> Callable[[], None]:
        """Returns how to go on. A run that somebody has paused already stays as it is."""
        run = self._dice.choice(self.runs)
        if run.pk in self._paused:
            return lambda: None
        if patiently(lambda: pause_run(run=run, by=None, now=timezone.now())):
            self.did["paused a run"] += 1
            self._paused[run.pk] = _forbidden("the run was paused", run, run_id=run.pk)
        return lambda: self.goes_on(run)

    def goes_on(self, run: OutboundCallRun) -> None:
        ban = self._paused.pop(run.pk, None)
        if ban is not None:
            self._forbidden.append(replace(ban, until=timezone.now()))
        patiently(lambda: _start(run))

    def looks_after_runs(self) -> None:
        """Whatever the product has paused by itself, because calls failed, goes on."""
        for run in self.runs:
            if run.pk not in self._paused:
                self._look_after(run)

    def _look_after(self, run: OutboundCallRun) -> None:
        if patiently(lambda: _status(run)) == RunStatus.PAUSED:
            self.did["resumed a run that had paused itself"] += 1
            patiently(lambda: _start(run))

    def stops(self, run: OutboundCallRun) -> None:
        if patiently(lambda: stop_run(run=run, by=None, now=timezone.now())):
            self.did["stopped a run"] += 1
            self._forbid("the run was stopped", run, run_id=run.pk)

    def is_told_not_to_call(self) -> None:
        """Somebody whose turn is still to come, or whose telephone is about to ring."""
        run = self._dice.choice(self.runs)
        number = patiently(lambda: self._somebody(run))
        if number is None:
            return
        patiently(lambda: _close(run, number))
        self.did["closed a number"] += 1
        self._forbid("it is on the do-not-call list", run, number=number)

    def decides(self, truth: Mapping[uuid.UUID, str]) -> None:
        """About the attempts that wait for a person, who knows what the carrier knows."""
        for business in self._world.businesses:
            with business_scope(business):
                attempts = DialAttempt.objects.for_business(business)
                waiting = list(attempts.filter(state=AttemptState.HUMAN).select_related("business"))
            for attempt in waiting:
                self.did["decided about an attempt"] += 1
                self._decide(attempt, truth.get(attempt.pk, ""))

    def _decide(self, attempt: DialAttempt, call_sid: str) -> None:
        now = timezone.now()
        if call_sid:
            mark_placed(attempt=attempt, call_sid=call_sid, by=None, now=now)
        else:
            mark_not_placed(attempt=attempt, by=None, now=now)

    def _somebody(self, run: OutboundCallRun) -> str | None:
        with business_scope(run.business_id):
            jobs = OutboundCallJob.objects.of_run(run).filter(status__in=OPEN)
            under_way = self._dice.random() < 0.5
            if under_way:
                jobs = jobs.exclude(status="queued")
            numbers = sorted(jobs.values_list("phone_e164", flat=True))
        return self._dice.choice(numbers) if numbers else None

    def _forbid(
        self,
        why: str,
        run: OutboundCallRun,
        *,
        run_id: uuid.UUID | None = None,
        number: str | None = None,
    ) -> None:
        self._forbidden.append(_forbidden(why, run, run_id=run_id, number=number))


def patiently(act: Callable[[], Came]) -> Came:
    """As a person does who is told that the server is away: again, after a moment."""
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        try:
            return act()
        except (DatabaseError, InterfaceError):
            if time.monotonic() > give_up_at:
                raise
            connections.close_all()
            time.sleep(AGAIN_AFTER_S)


def _forbidden(
    why: str,
    run: OutboundCallRun,
    *,
    run_id: uuid.UUID | None = None,
    number: str | None = None,
) -> Forbidden:
    return Forbidden(why, run.business_id, timezone.now(), None, run_id, number)


def _start(run: OutboundCallRun) -> None:
    try:
        start_run(run=run, by=None, now=timezone.now())
    except ValidationError:
        return  # there is nobody left to call


def _status(run: OutboundCallRun) -> str:
    with business_scope(run.business_id):
        status: str = OutboundCallRun.objects.get(pk=run.pk).status
    return status


def _close(run: OutboundCallRun, number: str) -> None:
    with business_scope(run.business_id):
        DoNotCall.objects.add(
            business_id=run.business_id,
            phone_e164=number,
            via=DoNotCallVia.OWNER,
            now=timezone.now(),
        )
