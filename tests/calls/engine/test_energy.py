from __future__ import annotations

import random

import pytest

from calls.engine.audio import DUCK
from calls.engine.energy import LOUDNESS, STEP, Sound, VoiceMeter
from prosaas.simulator import mulaw
from tests.calls.engine.sounds import CAR, ECHO, QUIET, VOICE, talk


def heard(meter: VoiceMeter, *frames: bytes) -> list[Sound]:
    return [meter.hear(frame) for frame in frames]


def test_the_loudness_of_a_code_is_its_magnitude_by_the_standard() -> None:
    assert list(LOUDNESS) == [min(abs(each) // STEP, 255) for each in mulaw.DECODE]


def test_ducked_audio_is_12_db_quieter_and_keeps_its_sign() -> None:
    for code, sample in enumerate(mulaw.DECODE):
        ducked = mulaw.DECODE[DUCK[code]]
        assert ducked * sample >= 0
        # A step of the code is up to a sixteenth of the sample, and 8 at the least.
        assert abs(abs(ducked) - abs(sample) / 4) <= max(8, abs(sample) / 60)


def test_a_quiet_line_is_quiet() -> None:
    assert set(heard(VoiceMeter(), *[QUIET] * 50)) == {Sound.QUIET}


def test_a_voice_is_louder_than_the_line_and_dips() -> None:
    meter = VoiceMeter()
    heard(meter, *[QUIET] * 25)
    sounds = heard(meter, *talk(60))
    assert sounds.count(Sound.VOICE) == 50
    assert Sound.NOISE not in sounds


def test_what_does_not_dip_for_half_a_second_is_no_voice() -> None:
    meter = VoiceMeter()
    heard(meter, *[QUIET] * 25)
    sounds = heard(meter, *[CAR] * 60)
    assert sounds[:24] == [Sound.VOICE] * 24
    assert set(sounds[25:]) == {Sound.NOISE}


def test_a_voice_over_noise_is_a_voice() -> None:
    meter = VoiceMeter()
    heard(meter, *[ECHO] * 25)
    assert heard(meter, VOICE) == [Sound.VOICE]


def test_the_agents_own_voice_comes_back_quieter_and_is_none() -> None:
    """30 dB quieter; 20 dB quieter is somebody who speaks softly."""
    agent = mulaw.encode((3600, -3600)) * 80
    softly = mulaw.encode((360, -360)) * 80
    echo = mulaw.encode((110, -110)) * 80
    meter = VoiceMeter()
    heard(meter, *[QUIET] * 25)
    meter.agent_frame(agent)
    assert heard(meter, echo, softly) == [Sound.NOISE, Sound.VOICE]
    meter.agent_is_silent()
    assert heard(meter, echo) == [Sound.VOICE]


def test_a_false_alarm_teaches_how_loud_the_echo_of_this_line_is() -> None:
    agent = mulaw.encode((3600, -3600)) * 80
    echo = mulaw.encode((360, -360)) * 80
    loud = mulaw.encode((900, -900)) * 80
    meter = VoiceMeter()
    heard(meter, *[QUIET] * 25)
    meter.agent_frame(agent)
    assert heard(meter, echo) == [Sound.VOICE]
    meter.false_alarm()
    assert heard(meter, echo, loud) == [Sound.NOISE, Sound.VOICE]


def test_those_who_talk_in_the_room_are_not_the_caller() -> None:
    others = mulaw.encode((500, -500)) * 80
    meter = VoiceMeter()
    heard(meter, *[QUIET] * 25)
    assert heard(meter, others) == [Sound.VOICE]
    meter.false_alarm()
    assert heard(meter, others, VOICE) == [Sound.NOISE, Sound.VOICE]
    for _ in range(2):
        meter.agent_is_silent()
    assert heard(meter, others) == [Sound.VOICE]  # he may be speaking softly now


def test_what_the_line_was_like_stays_known_when_the_agent_is_silent() -> None:
    meter = VoiceMeter()
    heard(meter, *[QUIET] * 25, VOICE)
    heard_a_voice = not meter.quiet
    meter.agent_is_silent()
    assert heard_a_voice
    assert meter.quiet
    assert heard(meter, VOICE) == [Sound.VOICE]


def test_of_a_line_that_is_not_known_yet_nothing_loud_can_be_said() -> None:
    meter = VoiceMeter()
    assert set(heard(meter, *[VOICE] * 24)) == {Sound.UNKNOWN}
    assert heard(meter, VOICE) == [Sound.NOISE]


@pytest.mark.parametrize("seed", range(3))
def test_any_frame_is_something(seed: int) -> None:
    frames = random.Random(seed)
    meter = VoiceMeter()
    for _ in range(200):
        assert meter.hear(frames.randbytes(160)) in Sound
