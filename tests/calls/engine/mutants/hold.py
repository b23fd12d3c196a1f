"""Faults in what a sound of the caller's does to an agent who speaks."""

from __future__ import annotations

from calls.engine import understanding
from calls.engine.audio import FRAME_BYTES
from calls.engine.conversation import Conversation
from calls.engine.core import Phase
from calls.engine.energy import Sound
from calls.engine.playback import Heard, PlaybackLedger
from calls.engine.profile import BargeIn
from calls.engine.turns import Candidate, Decision, TurnTaking
from tests.calls.engine import test_hold
from tests.calls.engine.mutants import Patch, caught_by, caught_from


def shifted(frames: int, monkeypatch: Patch) -> None:
    """What was held goes on so many frames from where it was heard to."""
    hold = PlaybackLedger.hold

    def elsewhere(self: PlaybackLedger, now: float) -> list[Heard]:
        over = hold(self, now)
        for item in self._items:
            if item.resumed_at is not None:
                item.sent = max(0, item.sent + frames * FRAME_BYTES)
        return over

    monkeypatch.setattr(PlaybackLedger, "hold", elsewhere)


@caught_from("held, with more to say")
def a_syllable_is_lost_at_a_resume(monkeypatch: Patch) -> None:
    shifted(2, monkeypatch)


@caught_from("speaking, hold")
def a_syllable_is_heard_twice_at_a_resume(monkeypatch: Patch) -> None:
    shifted(-2, monkeypatch)


@caught_from("speaking, hold")
def held_audio_begins_again(monkeypatch: Patch) -> None:
    shifted(-50, monkeypatch)


@caught_from("held")
def a_hold_never_ends(monkeypatch: Patch) -> None:
    monkeypatch.setattr(TurnTaking, "due_at", lambda self: None)


@caught_from("held")
def who_speaks_on_and_on_is_waited_for(monkeypatch: Patch) -> None:
    due_at = TurnTaking.due_at

    def once_he_has_stopped(self: TurnTaking) -> float | None:
        speaking = self.candidate is not None and self.candidate.stopped_at is None
        return None if speaking else due_at(self)

    monkeypatch.setattr(TurnTaking, "due_at", once_he_has_stopped)


@caught_from("speaking, hold")
def a_hold_leaves_the_carriers_buffer_as_it_is(monkeypatch: Patch) -> None:
    def hold(self: Conversation, now: float) -> None:
        for heard in self._core.ledger.hold(now):
            self._record_heard(heard)
        self._held_from, self._core.phase = self._core.phase, Phase.HELD

    monkeypatch.setattr(Conversation, "_hold", hold)


@caught_from("speaking, hold")
def held_audio_plays_on(monkeypatch: Patch) -> None:
    hold = PlaybackLedger.hold

    def in_name_only(self: PlaybackLedger, now: float) -> list[Heard]:
        over = hold(self, now)
        self.held = False
        return over

    monkeypatch.setattr(PlaybackLedger, "hold", in_name_only)


@caught_from("held")
def a_verdict_is_ignored(monkeypatch: Patch) -> None:
    monkeypatch.setattr(TurnTaking, "judged", lambda self, item_id, meant: Decision.GO_ON)


@caught_from("held")
def words_do_not_interrupt(monkeypatch: Patch) -> None:
    monkeypatch.setattr(TurnTaking, "judged", lambda self, item_id, meant: Decision.RESUME)


@caught_from("held")
def a_hum_interrupts(monkeypatch: Patch) -> None:
    monkeypatch.setattr(TurnTaking, "judged", lambda self, item_id, meant: Decision.INTERRUPT)


@caught_from("speaking, hold")
def every_sound_interrupts(monkeypatch: Patch) -> None:
    monkeypatch.setattr(TurnTaking, "_begin", lambda self, candidate: Decision.INTERRUPT)


@caught_from("held")
def a_second_sound_is_taken_for_the_first(monkeypatch: Patch) -> None:
    started = TurnTaking.started

    def once(self: TurnTaking, item_id: str, now: float) -> Decision:
        return started(self, item_id, now) if self.candidate is None else Decision.GO_ON

    monkeypatch.setattr(TurnTaking, "started", once)


