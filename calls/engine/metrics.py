"""What a call's summary line and its row are made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from calls.engine.events import Usage


@dataclass(slots=True)
class Metrics:
    frames_in: int = 0
    frames_forwarded: int = 0
    frames_dropped: int = 0
    frames_sent: int = 0
    heard_ms: int = 0
    utterances_total: int = 0
    utterances_empty: int = 0
    utterances_very_short: int = 0
    utterances_filler_only: int = 0
    barge_ins: int = 0
    reconnects: int = 0
    greeting_latency_ms: int | None = None
    compact_sent: int = 0
    full_sent: int = 0
    full_confirmed: bool | None = None
    text_in: int = 0
    audio_in: int = 0
    cached_text_in: int = 0
    cached_audio_in: int = 0
    text_out: int = 0
    audio_out: int = 0
    # By an outbound call: who answered, and what became of the message that was left.
    answered_by: str = ""
    message: str = ""
    # What came and was not acted on, by kind: unknown messages, late audio, harmless errors.
    counters: Counter[str] = field(default_factory=Counter)

    def add_usage(self, usage: Usage) -> None:
        self.text_in += usage.text_in
        self.audio_in += usage.audio_in
        self.cached_text_in += usage.cached_text_in
        self.cached_audio_in += usage.cached_audio_in
        self.text_out += usage.text_out
        self.audio_out += usage.audio_out
