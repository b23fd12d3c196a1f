"""Makes the recordings in clips/ again: `python -m prosaas.simulator.make_clips`.

Needs espeak-ng and sox. The same versions of both give the same bytes.
"""

from __future__ import annotations

import array
import json
import random
import shutil
import subprocess
from dataclasses import dataclass

from prosaas.simulator import mulaw
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


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    language: str
    text: str
    kind: Kind = "speech"
    speaker: Speaker = "caller"
    spoken: str = ""  # what the synthesiser is told where it cannot read the text: [[phonemes]]


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
NOISES = (
    Line("cough", "", "", kind="noise", speaker="nobody"),
    Line("background", "", "", kind="noise", speaker="nobody"),
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for line in LINES:
        _write(line, mulaw.encode(_trimmed(_speak(line))))
    cough, background = NOISES
    _write(cough, _cough())
    _write(background, _background())
    index = [_entry(line) for line in (*LINES, *NOISES)]
    text = json.dumps(index, ensure_ascii=False, indent=1)
    (FOLDER / "index.json").write_text(text + "\n", encoding="utf-8")


def _speak(line: Line) -> list[int]:
    voice = f"{line.language}+f2" if line.speaker == "agent" else f"{line.language}+m3"
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


def _cough() -> bytes:
    """Two bursts of noise that fall off quickly."""
    dice = random.Random("cough")
    fall = [0.9985**i for i in range(1600)] + [0.8 * 0.998**i for i in range(1280)]
    return mulaw.encode(round(dice.gauss(0, 6000) * loud) for loud in fall)


def _background() -> bytes:
    """A quiet room: low-passed noise well below every speech threshold."""
    dice = random.Random("background")
    level, samples = 0.0, []
    for _ in range(8000):
        level = 0.9 * level + dice.gauss(0, 30)
        samples.append(round(level))
    return mulaw.encode(samples)


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
