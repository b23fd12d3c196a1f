"""Faults in what is played, and in what is believed to have been heard."""

from __future__ import annotations

from calls.engine import events
from calls.engine.audio import FRAME_BYTES, FRAME_S
from calls.engine.playback import Heard, Item, PlaybackLedger
from tests.calls.engine.mutants import Patch, caught_from


@caught_from("speaking")
def heard_is_not_clamped_to_the_item(monkeypatch: Patch) -> None:
    def heard(self: PlaybackLedger, item: Item, now: float) -> Heard:
        return self._heard_of(item, max(0, self._position(now) - item.offset_ms))

    monkeypatch.setattr(PlaybackLedger, "_heard", heard)


@caught_from("connected")
def what_was_sent_counts_as_heard(monkeypatch: Patch) -> None:
    monkeypatch.setattr(PlaybackLedger, "_position", lambda self, now: self._sent_ms)


@caught_from("speaking")
def a_mark_is_credited_to_the_first_item(monkeypatch: Patch) -> None:
    monkeypatch.setattr(
        PlaybackLedger, "_find", lambda self, item_id: self._items[0] if self._items else None
    )


@caught_from("connected")
def every_mark_completes_its_item(monkeypatch: Patch) -> None:
    def reached(self: PlaybackLedger, mark: events.Mark, now: float) -> Heard | None:
        item = self._find(mark.item_id)
        return None if item is None else self._played(item)

    monkeypatch.setattr(PlaybackLedger, "reached", reached)


@caught_from("speaking")
def marks_of_the_past_correct_the_present(monkeypatch: Patch) -> None:
    def correct(self: PlaybackLedger, position_ms: int, now: float) -> None:
        self._anchor_ms, self._anchor_at = position_ms, now

    monkeypatch.setattr(PlaybackLedger, "_correct_anchor", correct)


@caught_from("connected")
def a_remainder_is_filled_up_in_mid_item(monkeypatch: Patch) -> None:
    def sendable(self: PlaybackLedger) -> Item | None:
        return next((item for item in self._items if item.sent < len(item.audio)), None)

    monkeypatch.setattr(PlaybackLedger, "_sendable", sendable)


@caught_from("connected")
def a_remainder_is_thrown_away(monkeypatch: Patch) -> None:
    add = PlaybackLedger.add

    def whole_frames(self: PlaybackLedger, response_id: str, item_id: str, data: bytes) -> None:
        add(self, response_id, item_id, data[: len(data) // FRAME_BYTES * FRAME_BYTES])

    monkeypatch.setattr(PlaybackLedger, "add", whole_frames)


@caught_from("connected")
def a_clear_leaves_the_queue_as_it_is(monkeypatch: Patch) -> None:
    def clear(self: PlaybackLedger, now: float) -> list[Heard]:
        self.generation += 1
        return [self._heard(item, now) for item in self._items]

    monkeypatch.setattr(PlaybackLedger, "clear", clear)


@caught_from("at the start")
def the_lead_is_ignored(monkeypatch: Patch) -> None:
    monkeypatch.setattr(PlaybackLedger, "_frame_at", lambda self: 0.0)


@caught_from("at the start")
def there_is_no_lead(monkeypatch: Patch) -> None:
    monkeypatch.setattr(PlaybackLedger, "_frame_at", lambda self: self._empty_at)


@caught_from("connected")
def an_underrun_goes_unnoticed(monkeypatch: Patch) -> None:
    take = PlaybackLedger._take_frame

    def from_where_it_was(self: PlaybackLedger, item: Item, now: float) -> bytes:
        empty_at = self._empty_at
        frame = take(self, item, now)
        if empty_at:
            self._empty_at = empty_at + FRAME_S
        return frame

    monkeypatch.setattr(PlaybackLedger, "_take_frame", from_where_it_was)


@caught_from("connected")
def the_end_of_an_item_is_overdue_at_once(monkeypatch: Patch) -> None:
    overdue_at = PlaybackLedger.overdue_at

    def early(self: PlaybackLedger) -> float | None:
        at = overdue_at(self)
        return None if at is None else self._empty_at

    monkeypatch.setattr(PlaybackLedger, "overdue_at", early)
