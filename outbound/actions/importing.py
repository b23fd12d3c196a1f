"""A file of leads on its way into a list, a thousand rows at a time.

Each chunk is one transaction that also moves `next_row` on, so whoever goes on after a worker died
begins where its last chunk ended, and no row is read into the list twice.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Final

import structlog
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from calls.models import Lead, LeadField
from calls.models.lead import MOST_FACTS
from outbound.contacts.cells import Row
from outbound.contacts.columns import Mapping
from outbound.contacts.export import errors_csv
from outbound.contacts.header_words import Role
from outbound.contacts.problems import FILE_TOO_LARGE, FileUnreadableError, Problem
from outbound.contacts.proposing import propose_mapping
from outbound.contacts.rows import Contact, RowError, merge, read_contacts
from outbound.contacts.tables import open_table
from outbound.foreign_keys import forget_plans
from outbound.models import (
    ImportStatus,
    LeadImport,
    LeadImportError,
    LeadImportPart,
    LeadList,
    LeadListEntry,
)
from tenants import access
from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.scoping import PlatformReason, business_scope, platform_scope

logger = structlog.get_logger(__name__)

LARGEST_FILE: Final = 25 * 1024 * 1024
PART: Final = 1024 * 1024
LOOKED_AT: Final = 200
ROWS_A_CHUNK: Final = 1000

Found = Contact | RowError


def upload_leads(
    *,
    business: Business,
    list_name: str,
    file_name: str,
    file: IO[bytes],
    by: User | None,
    now: datetime,
    region: str = "IL",
) -> LeadImport:
    """Keep the file, and propose which column is which. Nothing is imported before that is
    confirmed. Raises `ValidationError` with what to do about a file that cannot be read.
    """
    size, sha256 = _weigh(file)
    mapping = propose_mapping(_sample(file, file_name), region)
    with business_scope(business):
        access.require(by, business, access.Action.MANAGE_LEADS)
        into, _is_new = LeadList.objects.get_or_create(
            business=business, name=list_name, defaults={"created_at": now}
        )
        upload = LeadImport.objects.create(
            business=business,
            list=into,
            file_name=file_name[-200:],
            sha256=sha256,
            size=size,
            region=region,
            mapping=mapping.model_dump(mode="json"),
            created_by=by,
            created_at=now,
        )
        for position, part in enumerate(_parts(file)):
            LeadImportPart.objects.create(
                business=business, lead_import=upload, position=position, content=part
            )
        record_audit(
            business=business, action="leads.uploaded", by=by, now=now, subject=str(upload.pk)
        )
        return upload


def _weigh(file: IO[bytes]) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    for part in _parts(file):
        size += len(part)
        digest.update(part)
        if size > LARGEST_FILE:
            raise ValidationError(FILE_TOO_LARGE, code="large")
    return size, digest.hexdigest()


def _sample(file: IO[bytes], file_name: str) -> list[Row]:
    try:
        return list(islice(open_table(file, file_name).rows(), LOOKED_AT))
    except FileUnreadableError as error:
        raise ValidationError(error.sentence, code="unreadable") from error


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while part := file.read(PART):
        yield part


def confirm_mapping(
    *, upload: LeadImport, mapping: Mapping, by: User | None, now: datetime
) -> None:
    """From here on the import runs by itself."""
    if Role.PHONE not in mapping.by_role:
        raise ValidationError(_("Say which column holds the telephone number."), code="phone")
    with business_scope(upload.business_id):
        access.require(by, upload.business, access.Action.MANAGE_LEADS)
        waiting = LeadImport.objects.for_business(upload.business_id).filter(
            pk=upload.pk, status=ImportStatus.MAPPING
        )
        if not waiting.update(
            status=ImportStatus.RUNNING,
            mapping=mapping.model_dump(mode="json"),
            next_row=mapping.first_row,
        ):
            raise ValidationError(_("This import was begun already."), code="begun")
        record_audit(
            business=upload.business,
            action="leads.import_confirmed",
            by=by,
            now=now,
            subject=str(upload.pk),
        )


def stop_import(*, upload: LeadImport, by: User | None, now: datetime) -> None:
    """What came in stays, and nothing more does: a chunk that is being read is still kept, or not at
    all, and whoever reads the file finds out with the next one.
    """
    with business_scope(upload.business_id):
        access.require(by, upload.business, access.Action.MANAGE_LEADS)
        mine = LeadImport.objects.for_business(upload.business_id).filter(pk=upload.pk)
        if not mine.not_over().update(status=ImportStatus.CANCELED, ended_at=now):
            raise ValidationError(_("This import is over already."), code="over")
        upload.refresh_from_db()
        _forget_file(upload.business_id, upload.pk)
        record_audit(
            business=upload.business,
            action="leads.import_stopped",
            by=by,
            now=now,
            subject=str(upload.pk),
            facts={"rows_in": upload.rows_in, "rows_left": upload.rows_left},
        )


def _forget_file(business_id: uuid.UUID, import_id: uuid.UUID) -> None:
    LeadImportPart.objects.for_business(business_id).filter(lead_import=import_id).delete()


def import_leads(*, until: Callable[[], bool], clock: Callable[[], datetime]) -> int:
    """Go on with every import that runs, until told that it is time. Returns how many rows were
    read; what is left is gone on with by the next who comes.
    """
    with platform_scope(PlatformReason.IMPORT_LEADS):
        running = LeadImport.objects.running().order_by("created_at")
        addresses = list(running.values_list("pk", "business_id"))
    return sum(
        _Import(pk, business_id, clock).run(until) for pk, business_id in addresses if not until()
    )


@dataclass(frozen=True, slots=True)
class _Import:
    import_id: uuid.UUID
    business_id: uuid.UUID
    clock: Callable[[], datetime]

    def run(self, until: Callable[[], bool]) -> int:
        with TemporaryFile() as file:
            try:
                return self._read(self._found(file), until)
            except FileUnreadableError as error:
                self._end(ImportStatus.FAILED, str(error.sentence))
            except DatabaseError:
                # Gone on with by the next who comes; the imports behind it do not wait for that.
                logger.exception("chunk_not_imported", import_id=str(self.import_id))
            return 0

    def _read(self, found: Iterator[Found], until: Callable[[], bool]) -> int:
        rows = 0
        while not until():
            chunk = list(islice(found, ROWS_A_CHUNK))
            if not chunk:
                self._end(ImportStatus.COMPLETED)
                break
            if not self._keep(chunk):
                break  # somebody else has read these rows, or it was stopped
            rows += len(chunk)
        return rows

    def _found(self, file: IO[bytes]) -> Iterator[Found]:
        with business_scope(self.business_id):
            upload = self._rows().get()
            parts = LeadImportPart.objects.for_business(self.business_id)
            mine = parts.filter(lead_import=upload).order_by("position")
            for part in mine.iterator(chunk_size=1):
                file.write(part.content)
        mapping = Mapping.model_validate(upload.mapping)
        table = open_table(file, upload.file_name)
        if upload.rows_total is None and (about := table.about()):
            with business_scope(self.business_id):
                self._rows().update(rows_total=max(1, about - mapping.first_row + 1))
        return read_contacts(table, mapping, upload.region, upload.next_row)

    def _rows(self) -> QuerySet[LeadImport]:
        return LeadImport.objects.for_business(self.business_id).filter(pk=self.import_id)

    def _keep(self, chunk: Sequence[Found]) -> bool:
        with business_scope(self.business_id):
            upload = self._rows().select_for_update().get()
            if upload.status != ImportStatus.RUNNING or upload.next_row > chunk[0].row_no:
                return False
            errors = [one for one in chunk if isinstance(one, RowError)]
            people = _merged(one for one in chunk if isinstance(one, Contact))
            created, known = _into_list(upload, people, self.clock())
            _keep_errors(upload, errors)
            forget_plans()
            self._rows().update(
                next_row=chunk[-1].row_no + 1,
                rows=F("rows") + len(chunk),
                created_leads=F("created_leads") + created,
                merged_leads=F("merged_leads") + known + len(chunk) - len(errors) - len(people),
                bad_rows=F("bad_rows") + len(errors),
            )
        return True

    def _end(self, status: ImportStatus, failure: str = "") -> None:
        with business_scope(self.business_id):
            running = self._rows().filter(status=ImportStatus.RUNNING)
            total = F("rows") if status == ImportStatus.COMPLETED else F("rows_total")
            if not running.update(
                status=status, failure=failure, ended_at=self.clock(), rows_total=total
            ):
                return  # it was stopped, and its file is gone
            _forget_file(self.business_id, self.import_id)
        logger.info("leads_imported", import_id=str(self.import_id), status=status.value)


def _merged(contacts: Iterator[Contact]) -> list[Contact]:
    """One for each telephone, the first row's word before the second's."""
    by_phone: dict[str, Contact] = {}
    for contact in contacts:
        known = by_phone.get(contact.phone_e164)
        by_phone[contact.phone_e164] = merge(known, contact) if known else contact
    return list(by_phone.values())


def _into_list(upload: LeadImport, people: Sequence[Contact], now: datetime) -> tuple[int, int]:
    """Returns how many were new to the business, and how many it knew."""
    leads = Lead.objects.for_business(upload.business_id)
    numbers = [person.phone_e164 for person in people]
    fields = _fields(upload)
    known = {lead.phone_e164: lead for lead in leads.filter(phone_e164__in=numbers)}
    fresh = [person for person in people if person.phone_e164 not in known]
    Lead.objects.bulk_create(
        [_lead(upload, person, fields, now) for person in fresh], ignore_conflicts=True
    )
    changed = [
        known[person.phone_e164]
        for person in people
        if person.phone_e164 in known and _add(known[person.phone_e164], person, upload, fields)
    ]
    Lead.objects.bulk_update(changed, ["name", "gender", "facts", "consent_at", "consent_source"])
    LeadListEntry.objects.bulk_create(
        [
            LeadListEntry(
                business_id=upload.business_id, list_id=upload.list_id, lead_id=pk, added_at=now
            )
            for pk in leads.filter(phone_e164__in=numbers).values_list("pk", flat=True)
        ],
        ignore_conflicts=True,
    )
    return len(fresh), len(people) - len(fresh)


def _fields(upload: LeadImport) -> dict[str, LeadField]:
    return {field.key: field for field in LeadField.objects.for_business(upload.business_id)}


def _lead(upload: LeadImport, person: Contact, fields: dict[str, LeadField], now: datetime) -> Lead:
    lead = Lead(
        business_id=upload.business_id, phone_e164=person.phone_e164, created_at=now, facts={}
    )
    _add(lead, person, upload, fields)
    return lead


def _add(lead: Lead, person: Contact, upload: LeadImport, fields: dict[str, LeadField]) -> bool:
    """What is known of somebody stays; a list only adds to it. True if it did."""
    before = (lead.name, lead.gender, dict(lead.facts), lead.consent_at)
    lead.name = lead.name or person.name
    lead.gender = lead.gender or person.gender
    for name, value in _facts(person, fields).items():
        if name in lead.facts or len(lead.facts) < MOST_FACTS:
            lead.facts.setdefault(name, value)
    if person.consent_on:
        given = datetime.combine(person.consent_on, time(), UTC)
        if lead.consent_at is None or given > lead.consent_at:
            lead.consent_at, lead.consent_source = given, upload.file_name
    return before != (lead.name, lead.gender, lead.facts, lead.consent_at)


def _facts(person: Contact, fields: dict[str, LeadField]) -> dict[str, str]:
    """What a field of the business does not hold is left out, not the person."""
    facts = person.facts | {"email": person.email, "notes": person.notes}
    read = {name: _read(fields.get(name), value) for name, value in facts.items()}
    return {name: value for name, value in read.items() if value}


def _read(field: LeadField | None, value: str) -> str:
    try:
        return field.read(value) if field else value
    except ValidationError:
        return ""


def _keep_errors(upload: LeadImport, errors: Sequence[RowError]) -> None:
    LeadImportError.objects.bulk_create(
        [
            LeadImportError(
                business_id=upload.business_id,
                lead_import=upload,
                row=error.row_no,
                code=error.code,
                field=error.field[:100],
                value=error.value[:200],
            )
            for error in errors
        ],
        ignore_conflicts=True,
    )


def errors_of(upload: LeadImport) -> Iterator[bytes]:
    """The rows that were left out, as a CSV file for a spreadsheet. Inside the business's scope until
    the last of it is read.
    """
    errors = LeadImportError.objects.for_business(upload.business_id).filter(lead_import=upload)
    return errors_csv(
        RowError(error.row, Problem(error.code), error.field, error.value)
        for error in errors.order_by("row").iterator(ROWS_A_CHUNK)
    )
