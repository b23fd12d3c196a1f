"""What goes to the carrier, when, and how much of it was heard."""

from __future__ import annotations

import pytest

from calls.engine import events
from calls.engine.audio import FRAME_BYTES, SILENCE
from calls.engine.core import Phase
from calls.engine.events import Mark
from calls.engine.limits import Limits
from calls.engine.playback import Heard, PlaybackLedger
from tests.calls.engine.line import Line
from tests.calls.engine.model import SPEECH

T = 500.0  # any moment
LIMITS = Limits()


def ledger(*, lead_ms: int = 100, lead_margin_ms: int = 10) -> PlaybackLedger:
    return PlaybackLedger(Limits(lead_ms=lead_ms, lead_margin_ms=lead_margin_ms))


def output(playback: PlaybackLedger, now: float) -> list[bytes | Mark]:
    """All that is due, as the adapter takes it."""
    taken = []
    while (one := playback.next_output(now)) is not None:
        taken.append(one)
    return taken


def frames(playback: PlaybackLedger, now: float) -> list[bytes]:
    return [one for one in output(playback, now) if isinstance(one, bytes)]


# Frames


@pytest.mark.parametrize("size", [1, 7, 159, 161, 333, 1000, 4001])
def test_deltas_of_odd_sizes_come_out_as_one_unbroken_stream(size: int) -> None:
    line = Line.thinking()
    before = line.heard
    line.response_begins()
    while sum(len(utterance.audio) for utterance in line.rules.live) < 4000:
        line.agent_sends(size)
    line.response_ends()
    line.wait(2)
    audio = line.heard.removeprefix(before)
    assert audio.rstrip(SILENCE) in SPEECH
    assert len(audio) % FRAME_BYTES == 0
    assert len(audio) >= 4000


def test_a_remainder_waits_for_the_next_delta_and_is_filled_up_only_at_the_end() -> None:
    playback = ledger()
    playback.add("resp", "item", SPEECH[:100])
    assert output(playback, T) == []
    playback.add("resp", "item", SPEECH[100:300])
    assert output(playback, T) == [SPEECH[:160]]
    assert playback.output_at() is None
    playback.complete("item")
    assert frames(playback, T) == [SPEECH[160:300] + SILENCE * 20]


def test_every_frame_is_one_of_20_ms_and_the_next_item_begins_with_one_of_its_own() -> None:
    playback = ledger()
    playback.add("resp", "first", SPEECH[:200])
    playback.add("resp", "second", SPEECH[200:360])
    assert frames(playback, T) == [SPEECH[:160]]  # the first goes on first, whatever waits
    playback.complete("first")
    assert frames(playback, T) == [SPEECH[160:200] + SILENCE * 120, SPEECH[200:360]]


def test_the_end_of_a_response_is_the_end_of_its_items() -> None:
    playback = ledger()
    playback.add("resp", "first", SPEECH[:40])
    playback.add("other", "second", SPEECH[:40])
    playback.complete_response("resp")
    assert frames(playback, T) == [SPEECH[:40] + SILENCE * 120]


def test_what_comes_after_an_items_end_is_not_played() -> None:
    playback = ledger()
    playback.add("resp", "item", SPEECH[:160])
    playback.complete("item")
    playback.add("resp", "item", SPEECH[160:320])
    playback.complete("item")
    assert frames(playback, T) == [SPEECH[:160]]


def test_an_item_without_audio_is_nothing_to_wait_for() -> None:
    playback = ledger()
    playback.add("resp", "item", b"")
    playback.complete("item")
    playback.complete("unknown")
    assert playback.empty
    assert output(playback, T) == []


# Pacing


def test_frames_keep_the_lead_and_no_more() -> None:
    playback = ledger()
    playback.add("resp", "item", SPEECH[:8000])
    sent = len(frames(playback, T))
    assert sent == 4  # 80 ms; a fifth would be due when 70 are left
    for tick in range(1, 500):
        now = T + tick / 1000
        sent += len(frames(playback, now))
        assert 70 - 1e-6 <= sent * 20 - tick <= 90 + 1e-6


def test_frames_are_due_at_absolute_moments_however_late_the_adapter_is() -> None:
    playback = ledger()
    playback.add("resp", "item", SPEECH * 2)
    frames(playback, T)
    for turn in range(1, 100):
        due = playback.output_at()
        assert due is not None
        assert due == pytest.approx(T + 0.02 * turn - 0.01)
        assert len(frames(playback, due + 0.005)) == 1  # 5 ms late, which do not add up


@pytest.mark.parametrize(
    ("lead_ms", "margin_ms", "at_once"), [(100, 10, 4), (100, 0, 5), (20, 0, 1)]
)
def test_the_lead_is_a_setting(lead_ms: int, margin_ms: int, at_once: int) -> None:
    playback = ledger(lead_ms=lead_ms, lead_margin_ms=margin_ms)
    playback.add("resp", "item", SPEECH[:8000])
    assert len(frames(playback, T)) == at_once


