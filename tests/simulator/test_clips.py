from __future__ import annotations

import array
import importlib
import itertools
import sys

import pytest

from prosaas.simulator import make_clips, mulaw
from prosaas.simulator.clips import FOLDER, Clip, all_clips, load

VOICE_THRESHOLD = 400.0
ALL_CODES = bytes(range(256))


def frames(clip: Clip) -> list[bytes]:
    size = mulaw.FRAME_BYTES
    return [clip.audio[start : start + size] for start in range(0, len(clip.audio), size)]


def spoken() -> list[Clip]:
    return [clip for clip in all_clips() if clip.kind != "noise"]


def test_every_language_has_what_a_caller_needs() -> None:
    wanted = [
        "hello",
        "question",
        "opening_hours",
        "yes",
        "no",
        "name",
        "goodbye",
        "filler",
        "wait",
    ]
    for language, line in itertools.product(["he", "en", "ar"], wanted):
        clip = load(f"{language}_{line}")
        assert clip.language == language
        assert clip.text
        assert clip.speaker == "caller"


def test_an_unknown_name_says_where_to_look() -> None:
    with pytest.raises(KeyError, match=r"index\.json"):
        load("no_such_clip")


def test_the_recordings_stay_small() -> None:
    assert sum(len(clip.audio) for clip in all_clips()) < 1_500_000
    assert all(200 <= clip.ms <= 3_000 for clip in all_clips())


def test_the_folder_holds_what_the_index_lists_and_nothing_else() -> None:
    listed = {f"{clip.name}.ulaw" for clip in all_clips()}
    assert {path.name for path in FOLDER.glob("*.ulaw")} == listed


def test_clips_are_whole_frames_and_no_two_begin_alike() -> None:
    assert all(len(clip.audio) % mulaw.FRAME_BYTES == 0 for clip in all_clips())
    assert len({clip.audio[: mulaw.FRAME_BYTES] for clip in all_clips()}) == len(all_clips())


@pytest.mark.parametrize("clip", spoken(), ids=lambda clip: clip.name)
def test_speech_is_audible_from_its_first_frame_to_its_last(clip: Clip) -> None:
    loud = [mulaw.rms(frame) >= VOICE_THRESHOLD for frame in frames(clip)]
    assert loud[0]
    assert loud[-1]
    assert mulaw.rms(clip.audio) > 3 * VOICE_THRESHOLD
    pauses = [len(list(run)) for voiced, run in itertools.groupby(loud) if not voiced]
    assert max(pauses, default=0) < 400 // mulaw.FRAME_MS


def test_the_background_never_sounds_like_speech() -> None:
    assert max(mulaw.rms(frame) for frame in frames(load("background"))) < VOICE_THRESHOLD / 2


@pytest.mark.parametrize("name", ["cough", "cough_deep"])
def test_a_cough_is_loud_and_short(name: str) -> None:
    cough = load(name)
    assert cough.kind == "noise"
    assert cough.ms < 500
    assert mulaw.rms(cough.audio) > VOICE_THRESHOLD


@pytest.mark.parametrize("language", ["he", "en", "ar"])
def test_there_is_more_than_one_way_to_say_nothing(language: str) -> None:
    fillers = [clip for clip in all_clips() if clip.kind == "filler" and clip.language == language]
    assert len({clip.text for clip in fillers}) == len(fillers) >= 4
    assert all(clip.ms <= 500 for clip in fillers)


def test_a_passing_car_rises_and_falls_slowly() -> None:
    loudness = [mulaw.rms(frame) for frame in frames(load("car"))]
    assert loudness[0] < VOICE_THRESHOLD / 4 > loudness[-1]
    assert max(loudness[40:90]) > 3 * VOICE_THRESHOLD
    assert load("car").ms > 2000


def test_keys_are_too_short_for_syllables() -> None:
    voiced = [mulaw.rms(frame) > VOICE_THRESHOLD for frame in frames(load("keyboard"))]
    runs = [len(list(run)) for loud, run in itertools.groupby(voiced) if loud]
    assert len(runs) >= 8
    assert max(runs) <= 2


def test_others_in_the_room_are_far_quieter_than_the_caller() -> None:
    apart = mulaw.rms(load("en_question").audio) / mulaw.rms(load("crosstalk").audio)
    assert 10 ** (18 / 20) < apart < 10 ** (28 / 20)
    assert mulaw.rms(load("breath").audio) < VOICE_THRESHOLD


def test_the_sounds_are_made_again_byte_by_byte() -> None:
    for line in make_clips.HUMMED:
        assert make_clips.hummed(line) == load(line.name).audio, line.name
    for name, made in make_clips.NOISES.items():
        assert made() == load(name).audio, name


def test_decoding_and_encoding_are_each_others_inverse() -> None:
    # 0x7F is minus zero: it decodes to 0, and 0 is encoded as plus zero, 0xFF.
    assert mulaw.encode(mulaw.decode(ALL_CODES)) == ALL_CODES.replace(b"\x7f", b"\xff")


def test_the_ends_of_the_scale_are_those_of_the_standard() -> None:
    assert mulaw.DECODE[0x80] == 32124
    assert mulaw.DECODE[0x00] == -32124
    assert mulaw.DECODE[0xFF] == 0
    assert mulaw.encode([32767, -32768, 99_999, -99_999]) == b"\x80\x00\x80\x00"


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="audioop left the standard library")
@pytest.mark.filterwarnings("ignore:'audioop' is deprecated:DeprecationWarning")
def test_the_tables_equal_the_reference_for_every_sample() -> None:
    audioop = importlib.import_module("audioop")
    every_sample = array.array("h", range(-32768, 32768))
    assert mulaw.encode(every_sample) == audioop.lin2ulaw(every_sample.tobytes(), 2)
    assert mulaw.decode(ALL_CODES).tobytes() == audioop.ulaw2lin(ALL_CODES, 2)


def test_the_energy_of_a_frame() -> None:
    square = mulaw.encode([1000, -1000] * 80)
    assert mulaw.rms(square) == pytest.approx(1000, rel=0.03)
    assert mulaw.peak(square) == pytest.approx(1000, rel=0.03)
    assert mulaw.rms(mulaw.SILENT_FRAME) == mulaw.peak(mulaw.SILENT_FRAME) == 0
    assert mulaw.rms(b"") == mulaw.peak(b"") == 0


def test_the_peak_is_the_largest_magnitude_of_each_code() -> None:
    assert [mulaw.peak(bytes([code])) for code in ALL_CODES] == [abs(s) for s in mulaw.DECODE]


def test_attenuation_takes_off_the_decibels_it_is_told() -> None:
    loud = load("en_hello").audio
    assert mulaw.rms(loud.translate(mulaw.attenuation(30))) == pytest.approx(
        mulaw.rms(loud) * 10 ** (-30 / 20), rel=0.1
    )


def test_mixing_adds_and_keeps_the_longer_one() -> None:
    quiet, loud = mulaw.encode([500] * 4), mulaw.encode([1000] * 2)
    assert mulaw.mix(quiet, loud) == mulaw.encode([1500] * 2) + quiet[2:]
    assert mulaw.mix(quiet, b"") == quiet
