"""Greetings that are spoken once by the stand-in model and stored, seen from the rows."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from calls import tasks
from calls.actions import greeting_clips, make_greeting_clips
from prompts.actions import publish, save_draft
from prompts.models import GreetingClip, PromptVersion
from prosaas.celery import app
from prosaas.simulator.model import (
    INSTANT,
    Failed,
    Handshake,
    RealtimeModel,
    Reply,
    Scenario,
    say,
    speech,
)
from tenants.models import Business, Credential
from tenants.scoping import business_scope
from tests.people import NOW, make_business, make_credential
from tests.product import in_database

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "sk-of-the-clips"
GREETING = "שלום, הגעתם לפרחים של אליס. איך אפשר לעזור?"
WRONG = Scenario(asides=(say("How are you today?"),), pacing=INSTANT)


@pytest.fixture
async def model(settings: Settings) -> AsyncIterator[RealtimeModel]:
    settings.OPENAI_API_KEY = KEY
    async with RealtimeModel(scenario=Scenario(pacing=INSTANT)) as running:
        settings.OPENAI_WEBSOCKET_BASE_URL = running.url
        yield running


def write(business: Business, **more: Any) -> PromptVersion:
    words = {"text": "Sell flowers only.", "greeting": GREETING, "direction": "inbound"}
    return save_draft(business=business, by=None, **({"now": NOW} | words | more))


def write_published(business: Business, **more: Any) -> PromptVersion:
    version = write(business, **more)
    publish(version=version, by=None, now=NOW)
    return version


def clip_of(version: PromptVersion) -> GreetingClip | None:
    with business_scope(version.business_id):
        clip: GreetingClip | None = GreetingClip.objects.filter(version=version).first()
    return clip


def made_audio(version: PromptVersion) -> bytes | None:
    """What a call would be greeted with."""
    with business_scope(version.business_id):
        clips = GreetingClip.objects.for_business(version.business_id).made()
        audio = clips.filter(version=version).values_list("audio", flat=True).first()
    return bytes(audio) if audio else None


def run(now: datetime = NOW) -> Callable[[], None]:
    return lambda: make_greeting_clips(now=now)


async def made(version: PromptVersion) -> bytes | None:
    return await in_database(lambda: made_audio(version))


async def clip(version: PromptVersion) -> GreetingClip:
    found = await in_database(lambda: clip_of(version))
    assert found is not None
    return found


# Made


async def test_the_task_has_a_published_greeting_spoken_and_stored(
    model: RealtimeModel, flowers: Business
) -> None:
    version = await in_database(lambda: write_published(flowers, voice="cedar", now=timezone.now()))
    await in_database(lambda: tasks.make_greeting_clips(unknown="of a newer version"))

    assert await made(version) == speech(GREETING, "cedar")
    row = await clip(version)
    assert row.duration_ms == len(speech(GREETING, "cedar")) // 8
    assert (row.attempts, row.problem) == (1, "")
    [session] = model.sessions
    assert session.headers["authorization"] == f"Bearer {KEY}"


async def test_what_is_made_is_never_made_again(model: RealtimeModel, flowers: Business) -> None:
    await in_database(lambda: write_published(flowers))
    for days in (0, 0, 1, 100):
        await in_database(run(NOW + timedelta(days=days)))
    assert len(model.sessions) == 1


async def test_beat_asks_for_it_and_lets_it_go_when_the_next_one_is_due() -> None:
    [entry] = [
        each
        for each in app.conf.beat_schedule.values()
        if each["task"] == tasks.make_greeting_clips.name
    ]
    assert entry["options"]["expires"] < entry["schedule"] == 10


async def test_a_draft_is_made_ready_before_it_is_published(
    model: RealtimeModel, flowers: Business
) -> None:
    draft = await in_database(lambda: write(flowers))
    await in_database(run())
    assert await made(draft) == speech(GREETING)


async def test_a_draft_of_last_month_costs_nothing_until_it_is_published(
    model: RealtimeModel, flowers: Business
) -> None:
    later = NOW + timedelta(days=31)
    draft = await in_database(lambda: write(flowers))
    await in_database(run(later))
    assert model.sessions == []
    await in_database(lambda: publish(version=draft, by=None, now=later))
    await in_database(run(later))
    assert await made(draft) == speech(GREETING)


async def test_a_published_greeting_comes_before_newer_drafts(
    model: RealtimeModel, flowers: Business
) -> None:
    version = await in_database(lambda: write_published(flowers))
    draft = await in_database(
        lambda: write(flowers, greeting="שלום שלום!", now=NOW + timedelta(hours=1))
    )
    await in_database(run(NOW + timedelta(hours=2)))
    assert await made(version) == speech(GREETING)
    assert await made(draft) is None
    await in_database(run(NOW + timedelta(hours=2)))
    assert await made(draft) == speech("שלום שלום!")


async def test_no_business_waits_for_another_and_published_ones_come_first(
    model: RealtimeModel, db: None
) -> None:
    def many() -> tuple[list[PromptVersion], list[PromptVersion]]:
        businesses = [make_business(f"shop-{number}") for number in range(7)]
        drafts = [write(each, greeting=f"Hello from {each.name}!") for each in businesses[:4]]
        published = [
            write_published(each, greeting=f"Hello from {each.name}!") for each in businesses[4:]
        ]
        return drafts, published

    drafts, published = await in_database(many)
    await in_database(run())
    assert all([await made(version) for version in published])
    assert [await made(version) is None for version in drafts].count(True) == 2
    await in_database(run())
    assert all([await made(version) for version in drafts])
    assert len(model.sessions) == 7


@pytest.mark.parametrize(
    "words", [{"greeting_mode": "live"}, {"greeting": ""}, {"greeting": " \n "}]
)
async def test_a_greeting_that_is_not_to_be_stored_is_not_spoken(
    words: dict[str, str], model: RealtimeModel, flowers: Business
) -> None:
    version = await in_database(lambda: write_published(flowers, **words))
    await in_database(run())
    assert model.sessions == []
    assert await in_database(lambda: clip_of(version)) is None


@pytest.mark.parametrize("gap", ["[NAME]", "{{name}}", "[שם]"])
async def test_a_greeting_with_a_gap_is_left_to_the_call(
    gap: str, model: RealtimeModel, flowers: Business
) -> None:
    version = await in_database(lambda: write_published(flowers, greeting=f"שלום {gap}, בוקר טוב"))
    await in_database(run())
    await in_database(run(NOW + timedelta(days=1)))
    assert model.sessions == []
    assert "gaps" in (await clip(version)).problem


async def test_a_suspended_business_costs_nothing(model: RealtimeModel, flowers: Business) -> None:
    def suspend(status: str) -> None:
        with business_scope(flowers):
            Business.objects.filter(pk=flowers.pk).update(status=status)

    version = await in_database(lambda: write_published(flowers))
    await in_database(lambda: suspend(Business.Status.SUSPENDED))
    await in_database(run())
    assert model.sessions == []
    await in_database(lambda: suspend(Business.Status.ACTIVE))
    await in_database(run())
    assert await made(version)


# Whose


async def test_a_version_with_the_same_greeting_takes_the_audio_over(
    model: RealtimeModel, flowers: Business
) -> None:
    first = await in_database(lambda: write_published(flowers))
    await in_database(run())
    second = await in_database(
        lambda: write_published(flowers, text="Sell flowers and pots.", now=NOW)
    )
    outbound = await in_database(lambda: write_published(flowers, direction="outbound"))
    await in_database(run())
    await in_database(run())
    assert await made(second) == await made(outbound) == await made(first) == speech(GREETING)
    assert (await clip(second)).duration_ms == (await clip(first)).duration_ms
    assert len(model.sessions) == 1


@pytest.mark.parametrize("change", [{"voice": "cedar"}, {"greeting": GREETING + " "}])
async def test_another_voice_or_text_is_spoken_anew(
    change: dict[str, str], model: RealtimeModel, flowers: Business
) -> None:
    await in_database(lambda: write_published(flowers))
    await in_database(run())
    await in_database(lambda: write_published(flowers, **change))
    await in_database(run())
    assert len(model.sessions) == 2


async def test_the_same_words_of_another_business_are_never_taken_over(
    model: RealtimeModel, flowers: Business, garage: Business
) -> None:
    """Charlie's garage greets to the letter like Alice's flowers, with a key of its own."""
    await in_database(lambda: make_credential(garage, Credential.Provider.OPENAI, "sk-charlies"))
    alices = await in_database(lambda: write_published(flowers))
    await in_database(run())
    charlies = await in_database(lambda: write_published(garage))
    assert await made(charlies) is None
    await in_database(run())

    assert await made(charlies) == speech(GREETING)
    assert (await clip(charlies)).business_id == garage.pk
    assert (await clip(alices)).business_id == flowers.pk
    keys = [session.headers["authorization"] for session in model.sessions]
    assert keys == [f"Bearer {KEY}", "Bearer sk-charlies"]


async def test_two_workers_at_once_have_it_spoken_once(
    model: RealtimeModel, flowers: Business
) -> None:
    version = await in_database(lambda: write_published(flowers))
    at_once = threading.Barrier(2)

    def work() -> None:
        at_once.wait(10)
        try:
            make_greeting_clips(now=NOW)
        finally:
            connection.close()

    def both() -> None:
        with ThreadPoolExecutor(2) as workers:
            for done in [workers.submit(work), workers.submit(work)]:
                done.result()

    await in_database(both)
    assert await made(version) == speech(GREETING)
    assert len(model.sessions) == 1
    assert (await clip(version)).attempts == 1


async def test_a_worker_that_read_the_list_before_does_not_pay_again(
    flowers: Business, db: None
) -> None:
    def claim_twice() -> tuple[bool, bool]:
        version = write_published(flowers)
        with business_scope(flowers):
            row = GreetingClip.objects.of(version)
            stale = GreetingClip.objects.of(version)
            first = row.claim(NOW)
            row.fail("no", permanent=False)
            return first, stale.claim(NOW + timedelta(seconds=1))

    assert await in_database(claim_twice) == (True, False)


# What goes wrong


async def test_wrong_words_are_noted_and_tried_again_later(
    model: RealtimeModel, flowers: Business
) -> None:
    model.scenarios = [WRONG]
    version = await in_database(lambda: write_published(flowers))
    await in_database(run())
    assert await made(version) is None
    row = await clip(version)
    assert row.problem == "the model said something else: How are you today?"

    await in_database(run(NOW + timedelta(seconds=119)))
    assert len(model.sessions) == 1
    await in_database(run(NOW + timedelta(minutes=2)))
    assert await made(version) == speech(GREETING)
    assert (await clip(version)).problem == ""


async def test_it_is_tried_five_times_at_longer_and_longer_intervals(
    model: RealtimeModel, flowers: Business
) -> None:
    model.scenario = WRONG
    await in_database(lambda: write_published(flowers))
    tries, seen = [], 0
    for minute in range(100):
        await in_database(run(NOW + timedelta(minutes=minute)))
        if len(model.sessions) > seen:
            tries.append(minute)
            seen = len(model.sessions)
    assert tries == [0, 2, 6, 14, 30]
    await in_database(run(NOW + timedelta(days=20)))
    assert len(model.sessions) == 5


async def test_a_key_that_is_refused_is_not_tried_again(
    model: RealtimeModel, flowers: Business
) -> None:
    model.handshake = Handshake(status=401)
    version = await in_database(lambda: write_published(flowers))
    for days in range(3):
        await in_database(run(NOW + timedelta(days=days)))
    row = await clip(version)
    assert row.problem == "the model refused the connection (HTTP 401)"
    assert row.is_given_up
    assert model.refused == [401]


async def test_without_a_key_the_row_says_what_to_set(
    model: RealtimeModel, flowers: Business, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = ""
    version = await in_database(lambda: write_published(flowers))
    await in_database(run())
    assert "set OPENAI_API_KEY" in (await clip(version)).problem
    assert model.refused == []


async def test_one_that_fails_leaves_the_others_alone(
    model: RealtimeModel, flowers: Business, garage: Business
) -> None:
    broken = Reply(ending=Failed())
    model.scenarios = [Scenario(asides=(broken,), pacing=INSTANT)]
    versions = await in_database(lambda: [write_published(each) for each in (flowers, garage)])
    await in_database(run())
    audio = [await made(version) for version in versions]
    assert sorted(audio, key=bool) == [None, speech(GREETING)]


async def test_nothing_is_open_while_the_model_speaks(
    model: RealtimeModel, flowers: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django's connection is another one inside the coroutine: it is looked at before."""
    open_transactions: list[bool] = []
    really = greeting_clips._spoken

    def look(orders: Sequence[greeting_clips.Order]) -> Coroutine[Any, Any, list[Any]]:
        open_transactions.append(connection.in_atomic_block)
        return really(orders)

    monkeypatch.setattr(greeting_clips, "_spoken", look)
    await in_database(lambda: write_published(flowers))
    await in_database(run())
    assert open_transactions == [False]
