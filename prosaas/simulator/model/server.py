"""The stand-in for the Realtime service: `GET /v1/realtime`, and a door for benches beside it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

import orjson
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from prosaas.simulator.clock import Clock
from prosaas.simulator.model import recognition
from prosaas.simulator.model.scenario import Handshake, Scenario
from prosaas.simulator.model.session import ModelSession
from prosaas.simulator.model.session_log import SessionLog
from prosaas.simulator.model.voice import speech

Json = dict[str, Any]
Casting = Callable[[ModelSession, Json], Scenario]

logger = logging.getLogger(__name__)

STAND_IN_HEADER = "X-ProSaaS-Stand-In"
REALTIME_PATH = "/v1/realtime"
DOOR_PATH = "/simulator/sessions"
_CLOSE_TIMEOUT_S = 1
_LARGEST_MESSAGE = 32 * 1024 * 1024


class RealtimeModel:
    """Every connection takes the next of `handshakes`, every session that is used the next of
    `scenarios`; when there are no more, `handshake` and `scenario` hold for all that follow.
    With `casting`, which is shown the first event of the client, that one decides instead.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        scenario: Scenario | None = None,
        scenarios: Sequence[Scenario] = (),
        casting: Casting | None = None,
        handshake: Handshake | None = None,
        handshakes: Sequence[Handshake] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        key: str | None = None,
        keeps_events: bool = True,
        keeps_stamps: bool = True,
    ) -> None:
        self.clock = clock or Clock()
        self.scenario = scenario or Scenario()
        self.handshake = handshake or Handshake()
        self.keeps_events = keeps_events
        self.keeps_stamps = keeps_stamps
        self.sessions: list[ModelSession] = []
        self.refused: list[int] = []
        """The HTTP status of every connection that was turned away."""
        self.scenarios = list(scenarios)
        self.casting = casting
        self._handshakes = list(handshakes)
        self._host = host
        self._port = port
        self._key = key
        self._server: Server | None = None
        self._admitted: WeakKeyDictionary[ServerConnection, Handshake] = WeakKeyDictionary()
        self._arrival = asyncio.Condition()

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        """What OPENAI_WEBSOCKET_BASE_URL must be set to."""
        return f"ws://{self._host}:{self._port}/v1"

    async def start(self) -> None:
        # Made once per process and kept; later it would hold up the sessions.
        recognition.prepare()
        speech("a", "marin")
        self._server = await serve(
            self._serve_session,
            self._host,
            self._port,
            process_request=self._admit,
            process_response=_label,
            compression=None,
            max_size=_LARGEST_MESSAGE,
            ping_interval=None,
            close_timeout=_CLOSE_TIMEOUT_S,
            server_header="ProSaaS-stand-in-model",
        )
        self._port = self._server.sockets[0].getsockname()[1]
        logger.warning("stand-in model, not a real one, listens on %s", self.url)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> RealtimeModel:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def session(self, number: int = 0) -> ModelSession:
        """Waits until so many sessions were opened."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.sessions) > number)
        return self.sessions[number]

    # The handshake

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        target = urlsplit(request.path)
        if target.path.startswith(DOOR_PATH):
            return self._show(target.path)
        if target.path != REALTIME_PATH:
            return _json_response(HTTPStatus.NOT_FOUND, _error("not_found", "Unknown path."))
        handshake = self._handshakes.pop(0) if self._handshakes else self.handshake
        await self.clock.sleep(handshake.delay)
        refusal = self._refusal(handshake, request, parse_qs(target.query))
        if refusal is not None:
            self.refused.append(refusal.status_code)
            return refusal
        self._admitted[connection] = handshake
        return None

    def _refusal(
        self, handshake: Handshake, request: Request, query: dict[str, list[str]]
    ) -> Response | None:
        if handshake.status is not None:
            status = HTTPStatus(handshake.status)
            return _json_response(status, _error("stand_in_fault", status.phrase))
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not key or self._key not in (None, key):
            text = "Incorrect API key provided."
            return _json_response(HTTPStatus.UNAUTHORIZED, _error("invalid_api_key", text))
        if "model" not in query:
            text = "You must provide a model parameter."
            return _json_response(HTTPStatus.BAD_REQUEST, _error("missing_model", text))
        return None

    async def _serve_session(self, connection: ServerConnection) -> None:
        session = self._opened(connection)
        self.sessions.append(session)
        async with self._arrival:
            self._arrival.notify_all()
        await session.run()

    def _opened(self, connection: ServerConnection) -> ModelSession:
        request = connection.request
        assert request is not None
        query = parse_qs(urlsplit(request.path).query)
        session = ModelSession(
            connection,
            self.clock,
            SessionLog(self.clock, self.keeps_events, self.keeps_stamps),
            number=len(self.sessions),
            model=query["model"][0],
            handshake=self._admitted.pop(connection),
            take_scenario=self._scenario_for,
        )
        if "OpenAI-Beta" in request.headers:
            session.flags.append(f"OpenAI-Beta: {request.headers['OpenAI-Beta']}")
            logger.warning("the client still sends the header of the beta interface")
        return session

    def _scenario_for(self, session: ModelSession, first_event: Json) -> Scenario:
        if self.casting is not None:
            return self.casting(session, first_event)
        return self.scenarios.pop(0) if self.scenarios else self.scenario

    # The door for benches

    def _show(self, path: str) -> Response:
        number = path.removeprefix(DOOR_PATH).strip("/")
        if not number:
            return _json_response(HTTPStatus.OK, [_figures(each) for each in self.sessions])
        if not number.isdecimal() or int(number) >= len(self.sessions):
            return _json_response(HTTPStatus.NOT_FOUND, _error("not_found", "No such session."))
        session = self.sessions[int(number)]
        return _json_response(HTTPStatus.OK, {**_figures(session), **session.log.stamps()})


def _figures(session: ModelSession) -> Json:
    return {
        "number": session.number,
        "id": session.settings["id"],
        "model": session.model,
        "open": session.close_code is None,
        "close_code": session.close_code,
        "flags": session.flags,
        "safety_identifier": session.headers.get("openai-safety-identifier"),
        "written_ms": session.written_ms,
        "instructions_sha256": hashlib.sha256(
            session.settings["instructions"].encode()
        ).hexdigest(),
        **session.log.figures(),
    }


def _error(code: str, message: str) -> Json:
    error = {"type": "invalid_request_error", "code": code, "message": message, "param": None}
    return {"error": error}


def _json_response(status: HTTPStatus, content: object) -> Response:
    body = orjson.dumps(content)
    headers = Headers(
        {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)


def _label(connection: ServerConnection, request: Request, response: Response) -> None:
    response.headers[STAND_IN_HEADER] = "realtime-model"
