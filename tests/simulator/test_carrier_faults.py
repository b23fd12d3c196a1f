"""What goes wrong between a dialler and the carrier, as other processes script it."""

from __future__ import annotations

import asyncio
from collections import Counter

import aiohttp
import pytest

from prosaas.simulator.call_plan import Callee
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.clock import Clock
from prosaas.simulator.rest_faults import FaultMix, FaultPlan, RestFault
from tests.simulator.dialling import ACCOUNT_PATH, CALLEE, OTHER, Dialler, dialling
from tests.simulator.product import ACCOUNT, NUMBER, TOKEN, Product

MIX = {"accept_500": 0.1, "refuse_500": 0.1, "refuse_429": 0.1}


async def test_faults_by_lot_accept_some_and_refuse_some(dialler: Dialler) -> None:
    await dialler.script("faults", {"seed": 7, "mix": MIX})
    answers = [await dialler.create(f"+97250{n:07d}") for n in range(200)]
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) == {201, 500, 429}
    assert 100 < statuses[201] < 180
    accepted = await dialler.accepted()
    assert statuses[201] < len(accepted) < statuses[201] + statuses[500]


async def test_a_seed_gives_a_number_the_same_lots_whatever_else_is_asked_for() -> None:
    plans = [FaultPlan(), FaultPlan()]
    for plan in plans:
        plan.script(FaultMix(MIX, seed=3), {})
    for n in range(50):
        plans[1].next(f"another number {n}")
    lots = [[plan.next(CALLEE) for _ in range(40)] for plan in plans]
    assert lots[0] == lots[1]
    assert len(set(lots[0])) == 4


async def test_a_seed_of_its_own_gives_lots_of_its_own() -> None:
    lots = [[FaultMix(MIX, seed).fault(CALLEE, n).status for n in range(40)] for seed in (1, 2)]
    assert lots[0] != lots[1]


async def test_slow_answers_take_a_time_that_is_drawn(
    busy_carrier: Carrier, dialler: Dialler
) -> None:
    await dialler.script("faults", {"mix": {"slow": 1.0}, "slow_s": [2.0, 3.0]})
    before = busy_carrier.clock.now()
    assert (await dialler.create()).status == 201
    assert busy_carrier.clock.now() - before >= 2.0


async def test_a_telephone_may_ring_before_the_dialler_knows_of_the_call(
    busy_carrier: Carrier, dialler: Dialler, product: Product
) -> None:
    await dialler.script("faults", {"mix": {"late_answer": 1.0}, "slow_s": 20})
    answer = asyncio.create_task(dialler.create(StatusCallback=f"{product.base_url}/status"))
    told = await product.hook("/status")
    assert not answer.done()
    assert (await answer).sid == told.form["CallSid"]


async def test_a_call_is_accepted_even_if_the_dialler_has_gone_meanwhile(
    busy_carrier: Carrier, dialler: Dialler, product: Product
) -> None:
    await dialler.script("faults", {"rest": [{"fault": "slow", "s": 4}]}, method="POST")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await dialler.create(StatusCallback=f"{product.base_url}/status")
    assert await dialler.accepted() == []
    told = await product.hook("/status")
    assert [row["sid"] for row in await dialler.accepted()] == [told.form["CallSid"]]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("refuse_21211", 400, 21211),
        ("refuse_21215", 400, 21215),
        ("refuse_21210", 400, 21210),
        ("refuse_20003", 401, 20003),
        ({"accept": False, "status": 400, "code": 13227}, 400, 13227),
    ],
)
async def test_a_number_may_be_refused_for_ever_while_others_are_not(
    dialler: Dialler, fault: object, status: int, code: int
) -> None:
    await dialler.script("faults", {"numbers": {CALLEE: [fault]}})
    for _ in range(2):
        refused = await dialler.create()
        assert (refused.status, refused.code) == (status, code)
    assert (await dialler.create(OTHER)).status == 201
    assert [row["to"] for row in await dialler.accepted()] == [OTHER]


async def test_a_number_may_be_refused_once(dialler: Dialler) -> None:
    await dialler.script("faults", {"numbers": {CALLEE: ["refuse_429", "none"]}})
    assert [(await dialler.create()).status for _ in range(3)] == [429, 201, 201]


async def test_a_queue_of_faults_comes_before_every_lot(dialler: Dialler) -> None:
    await dialler.script("faults", {"mix": {"refuse_500": 1.0}})
    await dialler.script("faults", {"rest": ["refuse_429", "none"]}, method="POST")
    assert [(await dialler.create()).status for _ in range(3)] == [429, 201, 500]


async def test_an_account_may_lose_its_credentials_and_get_them_back(dialler: Dialler) -> None:
    await dialler.script(f"accounts/{ACCOUNT}", {"locked_out": True})
    refused = await dialler.create()
    assert (refused.status, refused.code) == (401, 20003)
    assert (await dialler.ask("GET", f"{ACCOUNT_PATH}/Calls.json")).status == 401
    assert await dialler.accepted() == []
    await dialler.script(f"accounts/{ACCOUNT}", {"locked_out": False})
    assert (await dialler.create()).status == 201


