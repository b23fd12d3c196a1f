"""`manage.py translations`: brings locale/ up to date with the code. `--check`: says whether
it is, and whether every text is translated.

In Python alone (Babel, of the `dev` extra), since Django's makemessages and compilemessages
need the gettext programs, which a bare machine does not have. The compiled catalogues are
committed, so that an installation needs neither.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation.template import templatize

DOMAIN = "django"
SOURCE_FOLDERS = ("prosaas", "tenants", "prompts", "calls", "outbound", "templates")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}")
LINE_START = re.compile(r"^[ \t]+", re.MULTILINE)


class Command(BaseCommand):
    help = "Bring the translations up to date with the code, or check that they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, say what to do")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        root = Path(settings.BASE_DIR)
        problems = [
            problem
            for path in catalogue_paths(root)
            for problem in (check_catalogue(root, path) if check else update(root, path))
        ]
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} texts or files of locale/ need a translator.")


def catalogue_paths(root: Path) -> list[Path]:
    """English is the language of the code, and needs no catalogue."""
    languages = [code for code, _name in settings.LANGUAGES if code != "en"]
    return [root / "locale" / code / "LC_MESSAGES" / f"{DOMAIN}.po" for code in languages]


def update(root: Path, path: Path) -> Iterator[str]:
    catalogue = updated(root, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_po(catalogue))
    path.with_suffix(".mo").write_bytes(as_mo(catalogue))
    yield from faults(catalogue)


def check_catalogue(root: Path, path: Path) -> Iterator[str]:
    catalogue = updated(root, path)
    if not path.exists() or path.read_bytes() != as_po(catalogue):
        yield f"{path.relative_to(root)} is not up to date: run manage.py translations"
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != as_mo(catalogue):
        yield f"{compiled.relative_to(root)} is not up to date: run manage.py translations"
    yield from faults(catalogue)


def updated(root: Path, path: Path) -> Catalog:
    """What stands in the file, with the texts that the code has now and no others."""
    language = path.parts[-3]
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language, domain=DOMAIN, abort_invalid=True)
    else:
        catalogue = new_catalogue(language)
    template = texts_of_the_code(root)
    template.creation_date = catalogue.creation_date  # or every run would be a change
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    return catalogue


def new_catalogue(language: str) -> Catalog:
    return Catalog(
        locale=language,
        domain=DOMAIN,
        header_comment="# Texts of ProSaaS; written by manage.py translations, filled in by hand.",
        project="ProSaaS",
        version="1",
        last_translator="ProSaaS contributors",
        language_team=language,
        msgid_bugs_address="ProSaaS contributors",
        fuzzy=False,
    )


def texts_of_the_code(root: Path) -> Catalog:
    template = Catalog(domain=DOMAIN)
    for path in sorted(source_files(root)):
        for _line, text, comments, context in texts_in(path):
            template.add(
                text,
                locations=[(path.relative_to(root).as_posix(), 0)],
                auto_comments=comments,
                context=context,
            )
    return template


def source_files(root: Path) -> Iterator[Path]:
    for folder in SOURCE_FOLDERS:
        for path in (root / folder).rglob("*"):
            # What migrations say is a copy of what the models say.
            code = path.suffix == ".py" and "migrations" not in path.parts
            template = path.suffix in {".html", ".txt"} and "templates" in path.parts
            if code or template:
                yield path


def texts_in(path: Path) -> Iterator[tuple[int, Any, list[str], str | None]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Django turns a template into something like Python; a reader of Python minds the indents.
        text = LINE_START.sub("", templatize(text, origin=str(path)))
    yield from extract(
        "python",
        io.BytesIO(text.encode()),
        keywords=KEYWORDS,
        comment_tags=("Translators:",),
        options={"encoding": "utf-8"},
    )


def faults(catalogue: Catalog) -> Iterator[str]:
    for message in catalogue:
        if not message.id:
            continue  # the header
        if message.fuzzy:
            yield f"{catalogue.locale}: fuzzy: {message.id!r}"
        if not all(strings(message.string)):
            yield f"{catalogue.locale}: not translated: {message.id!r}"
        elif not same_placeholders(message):
            yield f"{catalogue.locale}: other placeholders than: {message.id!r}"


def same_placeholders(message: Message) -> bool:
    """A plural form may leave the number out ("one call"), but not bring in another name."""
    wanted = set(PLACEHOLDER.findall(strings(message.id)[-1]))
    for text in strings(message.string):
        found = set(PLACEHOLDER.findall(text))
        if found - wanted or (found != wanted and not message.pluralizable):
            return False
    return True


def strings(value: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """One, or the forms of a plural."""
    return tuple(value) if isinstance(value, list | tuple) else (value or "",)


def as_po(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    # File names help a translator; line numbers would change with every edit.
    write_po(file, catalogue, width=96, include_lineno=False, sort_output=True)
    return file.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()
