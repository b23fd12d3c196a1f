"""What the bench scripts at the stand-in carrier, and what it reads there."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from bench.candidates import Address
from bench.dial.facts import Accepted
from bench.doors import ask

Json = dict[str, Any]

ALL_HEARD: Final[Json] = {"drop_chance": 0.0}
NOTHING_HEARD: Final[Json] = {"drop_chance": 1.0}
QUIET: Final[Json] = {"mix": {}, "reads": {}, "numbers": {}}


@dataclass(frozen=True, slots=True)
class WorldDoor:
    address: Address

    def people(self, default: Json, numbers: Json) -> None:
        self._ask("PUT", "callees", {"default": default, "numbers": numbers})

    def faults(self, script: Json) -> None:
        self._ask("PUT", "faults", script)

    def callbacks(self, faults: Json) -> None:
        self._ask("PUT", "callback-faults", faults)

    def accepted(self) -> list[Accepted]:
        rows: Sequence[Json] = orjson.loads(self._ask("GET", "accepted"))["accepted"]
        return [_accepted(row) for row in rows]

    def live(self) -> int:
        return int(orjson.loads(self._ask("GET", "tally"))["live"])

    def count(self) -> int:
        return int(orjson.loads(self._ask("GET", "tally"))["accepted"])

    def _ask(self, method: str, path: str, body: object = None) -> bytes:
        pair = f"{self.address.account_sid}:{self.address.auth_token}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return ask(self.address.carrier_port, method, f"/simulator/{path}", body, headers)


def _accepted(row: Json) -> Accepted:
    *_, slug, attempt = urlsplit(row["url"]).path.split("/")
    return Accepted(
        sid=row["sid"],
        account_sid=row["account"],
        to=row["to"],
        slug=slug,
        attempt_id=uuid.UUID(attempt),
        status=row["status"],
        accepted_at=datetime.fromisoformat(row["accepted_at"]),
        ended_at=datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else None,
        duration_s=int(row["duration"]),
    )
