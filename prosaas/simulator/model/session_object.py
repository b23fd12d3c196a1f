"""The session's configuration: its defaults, what an update may hold, and how it is merged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from prosaas.simulator.model.refusal import RefusedError, invalid_value, unknown_parameter
from prosaas.simulator.model.shapes import (
    Anything,
    Choice,
    Either,
    Flag,
    Listing,
    Mapped,
    Nullable,
    Number,
    Record,
    Shape,
    Tagged,
    Text,
    Whole,
)

Json = dict[str, Any]

PCM: Json = {"type": "audio/pcm", "rate": 24000}
PCMU: Json = {"type": "audio/pcmu"}

VOICES = (
    "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar",
)  # fmt: skip
_TRANSCRIBERS_WITH_LISTS = ("gpt-transcribe", "gpt-live-transcribe")
_TRANSCRIBERS = (
    "whisper-1",
    "gpt-transcribe",
    "gpt-live-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe",
    "gpt-4o-transcribe-diarize",
    "gpt-realtime-whisper",
)
# gpt-realtime-2 and 2.1 reason; gpt-realtime-2025-08-28 is an old model with a date.
_REASONING_MODEL = re.compile(r"gpt-realtime-2(\.\d+)?(-mini)?")

_TYPE = Text()
_LANGUAGE = Text(pattern="[a-z]{2,3}")

FORMAT = Tagged(
    "type",
    {
        "audio/pcm": Record({"type": _TYPE, "rate": Whole(24000, 24000)}),
        "audio/pcmu": Record({"type": _TYPE}),
        "audio/pcma": Record({"type": _TYPE}),
    },
)
VOICE = Either((Choice(VOICES), Record({"id": Text()}, required=("id",))))
MODALITIES = Listing(Choice(("text", "audio")))
MAX_OUTPUT_TOKENS = Either((Whole(1, 4096), Choice(("inf",))))
REASONING = Record({"effort": Choice(("minimal", "low", "medium", "high", "xhigh"))})
METADATA = Mapped(Text(longest=512), most=16, longest_key=64)
PROMPT = Record(
    {"id": Text(), "version": Nullable(Text()), "variables": Nullable(Mapped(Anything()))},
    required=("id",),
)
# The real service also takes remote tool servers; a stand-in without network has none to offer.
TOOLS = Listing(
    Tagged(
        "type",
        {
            "function": Record(
                {
                    "type": _TYPE,
                    "name": Text(pattern="[a-zA-Z0-9_-]{1,64}"),
                    "description": Text(),
                    "parameters": Mapped(Anything()),
                },
                required=("name",),
            )
        },
    ),
    longest=128,
)
TOOL_CHOICE = Either(
    (
        Choice(("none", "auto", "required")),
        Record({"type": Choice(("function",)), "name": Text()}, required=("type", "name")),
    )
)
_TURN_DETECTION = Tagged(
    "type",
    {
        "server_vad": Record(
            {
                "type": _TYPE,
                "threshold": Number(0, 1),
                "prefix_padding_ms": Whole(0, 5000),
                "silence_duration_ms": Whole(0, 10000),
                "create_response": Flag(),
                "interrupt_response": Flag(),
                "idle_timeout_ms": Nullable(Whole(5000, 30000)),
            }
        ),
        "semantic_vad": Record(
            {
                "type": _TYPE,
                "eagerness": Choice(("low", "medium", "high", "auto")),
                "create_response": Flag(),
                "interrupt_response": Flag(),
            }
        ),
    },
)
_TRANSCRIPTION = Record(
    {
        "model": Choice(_TRANSCRIBERS),
        "language": Nullable(_LANGUAGE),
        "languages": Nullable(Listing(_LANGUAGE)),
        "prompt": Nullable(Text()),
        "keywords": Nullable(Listing(Text())),
        "delay": Nullable(Choice(("minimal", "low", "medium", "high", "xhigh"))),
    }
)
_NOISE_REDUCTION = Record(
    {"type": Choice(("near_field", "far_field")), "strength": Number(0, 1)}, required=("type",)
)
_TRUNCATION = Either(
    (
        Choice(("auto", "disabled")),
        Record(
            {
                "type": Choice(("retention_ratio",)),
                "retention_ratio": Number(0, 1),
                "token_limits": Nullable(Record({"post_instructions": Whole(0)})),
            },
            required=("type", "retention_ratio"),
        ),
    )
)
_TRACING = Nullable(
    Either(
        (
            Choice(("auto",)),
            Record({"workflow_name": Text(), "group_id": Text(), "metadata": Mapped(Anything())}),
        )
    )
)
_AUDIO = Record(
    {
        "input": Record(
            {
                "format": FORMAT,
                "noise_reduction": Nullable(_NOISE_REDUCTION),
                "transcription": Nullable(_TRANSCRIPTION),
                "turn_detection": Nullable(_TURN_DETECTION),
            }
        ),
        "output": Record({"format": FORMAT, "voice": VOICE, "speed": Number(0.25, 1.5)}),
    }
)
SESSION: Shape = Record(
    {
        "type": Choice(("realtime",)),
        "model": Text(),
        "output_modalities": MODALITIES,
        "instructions": Text(),
        "audio": _AUDIO,
        "include": Nullable(Listing(Choice(("item.input_audio_transcription.logprobs",)))),
        "max_output_tokens": MAX_OUTPUT_TOKENS,
        "tools": TOOLS,
        "tool_choice": TOOL_CHOICE,
        "parallel_tool_calls": Flag(),
        "reasoning": Nullable(REASONING),
        "truncation": _TRUNCATION,
        "tracing": _TRACING,
        "prompt": Nullable(PROMPT),
    },
    required=("type",),
)

_TURN_DETECTION_DEFAULTS: dict[str, Json] = {
    "server_vad": {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    },
    "semantic_vad": {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    },
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an update must be judged against besides the session itself."""

    audio_was_emitted: bool
    response_is_active: bool


