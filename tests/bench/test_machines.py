"""The labelled calls that machines, people and assistants answer."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.machines.cases import HELD_OUT, LABELLED, Case, read
from bench.machines.line import Call
from calls.engine.machines import Answerer
from calls.engine.profile import OnMachine

CASES = read(LABELLED)
PEOPLE = [case for case in CASES if case.truth is Answerer.HUMAN]


def by_name(cases: list[Case]) -> list[str]:
    return [case.name for case in cases]


def test_there_are_enough_of_them_in_each_language() -> None:
    assert len(CASES) >= 150
    assert {case.language for case in CASES} == {"he", "en", "ar"}
    for language in ("he", "en", "ar"):
        kinds = Counter(case.truth for case in CASES if case.language == language)
        assert min(kinds[each] for each in Answerer) >= 1


def test_what_is_held_out_is_in_no_other_list() -> None:
    words = {case.parts for case in CASES if case.truth is Answerer.MACHINE}
    assert words.isdisjoint(case.parts for case in read(HELD_OUT))


@pytest.mark.parametrize("policy", [OnMachine.HANG_UP, OnMachine.LEAVE_MESSAGE])
@pytest.mark.parametrize("case", PEOPLE, ids=by_name(PEOPLE))
def test_no_person_is_hung_up_on(case: Case, policy: OnMachine) -> None:
    result = Call(case, policy).run()
    assert result.reason == "caller_hangup"
    assert result.answered_by != "machine"


def test_a_mailbox_hears_the_message_whole_behind_its_beep() -> None:
    [first] = [case for case in CASES if case.name == "labelled 80"]
    result = Call(first, OnMachine.LEAVE_MESSAGE).run()
    assert (result.reason, result.message, result.into_greeting) == ("voicemail", "heard", False)
