"""Whether a workbook may be given to the library that reads it.

The library keeps the elements of a part in memory, apart from those inside of a row of a sheet,
and believes what the file says of itself. So every part is unpacked once before, in small pieces
and with a limit, and its elements are counted. Document types are refused, and with them every
entity, inside or outside of the file.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import IO, Final
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

from openpyxl.xml.functions import fromstring  # defusedxml, where it is installed: it is

from outbound.contacts.problems import (
    BROKEN_WORKBOOK,
    WORKBOOK_TOO_LARGE,
    WRONG_TYPE,
    FileUnreadableError,
)

CONTENT_TYPES: Final = "[Content_Types].xml"
SHEET_TYPE: Final = "worksheet+xml"
MOST_PARTS: Final = 2_000
MOST_UNPACKED: Final = 256 * 1024 * 1024
MOST_ROWS_HELD: Final = 1_000_000
MOST_ELEMENTS: Final = 200_000  # Excel itself allows 65,530 links in a sheet
MOST_ELEMENTS_OF_STRINGS: Final = 2_000_000
MOST_BETWEEN_TAGS: Final = 4 * 1024 * 1024  # bytes, of a row for one
CHUNK: Final = 64 * 1024

ROW: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main row"
XML_BEGINNINGS: Final = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0<")

# What the zip library raises: NotImplementedError for a compression that it does not know,
# RuntimeError for a password.
ZIP_ERRORS: Final = (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)

_is_sheet = re.compile(r"/?xl/worksheets/[^/]+\.xml", re.IGNORECASE).fullmatch
_is_strings = re.compile(r"/?xl/sharedStrings\.xml", re.IGNORECASE).fullmatch


def weigh(file: IO[bytes]) -> None:
    """Raises `FileUnreadableError` for what is not a workbook, is damaged, or is too much."""
    try:
        with ZipFile(file) as archive:
            _check_directory(archive)
            _weigh_parts(archive)
            _check_roles(archive.read(CONTENT_TYPES))
    except (*ZIP_ERRORS, zlib.error, expat.ExpatError, SyntaxError) as error:
        raise FileUnreadableError(BROKEN_WORKBOOK) from error


def _check_directory(archive: ZipFile) -> None:
    parts = archive.infolist()
    if CONTENT_TYPES not in archive.namelist():
        raise FileUnreadableError(WRONG_TYPE)
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise FileUnreadableError(WORKBOOK_TOO_LARGE)


def _weigh_parts(archive: ZipFile) -> None:
    unpacked = 0
    for part in archive.infolist():
        scale = scale_for(part.filename)
        for chunk in _unpacked(archive, part):
            unpacked += len(chunk)
            if unpacked > MOST_UNPACKED:  # a size that is declared may be a lie
                raise FileUnreadableError(WORKBOOK_TOO_LARGE)
            scale.put(chunk)


def _unpacked(archive: ZipFile, part: ZipInfo) -> Iterator[bytes]:
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _check_roles(content_types: bytes) -> None:
    """What was weighed as a sheet has to be read as one."""
    for element in fromstring(content_types):
        content_type = element.get("ContentType", "")
        if _is_sheet(element.get("PartName", "")) and not content_type.endswith(SHEET_TYPE):
            raise FileUnreadableError(BROKEN_WORKBOOK)


def scale_for(name: str) -> Scale:
    if _is_sheet(name):
        return Scale(frees=ROW)
    return Scale(most=MOST_ELEMENTS_OF_STRINGS if _is_strings(name) else MOST_ELEMENTS)


class Scale:
    """Counts what one part would keep in memory. A picture is no XML and weighs nothing."""

    def __init__(self, *, frees: str = "", most: int = MOST_ELEMENTS) -> None:
        self._frees = frees
        self._most = most
        self._parser: expat.XMLParserType | None = None
        self._begun = False
        self._in_rows = 0
        self._rows = 0
        self._others = 0
        self._since_tag = 0

    def put(self, chunk: bytes) -> None:
        if not self._begun:
            self._begin(chunk)
        if self._parser is None:
            return
        self._since_tag += len(chunk)
        self._parser.Parse(chunk)
        if self._is_too_much():
            raise FileUnreadableError(WORKBOOK_TOO_LARGE)

    def _is_too_much(self) -> bool:
        return (
            self._since_tag > MOST_BETWEEN_TAGS
            or self._others > self._most
            or self._rows > MOST_ROWS_HELD
        )

    def _begin(self, chunk: bytes) -> None:
        self._begun = True
        if not chunk.lstrip().startswith(XML_BEGINNINGS):
            return
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._on_start
        self._parser.EndElementHandler = self._on_end
        self._parser.StartDoctypeDeclHandler = self._on_doctype

    def _on_start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == self._frees:
            self._in_rows += 1
            self._rows += 1
        elif not self._in_rows:
            self._others += 1
            self._since_tag = 0

    def _on_end(self, name: str) -> None:
        if name == self._frees:
            self._in_rows -= 1
            self._since_tag = 0

    def _on_doctype(self, *_declared: object) -> None:
        raise FileUnreadableError(BROKEN_WORKBOOK)
