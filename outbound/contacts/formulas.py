"""Cells that a spreadsheet would compute, defused on the way out and restored on the way in.

A spreadsheet takes a cell that begins with = + - @ for a formula, a stranger's included, so such a
cell gets an apostrophe. Telephone numbers are no exception: without it +972501234567 would be
shown, and saved again, as 9.72501E+11.
"""

from __future__ import annotations

from typing import Final

COMPUTED: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
APOSTROPHE: Final = "'"


def defused(cell: str) -> str:
    """An apostrophe before a formula, and before what looks like one that was defused already."""
    bare = cell.lstrip(APOSTROPHE + " ")
    return APOSTROPHE + cell if bare.startswith(COMPUTED) else cell


def restored(cell: str) -> str:
    """What `defused` was given: a list that was handed out may come back."""
    return cell[1:] if cell.startswith(APOSTROPHE) and defused(cell[1:]) == cell else cell
