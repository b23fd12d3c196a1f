from __future__ import annotations

import math

import pytest

from bench.turns.hearing import Voice, hear
from prosaas.simulator import mulaw
from prosaas.simulator.playback import Segment
from tests.bench.turns import ANSWER, FRAME, NEXT_ANSWER

VOICES = [Voice("answer", ANSWER, 0.0), Voice("next", NEXT_ANSWER, 0.5)]


def segment(audio: bytes, start: float = 1.0) -> Segment:
    return Segment(start, bytearray(audio))


def test_audio_without_a_break_is_one_stretch() -> None:
    heard = hear([segment(ANSWER)], VOICES)

    assert [(each.item_id, each.first, each.last) for each in heard.stretches] == [
        ("answer", 0, len(ANSWER))
    ]
    assert heard.stretches[0].ms == pytest.approx(len(ANSWER) / 8, abs=0.01)
    assert heard.foreign_ms == 0


def test_a_break_in_time_or_in_place_divides_it() -> None:
    later = hear([segment(ANSWER[:800]), segment(ANSWER[800:1600], 5.0)], VOICES)
    skipped = hear([segment(ANSWER[:800] + ANSWER[960:1600])], VOICES)

    assert [(each.first, each.last) for each in later.stretches] == [(0, 800), (800, 1600)]
    assert [(each.first, each.last) for each in skipped.stretches] == [(0, 800), (960, 1600)]


def test_a_piece_is_found_wherever_in_the_utterance_it_begins() -> None:
    heard = hear([segment(ANSWER[333 : 333 + 3 * FRAME])], VOICES)

    assert [(each.first, each.last) for each in heard.stretches] == [(333, 333 + 3 * FRAME)]


def test_the_padding_of_the_last_frame_is_nobodys_audio_and_no_fault() -> None:
    end = len(ANSWER) - 70
    heard = hear([segment(ANSWER[end:].ljust(FRAME, mulaw.SILENCE))], VOICES)

    assert [(each.first, each.last) for each in heard.stretches] == [(end, len(ANSWER))]
    assert heard.foreign_ms == 0


@pytest.mark.parametrize("db", [12, 20 * math.log10(4)])
def test_a_ducked_voice_is_known_again(db: float) -> None:
    quieter = ANSWER[800:1600].translate(mulaw.attenuation(db))

    within = hear([segment(ANSWER[:800] + quieter + ANSWER[1600:2400])], VOICES)
    alone = hear([segment(quieter)], VOICES)

    assert [(each.first, each.last) for each in within.stretches] == [(0, 2400)]
    assert [(each.first, each.last) for each in alone.stretches] == [(800, 1600)]
    assert hear([segment(ANSWER[:800].translate(mulaw.attenuation(6)))], VOICES).foreign_ms == 100


def test_two_utterances_are_told_apart() -> None:
    heard = hear([segment(ANSWER[:FRAME] + NEXT_ANSWER[:FRAME])], VOICES)

    assert [each.item_id for each in heard.stretches] == ["answer", "next"]


def test_the_same_words_said_again_are_another_utterance() -> None:
    voices = [Voice("first", ANSWER, 0.0), Voice("again", ANSWER, 5.0)]

    heard = hear([segment(ANSWER), segment(ANSWER, 6.0 + len(ANSWER) / 8000)], voices)

    assert [each.item_id for each in heard.stretches] == ["first", "again"]


def test_the_moment_of_silence_is_that_at_which_the_sound_breaks_off() -> None:
    heard = hear([segment(ANSWER[:1600]), segment(ANSWER[1600:3200], 4.0)], VOICES)

    assert heard.silent_from(1.1) == pytest.approx(1.2)
    assert heard.silent_from(2.0) == 2.0
    assert heard.audible_at(4.1)
    assert not heard.audible_at(2.0)
