from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.db import DataError, InterfaceError, OperationalError
from django.utils import timezone
from structlog.testing import capture_logs

from calls import records
from calls.engine.commands import AnswerTool, ReportKey, ReportLimit, SaveTurn
from calls.engine.transcript import Verdict
from calls.models import Call, ToolCall, Turn
from calls.records import CallRecords, Entry
from prompts.models import Direction
from tenants.credentials import is_refused, limited_until, refuse_key
from tenants.models import Business, RefusedKey
from tenants.scoping import business_scope
from tests.people import NOW

# The writer's threads have connections of their own: what they are to find must be committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "RETRY_S", 0.001)


def make_call(business: Business) -> Call:
    with business_scope(business):
        return Call.objects.create(
            business=business,
            direction=Direction.INBOUND,
            call_sid=f"CA{uuid.uuid4().hex}",
            language="he",
            created_at=NOW,
        )


@pytest.fixture
def call(flowers: Business) -> Call:
    return make_call(flowers)


def turn(item_id: str = "item_1", **fields: Any) -> SaveTurn:
    given: dict[str, Any] = {
        "position": 1,
        "speaker": "agent",
        "text": "",
        "started_ms": 0,
        "ended_ms": 0,
        "generated_ms": 0,
        "heard_ms": 0,
        "interrupted": False,
    }
    return SaveTurn(item_id=item_id, **given | fields)


def answer(call_id: str = "call_1", **fields: Any) -> AnswerTool:
    given: dict[str, Any] = {"name": "end_call", "arguments": "{}", "output": "{}"}
    return AnswerTool(call_id=call_id, **{"succeeded": True} | given | fields)


async def written(call: Call, *batches: Sequence[Entry], api_key: str = "") -> CallRecords:
    """Each batch is written before the next one is known of."""
    kept = CallRecords(call.business_id, call.pk, api_key)
    writer = asyncio.create_task(kept.run())
    for batch in batches:
        for entry in batch:
            kept.save(entry)
        await until(lambda: not kept._waiting)
    kept.close()
    async with asyncio.timeout(10):
        await writer
    return kept


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the threads of the pool have no event to wait for
            await asyncio.sleep(0.001)


def write(call: Call, *batches: Sequence[Entry], api_key: str = "") -> CallRecords:
    return asyncio.run(written(call, *batches, api_key=api_key))


def turns_of(call: Call) -> list[Turn]:
    with business_scope(call.business_id):
        return list(Turn.objects.filter(call=call).order_by("position", "item_id"))


def tools_of(call: Call) -> list[ToolCall]:
    with business_scope(call.business_id):
        return list(ToolCall.objects.filter(call=call).order_by("tool_call_id"))


class Outage:
    """A database that is away for a number of tries, each of which may take its time."""

    def __init__(self, tries: int, error: type[Exception] = OperationalError) -> None:
        self.left = tries
        self.error = error
        self.tried = 0
        self.answers = threading.Event()
        self.answers.set()

    def __call__(self, business: uuid.UUID) -> Any:
        self.tried += 1
        self.answers.wait(10)
        if self.tried <= self.left:
            raise self.error("the database is away")
        return business_scope(business)


# What is written


def test_a_turn_is_written_as_it_was_heard(call: Call) -> None:
    heard = turn(
        position=3,
        speaker="agent",
        text="שלום, פרחי אליס",
        started_ms=100,
        ended_ms=900,
        generated_ms=2000,
        heard_ms=800,
        interrupted=True,
        language="he",
    )
    kept = write(call, [heard])

    [row] = turns_of(call)
    assert (row.business_id, row.item_id, row.position) == (call.business_id, "item_1", 3)
    assert (row.speaker, row.text) == ("agent", "שלום, פרחי אליס")
    assert (row.started_ms, row.ended_ms) == (100, 900)
    assert (row.generated_ms, row.heard_ms, row.interrupted) == (2000, 800, True)
    assert (row.language, row.verdict) == ("he", "")
    assert kept.dropped == 0


@pytest.mark.parametrize("verdict", [Verdict.NO_MEANING, Verdict.ECHO, Verdict.DOUBTED])
def test_what_the_agent_made_of_a_turn_is_written_when_it_is_known(
    verdict: Verdict, call: Call
) -> None:
    heard = turn(speaker="caller", text="mm-hm")
    write(call, [heard], [replace(heard, verdict=verdict, language="en")])
    [row] = turns_of(call)
    assert (row.text, row.verdict, row.language) == ("mm-hm", verdict, "en")


