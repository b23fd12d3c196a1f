"""From the text of a file and the answers to the words of a prompt.

A file is parsed before anything is filled in, and filled in once: whatever an answer contains, it
is text and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from prompts.starting.questions import ONE_OF, TASKS, WORDS

GAP = re.compile(r"\{([a-z_]+)\}")
CONDITION = re.compile(r"\[([a-z_]+)\] ")
CONDITIONS = frozenset({*TASKS, *(choice for choices in ONE_OF.values() for choice in choices)})


class TextError(ValueError):
    """A file that we would not know how to fill in: a mistake of ours, not of the owner."""


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    condition: str = ""

    def applies(self, words: Mapping[str, str], chosen: Collection[str]) -> bool:
        if self.condition and self.condition not in chosen:
            return False
        return all(words.get(name) for name in GAP.findall(self.text))

    def filled(self, words: Mapping[str, str]) -> str:
        return GAP.sub(lambda gap: words[gap[1]], self.text)

    @property
    def is_heading(self) -> bool:
        return self.text.endswith(":") and not self.condition and not GAP.search(self.text)


Paragraph = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Template:
    greetings: Paragraph
    paragraphs: tuple[Paragraph, ...]

    def greeting(self, words: Mapping[str, str], chosen: Collection[str]) -> str:
        """The first that applies."""
        return next(line.filled(words) for line in self.greetings if line.applies(words, chosen))

    def text(self, words: Mapping[str, str], chosen: Collection[str]) -> str:
        left = (kept(paragraph, words, chosen) for paragraph in self.paragraphs)
        return "\n\n".join(
            "\n".join(line.filled(words) for line in paragraph) for paragraph in left if paragraph
        )


def kept(paragraph: Paragraph, words: Mapping[str, str], chosen: Collection[str]) -> Paragraph:
    """Without the lines that lack an answer, and nothing where they leave a heading alone."""
    lines = tuple(line for line in paragraph if line.applies(words, chosen))
    return () if all(line.is_heading for line in lines) else lines


def parse(content: str) -> Template:
    paragraphs = [
        tuple(parse_line(line) for line in block.splitlines())
        for block in re.split(r"\n{2,}", content.strip())
    ]
    if len(paragraphs) < 2:
        raise TextError("a greeting, an empty line and a text are needed")
    return Template(greetings=paragraphs[0], paragraphs=tuple(paragraphs[1:]))


def parse_line(line: str) -> Line:
    found = CONDITION.match(line)
    condition, text = (found[1], line[found.end() :]) if found else ("", line)
    if condition and condition not in CONDITIONS:
        raise TextError(f"no choice is called {condition!r}: {line}")
    if unknown := set(GAP.findall(text)) - set(WORDS):
        raise TextError(f"no question is called {', '.join(sorted(unknown))}: {line}")
    if not text.strip() or re.search(r"[{}\[\]]", GAP.sub("", text)):
        raise TextError(f"neither words nor a placeholder: {line!r}")
    return Line(text, condition)
