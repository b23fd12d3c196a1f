"""The voices that the model speaks with.

Source: OpenAI, guide "Realtime conversations", section on voice options; the last two are the ones
that it recommends.
"""

from __future__ import annotations

from typing import Final

VOICES: Final = (
    "alloy",
    "ash",
    "ballad",
    "coral",
    "echo",
    "sage",
    "shimmer",
    "verse",
    "cedar",
    "marin",
)
