"""A list of people as owners have them: spelled in every way, with one bad row in twenty."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bench.workbook import save

HEADER = ("שם מלא", "טלפון נייד", "אימייל", "מין", "הערות", "תאריך הסכמה", "עיר")
BAD_EVERY = 20
LONG_LINE = 10 * 1024 * 1024
BAD_PHONES = ("", "*2700", "050-123-45", "1-800-FLOWERS", "9.72501E+11", "לא ידוע", "03/11/1982")
NAMES = ("דנה לוי", "Yossi Cohen", "محمد خليل", 'עו"ד רות בר-און', "\u200fאבי\u200f מזרחי")
NOTES = ("", '=cmd|"/c calc"!A1', "+שווה להתקשר\nאחרי 17:00", "מעוניין; חוזרים", "@SUM(A1)")
CITIES = ("תל אביב", "חיפה", "نابلس", "Eilat")
CONSENTS = ("2026-03-01", "1.3.26", "", "01/03/2026")


@dataclass(frozen=True, slots=True)
class Counts:
    good: int
    bad: int


def counts_of(rows: int) -> Counts:
    bad = rows // BAD_EVERY
    return Counts(rows - bad, bad)


def people(rows: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Every twentieth cannot be called; all others can, each under a number of their own."""
    chance = random.Random(seed)
    for place in range(1, rows + 1):
        bad = place % BAD_EVERY == 0
        phone = chance.choice(BAD_PHONES) if bad else spelled(place, chance)
        yield (
            f"{chance.choice(NAMES)} {place}",
            phone,
            f"lead{place}@example.com",
            chance.choice(("זכר", "נקבה", "")),
            chance.choice(NOTES),
            chance.choice(CONSENTS),
            chance.choice(CITIES),
        )


def spelled(place: int, chance: random.Random) -> str:
    digits = f"{place:07}"
    prefix, rest = digits[:3], digits[3:]
    plain = f"050-{prefix}-{rest}"
    unusual = (
        f"+972 (0)50 {prefix} {rest}",
        f"\u200f050.{prefix}.{rest}\u200e",
        f"00972 50-{digits}",
        f"'050{digits}",
        f"050{digits} שלוחה 7",
        f"٠٥٠-{digits}",
        f"נייד: 050-{digits}",
    )
    usual = (plain, f"050{digits}", f"50{digits}", f"+97250{digits}", f"972-50-{digits}")
    return chance.choice(unusual) if chance.random() < 0.2 else chance.choice(usual)


def write_csv(file: Path, rows: int) -> None:
    """With a mark of byte order; the last bad row is a line of 10 MB, and one good row has been
    pasted in from a file in windows-1255.
    """
    with file.open("wb") as out:
        out.write("\ufeff".encode() + _line(HEADER).encode())
        for place, person in enumerate(people(rows), 1):
            if place == rows // BAD_EVERY * BAD_EVERY:
                out.write(b"x" * LONG_LINE + b"\r\n")
            elif place == 1:
                out.write(_line(("דנה", *person[1:4], "", "", "חיפה")).encode("cp1255", "ignore"))
            else:
                out.write(_line(person).encode())


def _line(cells: tuple[str, ...]) -> str:
    return ",".join(map(_quoted, cells)) + "\r\n"


def _quoted(cell: str) -> str:
    if any(mark in cell for mark in ',"\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def write_workbook(file: Path, rows: int) -> None:
    """Excel has made numbers of the telephones that are only digits."""
    save(file, chain([HEADER], map(_as_typed, people(rows))))


def _as_typed(person: tuple[str, ...]) -> list[str | float]:
    name, phone, *others = person
    number = phone.isascii() and phone.isdecimal()
    return [name, float(phone) if number else phone, *others]
