from __future__ import annotations

from calls.engine import events
from calls.engine.commands import SaveTurn
from calls.engine.fillers import Meaning
from calls.engine.playback import Heard
from calls.engine.transcript import KEPT, Transcript, Verdict, up_to
from tests.calls.engine.line import Line


def test_the_turns_stand_in_the_order_of_the_call() -> None:
    line = Line.listening()
    line.wait(1)
    asked = line.caller_starts()
    line.wait(2)
    line.caller_ends()
    said = line.agent_responds(400)
    line.wait(0.4)
    assert [line.turn(item).position for item in ("item_1", asked, said)] == [1, 2, 3]
    question, answer = line.turn(asked), line.turn(said)
    assert (question.speaker, question.started_ms, question.ended_ms) == ("caller", 1500, 3500)
    assert (answer.speaker, answer.started_ms, answer.ended_ms) == ("agent", 3500, 3900)


def test_a_transcript_may_come_before_or_after_everything() -> None:
    line = Line.listening()
    line.caller_starts()
    line.caller_commits()
    line.response_begins()
    line.agent_says(400)
    assert line.feed(line.model.transcribes("until two")) == []  # nobody heard it yet
    line.response_ends()
    line.wait(0.4)
    assert "item_2" not in line.rules.saved
    line.wait(0.8)
    assert line.turn("item_2").text == "until two"
    line.feed(events.CallerTranscribed("caller_1", "are you open on Fridays?"))
    assert line.turn("caller_1").text == "are you open on Fridays?"


def test_the_agents_words_may_come_after_he_was_heard() -> None:
    line = Line.speaking(ms=1000)
    line.wait(0.2)
    line.caller_starts()
    line.feed(line.model.transcribes("we open at nine, and"))
    turn = line.turn("item_2")
    assert (turn.text, turn.heard_ms, turn.interrupted) == ("we open at nine, and", 200, True)


def test_a_transcript_before_the_turn_is_over() -> None:
    line = Line.listening()
    item = line.caller_starts()
    line.feed(events.CallerTranscribed(item, "well"))
    line.caller_commits()
    assert line.turn(item).text == "well"


def test_transcripts_of_nothing_are_counted_and_make_no_row() -> None:
    line = Line.listening()
    before = len(line.commanded(SaveTurn))
    line.feed(events.CallerTranscribed("nobody", "who?"))
    line.feed(events.CallerTranscribed("item_1", "the agent's"))
    line.feed(events.AgentTranscribed("resp_1", "nobody", "who?"))
    line.caller_starts()
    line.caller_commits()
    line.feed(events.AgentTranscribed("resp_1", "caller_1", "the caller's"))
    assert len(line.commanded(SaveTurn)) == before + 1
    assert line.session.summary().counters["transcript_unused"] == 4


def test_a_failed_transcription_costs_nothing_but_the_words() -> None:
    line = Line.listening()
    line.caller_starts()
    line.caller_commits()
    line.feed(events.TranscriptionFailed("caller_1", "audio_unintelligible"))
    counters = line.session.summary().counters
    assert counters["transcription_failed.audio_unintelligible"] == 1
    line.agent_responds(300)
    line.wait(0.3)
    assert line.turn("item_2").heard_ms == 300


def test_utterances_are_counted_by_what_they_mean() -> None:
    line = Line.listening()
    for text in ("", "uh", "אה", "ab", "two tickets", "no"):
        line.caller_says(text or " ")
        line.agent_responds(100)
        line.wait(0.1)
    summary = line.session.summary()
    assert summary.utterances_total == 6
    assert summary.utterances_empty == 1
    assert summary.utterances_very_short == 1
    assert summary.utterances_filler_only == 2


def test_what_was_transcribed_twice_is_judged_once() -> None:
    line = Line.listening()
    line.caller_says("uh")
    line.feed(events.CallerTranscribed("caller_1", "uh, hello"))
    assert line.session.core.transcript.by_meaning[Meaning.FILLER] == 1
    assert line.session.core.transcript.by_meaning[Meaning.MEANINGFUL] == 0
    assert line.turn("caller_1").text == "uh"


def test_a_stop_of_nobody_is_nothing() -> None:
    line = Line.listening()
    line.feed(events.CallerStopped("nobody", 100))
    assert not line.session.core.transcript.caller_speaking
    assert line.session.summary().utterances_total == 0


def test_a_turn_without_a_stop_has_ended_all_the_same() -> None:
    line = Line.listening()
    item = line.caller_starts()
    line.feed(events.CallerCommitted(item))
    assert not line.session.core.transcript.caller_speaking


def test_a_stop_before_the_start_makes_no_negative_turn() -> None:
    transcript = Transcript()
    transcript.caller_started("caller_1", 900)
    transcript.caller_stopped("caller_1", 300)
    turn = transcript.caller_committed("caller_1", 1000)
    assert (turn.started_ms, turn.ended_ms) == (900, 900)


def test_no_more_turns_are_kept_than_may_still_get_their_words() -> None:
    transcript = Transcript()
    for number in range(KEPT + 1):
        transcript.caller_committed(f"caller_{number}", number)
    assert transcript.caller_transcribed("caller_0", "too late") is False
    assert transcript.caller_transcribed("caller_1", "in time")
    assert transcript.caller_judged("caller_1", Verdict.NONE).position == 2
    assert transcript.utterances == KEPT + 1


def test_an_item_that_was_never_heard_of_is_unheard() -> None:
    transcript = Transcript()
    assert transcript.unheard("item_1")
    transcript.agent_spoke("item_1")
    assert not transcript.unheard("item_1")  # it may be heard yet
    transcript.agent_heard(Heard("item_1", "resp_1", 0, 500, True, 1.0), 100)
    assert transcript.unheard("item_1")


def test_of_a_text_that_is_cut_the_words_that_fit_remain() -> None:
    text = "Forty a night."
    assert up_to(text, len(text)) == text
    assert up_to(text, 9) == "Forty a…"
    assert up_to(text, 5) == "Forty…"
    assert up_to(text, 4) == up_to(text, 0) == ""
