from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prompts.advice import Code, Finding

TEXTS = {
    Code.TEXT_EMPTY: _("The text is empty."),
    Code.TEXT_LONG: _(
        "The text has %(length)s characters. Beyond %(limit)s the agent follows it less exactly "
        "and each call costs more."
    ),
    Code.SCOPE_MISSING: _(
        "Nothing says what the agent should not talk about. Add a sentence such as: speak only "
        "about our services."
    ),
    Code.CLOSING_MISSING: _("Nothing says how a call should end."),
    Code.PLACEHOLDER: _("This looks like something still to be filled in: %(placeholder)s"),
    Code.GREETING_MISSING: _("There is no greeting: the agent will find words of its own."),
    Code.GREETING_LONG: _(
        "The greeting has %(length)s characters. People interrupt a greeting of more than "
        "%(limit)s."
    ),
    Code.OTHER_DIRECTION_MISSING: _(
        "Nothing is published for the other direction: such calls are refused."
    ),
}


def sentence(finding: Finding) -> str:
    """In the language of the reader."""
    return str(TEXTS[finding.code] % dict(finding.args))
