"""Faults in what the model is told to be, and in how the caller is greeted."""

from __future__ import annotations

from calls.engine import events
from calls.engine.commands import Purpose
from calls.engine.configuration import Configuration
from calls.engine.conversation import Conversation
from calls.engine.core import Phase
from calls.engine.link import ModelLink
from calls.engine.session import EXPIRIES, TABLE, CallSession
from calls.engine.timers import Timer
from tests.calls.engine.mutants import Patch, caught_from, without


@caught_from("at the start")
def the_greeting_does_not_wait_for_the_right_format(monkeypatch: Patch) -> None:
    def confirms(self: Configuration, _event: events.SessionConfirmed) -> bool:
        self.format_confirmed = True
        return True

    monkeypatch.setattr(Configuration, "confirms", confirms)


@caught_from("connected")
def the_full_prompt_is_sent_after_every_response(monkeypatch: Patch) -> None:
    def expand(self: ModelLink, _now: float) -> None:
        self._core.do(*self.configuration.full())

    monkeypatch.setattr(ModelLink, "expand", expand)


@caught_from("at the start")
def the_full_prompt_is_sent_with_the_greeting(monkeypatch: Patch) -> None:
    begin = Conversation.begin

    def at_once(self: Conversation, now: float) -> None:
        begin(self, now)
        self._link.expand(now)

    monkeypatch.setattr(Conversation, "begin", at_once)


@caught_from("at the start")
def the_compact_prompt_is_sent_again_and_again(monkeypatch: Patch) -> None:
    def retry(self: CallSession, now: float) -> None:
        self.core.do(*self.link.configuration.begin())
        self.core.timers.set(Timer.CONFIGURE_RETRY, now + 1)

    monkeypatch.setitem(EXPIRIES, Timer.CONFIGURE_RETRY, retry)


@caught_from("at the start")
def nobody_gives_up_waiting_for_a_confirmation(monkeypatch: Patch) -> None:
    without(Timer.CONFIGURE_GIVE_UP, monkeypatch)


@caught_from("at the start")
def nobody_watches_for_the_greeting(monkeypatch: Patch) -> None:
    without(Timer.GREETING_AUDIO, monkeypatch)


@caught_from("connected")
def a_second_confirmation_greets_again(monkeypatch: Patch) -> None:
    def confirmed(self: CallSession, event: events.SessionConfirmed, now: float) -> None:
        self.link.confirm(event, now)
        self.core.do(*self.core.arbiter.request(Purpose.GREETING))

    for phase in (Phase.GREETING, Phase.LISTENING):
        monkeypatch.setitem(TABLE[events.SessionConfirmed], phase, confirmed)


@caught_from("connecting, with a greeting from the cache")
def a_greeting_from_the_cache_is_asked_for_as_well(monkeypatch: Patch) -> None:
    begin = Conversation.begin

    def live_too(self: Conversation, now: float) -> None:
        begin(self, now)
        self._core.do(*self._core.arbiter.request(Purpose.GREETING))

    monkeypatch.setattr(Conversation, "begin", live_too)


@caught_from("connecting, with a greeting from the cache")
def the_model_is_not_told_how_the_caller_was_greeted(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Conversation, "_tell_greeting", lambda self, item_id: None)


@caught_from("greeted from the cache")
def of_a_greeting_that_was_cut_the_model_is_told_all(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Conversation, "_tell_of_cut", lambda self, heard: None)


@caught_from("greeted under protection")
def the_protection_of_the_greeting_sticks(monkeypatch: Patch) -> None:
    def protect(self: Conversation, now: float) -> None:
        self._protected_until = now + 3600

    monkeypatch.setattr(Conversation, "_protect", protect)
