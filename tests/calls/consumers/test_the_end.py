"""What is done when the call is over: the row, the line, the socket, the last turns."""

from __future__ import annotations

import asyncio

import pytest
from django.db import InterfaceError, OperationalError
from structlog.testing import capture_logs

from calls.consumers import FINISH_FIRST_S, FLUSH_WITHIN_S
from calls.engine.commands import SaveTurn
from calls.engine.tooling import ToolEffect, ToolOutcome
from calls.telephony import TelephonyError
from tenants.credentials import CredentialMissing
from tests.calls.bridge.rig import KEY
from tests.calls.consumers.rig import Rig


async def test_the_row_is_told_why_and_what_was_measured(rig: Rig) -> None:
    await rig.talks()
    rig.says({"event": "stop"})
    await rig.is_over_within(1)

    [finished] = rig.database.finished
    assert finished.call_id == rig.call.call_id
    assert finished.business_id == rig.call.business_id
    assert finished.metrics["stream_sid"] == "MZ1"
    assert finished.metrics["frames_in"] == finished.metrics["frames_forwarded"] == 100
    assert finished.metrics["frames_sent"] == 10
    assert finished.metrics["heard_ms"] == 200
    assert finished.metrics["compact_sent_at"] <= finished.metrics["full_sent_at"]


async def test_a_stream_that_is_left_keeps_its_figures_and_finishes_no_row(rig: Rig) -> None:
    await rig.talks()
    rig.goes()
    await rig.is_over_within(1)

    assert rig.database.finished == []
    [left] = rig.database.left
    assert (left.call_id, left.business_id) == (rig.call.call_id, rig.call.business_id)
    assert left.stream_number == 0
    assert left.metrics["stream_sid"] == "MZ1"
    assert left.metrics["frames_in"] == 100
    assert rig.database.hung_up == []


async def test_a_caller_who_is_put_through_is_not_hung_up(rig: Rig) -> None:
    rig.database.outcome = ToolOutcome("{}", succeeded=True, effect=ToolEffect.TRANSFER)
    await rig.talks()
    await rig.asks("I want to speak to Dana")
    rig.model.calls_tool("transfer_to_human")
    await rig.settles()
    rig.model.starts_response("resp_3")
    rig.model.finishes("resp_3")
    await rig.is_over_within(1)
    assert rig.is_left
    assert rig.close_code == 1000  # which makes the carrier ask what comes next
    assert rig.database.hung_up == []


async def test_a_row_that_cannot_be_left_is_left_to_the_sweeper(rig: Rig) -> None:
    await rig.talks()
    rig.database.fault = OperationalError("away")
    with capture_logs() as log:
        rig.goes()
        await rig.is_over_within(FINISH_FIRST_S + FLUSH_WITHIN_S + 1)
    assert "call_not_finished" in [each["event"] for each in log]


async def test_the_last_turns_are_written_before_the_end(rig: Rig) -> None:
    await rig.talks()
    rig.model.commits()
    rig.says({"event": "stop"})
    await rig.is_over_within(1)
    turns = [entry for entry in rig.database.written if isinstance(entry, SaveTurn)]
    assert {turn.item_id for turn in turns} == {"item_1", "caller_1"}


async def test_a_key_that_is_refused_is_reported_at_once_and_the_caller_hears_an_apology(
    rig: Rig,
) -> None:
    await rig.talks()
    assert rig.database.keys == [(KEY, "")]  # it was good

    error = {"code": "insufficient_quota", "message": "You exceeded your current quota"}
    rig.model.says({"type": "error", "error": error})
    await rig.is_over_within(1)

    assert rig.database.keys == [(KEY, ""), (KEY, "insufficient_quota")]
    assert rig.end_reason == "model_lost"
    assert len(rig.pool.asked) == 1  # another session would be refused as well
    assert rig.database.hung_up == []


async def test_a_line_that_the_carrier_has_closed_is_not_hung_up(rig: Rig) -> None:
    await rig.talks()
    rig.says({"event": "stop"})
    await rig.is_over_within(1)
    assert rig.database.hung_up == []


