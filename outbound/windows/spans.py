"""Stretches of time. Several of them are a tuple, apart and in order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, TypeAlias


class Span(NamedTuple):
    """From an instant in UTC up to, and without, another."""

    start: datetime
    end: datetime

    def holds(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


Spans: TypeAlias = tuple[Span, ...]


def joined(spans: Iterable[Span]) -> Spans:
    """Of spans that are apart and in order, those that touch become one."""
    apart: list[Span] = []
    for span in spans:
        if apart and span.start == apart[-1].end:
            span = Span(apart.pop().start, span.end)
        apart.append(span)
    return tuple(apart)


def in_both(these: Spans, those: Spans) -> Spans:
    return tuple(
        Span(start, end)
        for one in these
        for other in those
        if (start := max(one.start, other.start)) < (end := min(one.end, other.end))
    )


def without(spans: Spans, taken: Iterable[Span]) -> Spans:
    for gone in taken:
        spans = tuple(part for span in spans for part in _rest(span, gone))
    return spans


def _rest(span: Span, gone: Span) -> Iterable[Span]:
    before = Span(span.start, min(span.end, gone.start))
    after = Span(max(span.start, gone.end), span.end)
    return (part for part in (before, after) if part.start < part.end)
