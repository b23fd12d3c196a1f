"""What the model wants done is done beside the call, and its owner waits for the last of it."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from calls.tools.asking import NOT_KNOWN, NOT_NOW
from tests.calls.consumers.rig import Rig


def told(rig: Rig) -> list[str]:
    created = [each["item"] for each in rig.model.heard_of("conversation.item.create")]
    return [item["output"] for item in created if item["type"] == "function_call_output"]


async def test_a_tool_is_run_and_the_model_is_told(rig: Rig) -> None:
    await rig.talks()
    await rig.asks()
    rig.model.calls_tool("count_roses")
    await rig.goes_on(0.1)
    assert rig.database.run == ["count_roses"]
    assert told(rig) == ['{"roses":12}']


@pytest.mark.parametrize("fault", [OperationalError("away"), ZeroDivisionError("a planted fault")])
async def test_a_tool_that_breaks_is_an_answer_too_and_the_call_goes_on(
    rig: Rig, fault: Exception
) -> None:
    rig.database.tool_fault = fault
    await rig.talks()
    await rig.asks()
    rig.model.calls_tool("count_roses")
    await rig.goes_on(0.1)
    assert told(rig) == [NOT_NOW.outcome.output]
    assert not rig.is_over


async def test_a_tool_that_takes_too_long_is_an_answer_after_four_seconds(rig: Rig) -> None:
    rig.database.slow["take_up"] = 6
    await rig.talks()
    await rig.asks()
    rig.model.calls_tool("count_roses")
    await rig.goes_on(3.9)
    assert told(rig) == []
    await rig.goes_on(0.2)
    assert told(rig) == [NOT_KNOWN.outcome.output]


async def test_a_tool_that_is_running_when_the_caller_hangs_up_is_finished(rig: Rig) -> None:
    rig.database.slow["take_up"] = 3
    await rig.talks()
    await rig.asks()
    rig.model.calls_tool("count_roses")
    await rig.goes_on(0.1)
    rig.says({"event": "stop"})
    await rig.settles()
    assert rig.close_code == 1000  # nobody waits for it
    assert rig.database.run == []

    await rig.is_over_within(3)
    assert rig.database.run == ["count_roses"]
    assert told(rig) == []