@caught_from("held")
def who_was_held_stays_held(monkeypatch: Patch) -> None:
    monkeypatch.setattr(PlaybackLedger, "resume", lambda self: None)


@caught_from("held")
def whoever_resumes_forgets_what_he_was_doing(monkeypatch: Patch) -> None:
    resume = Conversation._resume

    def forgetful(self: Conversation, now: float) -> None:
        self._held_from = Phase.LISTENING
        resume(self, now)

    monkeypatch.setattr(Conversation, "_resume", forgetful)


@caught_from("speaking, confirm")
def by_confirm_he_goes_on_as_loudly_as_before(monkeypatch: Patch) -> None:
    begin = TurnTaking._begin

    def loudly(self: TurnTaking, candidate: Candidate) -> Decision:
        decision = begin(self, candidate)
        return Decision.GO_ON if decision is Decision.DUCK else decision

    monkeypatch.setattr(TurnTaking, "_begin", loudly)


@caught_from("speaking, confirm")
def by_confirm_he_goes_on_quietly_for_ever(monkeypatch: Patch) -> None:
    resume = Conversation._resume

    def quietly(self: Conversation, now: float) -> None:
        ducked = self._core.ledger.ducked
        resume(self, now)
        self._core.ledger.ducked = ducked

    monkeypatch.setattr(Conversation, "_resume", quietly)


@caught_from("ducked to the end")
def by_confirm_he_is_quiet_in_his_next_answer_too(monkeypatch: Patch) -> None:
    listen = Conversation._listen

    def quietly(self: Conversation, now: float) -> None:
        ducked = self._core.ledger.ducked
        listen(self, now)
        self._core.ledger.ducked = ducked

    monkeypatch.setattr(Conversation, "_listen", quietly)


@caught_from("speaking, confirm")
def a_model_that_is_lost_leaves_him_quiet(monkeypatch: Patch) -> None:
    unknown = TurnTaking.unknown

    def by_hold_alone(self: TurnTaking) -> Decision:
        listened_to = self.barge_in is BargeIn.HOLD or (
            self.candidate is not None and self.candidate.stopped_at is not None
        )
        return unknown(self) if listened_to else Decision.GO_ON

    monkeypatch.setattr(TurnTaking, "unknown", by_hold_alone)


@caught_by(test_hold.test_a_dismissed_sound_is_not_answered_when_he_has_finished)
def a_dismissed_sound_is_answered_in_the_end(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Conversation, "_dismiss", lambda self: self.turns.forget())


@caught_by(test_hold.test_our_own_measure_holds_him_after_a_fifth_of_a_second_of_voice)
def nobody_listens_to_the_line_itself(monkeypatch: Patch) -> None:
    def deaf(_self: TurnTaking, _sound: Sound, _now: float) -> Decision:
        return Decision.GO_ON

    monkeypatch.setattr(TurnTaking, "sound", deaf)


@caught_by(
    test_hold.test_a_passing_car_does_not_keep_him_silent_though_the_server_takes_it_for_speech
)
def a_car_is_a_voice(monkeypatch: Patch) -> None:
    monkeypatch.setattr(TurnTaking, "_is_noise", lambda self, candidate: False)


@caught_by(test_hold.test_an_echo_of_his_own_words_does_not_stop_him)
def his_own_voice_interrupts_him(monkeypatch: Patch) -> None:
    monkeypatch.setattr(understanding, "is_echo", lambda heard, said: False)


@caught_by(test_hold.test_what_a_transcriber_makes_of_a_noise_is_not_believed)
def every_transcript_is_believed(monkeypatch: Patch) -> None:
    monkeypatch.setattr(understanding, "is_doubtful", lambda text, speech_ms, spoken: False)


@caught_by(test_hold.test_what_an_older_turn_was_says_nothing_about_who_speaks_now)
def every_verdict_is_taken_for_that_on_who_speaks_now(monkeypatch: Patch) -> None:
    monkeypatch.setattr(TurnTaking, "_is_of", lambda self, item_id: self.candidate is not None)
