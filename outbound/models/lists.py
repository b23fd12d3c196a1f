from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Final

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from calls.models import Lead
from tenants.models import Business, User
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet


class LeadList(BusinessOwned):
    """Leads under one name, to make runs of."""

    name = models.CharField(_("name"), max_length=200)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("lead list")
        verbose_name_plural = _("lead lists")
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="leadlist_name_once")
        ]

    def __str__(self) -> str:
        return self.name


COUNTS: Final = """
SELECT wanted.id, (
    SELECT count(*) FROM (
        SELECT 1 FROM outbound_leadlistentry AS entry
        WHERE entry.business_id = wanted.business_id AND entry.list_id = wanted.id
        LIMIT %s
    ) AS counted
)
FROM outbound_leadlist AS wanted WHERE wanted.id = ANY(%s)
"""


class LeadListEntryQuerySet(BusinessOwnedQuerySet["LeadListEntry"]):
    def counts_of(self, lists: Collection[LeadList], *, most: int) -> Mapping[uuid.UUID, int]:
        """How many are in each, by one query that counts no further than `most`."""
        with connection.cursor() as cursor:
            cursor.execute(COUNTS, [most, [one.pk for one in lists]])
            return dict(cursor.fetchall())


class LeadListEntry(BusinessOwned):
    # There are very many of them, and two indexes below begin with the business and the list.
    business = models.ForeignKey(
        Business,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("business"),
    )
    list = models.ForeignKey(
        LeadList,
        on_delete=models.CASCADE,
        related_name="entries",
        db_index=False,
        verbose_name=_("list"),
    )
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="+", verbose_name=_("lead")
    )
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    objects: ClassVar = LeadListEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of a lead list")
        verbose_name_plural = _("entries of lead lists")
        constraints = [
            models.UniqueConstraint(fields=["business", "list", "lead"], name="leadlistentry_once")
        ]
        indexes = [
            models.Index(
                fields=["business", "list", "-added_at", "-id"], name="leadlistentry_pages"
            )
        ]

    def __str__(self) -> str:
        return str(self.lead_id)


class ImportStatus(models.TextChoices):
    MAPPING = "mapping", _("waits for its columns to be confirmed")
    RUNNING = "running", _("running")
    COMPLETED = "completed", pgettext_lazy("import", "completed")
    FAILED = "failed", pgettext_lazy("import", "failed")
    CANCELED = "canceled", pgettext_lazy("import", "canceled")


# Waits for its columns, or for its turn, or is being read.
NOT_OVER: Final = (ImportStatus.MAPPING, ImportStatus.RUNNING)


class LeadImportQuerySet(BusinessOwnedQuerySet["LeadImport"]):
    def running(self) -> LeadImportQuerySet:
        return self.filter(status=ImportStatus.RUNNING)

    def not_over(self) -> LeadImportQuerySet:
        return self.filter(status__in=NOT_OVER)


class LeadImport(BusinessOwned):
    """A file of leads on its way into a list. `next_row` is where the next chunk begins."""

    list = models.ForeignKey(
        LeadList, on_delete=models.PROTECT, related_name="imports", verbose_name=_("list")
    )
    file_name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    size = models.PositiveIntegerField(_("size (bytes)"))
    region = models.CharField(_("country of plain numbers"), max_length=2, default="IL")
    mapping = models.JSONField(_("columns"), default=dict)
    status = models.CharField(
        _("status"), max_length=16, choices=ImportStatus, default=ImportStatus.MAPPING
    )
    next_row = models.PositiveIntegerField(_("next row"), default=1)
    rows = models.PositiveIntegerField(_("rows read"), default=0)
    rows_total = models.PositiveIntegerField(_("rows in the file"), null=True, blank=True)
    created_leads = models.PositiveIntegerField(_("new leads"), default=0)
    merged_leads = models.PositiveIntegerField(_("known leads"), default=0)
    bad_rows = models.PositiveIntegerField(_("rows in error"), default=0)
    failure = models.TextField(_("why it failed"), blank=True)
    created_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("made by"),
    )
    created_at = models.DateTimeField(_("uploaded"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects: ClassVar[Any] = LeadImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of leads")
        verbose_name_plural = _("imports of leads")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ImportStatus.values), name="leadimport_status"
            ),
        ]
        indexes = [models.Index(fields=["business", "-created_at"], name="leadimport_list")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_over(self) -> bool:
        return self.status not in NOT_OVER

    @property
    def rows_in(self) -> int:
        """Rows that are leads now, new ones or known ones."""
        return self.rows - self.bad_rows

    @property
    def rows_left(self) -> int | None:
        """Rows that were not read yet; `None` where nobody has counted the file."""
        return None if self.rows_total is None else max(0, self.rows_total - self.rows)


class LeadImportPart(BusinessOwned):
    """A megabyte of the file, so that nobody has to hold the whole of it."""

    lead_import = models.ForeignKey(
        LeadImport, on_delete=models.CASCADE, related_name="parts", verbose_name=_("import")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    content = models.BinaryField(_("content"), editable=False)

    class Meta:
        verbose_name = _("part of a file")
        verbose_name_plural = _("parts of files")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "lead_import", "position"], name="leadimportpart_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.position)


class LeadImportError(BusinessOwned):
    """A row of a file that was left out, and why."""

    lead_import = models.ForeignKey(
        LeadImport, on_delete=models.CASCADE, related_name="errors", verbose_name=_("import")
    )
    row = models.PositiveIntegerField(_("row"))
    code = models.CharField(_("reason"), max_length=48)
    field = models.CharField(_("column"), max_length=100, blank=True)
    value = models.CharField(_("value"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("row in error")
        verbose_name_plural = _("rows in error")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "lead_import", "row"], name="leadimporterror_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.code}"
