"""Faults planted in the engine, each with the place from where it is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from calls.engine.timers import Timer, Timers
from tests.calls.engine.histories import ALPHABET, LARGER, OUTBOUND, Letter, explore
from tests.calls.engine.test_histories import (
    BEGINNINGS,
    LARGER_BEGINNINGS,
    OUTBOUND_BEGINNINGS,
)

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]
Finder = Callable[[], object]

MUTANTS: Final[list[tuple[Mutant, Finder]]] = []


def caught_from(beginning: str) -> Callable[[Mutant], Mutant]:
    """From where in a call the fault is a few steps away."""

    def explore_deeper_and_deeper() -> None:
        begin = (BEGINNINGS | LARGER_BEGINNINGS | OUTBOUND_BEGINNINGS)[beginning]
        for length in (1, 2, 3, 4):
            explore(begin(), length, alphabet=_alphabet(beginning))

    return caught_by(explore_deeper_and_deeper)


def _alphabet(beginning: str) -> tuple[Letter, ...]:
    if beginning in OUTBOUND_BEGINNINGS:
        return OUTBOUND
    return ALPHABET if beginning in BEGINNINGS else LARGER


def caught_by(finder: Finder) -> Callable[[Mutant], Mutant]:
    """By an example: it is further away than the histories go."""

    def plant(mutant: Mutant) -> Mutant:
        MUTANTS.append((mutant, finder))
        return mutant

    return plant


def without(timer: Timer, monkeypatch: Patch) -> None:
    set_timer = Timers.set

    def all_but_one(self: Timers, which: Timer, at: float) -> None:
        if which is not timer:
            set_timer(self, which, at)

    monkeypatch.setattr(Timers, "set", all_but_one)
