from __future__ import annotations

import json
from typing import Any

import pytest

from prompts.render import PromptFacts, render
from prosaas.simulator.clips import all_clips, load
from prosaas.simulator.model import INSTANT, Hearing, Scenario, speech
from prosaas.simulator.model.conversationalist import business_name, language_of
from prosaas.simulator.model.phrases import PHRASES
from tests.simulator.realtime_client import SESSION, SILENCE, Client, Json, session, with_turns

GREETING = "שלום, הגעתם למרפאת אליס.\nאיך אפשר לעזור?"
COMPACT = f"""=== BUSINESS 7f3a c0de ===
We clean teeth for "anyone".
=== END BUSINESS 7f3a c0de ===
=== CALL TYPE: INBOUND c0de ===
Name of the business: "מרפאת אליס"
Language to begin in: Hebrew
Open the call by saying exactly this greeting, once, then stop and listen:
<<<GREETING
{GREETING}
GREETING>>>
=== END CALL TYPE: INBOUND c0de ==="""
END_CALL: Json = {
    "type": "function",
    "name": "end_call",
    "description": "Hang up.",
    "parameters": {
        "type": "object",
        "properties": {"reason": {"type": "string"}, "how": {"enum": ["politely"]}},
        "required": ["reason", "how"],
    },
}


def _settings(instructions: str = COMPACT, **changes: Any) -> Json:
    return {**SESSION, "instructions": instructions, **changes}


def _words(response: Json) -> str:
    transcript: str = response["output"][0]["content"][0]["transcript"]
    return transcript


async def _say(client: Client, clip: str) -> Json:
    await client.speak(load(clip).audio + SILENCE)
    await client.until("input_audio_buffer.committed")
    return await client.reply()


async def test_it_opens_with_exactly_the_greeting_of_the_instructions() -> None:
    async with session(settings=_settings()) as (client, _):
        assert _words(await client.reply()) == GREETING


@pytest.mark.parametrize(
    ("instructions", "expected"),
    [
        ('Name of the business: "Levi & Sons"', "Levi & Sons"),
        ('Language to begin in: Hebrew\nName of the business: "מרפאת אליס"', "שלום"),
        ("Language to begin in: Arabic\nName of the business: Noor", "Noor"),
        ("Say something.", "the business"),
    ],
)
async def test_without_a_greeting_it_makes_one_that_names_the_business(
    instructions: str, expected: str
) -> None:
    async with session(settings=_settings(instructions)) as (client, _):
        assert expected in _words(await client.reply())


def test_the_name_is_read_as_the_prompts_write_it() -> None:
    assert business_name(COMPACT) == "מרפאת אליס"
    assert business_name('Name of the business: "Say \\"Ah\\""') == 'Say "Ah"'
    assert business_name("Our business: cleaning teeth") == ""


@pytest.mark.parametrize("greeting", [GREETING, ""])
async def test_it_understands_the_prompts_that_the_product_renders(greeting: str) -> None:
    facts = PromptFacts("7f3a", 'מרפאת "אליס"', "he", "inbound", "We clean teeth.", greeting)
    prompts = render(facts)
    async with session(settings=_settings(prompts.compact)) as (client, _):
        opening = _words(await client.reply())
        await client.configure(_settings(prompts.full))
        answer = _words(await _say(client, "he_question"))
    assert opening == greeting or 'מרפאת "אליס"' in opening
    assert language_of(opening) == "he"
    assert 'מרפאת "אליס"' in answer


def test_the_language_is_told_by_the_letters() -> None:
    assert [language_of(text) for text in ("שלום לך", "hello", "مرحبا", "")] == [
        "he", "en", "ar", "en",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "clip",
    [clip.name for clip in all_clips() if clip.speaker == "caller" and clip.kind == "speech"],
)
async def test_every_caller_is_answered_in_their_own_language(clip: str) -> None:
    async with session(settings=_settings()) as (client, _):
        await client.reply()
        answer = _words(await _say(client, clip))
    assert language_of(answer.replace("מרפאת אליס", "")) == load(clip).language
    assert "מרפאת אליס" in answer
    assert answer not in [phrases.unclear for phrases in PHRASES.values()]


async def test_it_follows_the_caller_into_another_language_and_stays() -> None:
    async with session(settings=_settings()) as (client, _):
        await client.reply()
        assert language_of(_words(await _say(client, "he_hello"))) == "he"
        assert _words(await _say(client, "en_question")).startswith("Gladly")
        assert _words(await _say(client, "cough")) == PHRASES["en"].unclear


async def test_at_a_goodbye_it_says_goodbye_and_ends_the_call() -> None:
    async with session(settings=_settings(tools=[END_CALL])) as (client, _):
        await client.reply()
        response = await _say(client, "he_goodbye")
    assert "להתראות" in _words(response)
    call = response["output"][1]
    assert call["name"] == "end_call"
    assert json.loads(call["arguments"]) == {
        "reason": "the caller said goodbye",
        "how": "politely",
    }


@pytest.mark.parametrize("changes", [{}, {"tools": [END_CALL], "tool_choice": "none"}])
async def test_a_tool_that_is_not_offered_is_not_called(changes: Json) -> None:
    async with session(settings=_settings(**changes)) as (client, _):
        await client.reply()
        response = await _say(client, "he_goodbye")
    assert [item["type"] for item in response["output"]] == ["message"]


