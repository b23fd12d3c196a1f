"""The team's part in a stream: tests from the browser, news for its pages, the sound of a call."""

from __future__ import annotations

import asyncio
import dataclasses
from base64 import b64decode
from typing import Any

import pytest

from calls.groups import listening_group, team_group
from calls.listening import FRAMES_KEPT, LEASE_S, Tap
from calls.watch import News
from tests.calls.bridge.rig import CALLER
from tests.calls.consumers.rig import Rig


@pytest.fixture
def trial(rig: Rig) -> Rig:
    rig.call = rig.database.call = dataclasses.replace(rig.call, is_test=True)
    return rig


async def joined(rig: Rig, group: str) -> str:
    channel: str = await rig.layer.new_channel()
    await rig.layer.group_add(group, channel)
    return channel


def waiting(rig: Rig, channel: str) -> int:
    queue = rig.layer.channels.get(channel)
    return queue.qsize() if queue is not None else 0


async def test_a_browser_that_goes_without_a_word_ends_its_test(trial: Rig) -> None:
    await trial.talks()
    trial.goes()
    await trial.is_over_within(1)
    assert not trial.is_left, "no carrier would come back with another stream"
    assert trial.end_reason == "caller_hangup"


async def test_no_carrier_is_asked_to_end_a_test(trial: Rig) -> None:
    await trial.talks()
    trial.database.ended.append((trial.call.call_id, "owner_hangup", "another test"))
    await trial.is_over_within(2)
    assert trial.close_code == 1000
    assert trial.database.hung_up == []


async def test_the_pages_of_the_business_are_told_that_a_call_has_begun(rig: Rig) -> None:
    channel = await joined(rig, team_group(rig.call.business_id))
    await rig.connects()
    await rig.starts()
    message = await rig.layer.receive(channel)
    assert message == {"type": "live.changed", "call_id": str(rig.call.call_id)}


async def test_of_a_test_nobody_is_told(trial: Rig) -> None:
    channel = await joined(trial, team_group(trial.call.business_id))
    await trial.talks()
    assert waiting(trial, channel) == 0


async def test_a_layer_that_hangs_holds_up_no_call(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(*_: Any) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(rig.layer, "group_send", hangs)
    await rig.talks()
    assert len(rig.model.heard_of("input_audio_buffer.append")) == 100


async def test_the_sound_leaves_the_process_only_while_somebody_listens(rig: Rig) -> None:
    channel = await joined(rig, listening_group(rig.call.business_id, rig.call.call_id))
    await rig.talks()
    assert waiting(rig, channel) == 0
    await rig.hint(type="call.listened")
    await rig.goes_on(0.5)
    message = await rig.layer.receive(channel)
    assert message["type"] == "ear.sound"
    frame = b64decode(CALLER)
    assert set(message["caller"].split(frame)) == {b""}
    assert len(message["caller"]) >= 4 * len(frame)

    await rig.goes_on(LEASE_S)
    await rig.layer.receive(channel)
    while waiting(rig, channel):
        await rig.layer.receive(channel)
    await rig.goes_on(1)
    assert waiting(rig, channel) == 0, "whoever listened has gone"
    assert len(rig.model.heard_of("input_audio_buffer.append")) > 400


async def test_the_agent_is_heard_as_well(rig: Rig) -> None:
    channel = await joined(rig, listening_group(rig.call.business_id, rig.call.call_id))
    await rig.talks()
    await rig.hint(type="call.listened")
    await rig.asks()
    rig.model.speaks(200, "item_2", "resp_2")
    await rig.goes_on(0.5)
    heard = b""
    while waiting(rig, channel):
        heard += (await rig.layer.receive(channel))["agent"]
    assert len(heard) == 1600


def test_what_nobody_fetches_is_forgotten() -> None:
    tap = Tap()
    for number in range(10 * FRAMES_KEPT):
        tap.caller(CALLER)
        tap.agent(bytes([number % 256]) * 160)
    caller, agent = tap.take()
    assert len(caller) == len(agent) == FRAMES_KEPT * 160
    assert agent[-1] == (10 * FRAMES_KEPT - 1) % 256, "the newest stay"
    assert tap.take() == (b"", b"")


async def test_what_the_team_orders_reaches_the_agent_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.talks()
    news = [News(rig.call.call_id, "", "", "", (("instruction", "Offer ten percent."),))]
    monkeypatch.setattr("calls.watch.news_of_calls", lambda _ids: [news.pop()] if news else [])
    await rig.hint(type="call.ordered")
    await rig.settles()
    items = rig.model.heard_of("conversation.item.create")
    told = [item for item in items if "Offer ten percent." in str(item)]
    assert len(told) == 1
    assert told[0]["item"]["role"] == "system"
    assert not rig.is_over


async def test_a_person_takes_over(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.talks()
    news = [News(rig.call.call_id, "", "", "", (("take_over", ""),))]
    monkeypatch.setattr("calls.watch.news_of_calls", lambda _ids: [news.pop()] if news else [])
    await rig.hint(type="call.ordered")
    await rig.goes_on(30)
    await rig.is_over_within(1)
    assert rig.is_left, "the carrier asks what follows, and is told whom to ring"
    assert rig.database.hung_up == []