def test_the_latest_state_of_a_turn_wins_whether_written_before_or_not(call: Call) -> None:
    write(
        call,
        [turn(heard_ms=0), turn(heard_ms=100)],
        [turn("item_2", position=2, speaker="caller", text="כן")],
        [turn(heard_ms=300, text="done", ended_ms=300)],
    )
    first, second = turns_of(call)
    assert (first.heard_ms, first.text, first.ended_ms) == (300, "done", 300)
    assert (second.speaker, second.text) == ("caller", "כן")


def test_a_tool_call_is_written_once_and_keeps_its_first_result(call: Call) -> None:
    write(
        call,
        [answer(arguments='{"reason":"bye"}', output='{"status":"ending"}')],
        [answer(output='{"status":"again"}', succeeded=False)],
    )
    [row] = tools_of(call)
    assert (row.tool_call_id, row.name, row.status) == (
        "call_1",
        "end_call",
        ToolCall.Status.SUCCEEDED,
    )
    assert row.arguments == {"reason": "bye"}
    assert row.result == {"status": "ending"}


def test_a_tool_that_failed_says_so(call: Call) -> None:
    write(call, [answer(name="x" * 128, succeeded=False)])
    [row] = tools_of(call)
    assert (row.status, row.name) == (ToolCall.Status.FAILED, "x" * 64)


def test_a_turn_and_a_tool_call_of_the_same_id_are_two_things(call: Call) -> None:
    write(call, [turn("tool call_1"), answer("call_1"), turn("call_1", position=2)])
    assert [row.item_id for row in turns_of(call)] == ["tool call_1", "call_1"]
    assert [row.tool_call_id for row in tools_of(call)] == ["call_1"]


def test_the_number_of_a_card_is_not_written_down(call: Call) -> None:
    said = '{"note": "the card is 4242 4242 4242 4242"}'
    write(call, [turn(text="It is 4242 4242 4242 4242."), answer(arguments=said, output=said)])
    assert turns_of(call)[0].text == "It is ••••4242."
    [row] = tools_of(call)
    assert row.arguments == row.result == {"note": "the card is ••••4242"}


def caller_says(*texts: str, verdict: str = "") -> list[SaveTurn]:
    return [
        turn(f"item_{place}", position=place, speaker="caller", text=text, verdict=verdict)
        for place, text in enumerate(texts, 1)
    ]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (["4242 4242", "4242 4242"], ["••••", "••••4242"]),
        (
            ["It is 4242.", "4242.", "4242,", "4242. Right?"],
            ["It is ••••.", "••••.", "••••,", "••••4242. Right?"],
        ),
        (["42", "42", "42", "42", "42", "42", "42", "42"], [*["••••"] * 7, "••••42"]),
        (["4242 4242 4242 42", "42"], ["••••", "••••42"]),
        # Another digit, another subject, and no card at all.
        (["4242 4242", "4242 4243"], ["4242 4242", "4242 4243"]),
        (["4242 4242", "no, sorry", "4242 4242"], ["4242 4242", "no, sorry", "4242 4242"]),
        (["My number is 050 123 4567.", "At 14:30."], ["My number is 050 123 4567.", "At 14:30."]),
    ],
)
def test_a_card_that_is_read_out_in_several_turns_is_not_written_down(
    said: list[str], kept: list[str], call: Call
) -> None:
    """Each turn is written before the next one is known of; the agent nods in between."""
    nods = [turn(f"nod_{place}", position=place, text="Yes.") for place in range(1, 9)]
    write(call, *([one, nod] for one, nod in zip(caller_says(*said), nods, strict=False)))
    assert [row.text for row in turns_of(call) if row.speaker == "caller"] == kept


def test_a_sound_between_the_digits_does_not_hide_that_it_is_a_card(call: Call) -> None:
    first, cough, last = caller_says("4242 4242", "mm", "4242 4242")
    write(call, [first], [cough], [replace(cough, verdict="no_meaning")], [last])
    assert [row.text for row in turns_of(call)] == ["••••", "mm", "••••4242"]


def test_what_is_transcribed_late_is_read_in_its_place(call: Call) -> None:
    first, second = caller_says("4242 4242 4242", "4242")
    write(call, [replace(first, text="")], [second], [first])
    assert [row.text for row in turns_of(call)] == ["••••", "••••4242"]


