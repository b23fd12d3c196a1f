"""The processes of a trial: started, killed and started again, each by its own id."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from bench.candidates import Address, free_port, product
from bench.doors import DoorError, ask
from bench.processes import BASE_DIR, ChildDiedError
from prosaas.processes import wait_until

WEB_SERVERS: Final = 2
LINES: Final = 28
READY_WITHIN_S: Final = 60.0


class Part:
    """`python -m module`, with whatever it forks."""

    def __init__(
        self, name: str, module: str, *arguments: str, environment: Mapping[str, str], logs: Path
    ) -> None:
        self.name = name
        self._command = [sys.executable, "-m", module, *arguments]
        self._environment = environment
        self._log = logs / f"{name}.log"
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """What still runs of it is ended first."""
        self.kill()
        with self._log.open("ab") as output:
            self._popen = subprocess.Popen(
                self._command,
                cwd=BASE_DIR,
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        if self._popen is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()

    def check(self) -> None:
        if self._popen is not None and self._popen.poll() is not None:
            tail = self._log.read_text(errors="replace").splitlines()[-15:]
            raise ChildDiedError(f"{self.name} ended by itself: " + "\n".join(tail))


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything of a trial is found."""

    address: Address  # of the balancer, and of both stand-ins
    web_ports: Sequence[int]
    other_account: tuple[str, str]
    folder: Path
    base: Mapping[str, str]

    @property
    def logs(self) -> Path:
        return self.folder

    @property
    def trace(self) -> Path:
        return self.folder / "trace.jsonl"

    @property
    def calm(self) -> Path:
        return self.folder / "calm"

    @property
    def pids(self) -> Path:
        return self.folder / "pids.json"

    @property
    def environment(self) -> dict[str, str]:
        return product("uvicorn").environment(self.address, self.base) | {
            "DJANGO_SETTINGS_MODULE": "bench.dial.settings",
            "LIVE_CALLS": str(LINES),
            "OUTBOUND_BLOCK_CALLS_A_MINUTE": "1000000",
            "DIAL_SPOOL_DIR": str(self.folder / "spool"),
            "WARM_REALTIME_SESSIONS": "2",
        }


def new_place(folder: Path, base: Mapping[str, str]) -> Place:
    address = Address(
        product_port=free_port(),
        media_port=free_port(),
        carrier_port=free_port(),
        model_port=free_port(),
        account_sid="AC" + secrets.token_hex(16),
        auth_token=secrets.token_hex(16),
        model_key="stand-in-" + secrets.token_hex(8),
    )
    other = "AC" + secrets.token_hex(16), secrets.token_hex(16)
    return Place(address, [free_port() for _ in range(WEB_SERVERS)], other, folder, base)


@dataclass(slots=True)
class Parts:
    place: Place
    stand_ins: list[Part]
    web: list[Part]
    dispatchers: Part

    def pids(self, kind: str) -> list[int]:
        """Of the diallers, or the watchers, that are at work now."""
        try:
            told: dict[str, int] = orjson.loads(self.place.pids.read_bytes())
        except FileNotFoundError:
            return []
        return [pid for name, pid in sorted(told.items()) if name.startswith(kind)]

    def start_dispatchers(self) -> None:
        """They are at work when this returns."""
        self.place.pids.unlink(missing_ok=True)
        self.dispatchers.start()
        if not wait_until(lambda: bool(self.pids("watcher")), seconds=READY_WITHIN_S):
            raise ChildDiedError("the dispatchers did not come up")

    def check(self) -> None:
        for part in (*self.stand_ins, self.dispatchers):
            part.check()

    def wait_until_ready(self) -> None:
        def all_answer() -> bool:
            self.check()
            return all(map(_is_ready, self.place.web_ports))

        if not wait_until(all_answer, seconds=READY_WITHIN_S):
            raise ChildDiedError("the web servers did not come up")


@contextlib.contextmanager
def parts(place: Place, *dispatching: str) -> Iterator[Parts]:
    """Stand-ins and web servers run; the dispatchers wait to be started."""

    def part(name: str, module: str, *arguments: str) -> Part:
        return Part(name, module, *arguments, environment=place.environment, logs=place.logs)

    address = place.address
    account = ":".join(place.other_account)
    carrier = [*address.of_carrier(), "--calls-per-second", "unlimited", "--other-account", account]
    doors = [option for port in place.web_ports for option in ("--to", str(port))]
    all_parts = Parts(
        place,
        stand_ins=[
            part("model", "prosaas.simulator.model", *address.of_model()),
            part("carrier", "prosaas.simulator.carrier", *carrier),
            part("balancer", "bench.dial.balancer", "--port", str(address.product_port), *doors),
        ],
        web=[part(f"web-{port}", "uvicorn", *_serving(place, port)) for port in place.web_ports],
        dispatchers=part(
            "dispatchers",
            "bench.dial.dispatcher",
            *("--trace", str(place.trace), "--pids", str(place.pids)),
            *("--calm", str(place.calm)),
            *dispatching,
        ),
    )
    try:
        for one in (*all_parts.stand_ins, *all_parts.web):
            one.start()
        yield all_parts
    finally:
        for one in (all_parts.dispatchers, *all_parts.web, *all_parts.stand_ins):
            one.kill()


def _serving(place: Place, port: int) -> list[str]:
    arguments = product("uvicorn").arguments(place.address, greeting="")
    shared = str(place.address.product_port)
    return [str(port) if argument == shared else argument for argument in arguments]


def _is_ready(port: int) -> bool:
    try:
        ask(port, "GET", "/readyz")
    except DoorError:
        return False
    return True
