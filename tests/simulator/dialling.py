"""A product that only dials: the carrier's REST interface and its doors, without any library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.simulator.product import ACCOUNT, NUMBER, TOKEN

CALLEE = "+972501112233"
OTHER = "+972501112244"
HANGUP = "<Response><Hangup/></Response>"
ACCOUNT_PATH = f"/2010-04-01/Accounts/{ACCOUNT}"

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json

    @property
    def code(self) -> int:
        return int(self.body["code"])

    @property
    def sid(self) -> str:
        return str(self.body["sid"])


class Dialler:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def ask(self, method: str, path: str, **what: Any) -> Answer:
        async with self._session.request(method, path, **what) as answer:
            return Answer(answer.status, await answer.json())

    async def create(self, to: str = CALLEE, **more: Any) -> Answer:
        """`more`: fields of the form; without one that says what to do, the call hangs up."""
        form = {"To": to, "From": NUMBER} | more
        if "Url" not in form:
            form.setdefault("Twiml", HANGUP)
        return await self.ask("POST", f"{ACCOUNT_PATH}/Calls.json", data=form)

    async def calls(self, **query: Any) -> list[Json]:
        answer = await self.ask("GET", f"{ACCOUNT_PATH}/Calls.json", params=query)
        assert answer.status == 200
        listed: list[Json] = answer.body["calls"]
        return listed

    async def update(self, sid: str, **form: str) -> Answer:
        return await self.ask("POST", f"{ACCOUNT_PATH}/Calls/{sid}.json", data=form)

    async def script(self, what: str, wish: Mapping[str, Any], method: str = "PUT") -> None:
        answer = await self.ask(method, f"/simulator/{what}", json=wish)
        assert answer.status == 200, answer.body

    async def accepted(self, **query: Any) -> list[Json]:
        answer = await self.ask("GET", "/simulator/accepted", params=query)
        rows: list[Json] = answer.body["accepted"]
        return rows

    async def tally(self) -> Json:
        return (await self.ask("GET", "/simulator/tally")).body


@asynccontextmanager
async def dialling(base_url: str) -> AsyncIterator[Dialler]:
    basic = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(base_url, headers=basic, timeout=timeout) as session:
        yield Dialler(session)
