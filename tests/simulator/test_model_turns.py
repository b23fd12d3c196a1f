from __future__ import annotations

import base64
import time
from typing import Any

import pytest

from prosaas.simulator import mulaw
from prosaas.simulator.clips import load
from prosaas.simulator.model import INSTANT, Hearing, Scenario
from prosaas.simulator.model.ears import Ears, Heard, SpeechStarted, SpeechStopped, StayedSilent
from tests.simulator.realtime_client import SERVER_VAD, SESSION, SILENCE, Json, session, with_turns

QUESTION = load("he_question")
COMPLETED = "conversation.item.input_audio_transcription.completed"
FAILED = "conversation.item.input_audio_transcription.failed"


def _ears(**changes: Any) -> Ears:
    return Ears({**SERVER_VAD, **changes})


def _hear(ears: Ears, audio: bytes, size: int = 160) -> list[Heard]:
    return [
        heard
        for start in range(0, len(audio), size)
        for heard in ears.hear(audio[start : start + size])
    ]


# The detector


@pytest.mark.parametrize("size", [1, 159, 160, 333, 8000])
def test_speech_stands_on_the_clock_of_written_audio_however_it_is_cut(size: int) -> None:
    audio = SILENCE + QUESTION.audio + SILENCE
    assert _hear(_ears(), audio, size) == [
        SpeechStarted(onset_ms=700),  # a second of silence less the padding
        SpeechStopped(onset_ms=700, end_ms=1000 + QUESTION.ms + 600),
    ]


def test_the_padding_never_reaches_before_the_beginning() -> None:
    assert _hear(_ears(), QUESTION.audio)[0] == SpeechStarted(onset_ms=0)


def test_the_padding_never_reaches_into_the_last_turn() -> None:
    ears = _ears(prefix_padding_ms=2000)
    heard = _hear(ears, QUESTION.audio + SILENCE + QUESTION.audio + SILENCE)
    stops = [each for each in heard if isinstance(each, SpeechStopped)]
    assert stops[1].onset_ms == stops[0].end_ms


def test_a_pause_shorter_than_the_silence_does_not_end_a_turn() -> None:
    pause = mulaw.silence(580)
    heard = _hear(_ears(), QUESTION.audio + pause + QUESTION.audio + SILENCE)
    assert [type(each) for each in heard] == [SpeechStarted, SpeechStopped]
    heard = _hear(_ears(silence_duration_ms=300), QUESTION.audio + pause + QUESTION.audio + SILENCE)
    assert len(heard) == 4


def test_a_higher_threshold_hears_less() -> None:
    quiet = QUESTION.audio.translate(mulaw.attenuation(20))
    assert _hear(_ears(threshold=0.1), quiet + SILENCE)
    assert not _hear(_ears(threshold=0.7), quiet + SILENCE)


def test_a_click_and_a_quiet_room_are_not_speech() -> None:
    click = load("cough").audio[:160]
    room = load("background").audio
    assert not _hear(_ears(), SILENCE + click + SILENCE + room + room)


def test_every_recording_is_one_turn() -> None:
    for name in ("he_yes", "en_yes", "ar_no", "he_opening_hours", "en_goodbye", "cough"):
        heard = _hear(_ears(), SILENCE + load(name).audio + SILENCE)
        assert [type(each) for each in heard] == [SpeechStarted, SpeechStopped], name


def test_silence_that_lasts_too_long_is_reported_once() -> None:
    ears = _ears()
    _hear(ears, SILENCE)
    ears.expect_speech_within(5000)
    assert _hear(ears, SILENCE * 10) == [StayedSilent(since_ms=1000, end_ms=6000)]


def test_speech_in_time_is_not_silence() -> None:
    ears = _ears()
    ears.expect_speech_within(5000)
    heard = _hear(ears, SILENCE + QUESTION.audio + SILENCE * 10)
    assert StayedSilent not in {type(each) for each in heard}


def test_forty_callers_are_heard_in_a_fraction_of_the_half_core_they_share() -> None:
    ears, audio = _ears(), QUESTION.audio * 40
    one_second_of_forty = range(0, 40 * 50 * 160, 160)
    frames = [audio[start : start + 160] for start in one_second_of_forty]
    began = time.process_time()
    for frame in frames:
        ears.hear(frame)
    assert time.process_time() - began < 0.1


