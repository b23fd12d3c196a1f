"""Makes the recordings in clips/ again: `python -m prosaas.simulator.make_clips`.

Needs espeak-ng and sox, whose same versions give the same bytes. `--sounds` makes only those that
need neither: hums, single words and noises, out of arithmetic.
"""

from __future__ import annotations

import argparse
import array
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from prosaas.simulator import mulaw, noises, vocal_tract
from prosaas.simulator.clips import FOLDER, Kind, Speaker

# Below this a 20 ms frame counts as silence when the ends are trimmed. It lies under every usual
# threshold of a voice activity detector, so a clip is speech from its first frame to its last.
_AUDIBLE_RMS = 400.0


# A telephone's band, peak at -6 dB. -D: no dither, which would be random.
# fmt: off
_TO_TELEPHONE = (
    "-D", "-t", "wav", "-", "-t", "raw", "-e", "signed", "-b", "16", "-r", "8000", "-c", "1", "-",
    "highpass", "250", "lowpass", "3400", "gain", "-n", "-6",
)
# fmt: on
_VOICES: dict[Speaker, str] = {"caller": "m3", "agent": "f2", "machine": "f4"}
# One person for each language.
_PITCHES = {"he": 118.0, "en": 104.0, "ar": 131.0}


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    language: str
    text: str
    kind: Kind = "speech"
    speaker: Speaker = "caller"
    spoken: str = ""  # what the voice is told where it cannot read the text: phonemes


