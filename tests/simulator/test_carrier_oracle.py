"""What the carrier knows for certain, and how little it keeps of a call that is over."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prosaas.simulator.call_book import CallBook
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.call_record import CallRecord
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.clock import Clock
from prosaas.simulator.rest_faults import ACCEPT_500, REFUSE_500
from tests.simulator.dialling import ACCOUNT_PATH, CALLEE, HANGUP, OTHER, Dialler, dialling
from tests.simulator.processes import running_carrier
from tests.simulator.product import ACCOUNT, NUMBER, TOKEN, Product


async def test_every_accepted_call_is_listed_whatever_was_answered(
    busy_carrier: Carrier, dialler: Dialler, product: Product
) -> None:
    product.documents["/voice/17"] = HANGUP
    busy_carrier.rest.faults.extend([ACCEPT_500, REFUSE_500])
    await dialler.create(Url=f"{product.base_url}/voice/17")
    await dialler.create()
    (row,) = await dialler.accepted()
    await busy_carrier.calls[row["sid"]].settled()
    (row,) = await dialler.accepted()
    assert (row["n"], row["to"], row["from"], row["account"]) == (0, CALLEE, NUMBER, ACCOUNT)
    assert row["url"] == f"{product.base_url}/voice/17"
    assert (row["status"], row["duration"]) == ("completed", 1)
    moments = [
        datetime.fromisoformat(row[f"{what}_at"]) for what in ("accepted", "answered", "ended")
    ]
    assert moments == sorted(moments)
    assert abs(moments[0] - datetime.now(UTC)) < timedelta(minutes=5)


async def test_what_was_read_before_need_not_be_read_again(dialler: Dialler) -> None:
    for n in range(5):
        await dialler.create(f"+97250000{n:04d}")
    assert [row["n"] for row in await dialler.accepted(since=3)] == [3, 4]
    assert [row["n"] for row in await dialler.accepted(since=1, limit=2)] == [1, 2]
    assert await dialler.accepted(since=5) == []


async def test_a_telephone_that_is_called_twice_at_once_is_not_forgotten(
    busy_carrier: Carrier, dialler: Dialler
) -> None:
    busy_carrier.callees[CALLEE] = Callee(outcome="busy", ring_s=20)
    for number in (CALLEE, OTHER, CALLEE):
        await dialler.create(number)
    for call in busy_carrier.calls.values():
        await call.settled()
    assert [row["others_live"] for row in await dialler.accepted()] == [0, 0, 1]
    tally = await dialler.tally()
    assert (tally["live"], tally["live_by_number"]) == (0, {})
    assert (tally["most_by_number"], tally["crowded"]) == (2, {CALLEE: 2})
    assert tally["most_by_account"] == {ACCOUNT: 3}


async def test_one_call_after_the_other_is_one_call_at_a_time(
    busy_carrier: Carrier, dialler: Dialler
) -> None:
    busy_carrier.callees[CALLEE] = Callee(ring_s=50)
    for _ in range(3):
        made = await dialler.create()
        await dialler.update(made.sid, Status="canceled")
    tally = await dialler.tally()
    assert (tally["accepted"], tally["most_by_number"], tally["crowded"]) == (3, 1, {})


async def test_live_calls_are_counted_by_account_and_number(
    busy_carrier: Carrier, dialler: Dialler
) -> None:
    busy_carrier.directory.otherwise = Callee(ring_s=50)
    for number in (CALLEE, OTHER):
        await dialler.create(number)
    tally = await dialler.tally()
    assert (tally["live"], tally["live_by_account"]) == (2, {ACCOUNT: 2})
    assert tally["live_by_number"] == {CALLEE: 1, OTHER: 1}


async def test_of_an_old_call_only_its_record_is_kept(product: Product) -> None:
    async with (
        Carrier(
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            clock=Clock(speed=10),
            calls_per_second=0,
            details_kept=1,
        ) as carrier,
        dialling(carrier.base_url) as dialler,
    ):
        carrier.directory.otherwise = Callee(outcome="busy", ring_s=0.1)
        sids = []
        for _ in range(3):
            made = await dialler.create(StatusCallback=f"{product.base_url}/status")
            sids.append(made.sid)
            await carrier.calls[made.sid].settled()
        assert list(carrier.calls) == sids[2:]
        gone = await dialler.ask("GET", f"/simulator/calls/{sids[0]}")
        assert gone.status == 410
        shown = await dialler.ask("GET", f"{ACCOUNT_PATH}/Calls/{sids[0]}.json")
        assert (shown.status, shown.body["status"]) == (200, "busy")
        assert [row["status"] for row in await dialler.accepted()] == ["busy"] * 3


async def test_requests_to_the_application_can_be_read_long_after_the_end(
    busy_carrier: Carrier, dialler: Dialler, product: Product
) -> None:
    product.documents["/voice/17"] = HANGUP
    made = await dialler.create(
        Url=f"{product.base_url}/voice/17", StatusCallback=f"{product.base_url}/status"
    )
    await busy_carrier.calls[made.sid].settled()
    path = f"{ACCOUNT_PATH}/Calls/{made.sid}/Events.json"
    assert (await dialler.ask("GET", path)).body["events"] == []
    await dialler.script("faults", {"events_after_s": 0}, method="POST")
    asked, told = (await dialler.ask("GET", path)).body["events"]
    assert asked["request"]["url"] == f"{product.base_url}/voice/17"
    assert asked["request"]["parameters"]["call_sid"] == made.sid
    assert asked["response"]["response_body"] == HANGUP
    assert (told["request"]["url"], told["response"]["response_code"]) == (
        f"{product.base_url}/status",
        204,
    )


def entered(book: CallBook, count: int) -> list[CallRecord]:
    records = [
        CallRecord(f"CA{n:032x}", ACCOUNT, "outbound-api", f"+97250{n % 100:07d}", NUMBER, float(n))
        for n in range(count)
    ]
    for record in records:
        book.enter(record)
    return records


def test_a_number_is_found_without_looking_at_the_calls_of_others() -> None:
    book = CallBook()
    entered(book, 1000)
    found = list(book.newest_first(ACCOUNT, {"To": "+972500000007", "From": NUMBER}))
    assert len(found) == 10
    assert [record.number for record in found] == sorted((r.number for r in found), reverse=True)
    assert list(book.newest_first("AC of nobody", {"To": "+972500000007"})) == []


async def test_pages_do_not_move_when_new_calls_come_in(
    busy_carrier: Carrier, dialler: Dialler
) -> None:
    records = entered(busy_carrier.network.book, 25)
    first = (await dialler.ask("GET", f"{ACCOUNT_PATH}/Calls.json?PageSize=10")).body
    await dialler.create()
    second = (await dialler.ask("GET", first["next_page_uri"])).body
    third = (await dialler.ask("GET", second["next_page_uri"])).body
    shown = [call["sid"] for page in (first, second, third) for call in page["calls"]]
    assert shown == [record.sid for record in reversed(records)]
    assert third["next_page_uri"] is None
    assert (second["page"], second["start"]) == (1, 10)


@pytest.mark.parametrize("pace", ["0", "unlimited"])
async def test_the_process_leaves_its_knowledge_behind(tmp_path: Path, pace: str) -> None:
    told = tmp_path / "oracle.json"
    options = ("--calls-per-second", pace, "--save-oracle", str(told), "--own-number", NUMBER)
    async with running_carrier(*options) as (process, url):
        async with dialling(url) as dialler:
            wish = {"default": {"mix": {"busy": 1}, "ring_s": 0}}
            await dialler.script("callees", wish)
            sids = [(await dialler.create(f"+97250000{n:04d}")).sid for n in range(3)]
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    knowledge: dict[str, Any] = json.loads(told.read_text())
    assert [row["sid"] for row in knowledge["accepted"]] == sids
    assert knowledge["tally"]["most_by_number"] == 1