def test_after_a_stall_of_the_adapter_the_lead_is_made_up_and_nothing_is_lost() -> None:
    line = Line.speaking(ms=2000)
    line.wait(0.3)
    line.stall(0.7)
    assert line.telephone.level_ms(line.now) == pytest.approx(80)
    line.item_ends()
    line.response_ends()
    line.wait(2)
    assert line.turn("item_2").heard_ms == 2000
    line.assert_phase(Phase.LISTENING)


def test_a_model_slower_than_speech_leaves_gaps_and_what_was_heard_stays_right() -> None:
    line = Line.thinking()
    line.response_begins()
    for _ in range(3):
        line.agent_sends(480)  # 60 ms, and then 200 ms nothing
        line.wait(0.2)
    line.agent_sends(8000)
    line.wait(0.12)
    line.caller_starts()
    line.assert_truncated("item_2", 300)


def test_a_pause_between_two_items_is_not_counted_as_heard() -> None:
    line = Line.thinking()
    line.response_begins()
    line.agent_says(200)
    line.wait(0.9)
    second = line.agent_says(500)
    line.wait(0.1)
    line.caller_starts()
    assert line.turn(second).heard_ms == 100
    assert line.turn(second).started_ms == 500 + 900


# Marks and what was heard


def test_marks_go_out_every_100_ms_and_at_the_end() -> None:
    playback = ledger(lead_ms=2000)
    playback.add("resp", "item", SPEECH[: 8 * 250])
    playback.complete("item")
    marks = [one for one in output(playback, T) if isinstance(one, Mark)]
    assert marks == [Mark("item", 100, 0), Mark("item", 200, 0), Mark("item", 260, 0)]


def test_an_end_that_comes_after_the_last_frame_gets_a_mark_of_its_own() -> None:
    playback = ledger()
    playback.add("resp", "item", SPEECH[:320])
    assert frames(playback, T)
    playback.complete("item")
    assert playback.output_at() == 0.0
    assert output(playback, T + 0.03) == [Mark("item", 40, 0)]


def test_the_end_of_an_item_is_marked_once_however_often_it_is_told() -> None:
    playback = ledger()
    playback.add("resp", "item", SPEECH[:320])
    playback.complete("item")
    output(playback, T)
    playback.complete("item")
    playback.complete_response("resp")
    assert output(playback, T) == []


def test_an_item_is_heard_when_its_last_mark_comes_back() -> None:
    playback = ledger(lead_ms=2000)
    playback.add("resp", "item", SPEECH[:1600])
    playback.complete("item")
    output(playback, T)
    assert playback.reached(Mark("item", 100, 0), T + 0.1) is None
    heard = playback.reached(Mark("item", 200, 0), T + 0.2)
    assert heard == Heard("item", "resp", 200, 200, True, T)
    assert playback.empty
    assert playback.reached(Mark("item", 200, 0), T + 0.2) is None


def test_a_mark_of_an_older_generation_was_cleared_and_not_heard() -> None:
    playback = ledger(lead_ms=2000)
    playback.add("resp", "item", SPEECH[:1600])
    output(playback, T)
    playback.clear(T + 0.05)
    playback.add("resp_2", "item", SPEECH[:1600])
    output(playback, T + 0.05)
    assert playback.reached(Mark("item", 200, 0), T + 0.06) is None
    (heard,) = playback.clear(T + 0.07)
    assert heard.heard_ms == 20


def test_a_mark_that_we_did_not_place_proves_nothing() -> None:
    playback = ledger()
    playback.add("resp", "item", SPEECH[:1600])
    output(playback, T)
    assert playback.reached(Mark("item", 5000, 0), T) is None
    assert playback.reached(Mark("another", 20, 0), T) is None
    assert playback.clear(T)[0].heard_ms == 0


