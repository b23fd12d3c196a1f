from __future__ import annotations


def is_doubtful(text: str, speech_ms: int, spoken: frozenset[str]) -> bool:
    return False
