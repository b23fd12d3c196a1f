"""CSV and its kin as a table: the delimiter found, one row held at a time."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import mode
from typing import IO, Final, TextIO

from outbound.contacts.cells import MOST_OF_A_ROW, Record, Row, is_blank, numbered
from outbound.contacts.decoding import Encoding, decoded
from outbound.contacts.header_words import role_of
from outbound.contacts.problems import NOTHING_IN_IT, FileUnreadableError, Problem

DELIMITERS: Final = (",", ";", "\t", "|")
SAMPLE: Final = 64 * 1024
MOST_LINES_OF_A_ROW: Final = 100

# Excel's own first line, which it shows to nobody and does not count.
_DECLARED = re.compile(r"sep=(.)\r?\n")


class Lines:
    """The lines of a text. One that is too long comes as its beginning, the rest is passed over."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._put_back: deque[str] = deque()

    def take(self) -> str:
        if self._put_back:
            return self._put_back.popleft()
        line = self._text.readline(MOST_OF_A_ROW)
        rest = line
        while len(rest) == MOST_OF_A_ROW and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(MOST_OF_A_ROW)
        return line

    def put_back(self, lines: list[str]) -> None:
        self._put_back.extendleft(reversed(lines))


@dataclass(slots=True)
class Quoted:
    """The lines of one row, which go on for as long as a quotation mark is open."""

    lines: Lines
    taken: list[str]
    next: int = 0
    length: int = 0
    ran_out: bool = field(default=False)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.next == len(self.taken) and (line := self.lines.take()):
            self.taken.append(line)
        if self.next == len(self.taken) or not self._has_room():
            self.ran_out = True
            raise StopIteration
        line = self.taken[self.next]
        self.next += 1
        self.length += len(line)
        return line

    def _has_room(self) -> bool:
        longer = self.length + len(self.taken[self.next])
        return self.next < MOST_LINES_OF_A_ROW and longer < MOST_OF_A_ROW


class Delimited:
    def __init__(self, file: IO[bytes], encoding: Encoding) -> None:
        self._file = file
        self.encoding = encoding
        with decoded(file, encoding) as text:
            sample = text.read(SAMPLE)
        declared = _DECLARED.match(sample)
        self._declares = declared is not None
        self.delimiter = declared[1] if declared else delimiter_of(sample)
        if next(self.rows(), None) is None:
            raise FileUnreadableError(NOTHING_IN_IT)

    def rows(self, start: int = 1) -> Iterator[Row]:
        with decoded(self._file, self.encoding) as text:
            lines = Lines(text)
            if self._declares:
                lines.take()
            yield from numbered(records(lines, self.delimiter), first=1, start=start)

    def about(self) -> int:
        with decoded(self._file, self.encoding) as text:
            lines = Lines(text)
            return sum(1 for _ in iter(lines.take, ""))


def delimiter_of(sample: str) -> str:
    return max(DELIMITERS, key=lambda delimiter: _fitness(sample, delimiter))


def _fitness(sample: str, delimiter: str) -> tuple[int, float, int]:
    """Known words in the header tell most, then that the rows are equally long."""
    all_records = records(Lines(io.StringIO(sample, newline="")), delimiter)
    rows = [each for each in all_records if not isinstance(each, Problem) and not is_blank(each)]
    widths = [len(each) for each in rows]
    if not rows or (width := mode(widths)) == 1:
        return 0, 0.0, 0
    known = sum(role_of(cell) is not None for cell in rows[0])
    return known, widths.count(width) / len(widths), width


def records(lines: Lines, delimiter: str) -> Iterator[Record]:
    while line := lines.take():
        yield _record(lines, line, delimiter)


def _record(lines: Lines, line: str, delimiter: str) -> Record:
    if len(line) >= MOST_OF_A_ROW:
        return Problem.ROW_TOO_LONG
    if '"' not in line:
        return line.rstrip("\r\n").split(delimiter)
    return _quoted_record(lines, line, delimiter)


def _quoted_record(lines: Lines, line: str, delimiter: str) -> Record:
    """A mark that is never closed costs its own line, not the rest of the file."""
    quoted = Quoted(lines, [line])
    cells = next(csv.reader(quoted, delimiter=delimiter))
    if quoted.ran_out:
        lines.put_back(quoted.taken[1:])
        return Problem.QUOTE_OPEN
    return cells