def playing(playback: PlaybackLedger, ms: int) -> None:
    playback.add("resp", "item", SPEECH[:8000])
    for tick in range(ms // 10 + 1):
        output(playback, T + tick / 100)


def test_the_trip_of_a_mark_is_the_trip_of_a_clear() -> None:
    """Everything takes 60 ms there and back: what is cleared is what has not been heard then."""
    playback = ledger()
    playing(playback, 250)
    playback.reached(Mark("item", 100, 0), T + 0.16)
    (heard,) = playback.clear(T + 0.25)
    assert heard.heard_ms == 250


def test_marks_correct_a_caller_who_hears_later_than_we_send() -> None:
    """A mark made the trip in 20 ms; from the next one on the carrier is 40 ms behind."""
    playback = ledger()
    playing(playback, 250)
    playback.reached(Mark("item", 100, 0), T + 0.12)
    playback.reached(Mark("item", 200, 0), T + 0.26)
    (heard,) = playback.clear(T + 0.28)
    assert heard.heard_ms == 240


def test_a_trip_is_never_believed_to_be_longer_than_a_network_makes_it() -> None:
    playback = ledger()
    playing(playback, 250)
    playback.reached(Mark("item", 100, 0), T + 0.3)
    (heard,) = playback.clear(T + 0.3)
    assert heard.heard_ms == 250


def test_a_mark_that_was_held_up_by_a_stall_does_not_move_the_caller_back() -> None:
    line = Line.speaking(ms=2000)
    line.wait(0.29)
    line.stall(0.4)  # in which 360 ms were played to the end, and the mark of 300 came back
    line.wait(0.01)
    line.caller_starts()
    line.assert_truncated("item_2", 370)


def test_a_mark_that_comes_when_all_was_played_does_not_move_the_caller_back() -> None:
    line = Line.speaking(ms=360)
    line.wait(0.29)
    line.stall(0.4)
    line.wait(0.01)
    line.caller_starts()
    line.assert_truncated("item_2", 360)


def test_what_a_mark_proved_is_not_taken_back() -> None:
    playback = ledger()
    playback.add("resp", "item", SPEECH[:8000])
    for tick in range(26):
        output(playback, T + tick / 100)
    playback.reached(Mark("item", 200, 0), T + 0.2)
    playback.reached(Mark("item", 100, 0), T + 0.2)  # late, or forged
    (heard,) = playback.clear(T + 0.21)
    assert heard.heard_ms == 200


def test_without_any_marks_an_item_counts_as_heard_when_it_must_have_been() -> None:
    line = Line.thinking()
    line.telephone.marks_return = False
    item = line.agent_responds(500)
    line.wait(1.9)
    line.assert_phase(Phase.SPEAKING)
    line.wait(0.1)
    line.assert_phase(Phase.LISTENING)
    assert line.turn(item).heard_ms == 500
    assert line.session.summary().counters["mark_missing"] == 1


def test_without_marks_an_interruption_falls_where_the_clock_says() -> None:
    line = Line.speaking(ms=1000)
    line.telephone.marks_return = False
    line.wait(0.63)
    line.caller_starts()
    line.assert_truncated("item_2", 630)


def test_a_lost_mark_holds_up_neither_the_next_item_nor_the_end() -> None:
    line = Line.thinking()
    line.response_begins()
    first = line.agent_says(300)
    line.telephone.marks_return = False
    line.wait(0.3)
    line.telephone.marks_return = True
    second = line.agent_says(300)
    line.response_ends()
    line.wait(0.3)
    assert line.turn(second).heard_ms == 300
    line.wait(1.6)
    assert line.turn(first).heard_ms == 300
    line.assert_phase(Phase.LISTENING)


def test_an_end_that_comes_long_after_the_last_frame_has_its_mark_waited_for() -> None:
    line = Line.speaking(ms=100)
    line.wait(5)
    line.telephone.marks_return = False
    line.item_ends()
    line.response_ends()
    assert line.session.deadline == pytest.approx(line.now + LIMITS.mark_slack_s)
    line.wait(1.49)
    assert "mark_missing" not in line.session.summary().counters
    line.wait(0.01)
    line.assert_phase(Phase.LISTENING)


def test_a_needless_wake_makes_nothing_heard() -> None:
    line = Line.thinking()
    item = line.agent_responds(500)
    line.wait(0.49)
    assert line.session.expire(line.now) == []
    assert item not in line.rules.saved


def test_nothing_is_overdue_while_there_is_something_to_send() -> None:
    line = Line.thinking()
    line.telephone.marks_return = False
    line.response_begins()
    line.agent_sends(1600)
    line.wait(30)
    line.assert_phase(Phase.SPEAKING)
    assert line.session.summary().counters["mark_missing"] == 0


def test_clearing_an_empty_buffer_hears_nothing() -> None:
    playback = ledger()
    assert playback.clear(T) == []
    assert playback.overdue(T) == []


def test_after_a_clear_the_next_item_begins_at_once() -> None:
    playback = ledger()
    playback.add("resp", "item", SPEECH[:8000])
    output(playback, T)
    playback.clear(T + 0.03)
    playback.add("resp_2", "next", SPEECH[:8000])
    assert len(frames(playback, T + 0.03)) == 4
    (heard,) = playback.clear(T + 0.08)
    assert (heard.item_id, heard.heard_ms) == ("next", 50)


def test_audio_before_the_clear_is_gone_with_its_marks() -> None:
    playback = ledger()
    playback.add("resp", "item", SPEECH[:160])
    playback.next_output(T)
    playback.complete("item")
    playback.clear(T)
    assert output(playback, T) == []
    assert playback.output_at() is None
    assert playback.overdue_at() is None


def test_the_carriers_frames_are_counted_and_nothing_else_is_done_with_them() -> None:
    line = Line()
    for _ in range(5):
        line.session.caller_frame(line.now)
    assert line.session.summary().frames_in == 5
    line.feed(events.CarrierStopped())
