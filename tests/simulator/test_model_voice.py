from __future__ import annotations

import pytest

from prosaas.simulator import mulaw
from prosaas.simulator.clips import Clip, all_clips, load
from prosaas.simulator.model import speech
from prosaas.simulator.model.formats import InputFormat, from_mulaw
from prosaas.simulator.model.recognition import UNKNOWN_SPEECH, recognise
from prosaas.simulator.model.voice import _letter

TEXT = "We are open from Sunday to Thursday, from nine in the morning until five."
PCM = {"type": "audio/pcm", "rate": 24000}


def test_a_text_always_sounds_the_same() -> None:
    first = speech(TEXT, "marin")
    speech.cache_clear()
    _letter.cache_clear()
    assert speech(TEXT, "marin") == first


def test_it_has_the_length_of_speech() -> None:
    words_a_minute = len(TEXT.split()) / (len(speech(TEXT)) / 8000) * 60
    assert 120 < words_a_minute < 180


def test_no_two_frames_are_alike_in_a_text_or_between_texts() -> None:
    audio = speech(TEXT) + speech(TEXT, "cedar") + speech("no no no no no no") + speech("no, no.")
    frames = [audio[start : start + 160] for start in range(0, len(audio), 160)]
    assert len(set(frames)) == len(frames)


@pytest.mark.parametrize("text", [TEXT, "שלום, איך אפשר לעזור?", "مرحبا، كيف أساعدك؟", "…   …"])
def test_it_never_sounds_like_padding(text: str) -> None:
    assert speech(text)
    assert not {0xFF, 0x7F} & set(speech(text))


def test_it_is_as_loud_as_a_voice() -> None:
    assert 1000 < mulaw.rms(speech(TEXT)) < 8000


def test_nothing_is_said_in_no_time() -> None:
    assert speech("") == b""


# Understanding


@pytest.mark.parametrize("clip", all_clips(), ids=lambda clip: clip.name)
async def test_every_recording_is_recognised_wherever_it_begins(clip: Clip) -> None:
    for lead in (0, 333, 4801):
        heard = await recognise(mulaw.silence(1)[:7] * lead + clip.audio + mulaw.silence(700))
        assert heard.text == clip.text
        assert heard.clips == (clip.name,)


async def test_other_speech_is_unknown() -> None:
    assert (await recognise(speech(TEXT))).text == UNKNOWN_SPEECH


async def test_a_noise_is_not_even_words() -> None:
    heard = await recognise(load("cough").audio)
    assert (heard.text, heard.language) == ("", "")


async def test_two_recordings_in_one_turn_are_heard_in_their_order() -> None:
    name, question = load("he_name"), load("he_question")
    heard = await recognise(name.audio + mulaw.silence(300) + question.audio)
    assert heard.text == f"{name.text} {question.text}"
    heard = await recognise(question.audio + mulaw.silence(300) + name.audio)
    assert heard.text == f"{question.text} {name.text}"


async def test_of_a_recording_that_breaks_off_only_the_beginning_is_heard() -> None:
    clip = load("en_question")
    heard = await recognise(clip.audio[: len(clip.audio) // 2] + mulaw.silence(600))
    assert heard.text != clip.text
    assert clip.text.startswith(heard.text)


async def test_a_lost_frame_does_not_make_a_recording_unknown() -> None:
    audio = load("he_opening_hours").audio
    assert (await recognise(audio[:3200] + audio[3360:])).text == load("he_opening_hours").text


# Formats


def test_pcm_is_read_three_samples_for_one() -> None:
    audio = load("he_yes").audio
    pcm = from_mulaw(PCM, audio)
    assert len(pcm) == 6 * len(audio)
    heard = InputFormat(PCM)
    cut = [pcm[start : start + 101] for start in range(0, len(pcm), 101)]
    assert mulaw.decode(b"".join(map(heard.to_mulaw, cut))) == mulaw.decode(audio)


def test_a_law_comes_back_nearly_as_it_was() -> None:
    a_law = {"type": "audio/pcma"}
    audio = load("he_yes").audio
    back = InputFormat(a_law).to_mulaw(from_mulaw(a_law, audio))
    pairs = zip(mulaw.decode(audio), mulaw.decode(back), strict=True)
    assert all(abs(one - other) <= max(32, abs(one) // 16) for one, other in pairs)


def test_mulaw_passes_untouched() -> None:
    audio = bytes(range(256))
    assert InputFormat({"type": "audio/pcmu"}).to_mulaw(audio) is audio
    assert from_mulaw({"type": "audio/pcmu"}, audio) is audio
