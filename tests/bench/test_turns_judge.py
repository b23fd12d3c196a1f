from __future__ import annotations

import pytest

from bench.turns.judge import Outcome, judge
from bench.turns.vocabulary import Mode, Phase, Right
from tests.bench.turns import (
    ANSWER,
    BEGINS_AT,
    FRAME,
    NEXT_ANSWER,
    ONSET,
    committed,
    failed,
    heard,
    later,
    record,
    situation,
    speech_started,
    transcribed,
    truncate,
    utterance,
)

CANDIDATE = ONSET + 0.07
CUT = ONSET + 0.1
HEARD_MS = round((CUT - BEGINS_AT) * 1000)
HEARD_BYTES = HEARD_MS * 8
# The first frame of which not everything was heard, and the next one.
UNHEARD = HEARD_BYTES // FRAME * FRAME
VERDICT = ONSET + 1.3
BACK = VERDICT + 0.04
INTERRUPTED = [speech_started(CANDIDATE), committed(ONSET + 1.0), transcribed(VERDICT)]


def stopped(*more: tuple[float, bytes]) -> Outcome:
    """Charlie says "wait", the agent falls silent and answers him."""
    audio = heard((BEGINS_AT, ANSWER), (ONSET + 2, NEXT_ANSWER), *more, cut_at=[CUT])
    return judge(
        situation(Right.STOP), record(*audio, sent=INTERRUPTED, received=[truncate(HEARD_MS)])
    )


def resumed(at: float, from_byte: int) -> Outcome:
    """Charlie hums, the agent is held and goes on."""
    audio = heard((BEGINS_AT, ANSWER), (at, ANSWER[from_byte:]), cut_at=[CUT])
    return judge(
        situation(Right.RESUME),
        record(*audio, sent=INTERRUPTED, utterances=[utterance("answer", ANSWER, BEGINS_AT - 1)]),
    )


def test_nothing_is_wrong_when_the_agent_falls_silent_and_answers() -> None:
    outcome = stopped()

    assert outcome.faults == []
    assert outcome.onset_to_silence_ms == pytest.approx(100, abs=1)
    assert outcome.candidate_to_silence_ms == pytest.approx(30, abs=1)
    assert outcome.answers == 1
    assert outcome.answer_after_ms == pytest.approx(1600, abs=1)
    assert [one.error_ms for one in outcome.truncates] == [pytest.approx(0, abs=1)]


def test_whoever_is_not_let_speak_is_missed() -> None:
    audio = heard((BEGINS_AT, ANSWER), (BEGINS_AT + 6, NEXT_ANSWER))

    outcome = judge(situation(Right.STOP), record(*audio, sent=INTERRUPTED))

    assert outcome.missed_stop
    assert "slow to fall silent" in outcome.faults


def test_one_old_frame_after_the_interruption_is_one_too_many() -> None:
    outcome = stopped((VERDICT + 0.2, ANSWER[UNHEARD : UNHEARD + FRAME]))

    assert outcome.old_audio_ms == pytest.approx(20, abs=1)
    assert not outcome.missed_stop


def test_a_caller_who_gets_no_answer_is_not_served() -> None:
    audio = heard((BEGINS_AT, ANSWER), cut_at=[CUT])

    outcome = judge(
        situation(Right.STOP), record(*audio, sent=INTERRUPTED, received=[truncate(HEARD_MS)])
    )

    assert outcome.faults == ["answers"]


def test_the_local_candidate_counts_when_the_server_has_heard_nothing() -> None:
    audio = heard((BEGINS_AT, ANSWER), (ONSET + 2, NEXT_ANSWER), cut_at=[ONSET + 0.23])

    outcome = judge(situation(Right.STOP), record(*audio, sent=[transcribed(VERDICT)]))

    assert outcome.candidate_to_silence_ms == pytest.approx(30, abs=1)


def test_in_confirm_the_agent_may_go_on_until_words_are_understood() -> None:
    audio = heard((BEGINS_AT, ANSWER), (ONSET + 3, NEXT_ANSWER), cut_at=[VERDICT + 0.05])

    outcome = judge(
        situation(Right.STOP, mode=Mode.CONFIRM),
        record(*audio, sent=INTERRUPTED, received=[truncate(2350)]),
    )

    assert outcome.candidate_to_silence_ms == pytest.approx(50, abs=1)
    assert outcome.faults == []


def test_the_answer_itself_is_nothing_that_should_have_fallen_silent() -> None:
    audio = heard((BEGINS_AT, ANSWER), (VERDICT - 0.5, NEXT_ANSWER), cut_at=[CUT])
    answered = record(*audio, sent=INTERRUPTED, received=[truncate(HEARD_MS)])
    early = later(
        answered, utterances=(answered.utterances[0], utterance("next", NEXT_ANSWER, ONSET + 0.5))
    )

    outcome = judge(situation(Right.STOP, mode=Mode.CONFIRM), early)

    assert outcome.candidate_to_silence_ms is None
    assert outcome.faults == []


def test_going_on_at_the_first_unheard_frame_loses_and_repeats_next_to_nothing() -> None:
    outcome = resumed(BACK, UNHEARD)

    assert outcome.faults == []
    assert list(outcome.resumed_after_ms) == pytest.approx([40], abs=1)
    assert list(outcome.pauses_ms) == pytest.approx([(BACK - CUT) * 1000], abs=1)
    assert outcome.lost_ms == 0
    assert outcome.repeated_ms < 20


