from __future__ import annotations

import uuid

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import outbound.models.limits
import outbound.retries
import tenants.ids
import tenants.numbers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("calls", "0008_answering_machines"),
        ("prompts", "0004_greeting_clip_isolation"),
        ("tenants", "0003_refused_key"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CarrierAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "account_sid",
                    models.CharField(max_length=64, unique=True, verbose_name="account SID"),
                ),
                (
                    "calls_per_second",
                    models.DecimalField(
                        decimal_places=2,
                        default=1,
                        help_text="What the carrier has granted this account; 0: no limit.",
                        max_digits=7,
                        verbose_name="calls a second",
                    ),
                ),
                (
                    "next_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="next call from"),
                ),
                (
                    "congestion",
                    models.PositiveSmallIntegerField(default=0, verbose_name="refusals in a row"),
                ),
                (
                    "slowed_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="nothing sent before"),
                ),
                (
                    "most_live",
                    models.PositiveSmallIntegerField(
                        blank=True, default=1, null=True, verbose_name="calls at a time, for now"
                    ),
                ),
                ("refused_at", models.DateTimeField(blank=True, null=True, verbose_name="refused")),
                (
                    "refused_code",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="refused with"),
                ),
            ],
            options={
                "verbose_name": "carrier account",
                "verbose_name_plural": "carrier accounts",
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("task", models.CharField(max_length=64, unique=True, verbose_name="task")),
                ("at", models.DateTimeField(verbose_name="last ran")),
                ("detail", models.JSONField(blank=True, default=dict, verbose_name="what it did")),
            ],
            options={
                "verbose_name": "heartbeat",
                "verbose_name_plural": "heartbeats",
            },
        ),
        migrations.CreateModel(
            name="SuppressedNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "phone_e164",
                    models.CharField(
                        max_length=16,
                        unique=True,
                        validators=[tenants.numbers.validate_e164],
                        verbose_name="telephone",
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=200, verbose_name="why")),
                ("since", models.DateTimeField(auto_now_add=True, verbose_name="since")),
            ],
            options={
                "verbose_name": "number closed to all businesses",
                "verbose_name_plural": "numbers closed to all businesses",
            },
        ),
        migrations.CreateModel(
            name="LeadList",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="made"
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
            ],
            options={
                "verbose_name": "lead list",
                "verbose_name_plural": "lead lists",
            },
        ),
        migrations.CreateModel(
            name="LeadImport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("file_name", models.CharField(max_length=200, verbose_name="file")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("size", models.PositiveIntegerField(verbose_name="size (bytes)")),
                (
                    "region",
                    models.CharField(
                        default="IL", max_length=2, verbose_name="country of plain numbers"
                    ),
                ),
                ("mapping", models.JSONField(default=dict, verbose_name="columns")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("mapping", "waits for its columns to be confirmed"),
                            ("running", "running"),
                            ("completed", "completed"),
                            ("failed", "failed"),
                            ("canceled", "canceled"),
                        ],
                        default="mapping",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("next_row", models.PositiveIntegerField(default=1, verbose_name="next row")),
                ("rows", models.PositiveIntegerField(default=0, verbose_name="rows read")),
                (
                    "rows_total",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="rows in the file"
                    ),
                ),
                ("created_leads", models.PositiveIntegerField(default=0, verbose_name="new leads")),
                (
                    "merged_leads",
                    models.PositiveIntegerField(default=0, verbose_name="known leads"),
                ),
                ("bad_rows", models.PositiveIntegerField(default=0, verbose_name="rows in error")),
                ("failure", models.TextField(blank=True, verbose_name="why it failed")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="uploaded"
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
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
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="outbound.leadlist",
                        verbose_name="list",
                    ),
                ),
            ],
            options={
                "verbose_name": "import of leads",
                "verbose_name_plural": "imports of leads",
            },
        ),
        migrations.CreateModel(
            name="LeadListEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "added_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="added"
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
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="calls.lead",
                        verbose_name="lead",
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="outbound.leadlist",
                        verbose_name="list",
                    ),
                ),
            ],
            options={
                "verbose_name": "entry of a lead list",
                "verbose_name_plural": "entries of lead lists",
            },
        ),
        migrations.CreateModel(
            name="OutboundCallRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("scheduled", "scheduled"),
                            ("running", "running"),
                            ("paused", "paused"),
                            ("completed", "completed"),
                            ("canceled", "canceled"),
                        ],
                        default="draft",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                (
                    "schedule",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Empty: whenever the business may call. Otherwise only when both allow it.",
                        verbose_name="calling window",
                    ),
                ),
                (
                    "starts_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="starts by itself"),
                ),
                (
                    "concurrency",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="calls at a time",
                    ),
                ),
                (
                    "retries",
                    models.JSONField(
                        blank=True,
                        default=outbound.retries.default_retries,
                        verbose_name="calling again",
                    ),
                ),
                (
                    "machine_policy",
                    models.CharField(
                        choices=[
                            ("hang_up", "hang up"),
                            ("leave_message", "leave a message"),
                            ("talk", "talk to it"),
                        ],
                        default="hang_up",
                        max_length=16,
                        verbose_name="at an answering machine",
                    ),
                ),
                (
                    "machine_message",
                    models.TextField(
                        blank=True, max_length=1000, verbose_name="message after the beep"
                    ),
                ),
                (
                    "message_on_last_only",
                    models.BooleanField(
                        default=True, verbose_name="leave the message at the last attempt only"
                    ),
                ),
                (
                    "require_consent",
                    models.BooleanField(
                        default=False,
                        help_text="A consent is good for a year.",
                        verbose_name="only who has agreed to be called",
                    ),
                ),
                (
                    "ring_s",
                    models.PositiveSmallIntegerField(
                        default=25,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="ring (s)",
                    ),
                ),
                (
                    "pause_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("owner", "the business paused it"),
                            ("failures", "too many calls fail"),
                            ("account", "the carrier refuses the account"),
                            ("velocity", "unusual numbers are dialled"),
                        ],
                        max_length=16,
                        verbose_name="why paused",
                    ),
                ),
                ("pause_detail", models.TextField(blank=True, verbose_name="in one sentence")),
                (
                    "judged_since",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="failures counted since"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="made"
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                ("paused_at", models.DateTimeField(blank=True, null=True, verbose_name="paused")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "again_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="outbound.outboundcallrun",
                        verbose_name="calls again those of",
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
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "number",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.phonenumber",
                        verbose_name="caller number",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prompts.promptversion",
                        verbose_name="prompt version",
                    ),
                ),
            ],
            options={
                "verbose_name": "outbound run",
                "verbose_name_plural": "outbound runs",
                "db_table": "outbound_call_runs",
            },
        ),
        migrations.CreateModel(
            name="OutboundCallJob",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.time_ordered,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("phone_e164", models.CharField(max_length=16, verbose_name="telephone")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("dialing", "dialling"),
                            ("in_progress", "in progress"),
                            ("completed", "completed"),
                            ("no_answer", "no answer"),
                            ("busy", "busy"),
                            ("voicemail", "voicemail"),
                            ("failed", "failed"),
                            ("rejected", "rejected"),
                            ("canceled", "canceled"),
                            ("unknown", "unknown"),
                        ],
                        default="queued",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="due")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("outcomes", models.JSONField(blank=True, default=dict, verbose_name="outcomes")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="made"
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
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
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="calls.lead",
                        verbose_name="lead",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="outbound.outboundcallrun",
                        verbose_name="run",
                    ),
                ),
            ],
            options={
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
                "db_table": "outbound_call_jobs",
            },
        ),
        migrations.CreateModel(
            name="DialVerdict",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.time_ordered,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "gate",
                    models.CharField(
                        choices=[
                            ("run", "the run"),
                            ("business", "the business"),
                            ("account", "the carrier's account"),
                            ("model_key", "the key for the model"),
                            ("pace", "pace"),
                            ("installation_lines", "lines of the installation"),
                            ("business_lines", "lines of the business"),
                            ("run_lines", "lines of the run"),
                            ("calls_a_day", "calls a day"),
                            ("minutes_a_day", "minutes a day"),
                            ("velocity", "velocity alarm"),
                            ("destination", "destination"),
                            ("do_not_call", "do-not-call list"),
                            ("consent", "consent"),
                            ("window", "calling window"),
                            ("frequency", "how often somebody is called"),
                            ("line_busy", "already on the line"),
                            ("passed", "all gates passed"),
                        ],
                        max_length=24,
                        verbose_name="gate",
                    ),
                ),
                ("reason", models.CharField(max_length=48, verbose_name="reason")),
                ("facts", models.JSONField(blank=True, default=dict, verbose_name="facts")),
                (
                    "next_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="looked at next"),
                ),
                ("first_at", models.DateTimeField(verbose_name="first")),
                ("last_at", models.DateTimeField(verbose_name="last")),
                ("times", models.PositiveIntegerField(default=1, verbose_name="times")),
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
                    "job",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdicts",
                        to="outbound.outboundcalljob",
                        verbose_name="job",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdicts",
                        to="outbound.outboundcallrun",
                        verbose_name="run",
                    ),
                ),
            ],
            options={
                "verbose_name": "verdict",
                "verbose_name_plural": "verdicts",
            },
        ),
        migrations.CreateModel(
            name="DialAttempt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.time_ordered,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="attempt")),
                ("account_sid", models.CharField(max_length=64, verbose_name="account SID")),
                ("to_e164", models.CharField(max_length=16, verbose_name="to")),
                ("from_e164", models.CharField(max_length=16, verbose_name="from")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "not sent"),
                            ("posting", "being sent"),
                            ("unknown", "unknown"),
                            ("human", "waits for a person's decision"),
                            ("placed", "placed"),
                            ("final", "over"),
                            ("rejected", "rejected by the carrier"),
                        ],
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("owner", models.BigIntegerField(verbose_name="dialler")),
                ("fence", models.BigIntegerField(default=1, verbose_name="fence")),
                ("posted_at", models.DateTimeField(verbose_name="intended")),
                (
                    "unknown_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="unknown since"),
                ),
                ("looks", models.PositiveSmallIntegerField(default=0, verbose_name="looked up")),
                (
                    "look_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="looked up next"),
                ),
                (
                    "absent_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="first not found"),
                ),
                (
                    "call_sid",
                    models.CharField(blank=True, max_length=64, null=True, verbose_name="call SID"),
                ),
                ("outcome", models.CharField(blank=True, max_length=16, verbose_name="outcome")),
                (
                    "error_code",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="carrier's code"
                    ),
                ),
                ("detail", models.TextField(blank=True, verbose_name="in one sentence")),
                (
                    "refusals",
                    models.PositiveSmallIntegerField(
                        default=0, verbose_name="not taken by the carrier"
                    ),
                ),
                (
                    "queued_ms",
                    models.PositiveIntegerField(
                        default=0, verbose_name="queued at the carrier (ms)"
                    ),
                ),
                (
                    "reserved_s",
                    models.PositiveIntegerField(default=0, verbose_name="seconds reserved"),
                ),
                ("used_s", models.PositiveIntegerField(default=0, verbose_name="seconds used")),
                ("usage_day", models.DateField(verbose_name="counted on")),
                (
                    "cancel_asked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="told to stop"),
                ),
                (
                    "suspect",
                    models.CharField(
                        blank=True,
                        help_text="A call that turned up for an attempt that had one already. It was ended.",
                        max_length=64,
                        verbose_name="second call",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="made"
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
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
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dial_attempt",
                        to="calls.call",
                        verbose_name="call",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dial_attempts",
                        to="outbound.outboundcalljob",
                        verbose_name="job",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="outbound.outboundcallrun",
                        verbose_name="run",
                    ),
                ),
            ],
            options={
                "verbose_name": "dial attempt",
                "verbose_name_plural": "dial attempts",
            },
        ),
        migrations.CreateModel(
            name="OutboundSettings",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "schedule",
                    models.JSONField(
                        default=outbound.models.limits.default_schedule,
                        verbose_name="when calls may be made",
                    ),
                ),
                (
                    "observe_shabbat",
                    models.BooleanField(
                        default=True, verbose_name="no calls to Israel on Shabbat and holidays"
                    ),
                ),
                (
                    "concurrency",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="calls at a time",
                    ),
                ),
                (
                    "calls_a_day",
                    models.PositiveIntegerField(default=500, verbose_name="calls a day"),
                ),
                (
                    "minutes_a_day",
                    models.PositiveIntegerField(default=1000, verbose_name="minutes a day"),
                ),
                (
                    "verified_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Until then a business makes a limited number of calls a day.",
                        null=True,
                        verbose_name="looked at by the operator",
                    ),
                ),
                (
                    "most_calls",
                    models.PositiveSmallIntegerField(
                        default=4,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="most calls to one person",
                    ),
                ),
                (
                    "within_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="within so many days",
                    ),
                ),
                (
                    "gap_minutes",
                    models.PositiveIntegerField(
                        default=240, verbose_name="minutes between two runs' calls to one person"
                    ),
                ),
                (
                    "countries",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Two-letter codes. Empty: the countries of the business's own numbers.",
                        verbose_name="countries",
                    ),
                ),
                (
                    "weight",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                        verbose_name="weight among the businesses",
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
            ],
            options={
                "verbose_name": "outbound settings",
                "verbose_name_plural": "outbound settings",
            },
        ),
        migrations.CreateModel(
            name="DialUsage",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("calls", models.PositiveIntegerField(default=0, verbose_name="calls")),
                (
                    "reserved_s",
                    models.PositiveBigIntegerField(default=0, verbose_name="seconds reserved"),
                ),
                ("used_s", models.PositiveBigIntegerField(default=0, verbose_name="seconds used")),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.business",
                        verbose_name="business",
                    ),
                ),
            ],
            options={
                "verbose_name": "usage of a day",
                "verbose_name_plural": "usage by day",
                "constraints": [
                    models.UniqueConstraint(fields=("business", "day"), name="dialusage_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="LeadImportError",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("row", models.PositiveIntegerField(verbose_name="row")),
                ("code", models.CharField(max_length=48, verbose_name="reason")),
                ("field", models.CharField(blank=True, max_length=100, verbose_name="column")),
                ("value", models.CharField(blank=True, max_length=200, verbose_name="value")),
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
                    "lead_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="errors",
                        to="outbound.leadimport",
                        verbose_name="import",
                    ),
                ),
            ],
            options={
                "verbose_name": "row in error",
                "verbose_name_plural": "rows in error",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business", "lead_import", "row"), name="leadimporterror_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LeadImportPart",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                ("content", models.BinaryField(verbose_name="content")),
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
                    "lead_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="outbound.leadimport",
                        verbose_name="import",
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a file",
                "verbose_name_plural": "parts of files",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business", "lead_import", "position"), name="leadimportpart_once"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="leadlist",
            constraint=models.UniqueConstraint(
                fields=("business", "name"), name="leadlist_name_once"
            ),
        ),
        migrations.AddIndex(
            model_name="leadimport",
            index=models.Index(fields=["business", "-created_at"], name="leadimport_list"),
        ),
        migrations.AddConstraint(
            model_name="leadimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["mapping", "running", "completed", "failed", "canceled"])
                ),
                name="leadimport_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="leadlistentry",
            constraint=models.UniqueConstraint(
                fields=("business", "list", "lead"), name="leadlistentry_once"
            ),
        ),
        migrations.AddIndex(
            model_name="outboundcallrun",
            index=models.Index(fields=["business", "-created_at"], name="run_list"),
        ),
        migrations.AddIndex(
            model_name="outboundcallrun",
            index=models.Index(
                condition=models.Q(("status__in", ["running", "scheduled"])),
                fields=["status", "starts_at"],
                name="run_at_work",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcallrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        ["draft", "scheduled", "running", "paused", "completed", "canceled"],
                    )
                ),
                name="run_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcallrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("pause_reason__in", ["", "owner", "failures", "account", "velocity"]),
                    models.Q(
                        models.Q(("status", "paused"), _negated=True),
                        models.Q(("pause_reason", ""), _negated=True),
                        _connector="OR",
                    ),
                ),
                name="run_pause_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcallrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", False), ("status__in", ("completed", "canceled"))
                    ),
                    models.Q(
                        models.Q(("status__in", ("completed", "canceled")), _negated=True),
                        ("ended_at", None),
                    ),
                    _connector="OR",
                ),
                name="run_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcallrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "scheduled"), _negated=True),
                    ("starts_at__isnull", False),
                    _connector="OR",
                ),
                name="run_scheduled_for",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcallrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("machine_policy__in", ["hang_up", "leave_message", "talk"])),
                name="run_machine_policy",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcallrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("concurrency__gte", 1)), name="run_concurrency"
            ),
        ),
        migrations.AddIndex(
            model_name="outboundcalljob",
            index=models.Index(
                condition=models.Q(("status", "queued")),
                fields=["business", "run", "due_at", "id"],
                name="job_due",
            ),
        ),
        migrations.AddIndex(
            model_name="outboundcalljob",
            index=models.Index(fields=["business", "run", "status"], name="job_counts"),
        ),
        migrations.AddIndex(
            model_name="outboundcalljob",
            index=models.Index(fields=["business", "phone_e164"], name="job_by_phone"),
        ),
        migrations.AddIndex(
            model_name="outboundcalljob",
            index=models.Index(
                condition=models.Q(("status__in", ("queued", "dialing", "in_progress", "unknown"))),
                fields=["business", "run"],
                name="job_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcalljob",
            constraint=models.UniqueConstraint(
                fields=("business", "run", "lead"), name="job_lead_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcalljob",
            constraint=models.UniqueConstraint(
                fields=("business", "run", "phone_e164"), name="job_phone_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcalljob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "queued",
                            "dialing",
                            "in_progress",
                            "completed",
                            "no_answer",
                            "busy",
                            "voicemail",
                            "failed",
                            "rejected",
                            "canceled",
                            "unknown",
                        ],
                    )
                ),
                name="job_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcalljob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", False),
                        (
                            "status__in",
                            (
                                "completed",
                                "no_answer",
                                "busy",
                                "voicemail",
                                "failed",
                                "rejected",
                                "canceled",
                            ),
                        ),
                    ),
                    models.Q(
                        models.Q(
                            (
                                "status__in",
                                (
                                    "completed",
                                    "no_answer",
                                    "busy",
                                    "voicemail",
                                    "failed",
                                    "rejected",
                                    "canceled",
                                ),
                            ),
                            _negated=True,
                        ),
                        ("ended_at", None),
                    ),
                    _connector="OR",
                ),
                name="job_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundcalljob",
            constraint=models.CheckConstraint(
                condition=models.Q(("phone_e164__regex", "^\\+[1-9][0-9]{3,14}$")), name="job_e164"
            ),
        ),
        migrations.AddIndex(
            model_name="dialverdict",
            index=models.Index(fields=["business", "job", "-last_at"], name="verdict_of_job"),
        ),
        migrations.AddIndex(
            model_name="dialverdict",
            index=models.Index(
                condition=models.Q(("job", None)),
                fields=["business", "run", "-last_at"],
                name="verdict_of_run",
            ),
        ),
        migrations.AddConstraint(
            model_name="dialverdict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "gate__in",
                        [
                            "run",
                            "business",
                            "account",
                            "model_key",
                            "pace",
                            "installation_lines",
                            "business_lines",
                            "run_lines",
                            "calls_a_day",
                            "minutes_a_day",
                            "velocity",
                            "destination",
                            "do_not_call",
                            "consent",
                            "window",
                            "frequency",
                            "line_busy",
                            "passed",
                        ],
                    )
                ),
                name="verdict_gate",
            ),
        ),
        migrations.AddIndex(
            model_name="dialattempt",
            index=models.Index(
                condition=models.Q(("state__in", ("posting", "unknown", "human", "placed"))),
                fields=["business", "run"],
                name="attempt_live",
            ),
        ),
        migrations.AddIndex(
            model_name="dialattempt",
            index=models.Index(
                condition=models.Q(("state", "posting")), fields=["owner"], name="attempt_posting"
            ),
        ),
        migrations.AddIndex(
            model_name="dialattempt",
            index=models.Index(
                condition=models.Q(("state", "unknown")), fields=["look_at"], name="attempt_look"
            ),
        ),
        migrations.AddIndex(
            model_name="dialattempt",
            index=models.Index(
                condition=models.Q(("state", "placed")), fields=["posted_at"], name="attempt_placed"
            ),
        ),
        migrations.AddIndex(
            model_name="dialattempt",
            index=models.Index(
                fields=["business", "to_e164", "posted_at"], name="attempt_by_number"
            ),
        ),
        migrations.AddIndex(
            model_name="dialattempt",
            index=models.Index(fields=["business", "posted_at"], name="attempt_by_time"),
        ),
        migrations.AddIndex(
            model_name="dialattempt",
            index=models.Index(fields=["business", "run", "ended_at"], name="attempt_ends"),
        ),
        migrations.AddConstraint(
            model_name="dialattempt",
            constraint=models.UniqueConstraint(
                fields=("business", "job", "number"), name="attempt_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="dialattempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("posting", "unknown", "human", "placed"))),
                fields=("account_sid", "to_e164"),
                name="attempt_one_live_ring",
            ),
        ),
        migrations.AddConstraint(
            model_name="dialattempt",
            constraint=models.UniqueConstraint(
                fields=("business", "call_sid"), name="attempt_sid_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="dialattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["queued", "posting", "unknown", "human", "placed", "final", "rejected"],
                    )
                ),
                name="attempt_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="dialattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "placed"), _negated=True),
                    ("call_sid__isnull", False),
                    _connector="OR",
                ),
                name="attempt_placed_has_sid",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboundsettings",
            constraint=models.UniqueConstraint(fields=("business",), name="outboundsettings_once"),
        ),
        migrations.AddConstraint(
            model_name="outboundsettings",
            constraint=models.CheckConstraint(
                condition=models.Q(("concurrency__gte", 1), ("weight__gte", 1)),
                name="outboundsettings_least",
            ),
        ),
    ]
