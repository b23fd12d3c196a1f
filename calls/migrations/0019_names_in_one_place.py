from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import calls.models.lead


def from_word(words: int) -> models.GeneratedField:
    return models.GeneratedField(
        db_persist=True,
        expression=calls.models.lead.FromWord("name", words),
        output_field=models.CharField(db_collation="C", max_length=200),
    )


def anew(name: str, words: int, index: str) -> list[migrations.operations.base.Operation]:
    """What a generated column is made from cannot be changed: `FromWord` divides double names now."""
    fields = ["business", name]
    return [
        migrations.RemoveIndex(model_name="lead", name=index),
        migrations.RemoveField(model_name="lead", name=name),
        migrations.AddField(model_name="lead", name=name, field=from_word(words)),
        migrations.AddIndex(model_name="lead", index=models.Index(fields=fields, name=index)),
    ]


OLD_WORDS = """
DROP TRIGGER words ON calls_lead;
DROP FUNCTION calls_lead_words();
"""


class Migration(migrations.Migration):
    dependencies = [("calls", "0018_calls_of_a_version"), ("tenants", "0008_number_requests")]

    operations = [
        migrations.RunSQL(OLD_WORDS),
        migrations.DeleteModel("NameWord"),
        *anew("name_words_2", 1, "lead_by_second_word"),
        *anew("name_words_3", 2, "lead_by_third_word"),
        migrations.AlterField(
            model_name="lead",
            name="business",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.business",
                verbose_name="business",
            ),
        ),
    ]
