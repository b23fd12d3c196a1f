from __future__ import annotations

from typing import Any

import pytest

from prosaas.simulator.model import INSTANT, Scenario, UpdateAnswer, say
from tests.simulator.realtime_client import PCMU, SESSION, Client, Json, client_of, model, session


def _changed(path: str, value: Any) -> Json:
    """The usual session with one more or other value at a dotted path."""
    changed = dict(SESSION)
    holder = changed
    *parents, last = path.split(".")
    for parent in parents:
        holder[parent] = dict(holder.get(parent) or {})
        holder = holder[parent]
    holder[last] = value
    return changed


VAD = "audio.input.turn_detection"
HEARD = "audio.input.transcription"

REFUSED = [
    ("temperature", 0.8, "unknown_parameter"),
    ("voice", "marin", "unknown_parameter"),
    ("modalities", ["audio"], "unknown_parameter"),
    ("input_audio_format", "g711_ulaw", "unknown_parameter"),
    ("audio.input.fromat", PCMU, "unknown_parameter"),
    ("audio.input.format.type", "g711_ulaw", "invalid_value"),
    ("audio.output.format.type", "pcm16", "invalid_value"),
    ("audio.input.format.rate", 8000, "unknown_parameter"),
    ("output_modalities", ["audio", "text"], "invalid_value"),
    ("output_modalities", "audio", "invalid_type"),
    ("instructions", 7, "invalid_type"),
    ("type", "transcription", "invalid_value"),
    ("model", "gpt-realtime", "invalid_value"),
    ("audio.output.voice", "barry", "invalid_value"),
    ("audio.output.speed", 3, "invalid_value"),
    ("max_output_tokens", 0, "invalid_value"),
    ("tool_choice", "maybe", "invalid_value"),
    ("include", "everything", "invalid_type"),
    (f"{VAD}.silence_ms", 600, "unknown_parameter"),
    (f"{VAD}.threshold", 1.5, "invalid_value"),
    (f"{VAD}.eagerness", "high", "unknown_parameter"),
    (f"{VAD}.type", "client_vad", "invalid_value"),
    (f"{HEARD}.model", "whisper-9", "invalid_value"),
    (f"{HEARD}.keywords", ["clinic"], "invalid_value"),
    (f"{HEARD}.delay", "low", "invalid_value"),
]


@pytest.mark.parametrize(("path", "value", "code"), REFUSED)
async def test_what_does_not_exist_is_refused_by_name_and_changes_nothing(
    path: str, value: Any, code: str
) -> None:
    async with session() as (client, stand_in):
        before = stand_in.settings
        error = await client.refused("session.update", session=_changed(path, value))
        assert error["code"] == code
        assert error["param"] == f"session.{path}"
        assert stand_in.settings is before


async def test_a_tool_is_flat_and_its_mistakes_are_named_by_their_place() -> None:
    nested = {"type": "function", "function": {"name": "end_call"}}
    async with session() as (client, _):
        error = await client.refused("session.update", session=_changed("tools", [nested]))
        assert error["param"] == "session.tools[0].name"
        strict = {"type": "function", "name": "end_call", "strict": True}
        error = await client.refused("session.update", session=_changed("tools", [strict]))
        assert error["param"] == "session.tools[0].strict"


async def test_the_type_is_required() -> None:
    async with session() as (client, _):
        error = await client.refused("session.update", session={"instructions": "Hello"})
    assert error["code"] == "missing_required_parameter"
    assert error["param"] == "session.type"


async def test_only_reasoning_models_reason() -> None:
    async with model() as running, client_of(running) as client:
        await client.until("session.created")
        running.sessions[0].settings["model"] = "gpt-realtime-2025-08-28"
        update = {"type": "realtime", "reasoning": {"effort": "low"}}
        error = await client.refused("session.update", session=update)
        assert error["param"] == "session.reasoning"
        running.sessions[0].settings["model"] = "gpt-realtime-2.1-mini"
        updated = await client.configure(update)
    assert updated["session"]["reasoning"] == {"effort": "low"}


