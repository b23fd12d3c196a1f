"""What the two stand-ins tell another process: who said what when, in seconds of the one monotonic
clock that all processes of a machine share.
"""

from __future__ import annotations

import base64
import http.client
from dataclasses import dataclass, field
from typing import Any

import orjson

Json = dict[str, Any]

HOST = "127.0.0.1"
TIMEOUT_S = 60.0


class DoorError(Exception):
    """A stand-in, or the product, did not answer as it should."""


@dataclass(frozen=True, slots=True)
class CarrierDoor:
    port: int
    account_sid: str
    auth_token: str = field(repr=False)

    def place_call(self, *, to: str, voice_url: str, status_url: str, line: int) -> str:
        """Somebody dials and sends numbered frames for ever. Returns the CallSid."""
        person = {"name": f"line {line}", "steps": [{"step": "count_frames", "line": line}]}
        wish = {
            "to": to,
            "voice_url": voice_url,
            "status_callback": status_url,
            "status_events": ["completed"],
            "person": person,
        }
        return str(orjson.loads(self._ask("POST", "", wish))["sid"])

    def hang_up(self, sid: str) -> None:
        self._ask("POST", f"/{sid}/acts", {"do": "hang up"})

    def calls(self) -> dict[str, Json]:
        listed = orjson.loads(self._ask("GET", ""))["calls"]
        return {call["sid"]: call for call in listed}

    def call(self, sid: str) -> Json:
        shown: Json = orjson.loads(self._ask("GET", f"/{sid}"))
        return shown

    def frames(self, sid: str) -> Json:
        streams: list[Json] = orjson.loads(self._ask("GET", f"/{sid}/frames"))["streams"]
        return streams[0] if streams else {}

    def heard(self, sid: str) -> bytes:
        return self._ask("GET", f"/{sid}/heard")

    def _ask(self, method: str, path: str, body: object = None) -> bytes:
        login = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        headers = {"Authorization": f"Basic {login}"}
        return ask(self.port, method, f"/simulator/calls{path}", body, headers)


@dataclass(frozen=True, slots=True)
class ModelDoor:
    port: int

    def sessions(self) -> list[Json]:
        listed: list[Json] = orjson.loads(ask(self.port, "GET", "/simulator/sessions"))
        return listed

    def session(self, number: int) -> Json:
        shown: Json = orjson.loads(ask(self.port, "GET", f"/simulator/sessions/{number}"))
        return shown


def ask(
    port: int, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> bytes:
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, orjson.dumps(body) if body else None, headers or {})
        response = connection.getresponse()
        answer = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise DoorError(f"{method} {path}: {error!r}") from error
    finally:
        connection.close()
    if response.status >= 400:
        raise DoorError(f"{method} {path}: {response.status} {answer[:200]!r}")
    return answer
