from __future__ import annotations

import io

import pytest

from outbound.contacts.decoding import MOST_BYTES, Encoding, decoded, encoding_of
from outbound.contacts.problems import (
    FILE_TOO_LARGE,
    WRONG_ENCODING,
    WRONG_TYPE,
    FileUnreadableError,
)

HEBREW = 'שם,טלפון\nדנה לוי,0501234567\nבע"מ כהן,0521234567\n'
ARABIC = "الاسم,رقم الهاتف\nمحمد خليل,0501234567\nنادر منصور,0521234567\n"
RUSSIAN = "имя,телефон\nАнна Иванова,0501234567\nБорис Коэн,0521234567\n"
FRENCH = "nom,téléphone\nRené,0501234567\nZoé Hélène,0521234567\n"


def text_of(content: bytes) -> str:
    file = io.BytesIO(content)
    with decoded(file, encoding_of(file)) as text:
        return text.read()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1255", "iso8859-8"])
def test_hebrew_is_read_however_it_was_saved(encoding: str) -> None:
    assert text_of(HEBREW.encode(encoding)) == HEBREW


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
def test_arabic_is_read_however_it_was_saved(encoding: str) -> None:
    assert text_of(ARABIC.encode(encoding)) == ARABIC


def test_big_endian_with_its_mark_is_read() -> None:
    assert text_of(("\ufeff" + HEBREW).encode("utf-16-be")) == HEBREW


def test_quotation_marks_and_the_shekel_of_windows_do_not_hide_the_hebrew() -> None:
    text = "דנה – „לקוחה” 100 ₪\n"
    assert text_of(text.encode("cp1255")) == text


@pytest.mark.parametrize(
    "content",
    [RUSSIAN.encode("cp1251"), FRENCH.encode("cp1252"), RUSSIAN.lower().encode("cp1251")],
)
def test_a_language_that_cannot_be_told_is_refused_and_not_guessed(content: bytes) -> None:
    with pytest.raises(FileUnreadableError) as refused:
        text_of(content)
    assert refused.value.sentence == WRONG_ENCODING


def test_letters_of_other_languages_are_read_in_utf_8() -> None:
    assert text_of((RUSSIAN + FRENCH).encode()) == RUSSIAN + FRENCH


def test_a_row_pasted_in_from_an_older_file_is_read_within_utf_8() -> None:
    mixed = (HEBREW * 10).encode() + "אבי,0541234567\n".encode("cp1255")
    assert text_of(mixed) == HEBREW * 10 + "אבי,0541234567\n"


def test_bytes_that_are_no_letter_show_that_they_were_lost() -> None:
    assert text_of(HEBREW.encode() + b"\x81\xff") == HEBREW + "\ufffd\ufffd"


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
        HEBREW.encode("utf-32"),
        HEBREW.encode("utf-16-le"),
    ],
)
def test_what_is_no_text_is_the_wrong_type(content: bytes) -> None:
    with pytest.raises(FileUnreadableError) as refused:
        text_of(content)
    assert refused.value.sentence == WRONG_TYPE


def test_a_file_without_end_is_too_large() -> None:
    with pytest.raises(FileUnreadableError) as refused:
        encoding_of(io.BytesIO(b"x" * (MOST_BYTES + 1)))
    assert refused.value.sentence == FILE_TOO_LARGE


def test_the_file_stays_open_for_whoever_opened_it() -> None:
    file = io.BytesIO(HEBREW.encode())
    with decoded(file, Encoding("utf-8")) as text:
        text.read()
    assert not file.closed
