"""The folder of texts: an industry is a folder in it, and nothing else knows the industries."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prompts.render import CALL_TYPES, LANGUAGES
from prompts.starting.filling import Template, TextError, parse

TEXTS = Path(__file__).parent / "texts"
MANNER = "{manner}\n"


@dataclass(frozen=True, slots=True)
class Industry:
    """What people are shown of one, by language."""

    key: str
    names: Mapping[str, str]
    services: Mapping[str, str]  # as an example of what to answer


@cache
def industries(texts: Path = TEXTS) -> Mapping[str, Industry]:
    about = sorted(texts.glob("*/industry.toml"))
    return {path.parent.name: read_industry(path) for path in about}


@cache
def template(industry: str, direction: str, language: str, texts: Path = TEXTS) -> Template:
    """KeyError for what there is not, so that no name from outside becomes a path."""
    folder = texts / industries(texts)[industry].key
    if direction not in CALL_TYPES or language not in LANGUAGES:
        raise KeyError((direction, language))
    path = folder / f"{direction}.{language}.txt"
    manner = (texts / f"manner.{language}.txt").read_text(encoding="utf-8")
    try:
        return parse(path.read_text(encoding="utf-8").replace(MANNER, manner))
    except TextError as fault:
        raise TextError(f"{path.name} of {industry}: {fault}") from fault


def read_industry(path: Path) -> Industry:
    about = tomllib.loads(path.read_text(encoding="utf-8"))
    for part in ("name", "services"):
        if set(about.get(part, {})) != set(LANGUAGES):
            raise TextError(f"{path.parent.name}: {part} is needed in {', '.join(LANGUAGES)}")
    return Industry(path.parent.name, about["name"], about["services"])