async def test_a_line_that_we_end_is_hung_up_by_rest_as_well(rig: Rig) -> None:
    await rig.talks()
    rig.database.ended.append((rig.call.call_id, "owner_hangup", ""))
    await rig.is_over_within(1)
    assert rig.database.hung_up == [rig.call.call_id]


async def test_the_row_comes_first_and_the_socket_second(rig: Rig) -> None:
    rig.database.slow["finish_call"] = 0.3
    await rig.talks()
    rig.says({"event": "stop"})
    await asyncio.sleep(0.2)
    assert rig.close_code is None
    await asyncio.sleep(0.2)
    assert rig.close_code == 1000


async def test_a_database_that_hangs_keeps_no_socket_open(rig: Rig) -> None:
    rig.database.slow["finish_call"] = 3600
    await rig.talks()
    rig.says({"event": "stop"})
    await asyncio.sleep(FINISH_FIRST_S + 0.1)
    assert rig.close_code == 1000
    assert not rig.model.socket.alive

    await rig.is_over_within(FLUSH_WITHIN_S + 0.1)
    assert rig.database.finished == []


@pytest.mark.parametrize(
    "fault",
    [
        OperationalError("away"),
        InterfaceError("away"),
        TelephonyError("HTTP 500", permanent=False),
        CredentialMissing("the account was taken away during the call"),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_no_fault_at_the_end_keeps_the_rest_of_it_from_being_done(
    rig: Rig, fault: Exception
) -> None:
    await rig.talks()
    if isinstance(fault, OperationalError | InterfaceError):
        rig.database.fault = fault
    else:
        rig.database.hang_up_fault = fault
    rig.database.ended.append((rig.call.call_id, "owner_hangup", ""))
    with capture_logs() as log:
        await rig.is_over_within(FLUSH_WITHIN_S + 1)
    assert rig.close_code == 1000
    assert [each["event"] for each in log if each["event"] == "[CALL_METRICS]"]
    assert "call_not_hung_up" in [each["event"] for each in log]


@pytest.mark.parametrize("error", [ConnectionResetError(), RuntimeError("closed already")])
async def test_a_socket_that_is_closed_already_is_no_fault(rig: Rig, error: Exception) -> None:
    await rig.talks()
    rig.fails_to_send = error
    rig.says({"event": "stop"})
    await rig.is_over_within(1)
    assert rig.end_reason == "caller_hangup"


async def test_turns_that_cannot_be_written_are_given_up_in_the_end(rig: Rig) -> None:
    rig.database.slow["_write"] = 0
    await rig.talks()
    rig.database.fault = OperationalError("away")
    rig.says({"event": "stop"})
    await rig.is_over_within(FINISH_FIRST_S + FLUSH_WITHIN_S + 1)
    assert rig.close_code == 1000


async def test_one_line_tells_the_figures_of_the_call(rig: Rig) -> None:
    await rig.talks()
    with capture_logs() as log:
        rig.says({"event": "stop"})
        await rig.is_over_within(1)

    [line] = [each for each in log if each["event"] == "[CALL_METRICS]"]
    assert line["log_level"] == "info"
    assert line["call_id"] == str(rig.call.call_id)
    assert line["business_id"] == str(rig.call.business_id)
    assert line["end_reason"] == "caller_hangup"
    assert line["frames_in"] == 100
    assert line["compact_sha256"] == rig.call.compact_sha256
    assert line["full_sha256"] == rig.call.full_sha256
    assert rig.call.compact not in repr(log)
    assert rig.call.full not in repr(log)


async def test_dropped_frames_are_worth_a_warning(rig: Rig) -> None:
    await rig.talks()
    rig.model.socket.pause_writing()
    await rig.goes_on(3)
    with capture_logs() as log:
        rig.says({"event": "stop"})
        await rig.is_over_within(1)
    [line] = [each for each in log if each["event"] == "[CALL_METRICS]"]
    assert (line["log_level"], line["frames_dropped"]) == ("warning", 50)
