"""The call ends elsewhere: a hint by the channel layer, the truth by the row."""

from __future__ import annotations

from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from redis.exceptions import ConnectionError as RedisGone
from structlog.testing import capture_logs

from calls.watch import LOOK_EVERY_S
from tests.calls.consumers.rig import Rig

ENDED = ("owner_hangup", "the owner hung up")


def row_says_ended(rig: Rig) -> None:
    rig.database.ended.append((rig.call.call_id, *ENDED))


class Redis(InMemoryChannelLayer):  # type: ignore[misc]
    """A layer whose Redis is away while `error` is set."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error
        self.tries = 0

    async def new_channel(self, prefix: str = "specific.") -> str:
        self.tries += 1
        self._answer()
        channel: str = await super().new_channel(prefix)
        return channel

    async def group_add(self, group: str, channel: str) -> None:
        self._answer()
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        await super().group_discard(group, channel)
        self._answer()

    def _answer(self) -> None:
        if self.error is not None:
            raise self.error


async def test_a_hint_ends_the_call_at_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calls.watch.LOOK_EVERY_S", 3600)
    await rig.talks()
    row_says_ended(rig)
    await rig.hint()
    await rig.is_over_within(0.1)
    assert rig.end_reason == "owner_hangup"
    assert rig.database.finished[0].end_detail == "the owner hung up"
    assert rig.close_code == 1000


async def test_a_hint_is_not_believed_against_the_row(rig: Rig) -> None:
    await rig.talks()
    await rig.hint()
    await rig.goes_on(1)
    assert not rig.is_over


@pytest.mark.parametrize("kind", ["call.answered", "call.ended"])
async def test_who_has_answered_by_the_word_of_the_carrier_is_heard_at_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("calls.watch.LOOK_EVERY_S", 3600)
    await rig.talks()
    rig.database.answered_by = "machine_start"
    await rig.hint(type=kind)
    await rig.goes_on(1)
    assert not rig.is_over
    rig.says({"event": "stop"})
    await rig.is_over_within(1)
    assert rig.counted("answered_by_unasked") == 1  # nobody was called


async def test_without_redis_the_row_says_who_has_answered(rig: Rig) -> None:
    rig.layer = None
    await rig.talks()
    rig.database.answered_by = "machine_start"
    await rig.goes_on(LOOK_EVERY_S + 0.1)
    rig.says({"event": "stop"})
    await rig.is_over_within(1)
    assert rig.counted("answered_by_unasked") == 1


async def test_another_kind_of_message_is_no_hint(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.watch.LOOK_EVERY_S", 3600)
    await rig.talks()
    row_says_ended(rig)
    await rig.hint(type="of next year")
    await rig.goes_on(1)
    assert not rig.is_over


async def test_a_hint_about_another_call_is_not_heard(rig: Rig) -> None:
    await rig.talks()
    [group] = rig.layer.groups
    assert str(rig.call.business_id) in group
    assert str(rig.call.call_id) in group


async def test_what_was_said_before_we_listened_stands_in_the_row(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.watch.LOOK_EVERY_S", 3600)
    row_says_ended(rig)
    await rig.connects()
    await rig.starts()
    await rig.is_over_within(0.1)
    assert rig.end_reason == "owner_hangup"


@pytest.mark.parametrize("layer", [None, Redis(RedisGone("away")), Redis(OSError("away"))])
async def test_without_redis_the_row_brings_the_news_within_the_second(
    rig: Rig, layer: Any
) -> None:
    rig.layer = layer
    await rig.talks()
    row_says_ended(rig)
    await rig.is_over_within(LOOK_EVERY_S + 0.1)
    assert rig.end_reason == "owner_hangup"


async def test_a_redis_that_is_away_is_mentioned_once(rig: Rig) -> None:
    rig.layer = Redis(RedisGone("away"))
    with capture_logs() as log:
        await rig.talks()
        await rig.goes_on(20)
    away = [each for each in log if each["event"] == "channel_layer_away"]
    assert [each["error"] for each in away] == ["ConnectionError"]
    assert not rig.is_over


async def test_a_redis_that_stays_away_is_asked_ever_more_rarely(rig: Rig) -> None:
    """Each try costs a little memory that channels_redis does not give back."""
    rig.layer = Redis(RedisGone("away"))
    await rig.talks()
    await rig.goes_on(15)
    assert not rig.is_over
    assert 3 <= rig.layer.tries <= 6


async def test_a_redis_that_is_back_is_heard_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.watch.LOOK_EVERY_S", 3600)
    rig.layer = Redis(RedisGone("away"))
    await rig.talks()
    rig.layer.error = None
    await rig.goes_on(5)
    row_says_ended(rig)
    await rig.hint()
    await rig.is_over_within(0.1)
    assert rig.end_reason == "owner_hangup"


async def test_nothing_of_a_call_stays_in_the_channel_layer(rig: Rig) -> None:
    await rig.talks()
    assert len(rig.layer.groups) == 1
    rig.says({"event": "stop"})
    await rig.is_over_within(1)
    assert rig.layer.groups == {}
    assert rig.layer.channels == {}


async def test_a_redis_that_goes_during_the_call_keeps_it_from_ending_no_longer(rig: Rig) -> None:
    rig.layer = Redis()
    await rig.talks()
    rig.layer.error = RedisGone("away")
    rig.says({"event": "stop"})
    await rig.is_over_within(1)
    assert rig.end_reason == "caller_hangup"
