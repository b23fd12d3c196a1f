"""What can be wrong with a file, a row or a number, and the sentences that an owner reads."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Problem(StrEnum):
    """Why a row cannot become a contact."""

    ROW_TOO_LONG = "row_too_long"
    TOO_MANY_CELLS = "too_many_cells"
    QUOTE_OPEN = "quote_open"
    MISSING = "missing"
    SHORT_CODE = "short_code"
    LETTERS = "letters"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    ROUNDED = "rounded"
    AMBIGUOUS = "ambiguous"
    NOT_A_NUMBER = "not_a_number"


class Remark(StrEnum):
    """What was left out of a row that did become a contact."""

    EXTENSION_CUT = "extension_cut"
    OTHER_NUMBER_LEFT_OUT = "other_number_left_out"
    SECOND_PHONE_USED = "second_phone_used"
    EMAIL_UNREADABLE = "email_unreadable"
    CONSENT_UNREADABLE = "consent_unreadable"
    GENDER_UNREADABLE = "gender_unreadable"


class FileUnreadableError(Exception):
    """The whole file cannot be read; `sentence` tells its owner what to do about it."""

    def __init__(self, sentence: _StrPromise) -> None:
        super().__init__(sentence)
        self.sentence = sentence


WRONG_TYPE = _("This is not a list that can be read. Save it as CSV UTF-8 or as .xlsx.")
NOTHING_IN_IT = _("There is nothing in this file.")
WRONG_ENCODING = _("The letters in this file cannot be told. Save it as CSV UTF-8.")
BROKEN_WORKBOOK = _("This workbook is damaged. Open it, and save it anew as .xlsx or CSV UTF-8.")
WORKBOOK_TOO_LARGE = _(
    "This workbook holds more than can be read. Save the sheet with the list alone as CSV UTF-8."
)
FILE_TOO_LARGE = _("This file is too large. Split it into several.")
TOO_MANY_ROWS = _("There are more than 200,000 rows in this file. Split it into several.")

SENTENCES = {
    Problem.ROW_TOO_LONG: _("The row is too long."),
    Problem.TOO_MANY_CELLS: _("The row has more than 50 cells."),
    Problem.QUOTE_OPEN: _("A quotation mark is opened and never closed."),
    Problem.MISSING: _("There is no telephone number."),
    Problem.SHORT_CODE: _("A short code such as *2700 cannot be called from here."),
    Problem.LETTERS: _("The telephone number is written with letters."),
    Problem.TOO_SHORT: _("The telephone number is too short: digits are missing."),
    Problem.TOO_LONG: _("The telephone number is too long."),
    Problem.ROUNDED: _("The spreadsheet has rounded the telephone number: digits are lost."),
    Problem.AMBIGUOUS: _("There are several telephone numbers, and where one ends is unclear."),
    Problem.NOT_A_NUMBER: _("This is not a telephone number."),
    Remark.EXTENSION_CUT: _("The extension was left out."),
    Remark.OTHER_NUMBER_LEFT_OUT: _("There were several numbers: the first one was taken."),
    Remark.SECOND_PHONE_USED: _("The second telephone was taken, the first cannot be called."),
    Remark.EMAIL_UNREADABLE: _("The e-mail address is none and was left out."),
    Remark.CONSENT_UNREADABLE: _("The date of consent cannot be read and was left out."),
    Remark.GENDER_UNREADABLE: _("The gender cannot be read and was left out."),
}
