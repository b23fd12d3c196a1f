"""The playback ledger: which audio goes out when, and what of it the caller has really heard.

The carrier plays a first-in-first-out buffer at 8 bytes a millisecond and echoes marks as it
reaches them (Twilio, Media Streams, "mark message"). The ledger models that buffer: `_empty_at`
says when it will have run dry, an anchor (position, time) says where the caller is, set by the
first frame into a dry buffer and corrected by every mark that comes back.

A `clear` takes as long to reach the carrier as the audio before it did; so what counts is the time
by our sending, and a mark tells where the caller was by the trip that it has made less. The
shortest trip of the call is taken for the way there and back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from calls.engine.audio import BYTES_PER_MS, DUCK, FRAME_BYTES, FRAME_MS, FRAME_S, SILENCE
from calls.engine.events import Mark
from calls.engine.limits import Limits

# A mark may have been on its way for so long at the most; a later one was held up.
LONGEST_TRIP_S = 0.15
# Held audio goes on from a little before where the caller is believed to be: a syllable heard
# twice for a hundredth of a second is not noticed, one that is missing is.
HOLD_MARGIN_S = 0.01

# Deadlines are computed and compared in floats: a nanosecond is as good as now.
EPSILON_S = 1e-9


@dataclass(slots=True)
class Item:
    """One agent utterance: its audio so far, and how far it has got."""

    item_id: str
    response_id: str
    audio: bytearray
    offset_ms: int = 0  # where it begins in all that was sent since the last clear
    sent: int = 0  # bytes, the padding of the last frame included
    resumed_at: int | None = None  # bytes: behind a hold, nothing has gone out again yet
    complete: bool = False  # the model will add nothing
    started_at: float = 0.0
    confirmed_ms: int = 0  # by marks
    marked_ms: int = 0  # where the latest mark was placed

    @property
    def generated_ms(self) -> int:
        return len(self.audio) // BYTES_PER_MS

    @property
    def sent_ms(self) -> int:
        return self.sent // BYTES_PER_MS

    @property
    def all_sent(self) -> bool:
        return self.complete and self.sent >= len(self.audio)


@dataclass(frozen=True, slots=True)
class Heard:
    """How much of an item the caller has heard, in whole milliseconds, never beyond its end."""

    item_id: str
    response_id: str
    heard_ms: int
    generated_ms: int
    complete: bool  # was `generated_ms` all that the model had to say in this item?
    started_at: float

    @property
    def in_full(self) -> bool:
        return self.complete and self.heard_ms >= self.generated_ms


class PlaybackLedger:
    def __init__(self, limits: Limits) -> None:
        self.generation = 0
        self.frames_sent = 0
        self._lead_s = (limits.lead_ms - limits.lead_margin_ms) / 1000
        self._mark_every_ms = limits.mark_every_ms
        self._mark_slack_s = limits.mark_slack_s
        self._items: deque[Item] = deque()  # not yet played to the end, in order
        self._sent_ms = 0  # since the last clear
        self._empty_at = 0.0
        self._dry_ms = 0  # where the caller was when the buffer last ran dry
        self._anchor_ms = 0
        self._anchor_at = 0.0
        self._refill_ms = 0  # the anchor of that time, which no mark corrects
        self._refill_at = 0.0
        self._trip_s = LONGEST_TRIP_S
        self.held = False  # nothing goes out until it is known whether he was interrupted
        self.withheld = False  # nothing goes out until it is known what is answered
        self.ducked = False  # what goes out is quieter
        self._mark: Mark | None = None  # to go out next
        self._marked_at = 0.0  # when the latest one went out

    # In: the model's audio

    def add(self, response_id: str, item_id: str, data: bytes) -> None:
        item = self._find(item_id)
        if item is None:
            item = Item(item_id, response_id, bytearray())
            self._items.append(item)
        if not item.complete:
            item.audio += data

    def complete(self, item_id: str) -> None:
        """The model adds nothing to this item any more: what is left of a frame may go out."""
        item = self._find(item_id)
        if item is None or item.complete:
            return
        item.complete = True
        if item.sent >= len(item.audio):
            self._end_without_a_frame(item)

    def complete_response(self, response_id: str) -> None:
        for item in tuple(self._items):
            if item.response_id == response_id:
                self.complete(item.item_id)

    def complete_all(self) -> None:
        for item in tuple(self._items):
            self.complete(item.item_id)

    # Out: frames and marks, in order

    def next_output(self, now: float) -> bytes | Mark | None:
        """The next frame (160 bytes) or mark to send, or None when nothing is due yet."""
        if self._mark is not None:
            mark, self._mark = self._mark, None
            self._marked_at = now
            return mark
        item = self._sendable()
        if item is None or now + EPSILON_S < self._frame_at():
            return None
        return self._take_frame(item, now)

    def output_at(self) -> float | None:
        """When next_output() will have something; a time in the past means now."""
        if self._mark is not None:
            return 0.0
        return None if self._sendable() is None else self._frame_at()

    # Held back

    def hold(self, now: float) -> list[Heard]:
        """Nothing goes out until resume(). The carrier's buffer has to be cleared as well, if it
        holds anything. What was heard to its end is over; all else begins where it was heard to.
        """
        self.held = True
        if not self.sounding:
            return []
        over = []
        for item in tuple(self._items):
            heard_ms = self._heard(item, now).heard_ms
            kept = self._heard(item, now - HOLD_MARGIN_S)
            if kept.in_full:
                over.append(self._played(item))
                continue
            item.confirmed_ms, item.marked_ms = heard_ms, kept.heard_ms
            item.sent = kept.heard_ms * BYTES_PER_MS
            item.resumed_at = item.sent or None
        self._start_afresh(now)
        return over

    def resume(self) -> None:
        self.held = False

    @property
    def sounding(self) -> bool:
        """Is anything at the carrier, or on its way, that the caller may be hearing?"""
        return any(item.sent and item.resumed_at is None for item in self._items)

    # What was heard

    def reached(self, mark: Mark, now: float) -> Heard | None:
        """A mark came back. The item it completes, if it completes one."""
        if mark.generation != self.generation:
            return None  # cleared, not played
        item = self._find(mark.item_id)
        if item is None or mark.end_ms > item.sent_ms:
            return None
        item.confirmed_ms = max(item.confirmed_ms, mark.end_ms)
        self._correct_anchor(item.offset_ms + mark.end_ms, now)
        if not (item.all_sent and mark.end_ms == item.sent_ms):
            return None
        return self._played(item)

    def clear(self, now: float) -> list[Heard]:
        """Everything queued is dropped. What the caller had heard of each item, in order."""
        heard = [self._heard(item, now) for item in self._items]
        self._items.clear()
        self._start_afresh(now)
        self.held = self.withheld = self.ducked = False
        return heard

    def _start_afresh(self, now: float) -> None:
        self._mark = None
        self._sent_ms = 0
        self._empty_at = now
        self.generation += 1

    def overdue(self, now: float) -> list[Heard]:
        """The items that must have been played by now, though no mark said so."""
        at = self.overdue_at()
        if at is None or now + EPSILON_S < at:
            return []
        return [self._played(item) for item in tuple(self._items)]

    def overdue_at(self) -> float | None:
        """When to stop waiting for marks; None while there is something to send."""
        if self.held or not self._items or not self._items[-1].all_sent:
            return None  # in order: when the last one has gone out, so have those before it
        return max(self._empty_at, self._marked_at) + self._mark_slack_s

    @property
    def empty(self) -> bool:
        """Has the caller heard, as far as we know, all that there is?"""
        return not self._items

    def _find(self, item_id: str) -> Item | None:
        for item in self._items:
            if item.item_id == item_id:
                return item
        return None

    def _sendable(self) -> Item | None:
        if self.held or self.withheld:
            return None
        for item in self._items:
            if item.all_sent:
                continue
            if item.complete or len(item.audio) - item.sent >= FRAME_BYTES:
                return item
            return None  # this item goes on first, whatever is behind it
        return None

    def _frame_at(self) -> float:
        return self._empty_at + FRAME_S - self._lead_s

    def _take_frame(self, item: Item, now: float) -> bytes:
        if self._empty_at <= now:  # the buffer is dry: the caller is where our sending is
            self._empty_at = now
            self._dry_ms = self._anchor_ms = self._refill_ms = self._sent_ms
            self._anchor_at = self._refill_at = now
        if not item.sent:
            item.offset_ms, item.started_at = self._sent_ms, max(now, self._empty_at)
        elif item.resumed_at is not None:
            item.offset_ms = self._sent_ms - item.sent_ms
        item.resumed_at = None
        frame = bytes(item.audio[item.sent : item.sent + FRAME_BYTES])
        item.sent += FRAME_BYTES
        self._sent_ms += FRAME_MS
        self._empty_at += FRAME_S
        self.frames_sent += 1
        if item.all_sent or item.sent_ms - item.marked_ms >= self._mark_every_ms:
            self._place_mark(item)
        if self.ducked:
            frame = frame.translate(DUCK)
        return frame.ljust(FRAME_BYTES, SILENCE)

    def _place_mark(self, item: Item) -> None:
        item.marked_ms = item.sent_ms
        self._mark = Mark(item.item_id, item.sent_ms, self.generation)

    def _end_without_a_frame(self, item: Item) -> None:
        """The item's end became known when all of it had gone out, or nothing had come."""
        if item.sent:
            self._place_mark(item)
        else:
            self._items.remove(item)

    def _correct_anchor(self, position_ms: int, now: float) -> None:
        """An echo that was held up tells less than that the buffer has run dry since."""
        if position_ms <= self._dry_ms or now >= self._empty_at:
            return
        sounded_at = self._refill_at + (position_ms - self._refill_ms) / 1000
        self._trip_s = min(self._trip_s, max(0.0, now - sounded_at))
        self._anchor_ms, self._anchor_at = position_ms, now - self._trip_s

    def _played(self, item: Item) -> Heard:
        self._items.remove(item)
        return self._heard_of(item, item.generated_ms)

    def _heard(self, item: Item, now: float) -> Heard:
        if not item.sent:
            return self._heard_of(item, item.confirmed_ms)  # held in its first moment
        if item.resumed_at is not None:
            return self._heard_of(item, item.confirmed_ms)
        heard_ms = max(self._position(now) - item.offset_ms, item.confirmed_ms)
        return self._heard_of(item, max(0, min(heard_ms, item.sent_ms, item.generated_ms)))

    def _heard_of(self, item: Item, heard_ms: int) -> Heard:
        return Heard(
            item_id=item.item_id,
            response_id=item.response_id,
            heard_ms=heard_ms,
            generated_ms=item.generated_ms,
            complete=item.complete,
            started_at=item.started_at,
        )

    def _position(self, now: float) -> int:
        """Milliseconds of all that was sent since the last clear that the caller has heard."""
        return min(self._sent_ms, self._anchor_ms + round((now - self._anchor_at) * 1000))
