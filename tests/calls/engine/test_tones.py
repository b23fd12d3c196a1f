"""The beep of a mailbox, and what is none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from calls.engine.tones import Beep, BeepDetector, tone_hz
from prosaas.simulator import clips
from tests.calls.engine.sounds import hush, talk, tone

CLIPS = Path(clips.__file__).parent / "clips"
A_MAILBOX = CLIPS / "beep.ulaw"
VOICES = sorted(set(CLIPS.glob("*.ulaw")) - {A_MAILBOX})


def beeps(frames: Iterable[bytes]) -> list[Beep]:
    detector = BeepDetector()
    return [beep for frame in frames if (beep := detector.hear(frame)) is not None]


@pytest.mark.parametrize("hz", [360, 440, 620, 850, 1000, 1400, 1633, 2100, 2290])
@pytest.mark.parametrize("ms", [180, 400, 1960])
def test_a_tone_with_silence_behind_it_is_a_beep(hz: float, ms: int) -> None:
    [beep] = beeps([*hush(200), *tone(ms, hz), *hush(200)])
    assert abs(beep.hz - hz) < 15
    assert abs(beep.ms - ms) <= 40
    assert not beep.is_fax


def test_it_is_known_a_tenth_of_a_second_after_its_end() -> None:
    detector = BeepDetector()
    assert not any(map(detector.hear, tone(400, 1000)))
    heard = [detector.hear(frame) is not None for frame in hush(200)]
    assert heard.index(True) == 4
    assert heard.count(True) == 1


def test_it_may_begin_and_end_within_a_frame() -> None:
    audio = b"".join([*hush(100), *tone(400, 1000), *hush(200)])[57:]
    frames = [audio[at : at + 160] for at in range(0, len(audio), 160)]
    assert len(beeps(frames)) == 1


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(tone(120, 1000), id="a click"),
        pytest.param(tone(2400, 1000), id="a tone that goes on"),
        pytest.param(tone(400, 250), id="a hum of the mains"),
        pytest.param(tone(400, 2600), id="a whistle"),
        pytest.param(tone(2000, 440, 480), id="it rings, in America"),
        pytest.param(tone(400, 400, 450), id="it rings, in Britain"),
        pytest.param(tone(200, 697, 1209), id="a key"),
        pytest.param(tone(200, 941, 1477), id="another key"),
        pytest.param(tone(800, 523, 659, 784), id="a chord"),
        pytest.param([*tone(300, 523), *tone(300, 587), *tone(120, 659)], id="a melody"),
        pytest.param([*tone(300, 523), *tone(300, 523, loud=2000)], id="a tone that fades"),
        pytest.param([*tone(300, 1000), *talk(5)], id="somebody speaks into it"),
        pytest.param([*tone(300, 1000), *hush(60), *tone(100, 1000)], id="it stutters"),
        pytest.param(tone(400, 1000, loud=60), id="far away"),
        pytest.param([b"\x80" * 160] * 20, id="a line that is stuck"),
        pytest.param([b"\xff" * 160] * 20, id="nothing at all"),
        pytest.param([b"\x9e\x1e" * 40] * 20, id="frames of another size"),
    ],
)
def test_nothing_else_is(frames: list[bytes]) -> None:
    assert beeps([*hush(200), *frames, *hush(200)]) == []


@pytest.mark.parametrize("clip", VOICES, ids=[clip.stem for clip in VOICES])
def test_no_voice_is(clip: Path) -> None:
    assert beeps([*frames_of(clip), *hush(200)]) == []


def test_the_beep_of_a_mailbox_is() -> None:
    [beep] = beeps([*frames_of(A_MAILBOX), *hush(200)])
    assert beep.ms == 400


def frames_of(clip: Path) -> list[bytes]:
    audio = clip.read_bytes()
    return [audio[at : at + 160] for at in range(0, len(audio), 160)]


def test_a_fax_is_known_by_its_long_tone_before_the_end_of_it() -> None:
    [fax] = beeps(tone(3000, 2100))
    assert fax.is_fax


def test_silence_has_no_pitch() -> None:
    assert tone_hz(b"\xff" * 160) is None


def test_the_pitch_between_two_neighbours_without_a_correlation() -> None:
    """A quarter of the rate: every second sample is nothing."""
    assert tone_hz(b"\x90\xff\x10\xff" * 40) == pytest.approx(2000)
