from __future__ import annotations

from collections import Counter

from bench.turns.table import EVERY, QUICK, all_situations
from bench.turns.vocabulary import Mode, Phase, Right


def test_there_are_enough_situations_and_no_two_are_the_same() -> None:
    names = [situation.name for situation in all_situations()]

    assert len(names) >= 150
    assert len(set(names)) == len(names)


def test_every_phase_mode_and_language_is_there() -> None:
    rows = [situation.row for situation in all_situations()]

    assert {row.phase for row in rows} == set(Phase)
    assert {row.mode for row in rows} == set(Mode)
    assert {row.right for row in rows} == set(Right)
    assert all(count >= 40 for count in Counter(row.language for row in rows).values())
    assert {row.language for row in rows if row.paired} == set(EVERY)


def test_the_quick_ones_are_among_them() -> None:
    assert set(QUICK) <= {situation.name for situation in all_situations()}


def test_only_what_is_no_word_may_be_talked_over() -> None:
    for situation in all_situations():
        if situation.row.right in (Right.RESUME, Right.NO_ANSWER):
            assert not situation.row.doing.real, situation.name
