"""From a row of the table to a call: what was said before, what the caller does, how it goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

from bench.turns.vocabulary import Doing, Heard, Phase, Right, Row, Script, Situation
from prosaas.simulator.model import Hearing, Pacing, Reply, Scenario, UseTool, say, speech
from prosaas.simulator.model import Say as ModelSays
from prosaas.simulator.mulaw import SAMPLES_PER_MS
from prosaas.simulator.people import (
    AfterAgentEnds,
    AfterAgentStarts,
    AtLastWord,
    HangUp,
    Monologue,
    Say,
    Silent,
    Step,
    Wait,
)

# Nothing is drawn: both sides of a pair get the same model.
PACE: Final = Pacing(
    first_delta=(0.4, 0.4),
    created_by_client=(0.02, 0.02),
    created_by_turn=(0.02, 0.02),
    delta_ms=(200, 200),
    burst=(2, 2),
    times_real_time=(5, 5),
    late_deltas=(1, 1),
    cut=(0.03, 0.03),
)
SLOW: Final = dataclasses.replace(PACE, first_delta=(1.5, 1.5))
# A sentence of more than 1.2 s: whoever speaks so long has something to say.
SENTENCES: Final = {"he": "he_opening_hours", "en": "en_question", "ar": "ar_question"}
WAIT_WORDS: Final = {"he": "he_wait", "en": "en_stop", "ar": "ar_wait"}
TEXTS_OF_SENTENCES: Final = {
    "he": "מה שעות הפתיחה שלכם?",
    "en": "I would like to book an appointment",
    "ar": "أريد أن أحجز موعدا",
}

SHORT_GREETINGS: Final = {"he": "שלום.", "en": "Hello.", "ar": "مرحبا."}
LONG_GREETINGS: Final = {
    "he": "שלום, הגעתם אל חנות השעונים הגדולה בעיר. אנחנו שמחים שהתקשרתם, איך אפשר לעזור?",
    "en": "Hello, this is the largest shop for watches in town. We are glad you call. What is it?",
    "ar": "مرحبا، معكم أكبر متجر للساعات في المدينة. يسعدنا اتصالكم، كيف يمكننا المساعدة؟",
}
ANSWERS: Final = {
    "he": "אנחנו פתוחים בימים ראשון עד חמישי מתשע בבוקר ועד חמש, וביום שישי עד הצהריים בלבד.",
    "en": "We are open on weekdays from nine in the morning until five, and on Fridays until noon.",
    "ar": "نفتح من الأحد إلى الخميس من التاسعة صباحا حتى الخامسة، ويوم الجمعة حتى الظهر فقط.",
}
FIRST_ITEMS: Final = {
    "he": "רגע אחד, אני בודקת את זה.",
    "en": "One moment, I look it up.",
    "ar": "لحظة واحدة، سأتحقق من ذلك.",
}

LEAVES: Final = (AfterAgentEnds(quiet_ms=3_500, patience_ms=9_000), HangUp())


def situation_of(row: Row) -> Situation:
    lead_in = _lead_in(row)
    said_before = sum(isinstance(step, Say) for step in lead_in)
    return Situation(
        row=row,
        lead_in=lead_in,
        does=row.doing.steps(row.language),
        leaves=_leaves(row),
        scenario=_scenario(row, said_before),
        greeting=_greeting(row),
        said_before=said_before,
    )


def _greeting(row: Row) -> str:
    greets_long = row.phase in (Phase.GREETING, Phase.STORED_GREETING)
    return (LONG_GREETINGS if greets_long else SHORT_GREETINGS)[row.language]


def _lead_in(row: Row) -> tuple[Step, ...]:
    language = row.language
    greeted, asks = AfterAgentEnds(quiet_ms=500), Say(f"{language}_question")
    into_the_greeting = (AfterAgentStarts(1_200),)
    until: dict[Phase, tuple[Step, ...]] = {
        Phase.GREETING: into_the_greeting,
        Phase.STORED_GREETING: into_the_greeting,
        Phase.MIDDLE: (greeted, asks, AfterAgentStarts(1_500)),
        Phase.LAST_WORD: (greeted, asks, AtLastWord(spoken_ms(ANSWERS[language]), 180)),
        Phase.BETWEEN: (greeted, asks, AtLastWord(spoken_ms(FIRST_ITEMS[language]), 60)),
        Phase.THINKING: (greeted, asks, Wait(900)),
        Phase.TOOL: (greeted, asks, AfterAgentEnds(quiet_ms=400)),
        Phase.SILENCE: (greeted,),
        Phase.FAREWELL: (greeted, Say(f"{language}_goodbye"), AfterAgentStarts(800)),
    }
    return until[row.phase]


def _leaves(row: Row) -> tuple[Step, ...]:
    match row.right:
        case Right.FAREWELL:
            return (Silent(),)
        case Right.NO_ANSWER:
            return (Wait(4_000), HangUp())
        case _:
            return LEAVES


def _scenario(row: Row, said_before: int) -> Scenario:
    hearing = row.heard.hearing
    if row.doing.text is not None:
        words = row.doing.text[row.language]
        hearing = dataclasses.replace(hearing, text=words, language=row.language)
    return Scenario(
        replies=_replies(row),
        hearings=(USUAL.hearing,) * said_before,
        hearing=hearing,
        pacing=SLOW if row.phase is Phase.STORED_GREETING else PACE,
    )


def _replies(row: Row) -> tuple[Reply, ...]:
    """Only what is asked for before the caller does what is judged: the rest answers to that."""
    greeting, answer = say(_greeting(row)), ANSWERS[row.language]
    match row.phase:
        case Phase.STORED_GREETING:
            return ()
        case Phase.MIDDLE | Phase.LAST_WORD:
            return (greeting, say(answer))
        case Phase.BETWEEN:
            return (greeting, say(FIRST_ITEMS[row.language], answer))
        case Phase.THINKING:
            return (greeting, say(answer, pacing=SLOW))
        case Phase.TOOL:
            looks = (ModelSays(FIRST_ITEMS[row.language]), UseTool("look_it_up"))
            return (greeting, Reply(looks), say(answer, pacing=SLOW))
        case _:
            return (greeting,)


def spoken_ms(text: str) -> int:
    return len(speech(text)) // SAMPLES_PER_MS


# What the caller does


def _says(clip: str) -> Script:
    return lambda language: (Say(f"{language}_{clip}"),)


def _one_of(clips: dict[str, str]) -> Callable[[str], Say]:
    return lambda language: Say(clips[language])


def _filler(he: str, en: str, ar: str) -> Script:
    names = {"he": f"he_filler_{he}", "en": f"en_filler_{en}", "ar": f"ar_filler_{ar}"}
    return lambda language: (Say(names[language]),)


def _noise(clip: str) -> Script:
    return lambda _language: (Say(clip),)


def _quiet(db: float) -> Script:
    return lambda language: (Say(SENTENCES[language], quieter_db=db),)


_sentence, _wait = _one_of(SENTENCES), _one_of(WAIT_WORDS)

WAIT: Final = Doing("one word, wait", lambda language: (_wait(language),))
YES: Final = Doing("one word, yes", _says("yes"))
NO: Final = Doing("one word, no", _says("no"))
SENTENCE: Final = Doing("a sentence", lambda language: (_sentence(language),))
NAME: Final = Doing("a name", _says("name"))
MONOLOGUE: Final = Doing(
    "a monologue",
    lambda language: (
        Monologue(
            tuple(
                f"{language}_{clip}"
                for clip in ("hello", "name", "question", "opening_hours", "name", "question")
            ),
            pause_ms=250,
        ),
    ),
)
THINKS: Final = Doing(
    "a sentence with a thinking pause",
    lambda language: (Monologue((f"{language}_name", f"{language}_opening_hours"), pause_ms=800),),
)
TWICE: Final = Doing(
    "two quick interruptions",
    lambda language: (_wait(language), Wait(300), _sentence(language)),
)
FILLER_THEN_WORD: Final = Doing(
    "a filler and then a word",
    lambda language: (Say(f"{language}_filler"), Wait(160), Say(f"{language}_no")),
)
HUM: Final = Doing("a filler, hummed", _filler("em", "mmhm", "mm"), real=False)
UH: Final = Doing("a filler, uh", _filler("eh", "uhhuh", "aha"), real=False)
MM: Final = Doing("a filler, mm", _filler("mm", "hmm", "hmm"), real=False)
AH: Final = Doing("a filler, ah", _filler("aha", "um", "ah"), real=False)
COUGH: Final = Doing("a cough", _noise("cough"), real=False)
DEEP_COUGH: Final = Doing("a deep cough", _noise("cough_deep"), real=False)
CAR: Final = Doing("a passing car", _noise("car"), real=False)
KEYBOARD: Final = Doing("a keyboard", _noise("keyboard"), real=False)
BREATH: Final = Doing("a breath", _noise("breath"), real=False)
CROSSTALK: Final = Doing("others talk in the room", _noise("crosstalk"), real=False)
QUIET: Final = Doing("a sentence, 6 dB quieter", _quiet(6), text=TEXTS_OF_SENTENCES)
VERY_QUIET: Final = Doing("a sentence, 12 dB quieter", _quiet(12), text=TEXTS_OF_SENTENCES)
ECHO: Final = Doing("the agent's echo", lambda _language: (), real=False, echo_db=30)
LOUD_ECHO: Final = Doing("the agent's echo at -20 dB", lambda _language: (), real=False, echo_db=20)
WORD_IN_ECHO: Final = Doing("one word over the agent's echo", _says("no"), echo_db=30)
NOTHING: Final = Doing("nothing", lambda _language: (), real=False)


# How the model hears it


def _after(seconds: float) -> Hearing:
    return Hearing(delay=(seconds, seconds), after="committed")


def heard_after(ms: int) -> Heard:
    return Heard(f"heard after {ms} ms", _after(ms / 1000))


SOON: Final = heard_after(100)
USUAL: Final = heard_after(300)
LATE: Final = heard_after(1500)
WRONG: Final = Heard("heard wrong", dataclasses.replace(_after(0.3), outcome="wrong"))
EMPTY: Final = Heard("heard as nothing", dataclasses.replace(_after(0.3), outcome="empty"))
FAILED: Final = Heard("transcript fails", dataclasses.replace(_after(0.3), outcome="failed"))
NEVER: Final = Heard("no transcript", Hearing(outcome="never"))
