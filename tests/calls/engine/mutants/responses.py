"""Faults in what the model is asked for."""

from __future__ import annotations

from calls.engine.commands import CancelResponse, Command, Purpose
from calls.engine.responses import Request, ResponseArbiter, State
from calls.engine.retries import Retries
from tests.calls.engine.mutants import Patch, caught_from


@caught_from("at the start")
def a_cancel_is_sent_before_there_is_an_id(monkeypatch: Patch) -> None:
    cancel = ResponseArbiter.cancel

    def at_once(self: ResponseArbiter) -> list[Command]:
        if self.state is State.REQUESTED and not self._cancelled:
            return [*cancel(self), CancelResponse(self.response_id)]
        return cancel(self)

    monkeypatch.setattr(ResponseArbiter, "cancel", at_once)


@caught_from("thinking")
def a_cancel_before_the_response_began_is_forgotten(monkeypatch: Patch) -> None:
    started = ResponseArbiter.started

    def forgetful(self: ResponseArbiter, response_id: str, request_id: str) -> list[Command]:
        self._cancelled = False
        return started(self, response_id, request_id)

    monkeypatch.setattr(ResponseArbiter, "started", forgetful)


@caught_from("thinking")
def a_response_is_cancelled_twice(monkeypatch: Patch) -> None:
    cancel = ResponseArbiter.cancel

    def again(self: ResponseArbiter) -> list[Command]:
        self._cancelled = False
        return cancel(self)

    monkeypatch.setattr(ResponseArbiter, "cancel", again)


@caught_from("connected")
def a_second_request_does_not_wait(monkeypatch: Patch) -> None:
    def request(self: ResponseArbiter, purpose: Purpose) -> list[Command]:
        self._count += 1
        return self._send(Request(f"req_{self._count}", purpose))

    monkeypatch.setattr(ResponseArbiter, "request", request)


@caught_from("at the start")
def a_request_that_waits_is_forgotten(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ResponseArbiter, "_send_waiting", lambda self: [])


@caught_from("speaking")
def a_request_that_waits_is_not_taken_back(monkeypatch: Patch) -> None:
    cancel = ResponseArbiter.cancel

    def only_the_current(self: ResponseArbiter) -> list[Command]:
        waiting = self._waiting
        commands = cancel(self)
        self._waiting = waiting
        return commands

    monkeypatch.setattr(ResponseArbiter, "cancel", only_the_current)


@caught_from("connected")
def late_audio_is_accepted(monkeypatch: Patch) -> None:
    monkeypatch.setattr(
        ResponseArbiter, "accepts", lambda self, response_id: response_id == self.response_id
    )


@caught_from("at the start")
def the_audio_of_every_response_is_accepted(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ResponseArbiter, "accepts", lambda self, response_id: True)


@caught_from("at the start")
def a_foreign_response_is_taken_for_ours(monkeypatch: Patch) -> None:
    def started(self: ResponseArbiter, response_id: str, _request_id: str) -> list[Command]:
        self.state, self.response_id = State.ACTIVE, response_id
        return []

    monkeypatch.setattr(ResponseArbiter, "started", started)


@caught_from("at the start")
def a_failed_response_is_left_at_that(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Retries, "recreate", lambda self, purpose, event, now: None)
