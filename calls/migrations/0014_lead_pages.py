from __future__ import annotations

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import calls.models.lead
from tenants.rls import CompositeForeignKey, EnableRLS


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0013_words_of_before"),
        ("tenants", "0004_cache_entries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LeadField",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(editable=False, max_length=60, verbose_name="key")),
                ("label", models.CharField(max_length=60, verbose_name="name of the field")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "text"),
                            ("number", "number"),
                            ("date", "date"),
                            ("choice", "choice"),
                        ],
                        default="text",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("choices", models.JSONField(blank=True, default=list, verbose_name="choices")),
                (
                    "position",
                    models.PositiveSmallIntegerField(default=0, verbose_name="place in the order"),
                ),
            ],
            options={
                "verbose_name": "field of leads",
                "verbose_name_plural": "fields of leads",
            },
        ),
        migrations.CreateModel(
            name="LeadNote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("text", models.TextField(max_length=4000, verbose_name="note")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="written"
                    ),
                ),
            ],
            options={
                "verbose_name": "note on a lead",
                "verbose_name_plural": "notes on leads",
            },
        ),
        migrations.AddField(
            model_name="lead",
            name="gender",
            field=models.CharField(
                blank=True,
                choices=[("female", "female"), ("male", "male")],
                max_length=8,
                verbose_name="spoken to as",
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="last_call_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="last call"
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="name_words",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower("name"),
                output_field=models.CharField(db_collation="C", max_length=200),
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="name_words_2",
            field=models.GeneratedField(
                db_persist=True,
                expression=calls.models.lead.FromWord("name", 1),
                output_field=models.CharField(db_collation="C", max_length=200),
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="name_words_3",
            field=models.GeneratedField(
                db_persist=True,
                expression=calls.models.lead.FromWord("name", 2),
                output_field=models.CharField(db_collation="C", max_length=200),
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="phone_backwards",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Reverse("phone_e164"),
                output_field=models.CharField(db_collation="C", max_length=200),
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="status",
            field=models.CharField(
                choices=[
                    ("new", "new"),
                    ("in_touch", "in touch"),
                    ("won", "customer"),
                    ("lost", "not interested"),
                ],
                default="new",
                max_length=16,
                verbose_name="status",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["business", "-created_at", "-id"], name="lead_pages"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                fields=["business", "status", "-created_at", "-id"], name="lead_by_status"
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["business", "last_call_at"], name="lead_by_last_call"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["business", "name_words"], name="lead_by_name"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["business", "name_words_2"], name="lead_by_second_word"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["business", "name_words_3"], name="lead_by_third_word"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["business", "phone_backwards"], name="lead_by_last_digits"),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("gender__in", ["", "female", "male"])), name="lead_gender"
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["new", "in_touch", "won", "lost"])),
                name="lead_status",
            ),
        ),
        migrations.AddField(
            model_name="leadfield",
            name="business",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.business",
                verbose_name="business",
            ),
        ),
        migrations.AddField(
            model_name="leadnote",
            name="business",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.business",
                verbose_name="business",
            ),
        ),
        migrations.AddField(
            model_name="leadnote",
            name="lead",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notes",
                to="calls.lead",
                verbose_name="lead",
            ),
        ),
        migrations.AddField(
            model_name="leadnote",
            name="written_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="written by",
            ),
        ),
        migrations.AddConstraint(
            model_name="leadfield",
            constraint=models.UniqueConstraint(
                fields=("business", "key"), name="leadfield_key_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="leadfield",
            constraint=models.UniqueConstraint(
                fields=("business", "label"),
                name="leadfield_label_once",
                violation_error_message="There is a field of this name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="leadfield",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["text", "number", "date", "choice"])),
                name="leadfield_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="leadnote",
            index=models.Index(fields=["business", "lead", "-created_at"], name="leadnote_of_lead"),
        ),
        EnableRLS("LeadField"),
        EnableRLS("LeadNote"),
        CompositeForeignKey("LeadNote", "lead"),
    ]
