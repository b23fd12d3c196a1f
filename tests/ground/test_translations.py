from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

CODE = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext
greeting = _("Good morning, %(name)s")
calls = ngettext("%(count)s call", "%(count)s calls", 2)
line = pgettext("telephone", "line")
plain = "not for translators"
"""
TEMPLATE = """{% load i18n %}
    <p>{% translate "Call back" %}</p>
      <h1>{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}</h1>
"""


@pytest.fixture
def tree(tmp_path: Path, settings: Settings) -> Path:
    (tmp_path / "calls" / "migrations").mkdir(parents=True)
    (tmp_path / "calls" / "models.py").write_text(CODE)
    (tmp_path / "calls" / "migrations" / "0001.py").write_text('_("only in a migration")')
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "call.html").write_text(TEMPLATE)
    settings.BASE_DIR = tmp_path
    settings.LANGUAGES = [("he", "Hebrew"), ("en", "English")]
    return tmp_path


def run(*arguments: str) -> str:
    """What it complains of; nothing when all is well."""
    complaints = StringIO()
    try:
        call_command("translations", *arguments, stderr=complaints)
    except CommandError:
        assert complaints.getvalue()
    return complaints.getvalue()


def po(tree: Path) -> Path:
    return tree / "locale" / "he" / "LC_MESSAGES" / "django.po"


def translate(tree: Path, **changes: str) -> None:
    texts = {
        "Good morning, %(name)s": "בוקר טוב, %(name)s",
        "line": "קו",
        "Call back": "להתקשר בחזרה",
        "Hello %(name)s": "שלום %(name)s",
    } | changes
    text = po(tree).read_text()
    for msgid, msgstr in texts.items():
        text = text.replace(f'msgid "{msgid}"\nmsgstr ""', f'msgid "{msgid}"\nmsgstr "{msgstr}"')
    text = text.replace('msgstr[0] ""', 'msgstr[0] "שיחה אחת"')
    text = text.replace('msgstr[1] ""', 'msgstr[1] "%(count)s שיחות"')
    po(tree).write_text(text)


def test_texts_of_code_and_templates_are_found(tree: Path) -> None:
    complaints = run()
    for text in ("Good morning, %(name)s", "%(count)s call", "line", "Call back", "Hello %(name)s"):
        assert f'"{text}"' in po(tree).read_text()
        assert text in complaints
    assert "not for translators" not in po(tree).read_text()
    assert "only in a migration" not in po(tree).read_text()


def test_a_whole_catalogue_passes(tree: Path) -> None:
    run()
    translate(tree)
    assert run() == ""
    assert run("--check") == ""


def test_a_second_run_changes_nothing(tree: Path) -> None:
    run()
    before = po(tree).read_bytes()
    run()
    assert po(tree).read_bytes() == before


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"line": ""}, "not translated: 'line'"),
        ({"Hello %(name)s": "שלום"}, "other placeholders than: 'Hello %(name)s'"),
        ({"Hello %(name)s": "שלום %(nmae)s"}, "other placeholders than: 'Hello %(name)s'"),
    ],
)
def test_a_fault_of_the_translator_is_named(
    tree: Path, change: dict[str, str], complaint: str
) -> None:
    run()
    translate(tree, **change)
    assert complaint in run()
    assert complaint in run("--check")


def test_a_guess_is_no_translation(tree: Path) -> None:
    run()
    translate(tree)
    text = po(tree).read_text().replace('msgctxt "telephone"', '#, fuzzy\nmsgctxt "telephone"')
    po(tree).write_text(text)
    assert "fuzzy: 'line'" in run("--check")


def test_a_text_that_is_new_or_gone_is_noticed(tree: Path) -> None:
    run()
    translate(tree)
    run()
    (tree / "templates" / "call.html").write_text('{% load i18n %}{% translate "New" %}')
    complaints = run("--check")
    assert "django.po is not up to date" in complaints
    assert "not translated: 'New'" in complaints
    run()
    assert "Call back" not in po(tree).read_text()


def test_a_catalogue_that_was_not_compiled_is_noticed(tree: Path) -> None:
    run()
    po(tree).with_suffix(".mo").write_bytes(b"old")
    assert "django.mo is not up to date" in run("--check")
    po(tree).with_suffix(".mo").unlink()
    assert "django.mo is not up to date" in run("--check")
    assert not po(tree).with_suffix(".mo").exists()
