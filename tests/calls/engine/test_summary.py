"""The figures and settings of a call."""

from __future__ import annotations

import pytest

from calls.engine import events
from calls.engine.audio import AUDIO_CONFIG, AudioConfig
from calls.engine.events import Usage
from calls.engine.limits import Limits
from calls.engine.timers import Timer, Timers
from tests.calls.engine.line import Line


def test_a_call_in_figures() -> None:
    line = Line.listening()
    line.caller_says("what do you cost?")
    line.response_begins()
    line.agent_says(1000)
    line.wait(0.4)
    line.caller_says("uh")
    line.response_ends("cancelled")
    line.caller_says("and a cut?")
    line.agent_responds(300)
    line.wait(0.3)
    line.feed(events.CarrierStopped())
    summary = line.session.summary()
    assert summary.heard_ms == 500 + 400 + 300
    assert summary.frames_sent == line.telephone.frames
    assert (summary.utterances_total, summary.utterances_filler_only) == (3, 1)
    assert summary.barge_ins == 1
    assert (summary.compact_sent, summary.full_sent, summary.full_confirmed) == (1, 1, True)
    assert summary.frames_dropped == 0


def test_tokens_are_added_up_whatever_became_of_the_response() -> None:
    line = Line.thinking()
    spent = Usage(
        text_in=9, audio_in=8, cached_text_in=7, cached_audio_in=6, text_out=5, audio_out=4
    )
    for response in ("resp_1", "resp_2"):
        line.feed(events.ResponseFinished(response, "cancelled", usage=spent))
    summary = line.session.summary()
    assert (summary.text_in, summary.audio_in) == (18, 16)
    assert (summary.cached_text_in, summary.cached_audio_in) == (14, 12)
    assert (summary.text_out, summary.audio_out) == (10, 8)


def test_what_is_ignored_is_counted() -> None:
    line = Line.listening()
    line.feed(events.CarrierStopped())
    line.feed(events.CarrierStopped())
    assert line.session.summary().counters["ignored.CarrierStopped"] == 1


def test_the_audio_path_is_simple() -> None:
    assert AUDIO_CONFIG.describe() == "simple, no filters, 20 ms frames"
    filtered = AudioConfig(simple_mode=False, echo_guard=True, noise_gate=True)
    assert filtered.describe() == "filtered, echo_guard, noise_gate, 20 ms frames"


@pytest.mark.parametrize(
    "wrong",
    [
        {"configure_retry_s": 8.0},
        {"answer_recreate_s": 12.0},
        {"lead_ms": 20},
        {"mark_every_ms": 50},
    ],
)
def test_limits_that_contradict_each_other_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits(**wrong)


def test_timers_ring_in_the_order_of_their_times() -> None:
    timers = Timers()
    timers.set(Timer.SILENCE, 30.0)
    timers.set(Timer.WARNING, 20.0)
    timers.set(Timer.FAREWELL, 10.0)
    timers.clear(Timer.FAREWELL)
    assert timers.next_at == 20.0
    assert timers.pop_due(19.9) is None
    assert [timers.pop_due(40.0), timers.pop_due(40.0)] == [Timer.WARNING, Timer.SILENCE]
    assert timers.pop_due(40.0) is None
    assert timers.next_at is None
