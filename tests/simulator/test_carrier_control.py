"""The door for other processes, and the carrier as a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from prosaas.simulator.carrier import STAND_IN_HEADER, Carrier
from prosaas.simulator.clips import load
from tests.simulator.product import ACCOUNT, NUMBER, TOKEN, MediaSocket, Product

ROOT = Path(__file__).parents[2]
BASIC = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}


@pytest.fixture
async def door(carrier: Carrier) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(carrier.base_url, headers=BASIC) as session:
        yield session


async def state_of(door: aiohttp.ClientSession, sid: str, query: str = "") -> dict[str, Any]:
    async with door.get(f"/simulator/calls/{sid}{query}") as answer:
        assert answer.status == 200
        state: dict[str, Any] = await answer.json()
        return state


async def place(door: aiohttp.ClientSession, **wish: object) -> str:
    async with door.post("/simulator/calls", json=wish) as answer:
        assert answer.status == 201
        return str((await answer.json())["sid"])


async def test_another_process_places_a_call_and_watches_it(
    carrier: Carrier, product: Product, door: aiohttp.ClientSession
) -> None:
    async def greet(socket: MediaSocket) -> None:
        await socket.play(load("he_agent_greeting").audio)

    product.streams()
    product.talk = greet
    script = {
        "name": "asks once",
        "steps": [
            {"step": "after_agent_ends", "quiet_ms": 300},
            {"step": "say", "clip": "he_opening_hours"},
            {"step": "press", "digit": "3"},
            {"step": "hang_up"},
        ],
    }
    sid = await place(
        door,
        to=NUMBER,
        voice_url=product.voice_url,
        status_callback=f"{product.base_url}/status",
        person=script,
        language="he",
    )
    await carrier.calls[sid].settled()
    state = await state_of(door, sid)
    assert (state["status"], state["person"]) == ("completed", "asks once")
    log = [(entry["what"], entry["detail"]) for entry in state["log"]]
    assert ("person says", "מה שעות הפתיחה שלכם?") in log
    assert ("person presses", "3") in log
    (stream,) = state["streams"]
    assert stream["heard_ms"] == load("he_agent_greeting").ms
    assert stream["dry_gaps_ms"] == []
    assert state["callbacks"][-1]["about"] == "completed"
    shorter = await state_of(door, sid, f"?log_from={len(log)}")
    assert shorter["log"] == []

    async with door.get(f"/simulator/calls/{sid}/heard") as answer:
        assert await answer.read() == load("he_agent_greeting").audio
    async with door.get(f"/simulator/calls/{sid}/said") as answer:
        assert load("he_opening_hours").audio in await answer.read()
    async with door.get(f"/simulator/calls/{sid}/frames") as answer:
        (frames,) = (await answer.json())["streams"]
    assert frames["chunk"] == list(range(1, len(frames["sent_at"]) + 1))
    assert sum(frames["arrived_bytes"]) == len(load("he_agent_greeting").audio)
    async with door.get("/simulator/calls") as answer:
        assert [call["sid"] for call in (await answer.json())["calls"]] == [sid]


async def test_another_process_acts_for_the_caller(
    carrier: Carrier, product: Product, door: aiohttp.ClientSession
) -> None:
    product.streams()
    sid = await place(door, to=NUMBER, voice_url=product.voice_url)
    socket = await product.socket()
    for act in (
        {"do": "press", "digit": "7"},
        {"do": "say", "clip": "en_yes"},
        {"do": "hang up"},
    ):
        async with door.post(f"/simulator/calls/{sid}/acts", json=act) as answer:
            assert answer.status == 200
    await carrier.calls[sid].settled()
    assert socket.named("dtmf")[0]["dtmf"]["digit"] == "7"
    assert [act.detail for act in carrier.calls[sid].acts] == ["Yes"]
    lost = await place(door, to=NUMBER, voice_url=product.voice_url)
    await product.socket(2)
    async with door.post(f"/simulator/calls/{lost}/acts", json={"do": "lose network"}) as answer:
        assert answer.status == 200
    await carrier.calls[lost].settled()
    assert product.sockets[1].named("stop") == []


async def test_another_process_scripts_callees_and_faults(
    carrier: Carrier, door: aiohttp.ClientSession
) -> None:
    callee = {"outcome": "busy", "ring_s": 0.5, "person": "polite_caller", "language": "ar"}
    async with door.put("/simulator/callees/+972500000001", json=callee) as answer:
        assert answer.status == 200
    scripted = carrier.callees["+972500000001"]
    assert (scripted.outcome, scripted.person.language) == ("busy", "ar")
    faults = {"rest": ["refuse_429", "accept_hang"], "list_lag_s": 4}
    async with door.post("/simulator/faults", json=faults) as answer:
        assert answer.status == 200
    assert len(carrier.rest.faults) == 2
    assert carrier.rest.list_lag_s == 4


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/simulator/calls", {}),
        ("POST", "/simulator/calls", []),
        ("POST", "/simulator/calls", {"to": NUMBER, "voice_url": "http://a", "person": "nobody"}),
        ("POST", "/simulator/calls", {"to": "", "voice_url": "", "person": {"steps": [{}]}}),
        (
            "POST",
            "/simulator/calls",
            {"to": "", "voice_url": "", "person": {"steps": [{"step": "say", "clip": "nothing"}]}},
        ),
        (
            "POST",
            "/simulator/calls",
            {"to": "", "voice_url": "", "person": {"steps": [{"step": "wait", "s": 1}]}},
        ),
        ("PUT", "/simulator/callees/+1", {"mood": "bad"}),
        ("POST", "/simulator/faults", {"rest": ["everything"]}),
    ],
)
async def test_a_wish_that_is_not_understood_is_refused(
    carrier: Carrier, door: aiohttp.ClientSession, method: str, path: str, body: object
) -> None:
    async with door.request(method, path, json=body) as answer:
        assert answer.status == 400
        assert (await answer.json())["message"]
    assert carrier.calls == {}


async def test_the_door_asks_for_the_same_credentials(carrier: Carrier) -> None:
    async with aiohttp.ClientSession(carrier.base_url) as stranger:
        async with stranger.post("/simulator/calls", json={"to": NUMBER}) as answer:
            assert answer.status == 401
        async with stranger.get("/simulator/calls") as answer:
            assert answer.status == 401
    async with (
        aiohttp.ClientSession(carrier.base_url, headers=BASIC) as known,
        known.get("/simulator/calls/CA-of-nobody") as answer,
    ):
        assert answer.status == 404


async def test_the_carrier_runs_as_a_process_and_stops_when_told() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "prosaas.simulator.carrier", "--account-sid", ACCOUNT, "--auth-token", TOKEN),
        *("--other-account", "AC2:secret"),
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stderr is not None
    try:
        announcement = (await process.stderr.readline()).decode()
        assert "stand-in" in announcement
        address = announcement.split()[-1]
        async with (
            aiohttp.ClientSession(address, headers=BASIC) as session,
            session.get("/simulator/calls") as answer,
        ):
            assert (answer.status, await answer.json()) == (200, {"calls": []})
            assert answer.headers[STAND_IN_HEADER] == "carrier"
        process.send_signal(signal.SIGTERM)
        rest_of_the_log = await process.stderr.read()
        assert await process.wait() == 0
        assert TOKEN not in announcement + rest_of_the_log.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
