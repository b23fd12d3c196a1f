from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("calls", "0006_move_do_not_call")]

    operations = [
        migrations.RemoveConstraint("Lead", "lead_do_not_call"),
        migrations.RemoveField("Lead", "do_not_call_at"),
        migrations.RemoveField("Lead", "do_not_call_via"),
    ]
