from __future__ import annotations

import itertools
import random

import pytest

from prosaas.simulator import mulaw
from prosaas.simulator.playback import Playback


def speech(ms: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(ms * mulaw.SAMPLES_PER_MS)


def test_audio_is_heard_at_eight_bytes_a_millisecond_however_fast_it_arrives() -> None:
    playback, audio = Playback(), speech(1000)
    playback.play(audio, now=10.0)
    assert playback.heard_bytes(until=10.0) == b""
    assert playback.heard_bytes(until=10.5) == audio[:4000]
    assert playback.heard_bytes(until=99.0) == audio
    assert playback.heard_between(10.25, 10.5) == audio[2000:4000]


def test_the_rate_is_exact_to_one_sample() -> None:
    playback = Playback()
    playback.play(speech(1000), now=5.0)
    for sample in range(0, 8000, 7):
        assert len(playback.heard_bytes(until=5.0 + sample / 8000)) == sample


def test_messages_of_odd_sizes_become_one_unbroken_stream() -> None:
    playback, audio, dice = Playback(), speech(2000), random.Random(2)
    sent = 0
    now = 1.0
    while sent < len(audio):
        size = dice.randrange(1, 700)
        playback.play(audio[sent : sent + size], now)
        sent += size
        now += size / 8000 * 0.9  # a little faster than it is played
    assert playback.heard_bytes() == audio
    assert playback.dry_gaps() == []
    assert len(playback.segments) == 1


def test_frames_that_arrive_exactly_when_the_buffer_empties_leave_no_gap() -> None:
    playback = Playback()
    for frame in range(1000):
        playback.play(mulaw.SILENT_FRAME, now=7.0 + frame * 0.02)
    assert playback.dry_gaps() == []
    assert playback.max_ahead_ms == pytest.approx(20, abs=0.2)


def test_an_empty_buffer_holds_its_position_and_plays_silence() -> None:
    playback, first, second = Playback(), speech(20, 1), speech(20, 2)
    playback.play(first, now=1.0)
    playback.play(second, now=1.05)
    assert playback.heard_bytes() == first + second
    assert playback.line_between(1.0, 1.08) == first + mulaw.silence(30) + second + mulaw.silence(
        10
    )
    (gap,) = playback.dry_gaps()
    assert gap.ms == pytest.approx(30)
    assert playback.dry_gaps(shorter_than=0.02) == []


@pytest.mark.parametrize("start", [1.0, 1.00001, 1.0001, 1.009, 1.0099999, 0.3333333])
def test_the_line_joins_without_a_gap_wherever_it_is_cut(start: float) -> None:
    playback, first, second = Playback(), speech(50, 1), speech(70, 2)
    playback.play(first, now=1.01)
    playback.play(second, now=1.0777)
    line = b"".join(
        playback.line_between(start + n * 0.02, start + (n + 1) * 0.02) for n in range(100)
    )
    assert len(line) == 16_000
    assert line.strip(b"\xff").startswith(first.strip(b"\xff"))
    before, _, after = line.partition(first)
    assert set(before) <= {0xFF}
    assert after.index(second) == pytest.approx((1.0777 - 1.06) * 8000, abs=1)


def test_a_mark_is_due_when_what_precedes_it_has_been_played() -> None:
    playback = Playback()
    playback.play(speech(100), now=1.0)
    playback.mark("half", now=1.0)
    playback.play(speech(100), now=1.01)
    playback.mark("whole", now=1.02)
    assert playback.next_mark_at == pytest.approx(1.1)
    assert playback.due_marks(now=1.099) == []
    assert playback.due_marks(now=1.1) == ["half"]
    assert playback.due_marks(now=1.1) == []
    assert playback.due_marks(now=5.0) == ["whole"]
    assert playback.next_mark_at is None


def test_a_mark_in_an_empty_buffer_is_due_at_once() -> None:
    playback = Playback()
    playback.mark("nothing before me", now=3.0)
    assert playback.due_marks(now=3.0) == ["nothing before me"]
    playback.play(speech(20), now=4.0)
    playback.mark("late", now=9.0)
    assert playback.next_mark_at == 9.0


def test_clear_drops_what_was_not_heard_and_returns_its_marks_in_order() -> None:
    playback, audio = Playback(), speech(1000)
    playback.play(audio, now=1.0)
    playback.mark("first", now=1.0)
    playback.play(speech(1000), now=1.0)
    playback.mark("second", now=1.0)
    assert playback.clear(now=1.4) == ["first", "second"]
    assert playback.heard_bytes() == audio[:3200]
    assert playback.due_marks(now=99.0) == []
    assert [(echo.name, echo.cleared) for echo in playback.echoes] == [
        ("first", True),
        ("second", True),
    ]
    assert playback.clears[0].dropped_bytes == 16_000 - 3_200


def test_audio_after_a_clear_is_played_at_once_and_the_pause_is_no_dry_gap() -> None:
    playback, old, new = Playback(), speech(1000, 1), speech(40, 2)
    playback.play(old, now=1.0)
    playback.clear(now=1.5)
    playback.play(new, now=1.5)
    playback.clear(now=3.0)
    playback.play(new, now=4.0)
    assert playback.heard_between(1.5, 9.0) == new + new
    assert playback.dry_gaps() == []


def test_running_dry_after_a_clear_is_a_dry_gap_again() -> None:
    playback = Playback()
    playback.play(speech(1000), now=1.0)
    playback.clear(now=1.5)
    playback.play(speech(20), now=1.5)
    playback.play(speech(20), now=1.6)
    (gap,) = playback.dry_gaps()
    assert gap.ms == pytest.approx(80)


def test_clearing_an_empty_buffer_does_nothing() -> None:
    playback = Playback()
    assert playback.clear(now=1.0) == []
    playback.play(speech(20), now=2.0)
    assert playback.clear(now=3.0) == []
    assert playback.heard_bytes() == speech(20)


def test_what_waits_at_the_end_of_the_call_is_never_heard() -> None:
    playback, audio = Playback(), speech(1000)
    playback.play(audio, now=1.0)
    playback.mark("never", now=1.0)
    playback.end(now=1.25)
    playback.play(audio, now=1.3)
    assert playback.heard_bytes() == audio[:2000]
    assert playback.due_marks(now=9.0) == []
    assert len(playback.arrived_at) == 1


def test_the_record_of_arrivals() -> None:
    playback = Playback()
    playback.play(speech(20), now=1.0)
    playback.play(speech(60), now=1.0)
    playback.play(speech(20), now=1.05)
    assert list(playback.arrived_at) == [1.0, 1.0, 1.05]
    assert list(playback.arrived_bytes) == [160, 480, 160]
    assert list(playback.depth_after) == [160, 640, 400]
    assert playback.max_payload == 480
    assert playback.max_ahead_ms == 80
    assert playback.first_frame_at == 1.0
    assert playback.last_frame_at == pytest.approx(1.1)


def test_an_unused_buffer_has_an_answer_to_every_question() -> None:
    playback = Playback()
    assert playback.heard_bytes() == b""
    assert playback.line_between(0.0, 0.02) == mulaw.SILENT_FRAME
    assert playback.first_frame_at is None
    assert playback.last_frame_at is None
    assert (playback.max_ahead_ms, playback.max_payload, playback.dry_gaps()) == (0, 0, [])
    playback.end(now=1.0)


class NaiveBuffer:
    """Drains one byte at a time: what the arithmetic must agree with."""

    def __init__(self) -> None:
        self.queue: list[int | str] = []
        self.heard = bytearray()
        self.echoed: list[str] = []

    def tick(self) -> None:
        self.echo()
        if self.queue:
            byte = self.queue.pop(0)
            assert isinstance(byte, int)
            self.heard.append(byte)
        self.echo()

    def echo(self) -> None:
        while self.queue and isinstance(self.queue[0], str):
            self.echoed.append(str(self.queue.pop(0)))

    def clear(self) -> None:
        self.echoed += [entry for entry in self.queue if isinstance(entry, str)]
        self.queue.clear()


@pytest.mark.parametrize("seed", range(20))
def test_the_arithmetic_agrees_with_a_buffer_that_drains_byte_by_byte(seed: int) -> None:
    dice, names = random.Random(seed), itertools.count()
    playback, naive, echoed = Playback(), NaiveBuffer(), []
    for tick in range(4000):
        now = tick / 8000
        if dice.random() < 0.01:
            audio = dice.randbytes(dice.choice([1, 40, 160, 333]))
            playback.play(audio, now)
            naive.queue += audio
        if dice.random() < 0.01:
            name = str(next(names))
            playback.mark(name, now)
            naive.queue.append(name)
        if dice.random() < 0.002:
            naive.echo()
            echoed += playback.due_marks(now) + playback.clear(now)
            naive.clear()
        assert playback.depth_bytes(now) == sum(isinstance(e, int) for e in naive.queue)
        naive.tick()
        echoed += playback.due_marks((tick + 1) / 8000 + 1e-9)
        assert echoed == naive.echoed
    assert playback.heard_bytes(until=0.5) == bytes(naive.heard)
