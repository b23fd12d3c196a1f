"""What a live call writes down, off the audio path.

The bridge hands over commands; a task of the call writes them in batches through the small pool
of `calls.threads`. What is not written yet is kept by key, the latest state only, so an outage of
the database costs memory for the turns of one call and no order of theirs.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
import structlog
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone

from calls.card_numbers import masked, masked_across, masked_in
from calls.engine.commands import AnswerTool, ReportKey, ReportLimit, SaveTurn
from calls.models import ToolCall, Turn
from calls.threads import off_loop
from tenants.credentials import accept_key, limit_key, refuse_key
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

Entry = SaveTurn | AnswerTool | ReportKey | ReportLimit

# An hour of fast talk. Beyond it the oldest unwritten entry gives way, and is counted.
MAX_WAITING: Final = 2000
# A number of 16 digits that is read out two by two.
TURNS_OF_A_CARD: Final = 8
RETRY_S: Final = 1.0
TURN_FIELDS: Final = (
    "position",
    "speaker",
    "text",
    "started_ms",
    "ended_ms",
    "generated_ms",
    "heard_ms",
    "interrupted",
    "language",
    "verdict",
)


class CallRecords:
    def __init__(
        self,
        business_id: uuid.UUID,
        call_id: uuid.UUID,
        api_key: str = "",
        *,
        written: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`written` is awaited behind each commit: somebody may be looking at these rows."""
        self.dropped = 0
        self._written = written
        self._api_key = api_key
        self._business_id = business_id
        self._call_id = call_id
        self._cards = _Cards()
        self._waiting: dict[tuple[type[Entry], str], Entry] = {}
        self._changed = asyncio.Event()
        self._closing = False

    def save(self, entry: Entry) -> None:
        entries = self._cards.hide(entry) if isinstance(entry, SaveTurn) else (entry,)
        for each in entries:
            self._waiting[_key(each)] = each
        self._bound()
        self._changed.set()

    def close(self) -> None:
        """Nothing more will come: run() ends when all is written."""
        self._closing = True
        self._changed.set()

    async def run(self) -> None:
        """Write until closed. The call's owner bounds how long the last of it may take."""
        while not self._closing or self._waiting:
            await self._changed.wait()
            self._changed.clear()
            if self._waiting and not await self._write_waiting():
                await asyncio.sleep(RETRY_S)
                self._changed.set()

    async def _write_waiting(self) -> bool:
        batch = self._waiting
        self._waiting = {}
        try:
            await off_loop(self._write)(list(batch.values()))
        except (OperationalError, InterfaceError):
            self._waiting = batch | self._waiting  # the database is away: the newer state wins
            self._bound()
            logger.warning("records_wait_for_database", waiting=len(self._waiting))
            return False
        except DatabaseError:
            self.dropped += len(batch)
            logger.exception("records_refused", dropped=len(batch))
        else:
            if self._written is not None:
                await self._written()
        return True

    def _bound(self) -> None:
        while len(self._waiting) > MAX_WAITING:
            del self._waiting[next(iter(self._waiting))]
            self.dropped += 1

    def _write(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            match entry:
                case ReportKey(code=""):
                    accept_key(self._api_key)
                case ReportKey(code=code):
                    refuse_key(self._api_key, code=code, now=timezone.now())
                case ReportLimit(code=code):
                    limit_key(self._api_key, code=code, now=timezone.now())
        with business_scope(self._business_id):
            Turn.objects.bulk_create(
                [self._turn(entry) for entry in entries if isinstance(entry, SaveTurn)],
                update_conflicts=True,
                unique_fields=["business", "call", "item_id"],
                update_fields=TURN_FIELDS,
            )
            ToolCall.objects.bulk_create(
                [self._tool_call(entry) for entry in entries if isinstance(entry, AnswerTool)],
                ignore_conflicts=True,
            )

    def _turn(self, turn: SaveTurn) -> Turn:
        return Turn(
            business_id=self._business_id,
            call_id=self._call_id,
            position=turn.position,
            speaker=turn.speaker,
            item_id=turn.item_id,
            text=turn.text,
            started_ms=turn.started_ms,
            ended_ms=turn.ended_ms,
            generated_ms=turn.generated_ms,
            heard_ms=turn.heard_ms,
            interrupted=turn.interrupted,
            language=turn.language,
            verdict=turn.verdict,
        )

    def _tool_call(self, answer: AnswerTool) -> ToolCall:
        status = ToolCall.Status.SUCCEEDED if answer.succeeded else ToolCall.Status.FAILED
        return ToolCall(
            business_id=self._business_id,
            call_id=self._call_id,
            tool_call_id=answer.call_id,
            name=answer.name[:64],
            arguments=_json(answer.arguments),
            result=_json(answer.output),
            status=status,
        )


class _Cards:
    """Turns as they may be written down. The number of a card may go on in the caller's next turn, and
    only at its end is it known to be one: the turns before are written once more then.
    """

    def __init__(self) -> None:
        self._said: dict[str, SaveTurn] = {}  # the caller's latest, in his own words
        # Of each that is a part of one, by its item and words: what is written instead.
        self._hidden: dict[tuple[str, str], str] = {}

    def hide(self, turn: SaveTurn) -> list[SaveTurn]:
        """The turn, and those before it that now turn out to be a part of one."""
        turn = replace(turn, text=turn.text.replace("\0", ""))
        self._said.pop(turn.item_id, None)
        # A sound without words does not interrupt a number.
        if turn.speaker == Turn.Speaker.CALLER and turn.text and not turn.verdict:
            self._said[turn.item_id] = turn
        latest = sorted(self._said.values(), key=lambda each: each.position)[-TURNS_OF_A_CARD:]
        self._said = {each.item_id: each for each in latest}
        told = masked_across([each.text for each in latest])
        parts = [(each, text) for each, text in zip(latest, told, strict=True) if text != each.text]
        self._hidden |= {(each.item_id, each.text): text for each, text in parts}
        before = [replace(each, text=text) for each, text in parts if each is not turn]
        text = self._hidden.get((turn.item_id, turn.text), masked(turn.text))
        return [*before, replace(turn, text=text)]


def _key(entry: Entry) -> tuple[type[Entry], str]:
    match entry:
        case SaveTurn():
            return type(entry), entry.item_id
        case AnswerTool():
            return type(entry), entry.call_id
        case ReportKey() | ReportLimit():
            return type(entry), entry.code


def _json(text: str) -> Any:
    """What the model wrote, as JSON where it is JSON: interrupted arguments are cut."""
    try:
        value = orjson.loads(text.replace("\\u0000", ""))
        orjson.dumps(
            value
        )  # it reads deeper nesting than anybody writes, Django's encoder included
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return {"unreadable": masked(text.replace("\0", ""))}
    return {} if value is None else masked_in(value)  # the column takes no null
