"""Faults in how the model is lost and found again."""

from __future__ import annotations

from collections.abc import Iterator

from calls.engine.commands import AddItem, Command, Purpose, RunTool
from calls.engine.core import Core, Phase
from calls.engine.link import ModelLink
from calls.engine.profile import PastItem
from calls.engine.responses import ResponseArbiter
from calls.engine.tool_desk import ToolDesk
from calls.engine.transcript import Transcript, Turn
from tests.calls.engine import test_reconnect
from tests.calls.engine.mutants import Patch, caught_by, caught_from


@caught_from("reconnecting")
def what_was_said_is_lost_with_the_session(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ModelLink, "restore", lambda self: None)


@caught_from("taken up again")
def what_was_said_before_the_call_was_taken_up_again_is_lost(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Transcript, "past", lambda self: tuple(self._told()))


@caught_from("reconnecting")
def what_was_said_is_told_twice(monkeypatch: Patch) -> None:
    restore = ModelLink.restore

    def twice(self: ModelLink) -> None:
        restore(self)
        restore(self)

    monkeypatch.setattr(ModelLink, "restore", twice)


@caught_from("reconnecting")
def what_was_said_is_told_backwards(monkeypatch: Patch) -> None:
    def backwards(self: ModelLink) -> None:
        for item in reversed(self._core.transcript.past()):
            self._core.do(AddItem(item.role, item.text))

    monkeypatch.setattr(ModelLink, "restore", backwards)


@caught_from("reconnecting")
def what_was_cut_is_told_in_full(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Turn, "words_heard", lambda self: self.text)


@caught_from("reconnecting")
def a_hum_is_told_as_well(monkeypatch: Patch) -> None:
    def told(self: Transcript) -> Iterator[PastItem]:
        for turn in self._turns.values():
            yield from self._told_of(turn)

    monkeypatch.setattr(Transcript, "_told", told)


@caught_from("reconnecting")
def what_the_tools_have_found_is_lost_with_the_session(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Transcript, "aside", lambda self, text: None)


@caught_from("a tool runs before any word")
def what_the_tools_have_found_before_any_word_is_lost(monkeypatch: Patch) -> None:
    behind = Transcript._asides_behind

    def behind_turns(self: Transcript, position: int) -> Iterator[PastItem]:
        return behind(self, position if position else -1)

    monkeypatch.setattr(Transcript, "_asides_behind", behind_turns)


@caught_from("speaking, hold")
def an_item_of_the_old_session_is_cut_in_the_new_one(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Core, "tell_of", lambda self, item_id, command: self.do(command))


@caught_from("the third model")
def the_model_is_looked_for_without_end(monkeypatch: Patch) -> None:
    def reconnect(self: ModelLink, now: float) -> bool:
        self._disconnect(now)
        return True

    monkeypatch.setattr(ModelLink, "reconnect", reconnect)


@caught_from("thinking, hold")
def the_answer_that_was_owed_is_forgotten(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ModelLink, "_owe", lambda self, purpose: None)


@caught_by(test_reconnect.test_a_greeting_of_which_something_was_heard_is_not_begun_again)
def whoever_is_lost_while_he_greets_greets_again(monkeypatch: Patch) -> None:
    def owe(self: ModelLink, purpose: Purpose) -> None:
        self._core.do(*self._core.arbiter.request(purpose))

    monkeypatch.setattr(ModelLink, "_owe", owe)


@caught_from("a tool runs")
def a_tool_that_runs_is_run_again(monkeypatch: Patch) -> None:
    def session_lost(self: ToolDesk) -> None:
        for call in self._running.values():
            self._core.do(RunTool(call.call_id, call.name, call.arguments))

    monkeypatch.setattr(ToolDesk, "session_lost", session_lost)


@caught_from("a tool runs")
def a_tool_answers_a_session_that_has_not_called_it(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ToolDesk, "session_lost", lambda self: None)


@caught_from("reconnecting")
def a_model_that_is_away_is_asked_for_a_response(monkeypatch: Patch) -> None:
    disconnect = ResponseArbiter.disconnect

    def unaware(self: ResponseArbiter) -> Purpose | None:
        purpose = disconnect(self)
        self._online = True
        return purpose

    monkeypatch.setattr(ResponseArbiter, "disconnect", unaware)


@caught_from("thinking, hold")
def a_model_that_is_away_is_told_all_the_same(monkeypatch: Patch) -> None:
    def tell(self: Core, *commands: Command) -> None:
        self.do(*commands)

    monkeypatch.setattr(Core, "tell", tell)


@caught_from("closing for silence")
def a_model_that_goes_in_its_farewell_is_taken_to_be_there(monkeypatch: Patch) -> None:
    go_offline = Core.go_offline

    def unless_closing(self: Core) -> None:
        if self.phase is not Phase.CLOSING:
            go_offline(self)

    monkeypatch.setattr(Core, "go_offline", unless_closing)
