"""The transition table as Markdown, for `docs/call-engine.md`: `python -m calls.engine.drawing`."""

from __future__ import annotations

import sys

from calls.engine.core import Phase
from calls.engine.session import EXPIRIES, IGNORE, ILLEGAL, TABLE, Handler


def table() -> str:
    heading = ["event", *(str(phase) for phase in Phase)]
    rows = [
        [event.__name__, *(_cell(cells[phase]) for phase in Phase)]
        for event, cells in TABLE.items()
    ]
    return _markdown(heading, rows)


def timers() -> str:
    rows = [[timer.name.lower(), _name(handler)] for timer, handler in EXPIRIES.items()]
    return _markdown(["timer", "when it rings"], rows)


def _cell(handler: Handler) -> str:
    if handler is IGNORE:
        return "ignored"
    return "**illegal**" if handler is ILLEGAL else _name(handler)


def _name(handler: object) -> str:
    name: str = getattr(handler, "__name__", "")
    return name.removeprefix("_on_").removeprefix("_").replace("_", " ")


def _markdown(heading: list[str], rows: list[list[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n{timers()}")
