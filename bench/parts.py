"""The processes of a trial, and what is done with them: start, place calls, hang up, end."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bench.candidates import QUERY_HAS_RUN, Address, Candidate, free_port
from bench.doors import CarrierDoor, DoorError, ModelDoor, ask
from bench.installation import NUMBER, Installation
from bench.machine import Cores, Meter
from bench.processes import Child, ChildDiedError, running
from prosaas.processes import wait_until

WITHIN_S = 60.0
WARM_SESSIONS = 2
SINGLE_CALL_S = 0.6
PAUSE_S = 0.4


@dataclass(frozen=True, slots=True)
class Parts:
    address: Address
    candidate: Candidate
    measured: Child
    stand_ins: tuple[Child, Child]
    carrier: CarrierDoor
    model: ModelDoor
    meter: Meter

    def wait_until_ready(self) -> None:
        self._wait("answering", self._all_answer)
        if self.candidate.is_product:
            self._wait("warm", lambda: len(self.model.sessions()) >= WARM_SESSIONS)

    def single_call(self, line: int) -> str:
        """With nobody else on the line, from the first ring to the hang-up."""
        sid = self._place(line)
        time.sleep(SINGLE_CALL_S)
        self.hang_up([sid])
        time.sleep(PAUSE_S)
        return sid

    def place(self, lines: Sequence[int], within_s: float) -> dict[int, str]:
        """Calls at even distances. Returns the CallSid of each line."""
        sids = {}
        began = time.monotonic()
        for number, line in enumerate(lines):
            due = began + within_s * number / len(lines)
            time.sleep(max(0.0, due - time.monotonic()))
            sids[line] = self._place(line)
        return sids

    def hear_out(self, sids: Sequence[str], ms: int) -> None:
        self._wait("heard in full", lambda: all(self._heard_ms(sid) >= ms for sid in sids))

    def hang_up(self, sids: Sequence[str]) -> None:
        for sid in sids:
            self.carrier.hang_up(sid)
        self._wait("ended", lambda: self._are_over(sids))

    def queries(self) -> int:
        return self.measured.log.read_text(errors="replace").count(QUERY_HAS_RUN)

    def check(self) -> None:
        for child in (self.measured, *self.stand_ins):
            child.check()

    def _all_answer(self) -> bool:
        try:
            self.carrier.calls()
            self.model.sessions()
            ask(self.address.product_port, "GET", self.candidate.ready_path)
        except DoorError:
            return False
        return True

    def _place(self, line: int) -> str:
        self.check()
        address = self.address
        return self.carrier.place_call(
            to=NUMBER, voice_url=address.voice_url, status_url=address.status_url, line=line
        )

    def _heard_ms(self, sid: str) -> float:
        streams = self.carrier.call(sid)["streams"]
        return float(streams[0]["heard_ms"]) if streams else 0.0

    def _are_over(self, sids: Sequence[str]) -> bool:
        calls = self.carrier.calls()
        return all(calls[sid]["status"] == "completed" for sid in sids)

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        def is_so() -> bool:
            self.check()
            return condition()

        if not wait_until(is_so, seconds=WITHIN_S):
            raise ChildDiedError(f"not {what} within {WITHIN_S:.0f} s: {self.measured.tail()}")


@contextlib.contextmanager
def started(
    candidate: Candidate, greeting: str, installation: Installation, cores: Cores
) -> Iterator[Parts]:
    address = new_address()
    environment = candidate.environment(address, installation.environment)
    run = partial(running, environment=environment, logs=installation.logs)
    arguments = candidate.arguments(address, greeting)
    with (
        run("model", "prosaas.simulator.model", *address.of_model(), place=cores.beside) as model,
        run(
            "carrier", "prosaas.simulator.carrier", *address.of_carrier(), place=cores.beside
        ) as carrier,
        run(candidate.name, candidate.module, *arguments, place=cores.alone) as measured,
    ):
        parts = Parts(
            address=address,
            candidate=candidate,
            measured=measured,
            stand_ins=(model, carrier),
            carrier=CarrierDoor(address.carrier_port, address.account_sid, address.auth_token),
            model=ModelDoor(address.model_port),
            meter=Meter(cores, measured.process, (model.process, carrier.process)),
        )
        parts.wait_until_ready()
        yield parts


def new_address() -> Address:
    return Address(
        product_port=free_port(),
        media_port=free_port(),
        carrier_port=free_port(),
        model_port=free_port(),
        account_sid="AC" + secrets.token_hex(16),
        auth_token=secrets.token_hex(16),
        model_key="stand-in-" + secrets.token_hex(8),
    )