def test_a_frame_left_out_is_lost_and_two_said_again_are_repeated() -> None:
    assert resumed(BACK, UNHEARD + 2 * FRAME).faults == ["audio lost"]
    assert resumed(BACK, UNHEARD - 2 * FRAME).faults == ["audio repeated"]


def test_going_on_late_is_a_fault() -> None:
    assert resumed(VERDICT + 0.15, UNHEARD).faults == ["slow to go on"]


def test_the_agent_may_also_go_on_when_it_has_been_quiet_for_half_a_second() -> None:
    assert resumed(ONSET + 0.95, UNHEARD).faults == []


def test_an_agent_who_does_not_go_on_was_stopped_for_nothing() -> None:
    audio = heard((BEGINS_AT, ANSWER), cut_at=[CUT])
    held = record(*audio, sent=INTERRUPTED, utterances=[utterance("answer", ANSWER, 9.0)])

    outcome = judge(situation(Right.RESUME), held)

    assert outcome.false_stop


def test_a_hum_leaves_nothing_in_the_conversation() -> None:
    audio = heard((BEGINS_AT, ANSWER))
    hummed = record(
        *audio,
        sent=[committed(5.0, "question"), committed(ONSET + 1)],
        utterances=[utterance("answer", ANSWER, 9.0)],
        items=[{"id": "question"}, {"id": "answer"}, {"id": "turn"}],
    )

    assert judge(situation(Right.RESUME), hummed).stray_items == 1
    forgotten = later(hummed, items=[{"id": "question"}, {"id": "answer"}])
    assert judge(situation(Right.RESUME), forgotten).stray_items == 0


def test_an_answer_to_a_hum_is_one_too_many_and_two_answers_are_as_well() -> None:
    audio = heard((BEGINS_AT, ANSWER), (ONSET + 6, NEXT_ANSWER))
    both = record(*audio)

    assert judge(situation(Right.NO_ANSWER, Phase.SILENCE), both).wrong_answers == 1
    assert judge(situation(Right.ANSWER, Phase.SILENCE), both).wrong_answers == 0
    twice = later(both, sounds=(both.sounds[0].__class__("Hi", 9.0, 9.4, None),))
    assert judge(situation(Right.ANSWER, Phase.SILENCE), twice).wrong_answers == 1


def test_a_truncate_that_is_off_or_impossible_or_missing_is_told() -> None:
    audio = heard((BEGINS_AT, ANSWER), (ONSET + 2, NEXT_ANSWER), cut_at=[CUT])

    def outcome(*ends_ms: int) -> Outcome:
        told = [truncate(end_ms) for end_ms in ends_ms]
        return judge(situation(Right.STOP), record(*audio, sent=INTERRUPTED, received=told))

    def faults(*ends_ms: int) -> list[str]:
        return outcome(*ends_ms).faults

    assert faults(HEARD_MS + 19) == []
    assert faults(HEARD_MS + 25) == ["truncate"]
    assert faults(0) == ["truncate"]
    assert not outcome(0).truncates[0].possible
    assert faults(60_000) == ["truncate"]
    assert faults() == ["truncate missing"]


def test_what_nobody_said_is_noticed() -> None:
    noise = bytes(range(0x10, 0x10 + FRAME))
    outcome = stopped((ONSET + 9, noise * 3))

    assert outcome.faults == ["audio of nobody"]
    assert outcome.foreign_ms == pytest.approx(60)


def test_an_error_of_the_model_is_a_fault() -> None:
    audio = heard((BEGINS_AT, ANSWER))
    refused = record(*audio, sent=[failed("response_cancel_not_active")], utterances=[])

    assert "response_cancel_not_active" in judge(situation(Right.HUSH), refused).faults


def test_a_farewell_is_heard_out_and_then_the_line_is_hung_up() -> None:
    whole = heard((BEGINS_AT, ANSWER))
    said = [utterance("answer", ANSWER, 9.0)]
    ends_at = BEGINS_AT + len(ANSWER) / 8000
    good = later(record(*whole, utterances=said, sounds=()), ended_at=ends_at + 0.2)

    outcome = judge(situation(Right.FAREWELL, Phase.FAREWELL), good)

    assert outcome.faults == []
    assert outcome.hung_up_after_ms == pytest.approx(200, abs=25)
    open_line = later(good, ended_at=ends_at + 0.6)
    assert judge(situation(Right.FAREWELL, Phase.FAREWELL), open_line).faults == ["line left open"]
    cut = later(record(*heard((BEGINS_AT, ANSWER[:8000])), utterances=said), ended_at=11.3)
    assert judge(situation(Right.FAREWELL, Phase.FAREWELL), cut).farewell_lost_ms > 0


def test_a_stored_greeting_is_due_at_once() -> None:
    greeting = utterance("greeting", ANSWER, 5.0)
    call = record(*heard((5.13, ANSWER)), utterances=[greeting], sounds=())

    outcome = judge(situation(Right.RESUME, Phase.STORED_GREETING), call)

    assert outcome.greeted_after_ms == pytest.approx(130)
    assert outcome.faults == ["late greeting"]