async def test_an_update_changes_what_it_holds_and_shows_everything() -> None:
    async with session() as (client, stand_in):
        updated = await client.configure({"type": "realtime", "instructions": "Be brief."})
    shown = updated["session"]
    assert shown["instructions"] == "Be brief."
    assert shown["audio"]["input"]["format"] == PCMU
    assert shown["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 600
    assert shown["audio"]["output"]["voice"] == "marin"
    assert stand_in.settings == shown
    assert len(stand_in.settings_history) == 3  # the defaults and two updates


async def test_turn_detection_can_be_turned_off_and_is_completed_when_on() -> None:
    async with session() as (client, _):
        off = await client.configure(_changed(VAD, None))
        assert off["session"]["audio"]["input"]["turn_detection"] is None
        on = await client.configure(_changed(VAD, {"type": "semantic_vad"}))
    assert on["session"]["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    }


async def test_noise_reduction_keeps_its_strength() -> None:
    path = "audio.input.noise_reduction"
    async with session() as (client, _):
        await client.configure(_changed(path, {"type": "near_field", "strength": 0.4}))
        updated = await client.configure(_changed(path, {"type": "far_field"}))
    assert updated["session"]["audio"]["input"]["noise_reduction"] == {
        "type": "far_field",
        "strength": 0.4,
    }


async def test_the_voice_is_fixed_once_it_was_heard() -> None:
    other = _changed("audio.output.voice", "cedar")
    async with session(Scenario(replies=(say("Hello."),), pacing=INSTANT)) as (client, _):
        await client.configure(other)
        await client.configure()
        await client.reply()
        error = await client.refused("session.update", session=other)
        assert error["code"] == "cannot_update_voice"
        await client.configure()  # the same voice again is no change


async def _configured_by(client: Client, answer: str) -> Json:
    await client.send("session.update", session=SESSION)
    return await client.until(answer)


async def test_an_update_may_fail_and_the_next_one_succeed() -> None:
    scenario = Scenario(updates=(UpdateAnswer("error"),), pacing=INSTANT)
    async with model(scenario) as running, client_of(running) as client:
        error = await _configured_by(client, "error")
        assert error["error"]["event_id"] == "alice_1"
        assert "session.updated" not in client.types()
        await _configured_by(client, "session.updated")


async def test_an_update_may_come_back_with_another_format() -> None:
    scenario = Scenario(updates=(UpdateAnswer("other_format"),), pacing=INSTANT)
    async with model(scenario) as running, client_of(running) as client:
        updated = await _configured_by(client, "session.updated")
        assert updated["session"]["audio"]["output"]["format"]["type"] == "audio/pcm"
        assert updated["session"]["instructions"] == SESSION["instructions"]
        updated = await _configured_by(client, "session.updated")
        assert updated["session"]["audio"]["output"]["format"] == PCMU


async def test_an_update_may_be_met_with_silence() -> None:
    scenario = Scenario(updates=(UpdateAnswer("ignore"), UpdateAnswer("ignore")), pacing=INSTANT)
    async with model(scenario) as running, client_of(running) as client:
        for _ in range(2):
            await client.send("session.update", session=SESSION)
        await _configured_by(client, "session.updated")
        session = await running.session()
    assert client.types() == ["session.created", "session.updated"]
    assert len(session.client_events("session.update")) == 3
    assert len(session.settings_history) == 2


async def test_an_answer_may_take_its_time() -> None:
    scenario = Scenario(updates=(UpdateAnswer(delay=2.0),), pacing=INSTANT)
    async with model(scenario, speed=100) as running, client_of(running) as client:
        await _configured_by(client, "session.updated")
        log = (await running.session()).log
    asked = next(event.at for event in log.received if event.type == "session.update")
    answered = next(event.at for event in log.events_sent if event.type == "session.updated")
    assert answered - asked >= 2.0