# The turn


async def test_a_turn_is_four_events_about_one_item() -> None:
    async with session() as (client, _):
        await client.speak(SILENCE + QUESTION.audio + SILENCE)
        await client.until(COMPLETED)
    started, stopped, committed, added, done = client.events[:5]
    assert [event["type"] for event in (started, stopped, committed, added, done)] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    ids = {event.get("item_id") or event["item"]["id"] for event in client.events}
    assert len(ids) == 1
    assert started["audio_start_ms"] == 700
    assert stopped["audio_end_ms"] == 1000 + QUESTION.ms + 600
    assert added["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    assert client.events[-1]["transcript"] == QUESTION.text


async def test_a_turn_holds_the_speech_with_its_padding_and_nothing_else() -> None:
    async with session() as (client, _):
        await client.speak(SILENCE + QUESTION.audio + SILENCE)
        committed = await client.until("input_audio_buffer.committed")
        await client.send("conversation.item.retrieve", item_id=committed["item_id"])
        shown = await client.until("conversation.item.retrieved")
    audio = base64.b64decode(shown["item"]["content"][0]["audio"])
    assert audio == mulaw.silence(300) + QUESTION.audio + mulaw.silence(600)


async def test_with_both_flags_off_nothing_is_answered() -> None:
    async with session() as (client, stand_in):
        await client.speak(QUESTION.audio + SILENCE)
        await client.until(COMPLETED)
    assert stand_in.server_events("response.created") == []


async def test_with_create_response_the_turn_is_answered() -> None:
    async with session(settings=with_turns(create_response=True)) as (client, stand_in):
        await client.speak(QUESTION.audio + SILENCE)
        response = await client.finished()
    assert response["status"] == "completed"
    assert stand_in.understood()[0].clips == ("he_question",)


async def test_the_model_hears_every_byte_that_was_written() -> None:
    audio = SILENCE + QUESTION.audio
    async with session() as (client, stand_in):
        await client.speak(audio, frame=160)
        await client.send("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
    assert stand_in.heard_by_model() == audio
    assert stand_in.written_ms == len(audio) // 8
    assert stand_in.log.append_count == len(audio) // 160
    assert len(stand_in.log.append_times) == len(audio) // 160


def _by_hand() -> Json:
    audio = SESSION["audio"]
    return {**SESSION, "audio": {**audio, "input": {**audio["input"], "turn_detection": None}}}


async def test_without_turn_detection_the_client_commits() -> None:
    async with session(settings=_by_hand()) as (client, stand_in):
        await client.speak(SILENCE + QUESTION.audio + SILENCE)
        await client.send("input_audio_buffer.commit")
        await client.until(COMPLETED)
        assert client.types()[:3] == [
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
        ]
        item = client.events[1]["item"]["id"]
        await client.send("conversation.item.retrieve", item_id=item)
        shown = await client.until("conversation.item.retrieved")
    audio = base64.b64decode(shown["item"]["content"][0]["audio"])
    assert audio == SILENCE + QUESTION.audio + SILENCE
    assert stand_in.server_events("response.created") == []


async def test_too_little_audio_cannot_be_committed() -> None:
    async with session(settings=_by_hand()) as (client, stand_in):
        error = await client.refused("input_audio_buffer.commit")
        assert error["code"] == "input_audio_buffer_commit_empty"
        await client.speak(SILENCE)
        await client.send("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
        error = await client.refused("input_audio_buffer.commit")
        assert error["code"] == "input_audio_buffer_commit_empty"
        assert stand_in.items() == []


async def test_broken_base64_is_an_error_and_not_audio() -> None:
    async with session() as (client, stand_in):
        error = await client.refused("input_audio_buffer.append", audio="not base64!")
        assert error["param"] == "audio"
        assert stand_in.heard_by_model() == b""


async def test_audio_before_the_update_was_read_in_the_old_format() -> None:
    async with session(settings={"type": "realtime"}) as (client, stand_in):
        await client.speak(b"\x00" * 4800, frame=4800)  # 100 ms of PCM at 24 kHz
        await client.configure()
        await client.speak(b"\xff" * 800, frame=800)  # 100 ms of mu-law
        await client.send("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
    assert stand_in.written_ms == 200


async def test_long_silence_makes_a_turn_when_asked_for() -> None:
    settings = with_turns(create_response=True, idle_timeout_ms=5000)
    async with session(settings=settings) as (client, _):
        await client.reply()
        await client.speak(SILENCE * 30, frame=8000)
        timeout = await client.until("input_audio_buffer.timeout_triggered")
        committed = await client.until("input_audio_buffer.committed")
        assert committed["item_id"] == timeout["item_id"]
        assert (await client.finished())["status"] == "completed"


# What is understood


@pytest.mark.parametrize(
    ("hearing", "expected"),
    [
        (Hearing(), QUESTION.text),
        (Hearing("wrong"), "Thanks for watching!"),
        (Hearing("empty"), ""),
        (Hearing(text="משהו אחר"), "משהו אחר"),
    ],
)
async def test_a_turn_is_transcribed_as_told(hearing: Hearing, expected: str) -> None:
    scenario = Scenario(hearings=(hearing,), pacing=INSTANT)
    async with session(scenario) as (client, stand_in):
        await client.speak(QUESTION.audio + SILENCE)
        completed = await client.until(COMPLETED)
    assert completed["transcript"] == expected
    deltas = client.of("conversation.item.input_audio_transcription.delta")
    assert "".join(delta["delta"] for delta in deltas) == expected
    assert stand_in.items()[0]["content"][0]["transcript"] == expected


async def test_a_failed_transcription_is_no_error_event() -> None:
    async with session(Scenario(hearing=Hearing("failed"), pacing=INSTANT)) as (client, _):
        await client.speak(QUESTION.audio + SILENCE)
        failed = await client.until(FAILED)
    assert failed["error"]["code"] == "transcription_failed"
    assert "error" not in client.types()


async def test_a_transcription_may_never_come() -> None:
    async with session(Scenario(hearings=(Hearing("never"),), pacing=INSTANT)) as (client, _):
        await client.speak(QUESTION.audio + SILENCE + QUESTION.audio + SILENCE)
        await client.until(COMPLETED)
    assert len(client.of("input_audio_buffer.committed")) == 2
    assert len(client.of(COMPLETED)) == 1


async def test_without_transcription_there_is_none() -> None:
    settings = with_turns(create_response=True)
    settings["audio"]["input"]["transcription"] = None
    async with session(settings=settings) as (client, stand_in):
        await client.speak(QUESTION.audio + SILENCE)
        await client.finished()
        assert stand_in.understood()[0].text == QUESTION.text
        assert stand_in.server_events(COMPLETED) == []


@pytest.mark.parametrize("after", ["response.created", "response.done"])
async def test_a_transcript_can_wait_for_the_response(after: Any) -> None:
    hearing = Hearing(delay=(0, 0), after=after, patience=1000)
    settings = with_turns(create_response=True)
    async with session(Scenario(hearing=hearing), settings=settings) as (client, _):
        await client.speak(QUESTION.audio + SILENCE)
        await client.until(COMPLETED)
    assert after in client.types()
    assert ("response.done" in client.types()) == (after == "response.done")


async def test_transcripts_may_come_in_the_wrong_order() -> None:
    late = Hearing(after="next_turn", patience=1000)
    async with session(Scenario(hearings=(late,), pacing=INSTANT)) as (client, _):
        await client.speak(load("he_yes").audio + SILENCE + load("he_no").audio + SILENCE)
        await client.until(COMPLETED, times=2)
    committed = [event["item_id"] for event in client.of("input_audio_buffer.committed")]
    completed = [event["item_id"] for event in client.of(COMPLETED)]
    assert completed == committed[::-1]


async def test_logprobs_come_when_included() -> None:
    settings = {**SESSION, "include": ["item.input_audio_transcription.logprobs"]}
    async with session(settings=settings) as (client, _):
        await client.speak(load("en_yes").audio + SILENCE)
        completed = await client.until(COMPLETED)
    assert completed["logprobs"][0]["token"] == "Yes"