def test_an_early_turn_is_still_written_when_more_becomes_known_of_it(call: Call) -> None:
    said = caller_says(*(f"sentence {place}" for place in range(20)))
    write(call, said, [replace(said[0], text="another one", verdict="doubted")])
    rows = turns_of(call)
    assert (len(rows), rows[0].text, rows[0].verdict) == (20, "another one", "doubted")


def test_the_parts_of_a_card_stay_hidden_whatever_is_said_later(call: Call) -> None:
    said = caller_says("4242 4242", "4242 4242", *["and so on"] * 20)
    later = [[replace(part, language="en")] for part in said[:2]]
    write(call, *([one] for one in said[:9]), *later, *([one] for one in said[9:]), *later)
    assert [row.text for row in turns_of(call)][:2] == ["••••", "••••4242"]


def test_what_postgresql_cannot_hold_is_left_out_of_what_was_said(call: Call) -> None:
    write(call, [turn(text="a\0b\0"), answer(arguments='{"a\\u0000":"\\u0000b"}', output="\0")])
    assert turns_of(call)[0].text == "ab"
    [row] = tools_of(call)
    assert row.arguments == {"a": "b"}
    assert row.result == {"unreadable": ""}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"reason":"the caller sa',
        "[" * 1000 + "]" * 1000,
        "[" * 300 + "]" * 300,
        '{"a":1e999}',
        '{"a":NaN}',
        '{"a":"\\ud800"}',
        '{"a":"\\\\u0000"}',
        "no\0t JSON",
    ],
)
def test_arguments_that_nobody_can_read_are_kept_as_they_came(call: Call, text: str) -> None:
    kept = write(call, [answer(arguments=text)], [turn()])
    [row] = tools_of(call)
    assert row.arguments == {"unreadable": text.replace("\0", "")}
    assert len(turns_of(call)) == 1
    assert kept.dropped == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", {}),
        ("[]", []),
        ('"text"', "text"),
        ('{"a":12345678901234567890123}', {"a": 12345678901234568000000}),
        ('{"a":[[[[[[[[[[[["deep"]]]]]]]]]]]]}', {"a": [[[[[[[[[[[["deep"]]]]]]]]]]]]}),
    ],
)
def test_arguments_of_any_shape_are_kept(call: Call, text: str, value: object) -> None:
    kept = write(call, [answer(arguments=text), turn()])
    [row] = tools_of(call)
    assert row.arguments == value
    assert len(turns_of(call)) == 1
    assert kept.dropped == 0


