from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prompts.differences import Line, changes


def test_a_changed_line_is_removed_and_added() -> None:
    assert changes("one\ntwo\nthree", "one\n2\nthree") == [
        Line("same", "one"),
        Line("removed", "two"),
        Line("added", "2"),
        Line("same", "three"),
    ]


def test_from_nothing_everything_is_added() -> None:
    assert changes("", "one\ntwo") == [Line("added", "one"), Line("added", "two")]


def test_the_same_text_has_no_changes() -> None:
    assert {line.kind for line in changes("one\ntwo", "one\ntwo")} == {"same"}


@given(st.text(max_size=300), st.text(max_size=300))
def test_both_texts_can_be_read_out_of_the_changes(before: str, after: str) -> None:
    lines = changes(before, after)
    assert [line.text for line in lines if line.kind != "added"] == before.splitlines()
    assert [line.text for line in lines if line.kind != "removed"] == after.splitlines()
