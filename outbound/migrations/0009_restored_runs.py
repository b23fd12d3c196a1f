from __future__ import annotations

from django.db import migrations, models

REASONS = {
    "owner": "the business paused it",
    "failures": "too many calls fail",
    "account": "the carrier refuses the account",
    "velocity": "unusual numbers are dialled",
    "settings": "its settings cannot be read",
    "restored": "a backup was restored",
}


class Migration(migrations.Migration):
    dependencies = [("outbound", "0008_long_runs")]

    operations = [
        migrations.RemoveConstraint(model_name="outboundcallrun", name="run_pause_reason"),
        migrations.AlterField(
            model_name="outboundcallrun",
            name="pause_reason",
            field=models.CharField(
                blank=True, choices=list(REASONS.items()), max_length=16, verbose_name="why paused"
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcallrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("pause_reason__in", ["", *REASONS]),
                    models.Q(
                        models.Q(("status", "paused"), _negated=True),
                        models.Q(("pause_reason", ""), _negated=True),
                        _connector="OR",
                    ),
                ),
                name="run_pause_reason",
            ),
        ),
    ]