async def test_unknown_speech_is_asked_for_again() -> None:
    async with session(Scenario(hearing=Hearing(text="…"), pacing=INSTANT)) as (client, _):
        assert _words(await _say(client, "en_hello")) == PHRASES["en"].unclear


async def test_it_never_claims_to_be_a_real_model() -> None:
    question = Hearing(text="Am I talking to a robot?", language="en")
    async with session(Scenario(hearing=question, pacing=INSTANT)) as (client, _):
        assert "neither a person nor a real model" in _words(await _say(client, "en_hello"))


@pytest.mark.parametrize(
    ("note", "phrase"),
    [
        ("The caller has been silent for a while. Ask whether they are still there.", "still"),
        ("This call reaches its time limit in half a minute.", "half a minute"),
        ("Say goodbye now, in one short sentence.", "goodbye"),
    ],
)
async def test_it_does_what_a_note_tells_it(note: str, phrase: str) -> None:
    async with session() as (client, _):
        await client.reply()
        content = [{"type": "input_text", "text": note}]
        item = {"type": "message", "role": "system", "content": content}
        await client.send("conversation.item.create", item=item)
        await client.until("conversation.item.done")
        assert phrase in _words(await client.reply())


async def test_asked_again_without_news_it_asks_whether_anybody_is_there() -> None:
    async with session() as (client, _):
        await client.reply()
        assert _words(await client.reply()) == PHRASES["en"].still_there


async def test_one_response_can_be_given_its_exact_words() -> None:
    async with session(settings=_settings()) as (client, _):
        words = "Say this:\n<<<WORDS\nGood evening.\nWORDS>>>"
        assert _words(await client.reply(instructions=words)) == "Good evening."


async def test_so_can_one_beside_the_conversation_which_is_spoken_like_any_other() -> None:
    async with session(settings=_settings()) as (client, stand_in):
        words = "Say this:\n<<<WORDS_\nGood WORDS>>> evening.\nWORDS_>>>"
        spoken = await client.reply(instructions=words, conversation="none", input=[])
        assert _words(spoken) == "Good WORDS>>> evening."
        assert stand_in.spoken_by_model() == speech("Good WORDS>>> evening.")
        unasked = await client.reply(conversation="none", input=[])
        assert _words(unasked) == "I am a stand-in and cannot judge this."
        assert stand_in.items() == []


async def test_callers_who_write_are_answered_too() -> None:
    async with session(settings=with_turns()) as (client, _):
        content = [{"type": "input_text", "text": "What are your opening hours?"}]
        item = {"type": "message", "role": "user", "content": content}
        await client.send("conversation.item.create", item=item)
        await client.until("conversation.item.done")
        assert "opening hours" in _words(await client.reply())


MARK_DO_NOT_CALL: Json = {
    "type": "function",
    "name": "mark_do_not_call",
    "description": "Never call this person again.",
    "parameters": {"type": "object", "properties": {}},
}


@pytest.mark.parametrize("language", ["he", "en", "ar"])
async def test_whoever_wants_no_more_calls_gets_the_tool_a_promise_and_the_end(
    language: str,
) -> None:
    tools = [END_CALL, MARK_DO_NOT_CALL]
    async with session(settings=_settings(tools=tools)) as (client, _):
        await client.reply()
        (call,) = (await _say(client, f"{language}_do_not_call"))["output"]
        assert call["name"] == "mark_do_not_call"
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "{}"}
        await client.send("conversation.item.create", item=output)
        promise = await client.reply()
    expected = PHRASES[language].answers["do_not_call"].format(business="מרפאת אליס")
    assert _words(promise) == expected
    assert promise["output"][1]["name"] == "end_call"


async def test_without_that_tool_it_promises_all_the_same() -> None:
    async with session(settings=_settings(tools=[END_CALL])) as (client, _):
        await client.reply()
        response = await _say(client, "en_do_not_call")
    assert "will not call you again" in _words(response)
    assert response["output"][1]["name"] == "end_call"


@pytest.mark.parametrize("clip", ["en_wrong_number", "en_after_the_tone"])
async def test_it_does_not_stay_where_nobody_wants_it(clip: str) -> None:
    async with session(settings=_settings(tools=[END_CALL])) as (client, _):
        await client.reply()
        response = await _say(client, clip)
    assert "Goodbye" in _words(response)
    assert response["output"][1]["name"] == "end_call"


@pytest.mark.parametrize("language", ["he", "en", "ar"])
async def test_whoever_asks_who_is_calling_is_told(language: str) -> None:
    async with session(settings=_settings()) as (client, _):
        await client.reply()
        answer = _words(await _say(client, f"{language}_screening"))
    assert answer == PHRASES[language].answers["who_calls"].format(business="מרפאת אליס")


async def test_an_outbound_call_opens_with_its_own_greeting() -> None:
    facts = PromptFacts("7f3a", "Levi", "en", "outbound", "We clean teeth.", "Hello, this is Levi.")
    async with session(settings=_settings(render(facts).compact)) as (client, _):
        assert _words(await client.reply()) == "Hello, this is Levi."


async def test_a_note_can_give_the_exact_words_too() -> None:
    async with session() as (client, _):
        await client.reply()
        note = "Leave this message:\n<<<MESSAGE\nPlease call us back.\nMESSAGE>>>"
        content = [{"type": "input_text", "text": note}]
        item = {"type": "message", "role": "system", "content": content}
        await client.send("conversation.item.create", item=item)
        await client.until("conversation.item.done")
        assert _words(await client.reply()) == "Please call us back."