def defaults(*, session_id: str, model: str, expires_at: int) -> Json:
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "You are a stand-in. The real service shows its own text here.",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "prompt": None,
        "truncation": "auto",
        "expires_at": expires_at,
        "audio": {
            "input": {
                "format": PCM,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": _TURN_DETECTION_DEFAULTS["server_vad"],
            },
            "output": {"format": PCM, "voice": "marin", "speed": 1.0},
        },
        "include": None,
    }


def updated(current: Json, update: Json, circumstances: Circumstances) -> Json:
    """The session after the update; all of it or, with a `RefusedError`, nothing."""
    SESSION.check(update, "session")
    refuse_mixed_modalities(update, "session")
    refuse_reasoning_of_plain_models(update, current["model"], "session")
    _refuse_what_is_fixed(current, update)
    _refuse_untimely(current, update, circumstances)
    _check_transcription(update)
    return _merged(current, update)


def refuse_mixed_modalities(holder: Json, path: str) -> None:
    if len(holder.get("output_modalities", ["audio"])) != 1:
        raise invalid_value(
            f"{path}.output_modalities", "supported combinations are: ['text'] and ['audio']."
        )


def refuse_reasoning_of_plain_models(holder: Json, model: str, path: str) -> None:
    if _REASONING_MODEL.fullmatch(model):
        return
    for key in ("reasoning", "parallel_tool_calls"):
        if holder.get(key) is not None:
            raise unknown_parameter(f"{path}.{key}")


def _refuse_what_is_fixed(current: Json, update: Json) -> None:
    if update.get("model", current["model"]) != current["model"]:
        raise invalid_value("session.model", "the model of a session cannot be changed.")
    tracing = current["tracing"]
    if tracing is not None and update.get("tracing", tracing) != tracing:
        raise invalid_value("session.tracing", "tracing cannot be changed once it is enabled.")


def _refuse_untimely(current: Json, update: Json, circumstances: Circumstances) -> None:
    now = current["audio"]["output"]
    wanted = update.get("audio", {}).get("output", {})
    if circumstances.audio_was_emitted and wanted.get("voice", now["voice"]) != now["voice"]:
        raise RefusedError(
            "cannot_update_voice",
            "Cannot update a conversation's voice if assistant audio is present.",
            "session.audio.output.voice",
        )
    if circumstances.response_is_active and wanted.get("speed", now["speed"]) != now["speed"]:
        raise invalid_value("session.audio.output.speed", "only between turns.")


def _check_transcription(update: Json) -> None:
    path = "session.audio.input.transcription"
    wanted = update.get("audio", {}).get("input", {}).get("transcription")
    if wanted is None:
        return
    model = wanted.get("model", "whisper-1")
    given = {key for key, value in wanted.items() if value is not None}
    for key in sorted(given & {"languages", "keywords"}):
        if model not in _TRANSCRIBERS_WITH_LISTS:
            raise invalid_value(f"{path}.{key}", f"not supported by {model}.")
    if "delay" in given and model != "gpt-realtime-whisper":
        raise invalid_value(f"{path}.delay", f"not supported by {model}.")
    if "prompt" in given and model in ("gpt-realtime-whisper", "gpt-4o-transcribe-diarize"):
        raise invalid_value(f"{path}.prompt", f"not supported by {model}.")


def _merged(current: Json, update: Json) -> Json:
    audio = update.get("audio", {})
    merged = {**current, **update}
    merged["audio"] = {
        "input": _merged_input(current["audio"]["input"], audio.get("input", {})),
        "output": _merged_output(current["audio"]["output"], audio.get("output", {})),
    }
    return merged


def _merged_input(current: Json, update: Json) -> Json:
    merged = {**current, **update}
    merged["format"] = complete_format(merged["format"])
    if (turns := update.get("turn_detection")) is not None:
        merged["turn_detection"] = {**_TURN_DETECTION_DEFAULTS[turns["type"]], **turns}
    if (noise := update.get("noise_reduction")) is not None:
        before = current["noise_reduction"] or {"strength": 1.0}
        merged["noise_reduction"] = {"strength": before["strength"], **noise}
    if (transcription := update.get("transcription")) is not None:
        merged["transcription"] = {"language": None, "prompt": None, **transcription}
    return merged


def _merged_output(current: Json, update: Json) -> Json:
    merged = {**current, **update}
    merged["format"] = complete_format(merged["format"])
    return merged


def complete_format(declared: Json) -> Json:
    return PCM if declared["type"] == "audio/pcm" else declared


def with_formats(session: Json, declared: Json) -> Json:
    """The same session with another format at both ends."""
    audio = session["audio"]
    return {
        **session,
        "audio": {
            "input": {**audio["input"], "format": declared},
            "output": {**audio["output"], "format": declared},
        },
    }
