"""Faults in an answer that is asked for before anybody knows whether one is due."""

from __future__ import annotations

from calls.engine.commands import Purpose
from calls.engine.conversation import Conversation
from calls.engine.timers import Timer
from calls.engine.transcript import Verdict
from tests.calls.engine.mutants import Patch, caught_from, without


@caught_from("listening, hold")
def an_answer_is_heard_before_the_verdict(monkeypatch: Patch) -> None:
    answer = Conversation._answer_speculatively

    def at_once(self: Conversation, item_id: str, now: float) -> None:
        answer(self, item_id, now)
        self._core.ledger.withheld = False

    monkeypatch.setattr(Conversation, "_answer_speculatively", at_once)


@caught_from("an answer is withheld")
def an_answer_is_withheld_for_ever(monkeypatch: Patch) -> None:
    release = Conversation._release

    def go_on_waiting(self: Conversation, now: float) -> None:
        release(self, now)
        self._core.ledger.withheld = True

    monkeypatch.setattr(Conversation, "_release", go_on_waiting)


@caught_from("an answer is withheld")
def a_verdict_is_waited_for_without_end(monkeypatch: Patch) -> None:
    without(Timer.VERDICT, monkeypatch)


@caught_from("listening, hold")
def a_hum_is_answered(monkeypatch: Patch) -> None:
    def judge(self: Conversation, _item_id: str, _verdict: Verdict, now: float) -> None:
        self._release(now)

    monkeypatch.setattr(Conversation, "_judge_speculation", judge)


@caught_from("an answer is withheld")
def a_question_is_taken_for_a_hum(monkeypatch: Patch) -> None:
    def judge(self: Conversation, item_id: str, _verdict: Verdict, now: float) -> None:
        self._take_back(item_id, now)

    monkeypatch.setattr(Conversation, "_judge_speculation", judge)


@caught_from("listening, hold")
def the_model_remembers_a_hum(monkeypatch: Patch) -> None:
    def forget(self: Conversation, item_id: str) -> None:
        self._owed.pop(item_id, None)
        self._covered.discard(item_id)

    monkeypatch.setattr(Conversation, "_forget_turn", forget)


@caught_from("an answer is withheld")
def the_model_remembers_its_answer_to_a_hum(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Conversation, "_delete_unheard", lambda self, item_ids: None)


@caught_from("an answer is withheld")
def the_answer_to_a_hum_is_made_to_its_end(monkeypatch: Patch) -> None:
    def take_back(self: Conversation, item_id: str, now: float) -> None:
        self._forget_turn(item_id)
        self._core.ledger.clear(now)
        self._end_speculation()
        self._listen(now)

    monkeypatch.setattr(Conversation, "_take_back", take_back)


@caught_from("an answer is withheld")
def a_tool_is_run_before_the_verdict(monkeypatch: Patch) -> None:
    run = Conversation._run_waiting_calls

    def at_once(self: Conversation, now: float) -> None:
        speculative, self._speculative = self._speculative, ""
        run(self, now)
        self._speculative = speculative

    monkeypatch.setattr(Conversation, "_run_waiting_calls", at_once)


@caught_from("a withheld answer calls a tool")
def a_tool_is_run_for_a_hum(monkeypatch: Patch) -> None:
    take_back = Conversation._take_back

    def after_running(self: Conversation, item_id: str, now: float) -> None:
        self._speculative = ""
        self._run_waiting_calls(now)
        take_back(self, item_id, now)

    monkeypatch.setattr(Conversation, "_take_back", after_running)


@caught_from("a withheld answer calls a tool")
def the_tools_of_an_answer_that_is_taken_back_stay_open(monkeypatch: Patch) -> None:
    end = Conversation._end_speculation

    def forgetful(self: Conversation) -> None:
        end(self)
        self._items_waiting = ()

    monkeypatch.setattr(Conversation, "_end_speculation", forgetful)


@caught_from("an answer is withheld")
def one_turn_is_answered_twice(monkeypatch: Patch) -> None:
    release = Conversation._release

    def and_again(self: Conversation, now: float) -> None:
        release(self, now)
        self._core.do(*self._core.arbiter.request(Purpose.ANSWER))

    monkeypatch.setattr(Conversation, "_release", and_again)
