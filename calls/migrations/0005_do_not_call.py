from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models

from tenants.rls import CompositeForeignKey, EnableRLS

E164 = r"^\+[1-9][0-9]{3,14}$"
VIAS = [
    ("voice", "word of mouth"),
    ("key", "a key"),
    ("owner", "the business"),
    ("import", "a list"),
]


class Migration(migrations.Migration):
    dependencies = [("calls", "0004_turn_taking_isolation"), ("tenants", "0003_refused_key")]

    operations = [
        migrations.AddField(
            "Lead",
            "consent_at",
            models.DateTimeField(blank=True, null=True, verbose_name="agreed to be called"),
        ),
        migrations.AddField(
            "Lead",
            "consent_source",
            models.CharField(
                blank=True, default="", max_length=200, verbose_name="where they agreed"
            ),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="DoNotCall",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("phone_e164", models.CharField(max_length=16, verbose_name="telephone")),
                ("since", models.DateTimeField(verbose_name="since")),
                (
                    "via",
                    models.CharField(choices=VIAS, max_length=16, verbose_name="said so by"),
                ),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.business",
                        verbose_name="business",
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="calls.call",
                        verbose_name="said in the call",
                    ),
                ),
            ],
            options={
                "verbose_name": "number not to be called",
                "verbose_name_plural": "numbers not to be called",
                "indexes": [
                    models.Index(fields=["business", "-since"], name="donotcall_recent"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business", "phone_e164"), name="donotcall_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(phone_e164__regex=E164), name="donotcall_e164"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(via__in=[via for via, _ in VIAS]),
                        name="donotcall_via",
                    ),
                ],
            },
        ),
        EnableRLS("DoNotCall"),
        CompositeForeignKey("DoNotCall", "call"),
    ]
