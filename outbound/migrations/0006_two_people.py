from __future__ import annotations

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Greatest, Least

from tenants.rls import CompositeForeignKey, EnableRLS


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0018_calls_of_a_version"),
        ("outbound", "0005_pages_of_a_list"),
        ("tenants", "0007_invitation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TwoPeople",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "said_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="said"
                    ),
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
                    "one",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="calls.lead",
                        verbose_name="lead",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="calls.lead",
                        verbose_name="other lead",
                    ),
                ),
                (
                    "said_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="said by",
                    ),
                ),
            ],
            options={
                "verbose_name": "two people who look like one",
                "verbose_name_plural": "two people who look like one",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("business"),
                        Least("one", "other"),
                        Greatest("one", "other"),
                        name="twopeople_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("one", models.F("other")), _negated=True),
                        name="twopeople_two",
                    ),
                ],
            },
        ),
        EnableRLS("TwoPeople"),
        CompositeForeignKey("TwoPeople", "one"),
        CompositeForeignKey("TwoPeople", "other"),
    ]
