"""What the stand-in says when nobody scripted it: a polite receptionist of few words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from prosaas.simulator.model.phrases import LAST_WORDS, PHRASES, Intent, Phrases
from prosaas.simulator.model.recognition import UNKNOWN_SPEECH
from prosaas.simulator.model.scenario import Reply, Say, UseTool, say

END_CALL = "end_call"
MARK_DO_NOT_CALL = "mark_do_not_call"

_GREETING = re.compile(r"<<<GREETING\s*\n(.*?)\n\s*GREETING>>>", re.DOTALL)
# A single response may be told its words between any pair of such markers.
_EXACTLY = re.compile(r"<<<([A-Z_]+)\s*\n(.*?)\n\s*\1>>>", re.DOTALL)
# A JSON string or the rest of the line, in the order in which the places are trusted.
_BUSINESS_NAMES = tuple(
    re.compile(rf"""{place}\s*("(?:[^"\\\n]|\\.)*"|[^\n]+)""", re.IGNORECASE)
    for place in (r"name of the business:", r"business name:", r"\bfor (?=\")")
)
_BEGIN_IN = re.compile(r"language to begin in:\s*(\w+)", re.IGNORECASE)
_LANGUAGES = {"hebrew": "he", "english": "en", "arabic": "ar"}
_LONGEST_NAME = 80
_REASONS: dict[Intent, str] = {
    "do_not_call": "the caller does not want to be called again",
    "wrong_number": "it is the wrong number",
    "mailbox": "a mailbox has answered",
    "goodbye": "the caller said goodbye",
}


@dataclass(frozen=True, slots=True)
class Heard:
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Situation:
    instructions: str
    asked: str
    """The instructions of this one response, if it has its own."""
    tools: tuple[dict[str, Any], ...]
    heard: Heard | None
    """What the caller said last, unless it was answered."""
    note: str
    """A system message that came after that, unless it was answered."""
    has_spoken: bool
    tools_answered: tuple[str, ...]
    """Their names, since it spoke last."""
    last_language: str


def reply_to(situation: Situation) -> Reply:
    told = words_told(situation.asked)
    if told is not None:
        return say(told)
    if situation.note:
        return say(words_told(situation.note) or _as_told(situation))
    if situation.tools_answered:
        return _after_tools(situation)
    if situation.heard is not None:
        return _answer(situation, situation.heard)
    if situation.has_spoken:
        return say(_phrases(situation).still_there)
    return say(_opening(situation))


def _after_tools(situation: Situation) -> Reply:
    if MARK_DO_NOT_CALL in situation.tools_answered:
        return _last_words(situation, "do_not_call")
    return say(_phrases(situation).after_tool)


def words_told(asked: str) -> str | None:
    exactly = _EXACTLY.search(asked)
    return exactly[2].strip() if exactly else None


def _opening(situation: Situation) -> str:
    greeting = _GREETING.search(situation.instructions)
    if greeting and greeting[1].strip():
        return greeting[1].strip()
    return _naming_the_business(_phrases(situation).greeting, situation)


def business_name(instructions: str) -> str:
    for pattern in _BUSINESS_NAMES:
        found = pattern.search(instructions)
        if found:
            return _unquoted(found[1].strip())[:_LONGEST_NAME]
    return ""


def _unquoted(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def language_of(text: str) -> str:
    """By the script that carries most letters; English for Latin and for none."""
    letters = {
        "he": len(re.findall(r"[\u0590-\u05ff]", text)),
        "ar": len(re.findall(r"[\u0600-\u06ff]", text)),
    }
    language, count = max(letters.items(), key=lambda pair: pair[1])
    # Prompts are half English in every language: some words of another script are enough.
    return language if count >= 4 else "en"


def intent_of(text: str, phrases: Phrases) -> Intent | None:
    spoken = text.casefold()
    tokens = re.findall(r"\w+", spoken)
    for intent, words in phrases.words.items():
        if any(_says(word, spoken, tokens) for word in words):
            return intent
    return None


def _says(word: str, spoken: str, tokens: list[str]) -> bool:
    if " " in word:
        return word in spoken
    if len(word) < 4:
        return word in tokens
    return any(token.startswith(word) for token in tokens)


def _as_told(situation: Situation) -> str:
    phrases, note = _phrases(situation), situation.note.casefold()
    if "goodbye" in note or "hanging up" in note:
        return _naming_the_business(phrases.answers["goodbye"], situation)
    return phrases.little_time if "time limit" in note else phrases.still_there


def _answer(situation: Situation, heard: Heard) -> Reply:
    phrases = _phrases(situation)
    if heard.text in ("", UNKNOWN_SPEECH):
        return say(phrases.unclear)
    intent = intent_of(heard.text, phrases)
    tool = _offered(situation, MARK_DO_NOT_CALL) if intent == "do_not_call" else None
    if tool is not None:
        return Reply((UseTool(MARK_DO_NOT_CALL, _arguments(tool, heard.text)),))
    if intent in LAST_WORDS:
        return _last_words(situation, intent)
    template = phrases.answers[intent] if intent else phrases.otherwise
    return say(_naming_the_business(template, situation))


def _last_words(situation: Situation, intent: Intent) -> Reply:
    """Says goodbye in the way that fits, and hangs up if it may."""
    spoken = Say(_naming_the_business(_phrases(situation).answers[intent], situation))
    tool = _offered(situation, END_CALL)
    if tool is None:
        return Reply((spoken,))
    return Reply((spoken, UseTool(END_CALL, _arguments(tool, _REASONS[intent]))))


def _naming_the_business(template: str, situation: Situation) -> str:
    name = business_name(situation.instructions) or _phrases(situation).somebody
    return template.format(business=name)


def _phrases(situation: Situation) -> Phrases:
    heard = situation.heard.language if situation.heard else ""
    language = heard or situation.last_language or _first_language(situation.instructions)
    return PHRASES.get(language, PHRASES["en"])


def _first_language(instructions: str) -> str:
    named = _BEGIN_IN.search(instructions)
    if named and named[1].casefold() in _LANGUAGES:
        return _LANGUAGES[named[1].casefold()]
    greeting = _GREETING.search(instructions)
    return language_of(greeting[1] if greeting else instructions)


def _offered(situation: Situation, name: str) -> dict[str, Any] | None:
    return next((tool for tool in situation.tools if tool["name"] == name), None)


def _arguments(tool: dict[str, Any], text: str) -> dict[str, Any]:
    """Something valid for every field that the tool requires."""
    schema = tool.get("parameters") or {}
    known = schema.get("properties")
    required = schema.get("required")
    if not isinstance(known, dict) or not isinstance(required, list):
        return {}
    return {name: _value(known.get(name), text) for name in required if isinstance(name, str)}


def _value(schema: Any, text: str) -> Any:
    if not isinstance(schema, dict):
        return text
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    plain: dict[str, Any] = {"boolean": True, "integer": 1, "number": 1, "array": [], "object": {}}
    kind = schema.get("type")
    return plain.get(kind, text) if isinstance(kind, str) else text
