"""From bytes to text: which encoding a file is in, found without a guess or refused.

UTF-16 announces itself. UTF-8 proves itself: text in another encoding hardly ever decodes. What is
left has one byte a letter. Windows-1255 has the letters of ISO-8859-8 at the same places, so
both are read as windows-1255. Arabic in windows-1256 uses bytes that no unpointed Hebrew word has.
Russian, French and the rest fit neither and are refused: a wrong name is spoken to its bearer.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

from outbound.contacts.problems import (
    FILE_TOO_LARGE,
    WRONG_ENCODING,
    WRONG_TYPE,
    FileUnreadableError,
)

MOST_BYTES: Final = 100 * 1024 * 1024
CHUNK: Final = 64 * 1024
UNDECODED: Final = "\N{REPLACEMENT CHARACTER}"
# Of the words with foreign letters: the others may be of a third language, or damaged.
ENOUGH: Final = 0.8

_WORD = re.compile(rb"[A-Za-z\xc0-\xff]*[\xc0-\xff][A-Za-z\xc0-\xff]*")
_HEBREW = re.compile(rb"[\xe0-\xfa]+").fullmatch
_ARABIC = re.compile(
    rb"[\xc0-\xd6\xd8-\xdf\xe1\xe3-\xe6\xec\xed\xf0-\xf3\xf5\xf6\xf8\xfa]+"
).fullmatch


@dataclass(frozen=True, slots=True)
class Encoding:
    name: str
    errors: str = "replace"


def encoding_of(file: IO[bytes]) -> Encoding:
    file.seek(0)
    head = file.read(4)
    if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        raise FileUnreadableError(WRONG_TYPE)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16")
    if head.startswith(codecs.BOM_UTF8) or is_mostly_utf8(file):
        return Encoding("utf-8-sig", errors=STRAY)
    return single_byte(file)


def is_mostly_utf8(file: IO[bytes]) -> bool:
    """One row pasted in from elsewhere does not make the whole file something else."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    foreign = wrong = 0
    for chunk in chunks(file):
        text = decode(chunk)
        if not text.isascii():
            foreign += len(text) - len(text.encode("ascii", "ignore"))
            wrong += text.count(UNDECODED)
    return wrong <= foreign / 2


def single_byte(file: IO[bytes]) -> Encoding:
    words = hebrew = arabic = 0
    for chunk in chunks(file):
        for word in _WORD.findall(chunk):
            words += 1
            hebrew += _HEBREW(word) is not None
            arabic += _ARABIC(word) is not None
    if hebrew >= ENOUGH * words:
        return Encoding("cp1255")
    if arabic >= ENOUGH * words:
        return Encoding("cp1256")
    raise FileUnreadableError(WRONG_ENCODING)


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    size = 0
    while chunk := file.read(CHUNK):
        size += len(chunk)
        if size > MOST_BYTES:
            raise FileUnreadableError(FILE_TOO_LARGE)
        if b"\0" in chunk:
            raise FileUnreadableError(WRONG_TYPE)
        yield chunk


@contextmanager
def decoded(file: IO[bytes], encoding: Encoding) -> Iterator[io.TextIOWrapper]:
    """The text from its beginning, line ends as they are; the file stays open."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding.name, encoding.errors, newline="")
    try:
        yield text
    finally:
        text.detach()


def hebrew_or_nothing(error: UnicodeError) -> tuple[str, int]:
    """A lone byte of UTF-8 that is a letter in windows-1255: a row from an older file."""
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return (wrong.decode("cp1255") if _HEBREW(wrong) else UNDECODED), error.end


STRAY: Final = "outbound.contacts.stray"
codecs.register_error(STRAY, hebrew_or_nothing)
