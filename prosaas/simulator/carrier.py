"""A stand-in for Twilio: REST interface, signed webhooks, TwiML, media sockets, people to talk to.

    async with Carrier(account_sid="AC…", auth_token="…") as carrier:
        call = await carrier.place_call(to="+97235550100", voice_url="http://127.0.0.1:8000/twiml/…")
        await call.settled()

or as a process of its own: `python -m prosaas.simulator.carrier --help`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import uvloop
from aiohttp import web

from prosaas.simulator import oracle
from prosaas.simulator.clock import Clock
from prosaas.simulator.control import ControlDoor
from prosaas.simulator.rest import RestInterface
from prosaas.simulator.switchboard import Switchboard
from prosaas.simulator.webhooks import Account, PublicAddress
from prosaas.simulator.world_door import WorldDoor

logger = logging.getLogger(__name__)

STAND_IN_HEADER = "X-ProSaaS-Stand-In"
_SERVER = "ProSaaS stand-in carrier (not Twilio)"


class Carrier(Switchboard):
    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        other_accounts: Mapping[str, str] | None = None,
        own_numbers: frozenset[str] = frozenset(),
        public_url: str = "",
        deliver_to: str = "",
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        calls_per_second: float = 1.0,
        allow_insecure_ws: bool = False,
        details_kept: int = 1000,
    ) -> None:
        """`public_url` with `deliver_to`: see PublicAddress. `own_numbers`: what the product may
        show as its caller number; empty lets it show any. `port` 0 takes a free one.
        """
        accounts = {account_sid: auth_token} | dict(other_accounts or {})
        super().__init__(
            accounts=tuple(Account(sid, token) for sid, token in accounts.items()),
            clock=clock or Clock(),
            address=PublicAddress(public_url, deliver_to),
            calls_per_second=calls_per_second,
            allow_insecure_ws=allow_insecure_ws,
            details_kept=details_kept,
        )
        self.rest = RestInterface(self, own_numbers)
        self._host = host
        self._port = port
        self._serving: asyncio.Task[None] | None = None

    # Life.

    async def start(self) -> None:
        ready = asyncio.Event()
        self._serving = asyncio.create_task(self._serve(ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({self._serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not ready.is_set():
            await self._serving

    async def close(self) -> None:
        """Ends every call at once, as a power cut would. Raises what had failed in one of them."""
        if self._serving is None:
            return
        self._serving.cancel()
        await asyncio.wait({self._serving})
        if not self._serving.cancelled():
            self._serving.result()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _serve(self, ready: asyncio.Event) -> None:
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            async with self.running():
                site = web.TCPSite(runner, self._host, self._port)
                await site.start()
                self._port = runner.addresses[0][1]
                self.network.rest_url = self.base_url
                ready.set()
                await asyncio.get_running_loop().create_future()
        finally:
            await runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application()
        self.rest.add_routes(app)
        ControlDoor(self, self.rest).add_routes(app)
        WorldDoor(self, self.rest).add_routes(app)
        app.on_response_prepare.append(_label)
        return app

    @property
    def base_url(self) -> str:
        return f"http://{self._host}:{self._port}"


async def _label(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = _SERVER
    response.headers[STAND_IN_HEADER] = "carrier"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m prosaas.simulator.carrier", description="A stand-in for Twilio."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--public-url", default="", help="the product's address, as it is signed")
    parser.add_argument("--deliver-to", default="", help="where that address is really found")
    parser.add_argument("--account-sid", required=True)
    parser.add_argument("--auth-token", default=os.environ.get("TWILIO_AUTH_TOKEN", ""))
    parser.add_argument(
        "--other-account", action="append", default=[], metavar="SID:TOKEN", help="may be repeated"
    )
    parser.add_argument(
        "--calls-per-second", type=_pace, default=1.0, help='zero or "unlimited": no limit'
    )
    parser.add_argument(
        "--own-number", action="append", default=[], help="may be shown as caller; may be repeated"
    )
    parser.add_argument(
        "--details-kept", type=int, default=1000, help="of so many ended calls without media"
    )
    parser.add_argument(
        "--save-oracle", type=Path, metavar="FILE", help="what /simulator/accepted told, at the end"
    )
    parser.add_argument("--allow-insecure-ws", action="store_true", help="stream to ws: as well")
    parser.add_argument("--speed", type=float, default=1.0, help="of the simulated clock")
    arguments = parser.parse_args()
    if not arguments.auth_token:
        parser.error("--auth-token or TWILIO_AUTH_TOKEN is required")
    return arguments


def _pace(text: str) -> float:
    return 0.0 if text == "unlimited" else float(text)


async def _run(arguments: argparse.Namespace) -> None:
    others = dict(account.split(":", 1) for account in arguments.other_account)
    carrier = Carrier(
        account_sid=arguments.account_sid,
        auth_token=arguments.auth_token,
        other_accounts=others,
        own_numbers=frozenset(arguments.own_number),
        public_url=arguments.public_url,
        deliver_to=arguments.deliver_to,
        host=arguments.host,
        port=arguments.port,
        clock=Clock(arguments.speed),
        calls_per_second=arguments.calls_per_second,
        allow_insecure_ws=arguments.allow_insecure_ws,
        details_kept=arguments.details_kept,
    )
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with carrier:
        logger.info("%s listens on %s", _SERVER, carrier.base_url)
        await stopped.wait()
        if arguments.save_oracle is not None:
            oracle.save(carrier.network, arguments.save_oracle)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(_arguments()))


if __name__ == "__main__":
    main()
