from __future__ import annotations

from datetime import timedelta

import pytest

from calls import actions
from calls.models import AgentSettings, Call, CallStatus, EndReason, ToolCall, Turn
from tenants.models import Business
from tenants.scoping import business_scope
from tests.people import NOW
from tests.rows import make_row

pytestmark = pytest.mark.django_db


def call_of(business: Business, days_ago: int) -> Call:
    with business_scope(business):
        ended = NOW - timedelta(days=days_ago)
        call: Call = make_row(
            Call,
            business,
            status=CallStatus.COMPLETED,
            ended_at=ended,
            end_reason=EndReason.CALLER_HANGUP,
        )
        make_row(Turn, business, call=call, item_id="a", text="I would like roses")
        tool = {"arguments": {"name": "Dana"}, "result": {"ok": True}}
        make_row(ToolCall, business, call=call, tool_call_id="a", **tool)
        return call


def words_of(business: Business, call: Call) -> tuple[int, dict[str, str]]:
    with business_scope(business):
        turns = Turn.objects.for_business(business).filter(call=call).count()
        return turns, ToolCall.objects.for_business(business).get(call=call).arguments


def test_what_was_said_long_ago_is_deleted_and_the_call_is_kept(flowers: Business) -> None:
    old, recent = call_of(flowers, 181), call_of(flowers, 179)
    assert actions.forget_words(now=NOW) == 1
    assert words_of(flowers, old) == (0, {})
    assert words_of(flowers, recent) == (1, {"name": "Dana"})
    assert actions.forget_words(now=NOW) == 0


def test_each_business_has_its_own_days(flowers: Business, garage: Business) -> None:
    with business_scope(garage):
        AgentSettings.objects.create(business=garage, transcript_days=30)
    of_flowers, of_garage = call_of(flowers, 60), call_of(garage, 60)
    actions.forget_words(now=NOW)
    assert words_of(flowers, of_flowers)[0] == 1
    assert words_of(garage, of_garage)[0] == 0


def test_a_call_that_goes_on_is_left_alone(flowers: Business) -> None:
    with business_scope(flowers):
        call = make_row(Call, flowers, created_at=NOW - timedelta(days=400))
        make_row(Turn, flowers, call=call, item_id="a")
    assert actions.forget_words(now=NOW) == 0