# The synthesiser cannot read Hebrew without vowel points, hence the phonemes.
LINES = (
    Line("he_hello", "he", "שלום", spoken="[[Sal'om]]"),
    Line("he_question", "he", "אני רוצה לקבוע תור", spoken="[[an'i rots'e likb'oa t'or]]"),
    Line(
        "he_opening_hours", "he", "מה שעות הפתיחה שלכם?", spoken="[[m'a Sa'ot haptix'a Selax'em]]"
    ),
    Line("he_yes", "he", "כן", spoken="[[k'en]]"),
    Line("he_no", "he", "לא", spoken="[[l'o]]"),
    Line("he_name", "he", "קוראים לי דנה לוי", spoken="[[kor'im l'i d'ana l'evi]]"),
    Line("he_goodbye", "he", "תודה, להתראות", spoken="[[tod'a lehitra'ot]]"),
    Line("he_filler", "he", "אממ", kind="filler", spoken="[[@'m:]]"),
    Line("en_hello", "en", "Hello"),
    Line("en_question", "en", "I would like to book an appointment"),
    Line("en_opening_hours", "en", "What are your opening hours?"),
    Line("en_yes", "en", "Yes"),
    Line("en_no", "en", "No"),
    Line("en_name", "en", "My name is Dana Levi"),
    Line("en_goodbye", "en", "Thank you, goodbye"),
    Line("en_filler", "en", "Mm", kind="filler", spoken="Mmm"),
    Line("ar_hello", "ar", "مرحبا"),
    Line("ar_question", "ar", "أريد أن أحجز موعدا"),
    Line("ar_opening_hours", "ar", "متى تفتحون؟"),
    Line("ar_yes", "ar", "نعم"),
    Line("ar_no", "ar", "لا"),
    Line("ar_name", "ar", "اسمي دانا"),
    Line("ar_goodbye", "ar", "شكرا، مع السلامة"),
    Line("ar_filler", "ar", "اممم", kind="filler"),
    Line(
        "he_agent_greeting",
        "he",
        "שלום, איך אפשר לעזור?",
        speaker="agent",
        spoken="[[Sal'om 'ex efS'ar la'azor]]",
    ),
    Line(
        "he_agent_answer",
        "he",
        "אנחנו פתוחים מתשע עד חמש.",
        speaker="agent",
        spoken="[[an'axnu ptux'im mit'eSa 'ad xam'eS]]",
    ),
    Line(
        "he_agent_goodbye", "he", "תודה, להתראות.", speaker="agent", spoken="[[tod'a lehitra'ot]]"
    ),
    Line("en_agent_greeting", "en", "Hello, how can I help?", speaker="agent"),
    Line("en_agent_answer", "en", "We are open from nine to five.", speaker="agent"),
    Line("en_agent_goodbye", "en", "Thank you, goodbye.", speaker="agent"),
    Line("ar_agent_greeting", "ar", "مرحبا، كيف أساعدك؟", speaker="agent"),
    Line("ar_agent_answer", "ar", "نفتح من التاسعة إلى الخامسة.", speaker="agent"),
    Line("ar_agent_goodbye", "ar", "شكرا، مع السلامة.", speaker="agent"),
)
# What is heard of those who are called. A sentence that is too long for one recording is two.
CALLED = (
    Line(
        "he_mailbox",
        "he",
        "הגעתם לתא הקולי של דנה לוי.",
        speaker="machine",
        spoken="[[hig'atem lat'a hakol'i Sel d'ana l'evi]]",
    ),
    Line(
        "he_after_the_tone",
        "he",
        "נא להשאיר הודעה אחרי הצליל.",
        speaker="machine",
        spoken="[[n'a lehaS'ir hoda'a axar'ey hatsl'il]]",
    ),
    Line(
        "he_screening",
        "he",
        "שלום, מי מתקשר ובאיזה עניין?",
        speaker="machine",
        spoken="[[Sal'om m'i mitkaS'er uve'eyze 'injan]]",
    ),
    Line(
        "he_one_moment",
        "he",
        "רגע אחד, אני מעבירה.",
        speaker="machine",
        spoken="[[r'ega ex'ad an'i ma'av'ira]]",
    ),
    Line(
        "he_not_available",
        "he",
        "לא ניתן לקבל את השיחה. להתראות.",
        speaker="machine",
        spoken="[[l'o nit'an lekab'el et hasix'a lehitra'ot]]",
    ),
    Line(
        "he_this_is_dana",
        "he",
        "הלו, כן, מדברת דנה לוי,",
        spoken="[[hal'o k'en medab'eret d'ana l'evi]]",
    ),
    Line(
        "he_in_the_middle",
        "he",
        "אני בדיוק באמצע משהו, אבל דברו.",
        spoken="[[an'i bediy'uk be'emts'a m'aSehu av'al dabr'u]]",
    ),
    Line(
        "he_do_not_call",
        "he",
        "אל תתקשרו אליי יותר",
        spoken="[['al titkaSr'u el'ay yot'er]]",
    ),
    Line("he_wrong_number", "he", "יש לכם טעות במספר", spoken="[[j'eS lax'em ta'ut bamisp'ar]]"),
    Line("en_mailbox", "en", "You have reached the voice mailbox of Dana Levi.", speaker="machine"),
    Line("en_after_the_tone", "en", "Please leave a message after the tone.", speaker="machine"),
    Line("en_screening", "en", "Hello, who is calling, and what is it about?", speaker="machine"),
    Line("en_one_moment", "en", "One moment, I will put them on.", speaker="machine"),
    Line("en_not_available", "en", "They cannot take the call. Goodbye.", speaker="machine"),
    Line("en_this_is_dana", "en", "Hello, yes, this is Dana Levi speaking,"),
    Line("en_in_the_middle", "en", "I am in the middle of something, but go ahead."),
    Line("en_do_not_call", "en", "Please do not call me again"),
    Line("en_wrong_number", "en", "You have the wrong number"),
    Line("ar_mailbox", "ar", "وصلتم إلى البريد الصوتي لدانا.", speaker="machine"),
    Line("ar_after_the_tone", "ar", "اتركوا رسالة بعد الصافرة.", speaker="machine"),
    Line("ar_screening", "ar", "من المتصل وما الموضوع؟", speaker="machine"),
    Line("ar_one_moment", "ar", "انتظر قليلا، سأوصلك.", speaker="machine"),
    Line("ar_not_available", "ar", "لا يمكن الرد الآن. مع السلامة.", speaker="machine"),
    Line("ar_this_is_dana", "ar", "ألو، معك دانا،"),
    Line("ar_in_the_middle", "ar", "أنا مشغولة الآن، لكن تفضل."),
    Line("ar_do_not_call", "ar", "لا تتصلوا بي مرة أخرى"),
    Line("ar_wrong_number", "ar", "هذا الرقم خطأ"),
)
# Hums and single words, for a tract of our own: phones with their milliseconds.
HUMMED = (
    Line("he_filler_eh", "he", "אהה", kind="filler", spoken="e90 h70 e180"),
    Line("he_filler_mm", "he", "מממ", kind="filler", spoken="m380"),
    Line("he_filler_em", "he", "אמממ", kind="filler", spoken="e140 m360"),
    Line("he_filler_aha", "he", "אהא", kind="filler", spoken="a100 h80 a160"),
    Line("en_filler_mmhm", "en", "Mm-hm", kind="filler", spoken="m160 h70 m190"),
    Line("en_filler_uhhuh", "en", "Uh-huh", kind="filler", spoken="@120 h80 @180"),
    Line("en_filler_um", "en", "Um", kind="filler", spoken="@160 m240"),
    Line("en_filler_hmm", "en", "Hmm", kind="filler", spoken="h80 m360"),
    Line("ar_filler_ah", "ar", "آه", kind="filler", spoken="a240 h60"),
    Line("ar_filler_aha", "ar", "آها", kind="filler", spoken="a130 h80 a190"),
    Line("ar_filler_hmm", "ar", "همم", kind="filler", spoken="h60 m340"),
    Line("ar_filler_mm", "ar", "مم", kind="filler", spoken="m300"),
    Line("he_wait", "he", "רגע", spoken="r80 e160 g60 a140"),
    Line("en_wait", "en", "Wait", spoken="w90 e180 i60 t50"),
    Line("en_stop", "en", "Stop", spoken="s140 t40 o180 p60"),
    Line("ar_wait", "ar", "لحظة", spoken="l90 a130 h90 d40 a180"),
)
NOISES: dict[str, Callable[[], bytes]] = {
    "cough": noises.cough,
    "background": noises.background,
    "cough_deep": noises.deep_cough,
    "car": noises.car,
    "keyboard": noises.keyboard,
    "breath": noises.breath,
    "crosstalk": noises.crosstalk,
    "beep": noises.beep,
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    if not _arguments().sounds:
        for line in (*LINES, *CALLED):
            _write(line, mulaw.encode(_trimmed(_speak(line))))
    for line in HUMMED:
        _write(line, hummed(line))
    noise_lines = [Line(name, "", "", kind="noise", speaker="nobody") for name in NOISES]
    for line in noise_lines:
        _write(line, NOISES[line.name]())
    index = [_entry(line) for line in (*LINES, *noise_lines, *HUMMED, *CALLED)]
    text = json.dumps(index, ensure_ascii=False, indent=1)
    (FOLDER / "index.json").write_text(text + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m prosaas.simulator.make_clips")
    parser.add_argument("--sounds", action="store_true", help="leave the spoken ones as they are")
    return parser.parse_args()


def hummed(line: Line) -> bytes:
    spoken = vocal_tract.speak(line.spoken, pitch=_PITCHES[line.language], seed=line.name)
    return mulaw.encode(_trimmed(spoken))


def _speak(line: Line) -> list[int]:
    voice = f"{line.language}+{_VOICES[line.speaker]}"
    speech = _run(["espeak-ng", "-v", voice, "-s", "185", "--stdout", line.spoken or line.text])
    return list(array.array("h", _run(["sox", *_TO_TELEPHONE], speech)))


def _run(command: list[str], stdin: bytes = b"") -> bytes:
    program = shutil.which(command[0])
    if program is None:
        raise SystemExit(f"{command[0]} is not installed")
    done = subprocess.run(  # noqa: S603 - our own fixed command lines
        [program, *command[1:]], input=stdin, capture_output=True, check=True
    )
    return done.stdout


def _trimmed(samples: list[int]) -> list[int]:
    frame = mulaw.FRAME_BYTES
    starts = range(0, len(samples) - frame + 1, frame)
    audible = [
        start
        for start in starts
        if mulaw.rms(mulaw.encode(samples[start : start + frame])) >= _AUDIBLE_RMS
    ]
    return samples[audible[0] : audible[-1] + frame]


def _write(line: Line, audio: bytes) -> None:
    (FOLDER / f"{line.name}.ulaw").write_bytes(audio)


def _entry(line: Line) -> dict[str, str | int]:
    size = (FOLDER / f"{line.name}.ulaw").stat().st_size
    return {
        "name": line.name,
        "language": line.language,
        "text": line.text,
        "kind": line.kind,
        "speaker": line.speaker,
        "ms": size // mulaw.SAMPLES_PER_MS,
    }


if __name__ == "__main__":
    main()
