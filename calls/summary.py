"""The figures of a call: the same ones on its row and in its `[CALL_METRICS]` line."""

from __future__ import annotations

from typing import Any

from calls.admission import AdmittedCall
from calls.bridge import Ending


def figures(ending: Ending) -> dict[str, Any]:
    metrics = ending.metrics
    return {
        "frames_in": metrics.frames_in,
        "frames_forwarded": metrics.frames_forwarded,
        "frames_dropped": metrics.frames_dropped,
        "frames_sent": metrics.frames_sent,
        "heard_ms": metrics.heard_ms,
        "utterances_total": metrics.utterances_total,
        "utterances_empty": metrics.utterances_empty,
        "utterances_very_short": metrics.utterances_very_short,
        "utterances_filler_only": metrics.utterances_filler_only,
        "barge_ins": metrics.barge_ins,
        "reconnects": metrics.reconnects,
        "greeting_latency_ms": metrics.greeting_latency_ms,
        "full_confirmed": metrics.full_confirmed,
        "answered_by": metrics.answered_by,
        "machine_message_heard": metrics.message == "heard" if metrics.message else None,
        "counters": dict(metrics.counters),
        "usage": {
            "text_in": metrics.text_in,
            "audio_in": metrics.audio_in,
            "cached_text_in": metrics.cached_text_in,
            "cached_audio_in": metrics.cached_audio_in,
            "text_out": metrics.text_out,
            "audio_out": metrics.audio_out,
        },
    }


def for_row(ending: Ending, stream_sid: str) -> dict[str, Any]:
    return figures(ending) | {
        "stream_sid": stream_sid,
        "compact_sent_at": ending.compact_sent_at,
        "full_sent_at": ending.full_sent_at,
    }


def for_log(ending: Ending, call: AdmittedCall) -> dict[str, Any]:
    return figures(ending) | {
        "direction": call.direction,
        "end_reason": ending.reason,
        "compact_sha256": call.compact_sha256,
        "full_sha256": call.full_sha256,
    }
