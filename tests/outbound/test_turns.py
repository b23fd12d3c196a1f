from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta

from outbound.turns import Candidate, Turns
from tests.outbound.rig import OPEN_HOURS

ALICE, CHARLIE = uuid.UUID(int=1), uuid.UUID(int=2)


def candidate(business_id: uuid.UUID, run: int, weight: int = 1, in_s: float = 0) -> Candidate:
    due_at = OPEN_HOURS + timedelta(seconds=in_s)
    return Candidate(uuid.UUID(int=run), business_id, weight, due_at)


def chosen(turns: Turns, candidates: list[Candidate], times: int) -> list[Candidate]:
    found = [turns.choose(candidates) for _ in range(times)]
    return [one for one in found if one is not None]


def test_businesses_take_turns_however_many_runs_they_have() -> None:
    runs = [candidate(ALICE, 1), candidate(ALICE, 2), candidate(ALICE, 3), candidate(CHARLIE, 4)]
    turns = chosen(Turns(), runs, 12)
    assert Counter(one.business_id for one in turns) == {ALICE: 6, CHARLIE: 6}
    assert Counter(one.run_id.int for one in turns) == {1: 2, 2: 2, 3: 2, 4: 6}


def test_a_heavier_business_has_more_turns_and_not_all_at_once() -> None:
    runs = [candidate(ALICE, 1, weight=3), candidate(CHARLIE, 2)]
    order = [one.business_id for one in chosen(Turns(), runs, 8)]
    assert Counter(order) == {ALICE: 6, CHARLIE: 2}
    assert CHARLIE in order[:4]
    assert CHARLIE in order[4:]


def test_a_newcomer_does_not_wait_for_a_long_list() -> None:
    turns = Turns()
    chosen(turns, [candidate(ALICE, 1)], 1000)
    after = chosen(turns, [candidate(ALICE, 1), candidate(CHARLIE, 2)], 2)
    assert CHARLIE in {one.business_id for one in after}


def test_a_run_that_is_held_up_is_passed_over_until_then() -> None:
    turns, runs = Turns(), [candidate(ALICE, 1), candidate(CHARLIE, 2, in_s=60)]
    turns.hold(uuid.UUID(int=1), OPEN_HOURS + timedelta(seconds=5))
    assert turns.ready(runs, OPEN_HOURS) == []
    assert turns.next_at(runs) == OPEN_HOURS + timedelta(seconds=5)
    assert turns.ready(runs, OPEN_HOURS + timedelta(seconds=5)) == runs[:1]


def test_nobody_is_chosen_of_nobody() -> None:
    assert Turns().choose([]) is None
    assert Turns().next_at([]) is None
