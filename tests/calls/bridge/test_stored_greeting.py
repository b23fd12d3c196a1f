"""A greeting that was spoken once is heard at once, whoever is late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from calls.engine.profile import Profile, Resumption
from tests.calls.bridge.rig import Rig, rigged

WELCOME = Profile(greeting_audio=b"\x55" * 160 * 40, greeting_text="Welcome to Alice's.")


@pytest.fixture
async def welcoming() -> AsyncIterator[Rig]:
    async with rigged(profile=WELCOME) as one:
        yield one


def purposes(rig: Rig) -> list[str]:
    asked = rig.model.heard_of("response.create")
    return [each["response"]["metadata"]["purpose"] for each in asked]


async def test_the_first_frame_is_out_within_100_ms_though_the_model_takes_a_second_and_a_half(
    welcoming: Rig,
) -> None:
    began = welcoming.loop.time()
    await asyncio.sleep(0.1)
    at, first = welcoming.carrier_took[0]
    assert first["event"] == "media"
    assert at - began <= 0.1

    await asyncio.sleep(1.4)
    assert welcoming.frames_taken == 40  # and all of it, without a model
    await welcoming.connects()
    welcoming.model.confirms()
    await welcoming.settles()
    assert purposes(welcoming) == []  # nobody is greeted twice


async def test_the_model_is_told_what_was_said_in_its_name(welcoming: Rig) -> None:
    await welcoming.connects()
    welcoming.model.confirms()
    [message] = welcoming.model.heard_of("conversation.item.create")
    assert message["item"]["role"] == "assistant"
    assert message["item"]["content"][0]["text"] == "Welcome to Alice's."
    assert message["previous_item_id"] == "root"


async def test_a_caller_who_answers_it_is_answered(welcoming: Rig) -> None:
    await welcoming.connects()
    welcoming.model.confirms()
    await asyncio.sleep(3)
    welcoming.model.commits()
    assert purposes(welcoming) == ["answer"]
    assert welcoming.frames_taken == 40


async def test_a_model_that_cannot_be_found_cuts_the_greeting_off_with_an_apology(
    welcoming: Rig,
) -> None:
    await asyncio.sleep(0.3)
    await welcoming.connects_in_vain()
    ending = await welcoming.ends()
    assert ending.reason == "model_unavailable"
    assert ending.metrics.heard_ms > 0


async def test_a_caller_who_comes_back_is_not_greeted_again() -> None:
    profile = Profile(
        greeting_audio=WELCOME.greeting_audio,
        greeting_text="Welcome.",
        resumption=Resumption.PROCESS_LOST,
        stream_number=1,
    )
    async with rigged(profile=profile) as rig:
        await asyncio.sleep(0.5)
        assert rig.frames_taken == 0
        await rig.connects()
        rig.model.confirms()
        await rig.settles()
        assert purposes(rig) == ["resumption"]