async def test_lists_and_calls_may_be_out_of_reach(dialler: Dialler) -> None:
    sid = (await dialler.create()).sid
    await dialler.script("faults", {"reads": {"mix": {"refuse_503": 1.0}}})
    assert (await dialler.ask("GET", f"{ACCOUNT_PATH}/Calls.json")).status == 503
    assert (await dialler.ask("GET", f"{ACCOUNT_PATH}/Calls/{sid}.json")).status == 503
    assert (await dialler.create()).status == 201
    await dialler.script("faults", {})
    assert len(await dialler.calls()) == 2


@pytest.mark.parametrize("fault", ["refuse_hang", "accept_hang"])
async def test_what_hangs_for_so_long_is_then_cut_off(
    busy_carrier: Carrier, dialler: Dialler, fault: str
) -> None:
    await dialler.script("faults", {"reads": {"mix": {fault: 1.0}, "hang_s": 5}})
    before = busy_carrier.clock.now()
    with pytest.raises(aiohttp.ClientError):
        await dialler.calls()
    assert busy_carrier.clock.now() - before >= 5


async def test_a_hang_up_may_fail_or_be_carried_out_with_an_error(
    busy_carrier: Carrier, dialler: Dialler
) -> None:
    busy_carrier.callees[CALLEE] = Callee(ring_s=50)
    sid = (await dialler.create()).sid
    await dialler.script("faults", {"updates": ["refuse_500", "accept_500"]}, method="POST")
    assert (await dialler.update(sid, Status="completed")).status == 500
    assert busy_carrier.calls[sid].status == "ringing"
    assert (await dialler.update(sid, Status="completed")).status == 500
    assert busy_carrier.calls[sid].status == "canceled"


async def test_a_new_call_comes_into_lists_at_its_own_time(
    busy_carrier: Carrier, dialler: Dialler
) -> None:
    for n in range(40):
        await dialler.create(f"+97250000{n:04d}")
    await dialler.script("faults", {"list_lag_s": 7200, "list_lag_varies": True}, method="POST")
    busy_carrier.network.book.accepted[0].created_at -= 7200
    for record in busy_carrier.network.book.accepted[1:]:
        record.created_at -= 3600
    listed = await dialler.calls()
    assert listed[-1]["to"] == "+972500000000"
    assert 8 < len(listed) < 32
    assert await dialler.calls() == listed


@pytest.mark.parametrize("status", ["canceled", "completed"])
async def test_a_call_that_was_put_into_the_queue_is_canceled_before_it_rings(
    busy_carrier: Carrier, dialler: Dialler, status: str
) -> None:
    await dialler.script("faults", {"rest": [{"fault": "queue", "s": 600}]}, method="POST")
    queued = await dialler.create()
    assert (queued.body["status"], queued.body["queue_time"]) == ("queued", "600000")
    assert (await dialler.update(queued.sid, Status=status)).body["status"] == "canceled"
    call = await busy_carrier.calls[queued.sid].settled()
    assert "ringing" not in [entry.detail for entry in call.log]


async def test_a_queued_call_is_dialled_late(busy_carrier: Carrier, dialler: Dialler) -> None:
    await dialler.script("faults", {"mix": {"queue": 1.0}, "queue_s": [4, 5]})
    made = await dialler.create()
    call = await busy_carrier.calls[made.sid].settled()
    rang = next(entry.at for entry in call.log if entry.detail == "ringing")
    assert rang - call.created_at >= 4


async def test_without_a_limit_nobody_queues(dialler: Dialler) -> None:
    answers = await asyncio.gather(*(dialler.create(f"+97250000{n:04d}") for n in range(20)))
    assert {answer.body["queue_time"] for answer in answers} == {"0"}


async def test_what_rings_longer_than_it_may_is_not_answered() -> None:
    async with (
        Carrier(account_sid=ACCOUNT, auth_token=TOKEN, clock=Clock(speed=10)) as carrier,
        dialling(carrier.base_url) as dialler,
    ):
        carrier.callees[CALLEE] = Callee(ring_s=25)
        made = await dialler.create(Timeout="2")
        call = await carrier.calls[made.sid].settled()
    assert call.status == "no-answer"
    assert 2 <= (call.ended_at or 0) - call.created_at < 20


def test_what_is_refused_must_say_why() -> None:
    with pytest.raises(ValueError, match="error"):
        RestFault(accept=False)


@pytest.mark.parametrize(
    ("method", "what", "wish"),
    [
        ("PUT", "faults", {"mix": {"everything": 1}}),
        ("PUT", "faults", {"wishes": 3}),
        ("PUT", "faults", {"numbers": {NUMBER: ["everything"]}}),
        ("POST", "faults", {"rest": [{"fault": "everything"}]}),
        ("POST", "faults", {"everything": []}),
        ("PUT", "callees", {"default": {"mix": {"nobody": 1}}}),
        ("PUT", "callees", {"numbers": {NUMBER: {"callee": "nobody"}}}),
        ("PUT", "callees", {"everybody": {}}),
        ("PUT", "callback-faults", {"verdict": {"wrong": 1}}),
        ("PUT", "accounts/AC0", {"locked_out": True}),
    ],
)
async def test_a_script_that_is_not_understood_is_refused(
    dialler: Dialler, method: str, what: str, wish: object
) -> None:
    answer = await dialler.ask(method, f"/simulator/{what}", json=wish)
    assert answer.status in {400, 404}
    assert answer.body["message"]
    assert (await dialler.create()).status == 201