def test_a_whole_call_is_written_in_few_batches(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes = Outage(0)
    monkeypatch.setattr(records, "business_scope", scopes)
    write(call, [turn(f"item_{number}", position=number) for number in range(200)])
    assert len(turns_of(call)) == 200
    assert scopes.tried == 1


# Whose it is


def test_nothing_is_written_into_the_call_of_another_business(
    call: Call, flowers: Business, garage: Business
) -> None:
    charlies = make_call(garage)
    foreign = CallRecords(garage.pk, call.pk)

    async def scenario() -> None:
        foreign.save(turn(text="a canary"))
        foreign.save(answer())
        foreign.close()
        await foreign.run()

    with capture_logs() as log:
        asyncio.run(scenario())

    assert [entry["event"] for entry in log] == ["records_refused"]
    assert "canary" not in repr(log)
    assert foreign.dropped == 2
    assert turns_of(call) == turns_of(charlies) == []
    assert tools_of(call) == tools_of(charlies) == []


def test_two_calls_with_the_same_ids_have_a_row_each(call: Call, garage: Business) -> None:
    charlies = make_call(garage)
    write(call, [turn(text="alice's")])
    write(charlies, [turn(text="charlie's")])
    assert [row.text for row in turns_of(call)] == ["alice's"]
    assert [row.text for row in turns_of(charlies)] == ["charlie's"]


# What is known of the key


def test_a_key_that_is_refused_is_known_to_every_process_at_once(call: Call) -> None:
    write(call, [ReportKey("insufficient_quota")], api_key="sk-alice")
    assert is_refused("sk-alice", now=timezone.now())
    assert not is_refused("sk-installation", now=timezone.now())


def test_a_session_that_was_confirmed_clears_its_key(call: Call) -> None:
    for api_key in ("sk-alice", "sk-charlie"):
        refuse_key(api_key, code="insufficient_quota", now=timezone.now())
    write(call, [ReportKey()], api_key="sk-alice")
    assert not is_refused("sk-alice", now=timezone.now())
    assert is_refused("sk-charlie", now=timezone.now())


def test_a_key_that_was_good_and_is_refused_in_the_same_call_is_refused(call: Call) -> None:
    write(call, [ReportKey(), turn(), ReportKey("insufficient_quota")], api_key="sk-alice")
    assert is_refused("sk-alice", now=timezone.now())
    assert len(turns_of(call)) == 1


def test_a_limit_of_the_account_is_known_and_the_key_is_none_the_worse_for_it(call: Call) -> None:
    write(call, [ReportLimit("rate_limit_exceeded"), ReportKey()], api_key="sk-alice")
    assert limited_until("sk-alice", now=timezone.now())
    assert not limited_until("sk-installation", now=timezone.now())
    assert not is_refused("sk-alice", now=timezone.now())


def test_a_report_outlives_an_outage(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "business_scope", Outage(3))
    write(call, [ReportKey("insufficient_quota"), turn()], api_key="sk-alice")
    assert is_refused("sk-alice", now=timezone.now())
    assert RefusedKey.objects.get().refusals == 1


# When the database is away


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_nothing_is_lost_while_the_database_is_away(
    call: Call, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(records, "business_scope", Outage(3, error))
    with capture_logs() as log:
        kept = write(call, [turn(), answer()])
    assert len(turns_of(call)) == len(tools_of(call)) == 1
    assert kept.dropped == 0
    assert [entry["event"] for entry in log] == ["records_wait_for_database"] * 3
    assert {entry["waiting"] for entry in log} == {2}


def test_what_became_known_during_an_outage_wins(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage(3)
    monkeypatch.setattr(records, "business_scope", outage)

    async def scenario() -> None:
        kept = CallRecords(call.business_id, call.pk)
        writer = asyncio.create_task(kept.run())
        kept.save(turn(heard_ms=100))
        kept.save(turn("item_2", position=2))
        await until(lambda: outage.tried >= 2)
        kept.save(turn(heard_ms=700))
        kept.save(turn("item_3", position=3))
        kept.close()
        await writer

    asyncio.run(scenario())
    rows = turns_of(call)
    assert [(row.item_id, row.heard_ms) for row in rows] == [
        ("item_1", 700),
        ("item_2", 0),
        ("item_3", 0),
    ]


def test_an_outage_costs_a_bounded_number_of_turns(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MAX_WAITING", 5)
    outage = Outage(1)
    outage.answers.clear()
    monkeypatch.setattr(records, "business_scope", outage)

    async def scenario() -> CallRecords:
        kept = CallRecords(call.business_id, call.pk)
        writer = asyncio.create_task(kept.run())
        for number in range(6):
            kept.save(turn(f"item_{number}", position=number))
        await until(lambda: outage.tried == 1)
        for number in range(6, 10):  # while the first five are being tried
            kept.save(turn(f"item_{number}", position=number))
        outage.answers.set()
        kept.close()
        await writer
        return kept

    kept = asyncio.run(scenario())
    assert [row.position for row in turns_of(call)] == [5, 6, 7, 8, 9]
    assert kept.dropped == 5


def test_the_newer_state_of_what_waits_costs_nothing(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MAX_WAITING", 2)
    kept = write(call, [turn(), turn("item_2"), *(turn(heard_ms=ms) for ms in range(50))])
    assert [row.heard_ms for row in turns_of(call)] == [49, 0]
    assert kept.dropped == 0


def test_what_the_database_refuses_is_counted_and_stops_nothing_else(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "business_scope", Outage(1, DataError))
    with capture_logs() as log:
        kept = write(call, [turn(text="a canary"), answer()], [turn("item_2")])
    assert [row.item_id for row in turns_of(call)] == ["item_2"]
    assert kept.dropped == 2
    assert [entry["event"] for entry in log] == ["records_refused"]
    assert "canary" not in repr(log)


# The end


def test_a_call_of_which_there_is_nothing_to_write_ends_at_once(call: Call) -> None:
    kept = CallRecords(call.business_id, call.pk)
    kept.close()
    asyncio.run(asyncio.wait_for(kept.run(), 1))


def test_a_database_that_stays_away_keeps_nobody_from_stopping_the_writer(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage(10**9)
    monkeypatch.setattr(records, "business_scope", outage)

    async def scenario() -> None:
        kept = CallRecords(call.business_id, call.pk)
        writer = asyncio.create_task(kept.run())
        kept.save(turn())
        kept.close()
        await until(lambda: outage.tried >= 3)
        assert not writer.done()
        writer.cancel()
        await asyncio.wait([writer], timeout=5)
        assert writer.cancelled()

    asyncio.run(scenario())
    assert turns_of(call) == []
