from __future__ import annotations

import dataclasses

from bench.turns.judge import Outcome, Truncate
from bench.turns.verdicts import Pair, verdicts
from bench.turns.vocabulary import Phase, Right

STOPPED = Outcome(
    "a word",
    Phase.MIDDLE,
    Right.STOP,
    came_about=True,
    onset_to_silence_ms=90.0,
    candidate_to_silence_ms=20.0,
    answers=1,
    truncates=(Truncate(3.0, possible=True),),
)
RESUMED = Outcome("a hum", Phase.MIDDLE, Right.RESUME, came_about=True, resumed_after_ms=(30.0,))
SAID_GOODBYE = Outcome(
    "goodbye", Phase.FAREWELL, Right.FAREWELL, came_about=True, hung_up_after_ms=200.0
)
GREETED = Outcome(
    "greeting", Phase.STORED_GREETING, Right.RESUME, came_about=True, greeted_after_ms=40.0
)
ALL = [STOPPED, RESUMED, SAID_GOODBYE, GREETED]
PAIRS = [Pair("a question", 1004.0, 1000.0)]


def missed(outcomes: list[Outcome], pairs: list[Pair] = PAIRS) -> list[str]:
    return [verdict.text for verdict in verdicts(outcomes, pairs) if not verdict.holds]


def test_good_calls_keep_every_promise() -> None:
    assert missed(ALL) == []


def test_each_fault_breaks_one_promise() -> None:
    for faulty in (
        dataclasses.replace(STOPPED, came_about=False),
        dataclasses.replace(STOPPED, candidate_to_silence_ms=61.0),
        dataclasses.replace(STOPPED, missed_stop=True),
        dataclasses.replace(STOPPED, old_audio_ms=20.0),
        dataclasses.replace(STOPPED, truncates=(Truncate(21.0, possible=True),)),
        dataclasses.replace(STOPPED, truncates=(Truncate(0.0, possible=False),)),
        dataclasses.replace(STOPPED, untold=1),
        dataclasses.replace(STOPPED, wrong_answers=1),
        dataclasses.replace(STOPPED, errors=("conversation_already_has_active_response",)),
        dataclasses.replace(RESUMED, false_stop=True),
        dataclasses.replace(RESUMED, resumed_after_ms=(101.0,)),
        dataclasses.replace(RESUMED, lost_ms=1.0),
        dataclasses.replace(RESUMED, repeated_ms=21.0),
        dataclasses.replace(RESUMED, foreign_ms=20.0),
        dataclasses.replace(RESUMED, stray_items=1),
        dataclasses.replace(SAID_GOODBYE, farewell_lost_ms=20.0),
        dataclasses.replace(SAID_GOODBYE, hung_up_after_ms=501.0),
        dataclasses.replace(GREETED, greeted_after_ms=101.0),
    ):
        assert len(missed([*ALL, faulty])) == 1, faulty


def test_an_answer_that_comes_later_than_with_the_servers_turn_taking_is_told() -> None:
    assert len(missed(ALL, [Pair("a question", 1011.0, 1000.0)])) == 1
    assert missed(ALL, [Pair("a question", 900.0, 1000.0)]) == []


def test_what_was_not_measured_is_not_kept() -> None:
    assert "last frame of the farewell to the hang-up, ms" in missed([STOPPED, RESUMED, GREETED])
    assert len(missed(ALL, [])) == 1
