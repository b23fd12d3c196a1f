from __future__ import annotations

import pytest

from calls.engine import notes
from calls.engine.commands import (
    AddNote,
    CancelResponse,
    ClearPlayback,
    DeleteItem,
    Purpose,
    TruncateItem,
)
from calls.engine.core import Phase
from tests.calls.engine.line import Line


@pytest.mark.parametrize("ms", [20, 40, 95, 100, 333, 910])
def test_the_model_is_told_how_much_was_heard(ms: int) -> None:
    line = Line.speaking(ms=1000)
    line.wait(ms / 1000)
    line.caller_starts()
    line.assert_silent_within(0)
    line.assert_truncated("item_2", ms)
    line.assert_cancelled("resp_2")
    assert line.turn("item_2").heard_ms == ms
    assert line.turn("item_2").interrupted
    assert line.session.summary().barge_ins == 1


def test_the_caller_hears_not_a_sample_more() -> None:
    line = Line.speaking(ms=1000)
    line.wait(0.333)
    heard = line.heard
    line.caller_starts()
    line.agent_sends(1600)  # on its way when it was cancelled
    line.wait(2)
    line.assert_heard(heard)
    assert line.session.summary().counters["late_audio"] == 1


def test_an_answer_that_is_complete_is_not_cancelled_but_cut_all_the_same() -> None:
    line = Line.thinking()
    item = line.agent_responds(2000)
    line.wait(0.5)
    line.caller_starts()
    line.assert_truncated(item, 500)
    line.assert_cancelled()


def test_what_was_not_heard_at_all_is_deleted_and_never_cut_at_zero() -> None:
    line = Line.thinking()
    line.response_begins()
    line.agent_says(1000)
    line.caller_starts()
    assert line.commanded(TruncateItem) == []
    assert line.commanded(DeleteItem) == []  # it is still being made
    line.response_ends("cancelled")
    line.assert_deleted("item_2")
    assert line.turn("item_2").heard_ms == 0


def test_of_a_complete_answer_nobody_heard_the_item_is_deleted_at_once() -> None:
    line = Line.thinking()
    item = line.agent_responds(1000)
    line.caller_starts()
    line.assert_deleted(item)
    assert line.commanded(TruncateItem) == []


def test_an_item_that_was_heard_to_its_end_is_left_alone() -> None:
    line = Line.thinking()
    line.response_begins()
    line.agent_says(200)
    second = line.agent_says(1000)
    line.wait(0.5)
    line.caller_starts()
    line.response_ends("cancelled")
    line.assert_truncated(second, 300)
    line.assert_deleted()
    assert not line.turn("item_2").interrupted


def test_of_two_items_the_one_that_sounds_is_cut_and_the_one_behind_it_deleted() -> None:
    line = Line.thinking()
    line.response_begins()
    first, second = line.agent_says(333), line.agent_says(1000)
    line.response_ends()
    line.wait(0.2)
    line.caller_starts()
    line.assert_truncated(first, 200)
    line.assert_deleted(second)


def test_never_beyond_the_item_though_its_last_frame_is_filled_up() -> None:
    line = Line.thinking()
    line.response_begins()
    first, second = line.agent_says(50), line.agent_says(1000)  # 50 ms are three frames
    line.wait(0.055)
    line.caller_starts()
    assert line.turn(first).heard_ms == 50
    assert not line.turn(first).interrupted
    assert line.commanded(TruncateItem) == []
    line.response_ends("cancelled")
    line.assert_deleted(second)


def test_all_that_has_come_so_far_was_heard_and_more_was_to_come() -> None:
    line = Line.speaking(ms=200)
    line.wait(0.7)
    line.caller_starts()
    line.assert_truncated("item_2", 200)
    assert line.turn("item_2").interrupted


def test_the_clear_goes_out_before_everything_else() -> None:
    line = Line.speaking()
    line.wait(0.1)
    line.done.clear()
    line.caller_starts()
    assert line.done[:2] == [ClearPlayback(), CancelResponse("resp_2")]


def test_while_the_model_thinks_the_caller_goes_on_and_the_answer_is_withdrawn() -> None:
    line = Line.thinking()
    line.response_begins()
    line.caller_starts()
    line.assert_phase(Phase.LISTENING)
    line.assert_cancelled("resp_2")
    assert line.commanded(ClearPlayback) == []
    assert line.session.summary().barge_ins == 0


def test_a_cancel_that_is_wished_before_the_response_begins_waits_for_its_id() -> None:
    line = Line.thinking()
    line.caller_starts()
    line.assert_cancelled()
    line.response_begins()
    line.assert_cancelled("resp_2")
    line.agent_sends(8000)
    line.response_ends("cancelled")
    line.assert_cancelled("resp_2")
    line.assert_deleted("item_2")


def test_the_next_answer_waits_for_the_end_of_the_cancelled_one() -> None:
    line = Line.speaking()
    line.wait(0.2)
    line.caller_says()
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.response_ends("cancelled")
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER, Purpose.ANSWER]
    line.response_begins()
    line.assert_one_active_response()


def test_who_goes_on_before_that_takes_back_the_answer_that_waits() -> None:
    line = Line.speaking()
    line.wait(0.2)
    line.caller_says()
    line.caller_starts()
    line.response_ends("cancelled")
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.caller_commits()
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER, Purpose.ANSWER]


def test_between_two_items_the_rest_of_the_response_is_withdrawn() -> None:
    line = Line.thinking()
    line.response_begins()
    line.agent_says(200)
    line.wait(1)
    line.assert_phase(Phase.SPEAKING)
    line.caller_starts()
    line.assert_cancelled("resp_2")
    assert line.commanded(TruncateItem) == []


def test_who_only_listens_is_not_interrupted() -> None:
    line = Line.listening()
    line.caller_starts()
    assert line.commanded(ClearPlayback) == []
    assert line.session.summary().barge_ins == 0
    line.wait(30)  # he may speak as long as he likes
    line.assert_phase(Phase.LISTENING)


def test_who_says_goodbye_into_the_farewell_hears_all_of_it() -> None:
    line = Line.thinking()
    line.response_begins()
    item = line.agent_says(1000)
    line.response_ends(tools=("end_call",))
    line.wait(0.3)
    line.caller_says("Thank you, bye!")
    line.wait(0.71)
    assert line.turn(item).heard_ms == 1000
    line.assert_ended("agent_goodbye")


def test_who_has_more_to_ask_takes_the_farewell_back() -> None:
    line = Line.thinking()
    line.response_begins()
    item = line.agent_says(1000)
    line.response_ends(tools=("end_call",))
    line.wait(0.3)
    line.caller_says("Wait, are you open on Friday?")
    line.assert_truncated(item, 300)
    assert line.commanded(AddNote) == [AddNote(notes.NOT_OVER)]
    assert line.requested()[-1] is Purpose.ANSWER
    line.agent_responds(500)
    line.wait(2)
    line.assert_goes_on()
    line.assert_phase(Phase.LISTENING)


def test_marks_that_a_clear_throws_back_do_not_count_as_heard() -> None:
    line = Line.speaking(ms=1000)
    line.wait(0.25)  # the marks for 300 ms and, with the lead, more are in the buffer
    assert line.telephone.marks()
    line.caller_starts()
    assert line.turn("item_2").heard_ms == 250
    line.caller_ends()
    line.response_ends("cancelled")
    again = line.agent_responds(400)
    line.wait(0.1)
    line.caller_starts()
    assert line.turn(again).heard_ms == 100
