from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("calls", "0020_tools_that_run")]

    operations = [
        migrations.AddField(
            model_name="recording",
            name="silenced",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Where the number of a card was said or typed, nothing is to be heard.",
                verbose_name="silenced",
            ),
        ),
    ]
