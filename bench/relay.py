"""The least that can stand between a carrier and a model: what the product is measured against.

Two sockets of the `websockets` library and a task for each direction. No calls, rows, prompts,
turns, marks, limits or faults; it only speaks the two protocols as far as a faultless call needs.
With `--server-turns` the model answers and stops by its own judgement, as it would for anybody who
leaves turn-taking to it.
What the model says is cut into frames and sent by the clock, 50 a second, as anything must that
wants to stop talking when the caller does; so both sides of the pair move the same messages.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
import uvloop
from aiohttp import web
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

HOST = "127.0.0.1"
FRAME_BYTES = 160
FRAME_S = 0.02
LEAD_S = 0.08
FORMAT = {"type": "audio/pcmu"}
SERVER_TURNS = {
    "type": "server_vad",
    "threshold": 0.6,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 600,
    "create_response": True,
    "interrupt_response": True,
}
TWIML = '<?xml version="1.0"?><Response><Connect><Stream url="{}"/></Connect></Response>'


class Relay:
    def __init__(self, options: argparse.Namespace) -> None:
        self._model_url = f"{options.model_url}/realtime?model=gpt-realtime-2.1"
        self._key = options.key
        self._turn_detection = SERVER_TURNS if options.server_turns else None
        self._instructions = (
            f"Open the call by saying exactly this greeting:\n<<<GREETING\n{options.greeting}\n"
            "GREETING>>>"
        )

    async def carry(self, carrier: ServerConnection) -> None:
        stream_sid = await _stream_sid(carrier)
        headers = {"Authorization": f"Bearer {self._key}"}
        async with connect(
            self._model_url, additional_headers=headers, compression=None, proxy=None
        ) as model:
            await model.send(self._session(carrier.request.path if carrier.request else ""))
            line = Line(carrier, model, stream_sid)
            pumps = [asyncio.create_task(pump()) for pump in (line.up, line.down, line.play)]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.wait(pumps)

    def _session(self, path: str) -> str:
        sides: dict[str, Any] = {
            "input": {"format": FORMAT, "turn_detection": self._turn_detection},
            "output": {"format": FORMAT, "voice": "marin"},
        }
        instructions = f"{path}\n{self._instructions}"
        session = {"type": "realtime", "instructions": instructions, "audio": sides}
        return orjson.dumps({"type": "session.update", "session": session}).decode()


class Line:
    def __init__(self, carrier: ServerConnection, model: ClientConnection, stream_sid: str) -> None:
        self._carrier = carrier
        self._model = model
        self._stream_sid = stream_sid
        self._audio = bytearray()
        self._filled = asyncio.Event()

    async def up(self) -> None:
        async for text in self._carrier:
            message = orjson.loads(text)
            if message["event"] == "media":
                payload = message["media"]["payload"]
                await self._model.send(
                    f'{{"type":"input_audio_buffer.append","audio":"{payload}"}}'
                )

    async def down(self) -> None:
        async for text in self._model:
            message = orjson.loads(text)
            match message["type"]:
                case "session.updated":
                    await self._model.send('{"type":"response.create"}')
                case "response.output_audio.delta":
                    self._audio += b64decode(message["delta"])
                    self._filled.set()
                case "input_audio_buffer.speech_started":
                    self._audio.clear()
                    await self._carrier.send(
                        f'{{"event":"clear","streamSid":"{self._stream_sid}"}}'
                    )
                case "response.output_audio.done":
                    missing = -len(self._audio) % FRAME_BYTES
                    self._audio += b"\xff" * missing
                    self._filled.set()

    async def play(self) -> None:
        due = 0.0
        clock = asyncio.get_running_loop().time
        while True:
            while len(self._audio) < FRAME_BYTES:
                self._filled.clear()
                await self._filled.wait()
            due = max(due, clock())
            if (ahead := due - clock() - LEAD_S) > 0:
                await asyncio.sleep(ahead)
            frame = b64encode(self._audio[:FRAME_BYTES]).decode()
            del self._audio[:FRAME_BYTES]
            await self._carrier.send(
                f'{{"event":"media","streamSid":"{self._stream_sid}","media":{{"payload":"{frame}"}}}}'
            )
            due += FRAME_S


async def _stream_sid(carrier: ServerConnection) -> str:
    async for text in carrier:
        message = orjson.loads(text)
        if message["event"] == "start":
            return str(message["streamSid"])
    raise ConnectionAbortedError("the carrier left before it began")


@asynccontextmanager
async def _twiml_served(port: int, media_port: int) -> AsyncIterator[None]:
    async def answer(request: web.Request) -> web.Response:
        document = TWIML.format(f"ws://{HOST}:{media_port}{request.path}")
        return web.Response(text=document, content_type="text/xml")

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def _run(options: argparse.Namespace) -> None:
    relay = Relay(options)

    async def carry(carrier: ServerConnection) -> None:
        with suppress(ConnectionClosed, ConnectionAbortedError):  # a caller who hangs up
            await relay.carry(carrier)

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with (
        serve(carry, HOST, options.media_port, compression=None, close_timeout=1),
        _twiml_served(options.port, options.media_port),
    ):
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.relay", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="for TwiML")
    parser.add_argument("--media-port", type=int, required=True)
    parser.add_argument("--model-url", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--greeting", required=True)
    parser.add_argument("--server-turns", action="store_true")
    uvloop.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
