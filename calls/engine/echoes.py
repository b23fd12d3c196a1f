from __future__ import annotations


def is_echo(heard: str, said: str) -> bool:
    return False
