"""Faults planted in the engine, each of which the rules must find among the short histories.

A rule that catches nothing is no rule: whoever adds a behaviour adds its mutant.
"""

from __future__ import annotations

import pytest

from tests.calls.engine.mutants import (
    MUTANTS,
    Finder,
    Mutant,
    configuration,
    ending,
    hold,
    machines,
    playback,
    reconnect,
    responses,
    speculation,
    tools,
    turns,
)

PLANTED_IN = (
    configuration,
    ending,
    hold,
    machines,
    playback,
    reconnect,
    responses,
    speculation,
    tools,
    turns,
)


@pytest.mark.parametrize(
    ("mutant", "finder"), MUTANTS, ids=[mutant.__name__ for mutant, _ in MUTANTS]
)
def test_the_rules_find_the_fault(
    mutant: Mutant, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        finder()


def test_every_place_has_its_faults() -> None:
    planted = {mutant.__module__ for mutant, _ in MUTANTS}
    assert planted == {module.__name__ for module in PLANTED_IN}
