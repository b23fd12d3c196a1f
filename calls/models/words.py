"""What is searched for by word, one row a word.

A full-text index would be no use: row-level security lets only leakproof operators into an index,
which equality is and `@@` is not, so PostgreSQL would read every turn of the business. The database
keeps the table itself, by a trigger on what is said (migration 0012).
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.models.call import Call
from tenants.scoping import BusinessOwned

# Longer ones are no words.
WORD_LIMIT = 40
# By code point: a prefix is a range, whatever language the database sorts in.
COLLATION = "C"


class SpokenWord(BusinessOwned):
    """A word that occurs in a call, once, however often it was said."""

    call = models.ForeignKey(
        Call, on_delete=models.CASCADE, related_name="+", verbose_name=_("call")
    )
    word = models.CharField(_("word"), max_length=WORD_LIMIT, db_collation=COLLATION)
    # Of the call: the newest calls with a word are one stretch of the index.
    began_at = models.DateTimeField(_("call began"))

    class Meta:
        verbose_name = _("spoken word")
        verbose_name_plural = _("spoken words")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "word", "began_at", "call"], name="spokenword_once"
            )
        ]

    def __str__(self) -> str:
        return self.word
