from __future__ import annotations

import asyncio
import time
import uuid
from unittest.mock import AsyncMock, Mock, patch

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.core.exceptions import ObjectDoesNotExist
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from redis.exceptions import ConnectionError as RedisAway

from calls.actions import announce_end, finish_call, hang_up
from calls.actions.announcing import ANNOUNCE_TIMEOUT_S
from calls.groups import call_group
from calls.models import Call, CallStatus, EndReason
from prompts.models import Direction
from tenants.credentials import TwilioAccount
from tenants.models import Business
from tenants.scoping import business_scope
from tests.people import NOW


@pytest.fixture
def call(alices: Business) -> Call:
    with business_scope(alices):
        return Call.objects.create(
            business=alices,
            direction=Direction.INBOUND,
            call_sid="CA" + "1" * 32,
            language="he",
            status=CallStatus.IN_PROGRESS,
        )


def stored(call: Call) -> Call:
    with business_scope(call.business_id):
        return Call.objects.get(pk=call.pk)


def test_a_finished_call_holds_its_reason_and_its_figures(call: Call) -> None:
    finish_call(
        call_id=call.pk,
        business_id=call.business_id,
        end_reason="agent_goodbye",
        end_detail="The agent said goodbye.",
        metrics={"frames_in": 3, "counters": {"odd": 1}},
        now=NOW,
    )

    row = stored(call)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.AGENT_GOODBYE)
    assert (row.end_detail, row.ended_at) == ("The agent said goodbye.", NOW)
    assert (row.frames_in, row.counters) == (3, {"odd": 1})


def test_a_reason_that_no_list_holds_is_our_own_mistake(call: Call) -> None:
    with pytest.raises(ValueError, match="boredom"):
        finish_call(
            call_id=call.pk,
            business_id=call.business_id,
            end_reason="boredom",
            end_detail="",
            metrics={},
            now=NOW,
        )
    assert stored(call).is_live


def test_a_call_is_not_finished_in_the_name_of_another_business(
    call: Call, charlies: Business
) -> None:
    with pytest.raises(ObjectDoesNotExist):
        finish_call(
            call_id=call.pk,
            business_id=charlies.pk,
            end_reason="silence",
            end_detail="",
            metrics={},
            now=NOW,
        )
    assert stored(call).is_live


def test_hanging_up_asks_the_carrier_with_the_businesss_account(
    call: Call, settings: Settings
) -> None:
    with patch("calls.actions.ending.telephony.hang_up") as asked:
        hang_up(call_id=call.pk, business_id=call.business_id)

    account = TwilioAccount(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
    asked.assert_called_once_with(account, call.call_sid)
    assert stored(call).is_live  # the carrier says when it is over


def test_a_call_that_the_carrier_has_not_named_is_not_asked_about(alices: Business) -> None:
    with business_scope(alices):
        nameless = Call.objects.create(business=alices, direction="outbound", language="he")
    with patch("calls.actions.ending.telephony.hang_up") as asked:
        hang_up(call_id=nameless.pk, business_id=alices.pk)
    asked.assert_not_called()


def test_a_call_that_the_carrier_has_called_over_is_not_hung_up_again(call: Call) -> None:
    with business_scope(call.business_id):
        call.apply_carrier_status(CallStatus.COMPLETED, sequence=3, now=NOW)
    with patch("calls.actions.ending.telephony.hang_up") as asked:
        hang_up(call_id=call.pk, business_id=call.business_id)
    asked.assert_not_called()


# The announcement


async def test_the_end_of_a_call_reaches_its_group_and_no_other() -> None:
    call = Call(pk=uuid.uuid4(), business_id=uuid.uuid4())
    layer = get_channel_layer()
    mine, other = [await layer.new_channel() for _ in range(2)]
    await layer.group_add(call_group(call.business_id, call.pk), mine)
    await layer.group_add(call_group(uuid.uuid4(), call.pk), other)

    with patch("calls.actions.announcing.transaction.on_commit", side_effect=lambda do: do()):
        await sync_to_async(announce_end)(call)

    async with asyncio.timeout(5):
        assert await layer.receive(mine) == {"type": "call.ended", "call_id": str(call.pk)}
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(layer.receive(other), 0.05)
    await layer.flush()


def test_nothing_is_announced_that_was_not_committed(
    call: Call, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def announce_and_fail() -> None:
        with business_scope(call.business_id):
            announce_end(call)
            raise ZeroDivisionError

    with django_capture_on_commit_callbacks() as announced, pytest.raises(ZeroDivisionError):
        announce_and_fail()
    assert announced == []


@pytest.mark.parametrize("trouble", [RedisAway("away"), OSError("away"), TimeoutError()])
def test_an_announcement_never_raises(
    trouble: Exception,
    call: Call,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    layer = Mock(group_send=AsyncMock(side_effect=trouble))
    with (
        patch("calls.actions.announcing.get_channel_layer", return_value=layer),
        django_capture_on_commit_callbacks(execute=True),
    ):
        announce_end(call)
    layer.group_send.assert_awaited_once()


def test_an_announcement_gives_up_on_a_redis_that_hangs(
    call: Call, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    async def hang(*args: object) -> None:
        await asyncio.Event().wait()

    layer = Mock(group_send=hang)
    started = time.monotonic()
    with (
        patch("calls.actions.announcing.get_channel_layer", return_value=layer),
        django_capture_on_commit_callbacks(execute=True),
    ):
        announce_end(call)
    assert time.monotonic() - started < ANNOUNCE_TIMEOUT_S + 1


def test_an_announcement_survives_a_redis_that_is_not_there(
    call: Call,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.CHANNEL_LAYERS = {
        "default": settings.CHANNEL_LAYERS["default"]
        | {"CONFIG": {"hosts": [{"address": "redis://127.0.0.1:1/0"}]}}
    }
    with django_capture_on_commit_callbacks(execute=True) as announced:
        announce_end(call)
    assert len(announced) == 1
