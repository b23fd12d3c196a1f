from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import count
from tempfile import TemporaryFile

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError

from calls.models import Lead
from outbound.actions import confirm_mapping, errors_of, import_leads, stop_import, upload_leads
from outbound.actions.importing import Found, _Import
from outbound.contacts.columns import Mapping
from outbound.models import (
    ImportStatus,
    LeadImport,
    LeadImportError,
    LeadImportPart,
    LeadListEntry,
)
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.outbound.rig import OPEN_HOURS, Clock
from tests.people import make_member

pytestmark = pytest.mark.django_db

THREE = "שם,טלפון,עיר\nדנה,050-123-4567,חיפה\nיוסי,0521234567,\nאיש,לא מספר,\n".encode()


def upload(business: Business, content: bytes = THREE, by: User | None = None) -> LeadImport:
    return upload_leads(
        business=business,
        list_name="Autumn",
        file_name="people.csv",
        file=io.BytesIO(content),
        by=by,
        now=OPEN_HOURS,
    )


def confirmed(business: Business, content: bytes = THREE) -> LeadImport:
    uploaded = upload(business, content)
    mapping = Mapping.model_validate(uploaded.mapping)
    confirm_mapping(upload=uploaded, mapping=mapping, by=None, now=OPEN_HOURS)
    return uploaded


def after(calls: int) -> Callable[[], bool]:
    """Time is up when it was asked for so often."""
    asked = count(1)
    return lambda: next(asked) > calls


def never() -> bool:
    return False


def imported(business: Business, content: bytes = THREE) -> LeadImport:
    uploaded = confirmed(business, content)
    import_leads(until=never, clock=Clock())
    return fresh(uploaded)


def fresh(uploaded: LeadImport) -> LeadImport:
    with business_scope(uploaded.business_id):
        return LeadImport.objects.get(pk=uploaded.pk)


def people(business: Business) -> list[tuple[str, str]]:
    with business_scope(business):
        leads = Lead.objects.for_business(business).order_by("phone_e164")
        return list(leads.values_list("phone_e164", "name"))


def test_a_list_becomes_leads_and_what_is_wrong_is_kept(flowers: Business) -> None:
    done = imported(flowers)
    assert people(flowers) == [("+972501234567", "דנה"), ("+972521234567", "יוסי")]
    assert (done.status, done.rows, done.bad_rows, done.created_leads) == ("completed", 3, 1, 2)
    with business_scope(flowers):
        assert Lead.objects.get(name="דנה").facts == {"עיר": "חיפה"}
        [error] = LeadImportError.objects.all()
        assert LeadListEntry.objects.count() == 2
    assert (error.row, error.code) == (4, "not_a_number")


def test_nothing_is_imported_before_the_columns_are_confirmed(flowers: Business) -> None:
    uploaded = upload(flowers)
    assert import_leads(until=never, clock=Clock()) == 0
    assert fresh(uploaded).status == ImportStatus.MAPPING
    assert people(flowers) == []


def test_q03_the_same_file_again_brings_nobody_new(flowers: Business) -> None:
    imported(flowers)
    again = imported(flowers)
    assert (again.created_leads, again.merged_leads) == (0, 2)
    assert len(people(flowers)) == 2


def test_d18_one_person_in_many_spellings_is_one_lead(flowers: Business) -> None:
    spellings = ["050-123-4567", "+972 50 123 4567", "972-(0)50-1234567", "٠٥٠١٢٣٤٥٦٧"]
    content = "\n".join(["phone", *spellings]).encode()
    done = imported(flowers, content)
    assert [number for number, _ in people(flowers)] == ["+972501234567"]
    assert (done.created_leads, done.merged_leads) == (1, 3)


def test_what_is_known_of_somebody_stays(flowers: Business) -> None:
    with business_scope(flowers):
        Lead.objects.create(business=flowers, phone_e164="+972501234567", name="Dana Levi")
    done = imported(flowers)
    assert ("+972501234567", "Dana Levi") in people(flowers)
    assert (done.created_leads, done.merged_leads) == (1, 1)


def test_q02_a_worker_that_dies_is_followed_by_one_that_goes_on(flowers: Business) -> None:
    numbers = [f"05{number:08d}" for number in range(3500)]
    uploaded = confirmed(flowers, "\n".join(["phone", *numbers]).encode())
    for died_after in (2, 2):
        import_leads(until=after(died_after), clock=Clock())
    assert fresh(uploaded).rows == 2000
    import_leads(until=never, clock=Clock())
    done = fresh(uploaded)
    assert (done.status, done.rows, done.created_leads) == ("completed", 3500, 3500)
    assert len(people(flowers)) == 3500


def test_an_import_that_the_database_refuses_holds_up_no_other(
    flowers: Business, garage: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, other = confirmed(flowers), confirmed(garage)
    keep = _Import._keep

    def broken(one: _Import, chunk: Sequence[Found]) -> bool:
        if one.import_id == refused.pk:
            raise OperationalError("canceling statement due to statement timeout")
        return keep(one, chunk)

    with monkeypatch.context() as breaking:
        breaking.setattr(_Import, "_keep", broken)
        import_leads(until=never, clock=Clock())
    assert (fresh(refused).status, fresh(other).status) == ("running", "completed")
    import_leads(until=never, clock=Clock())
    assert fresh(refused).status == "completed"


def test_rows_that_another_worker_has_read_are_not_read_again(flowers: Business) -> None:
    uploaded = confirmed(flowers)
    with business_scope(flowers):
        LeadImport.objects.filter(pk=uploaded.pk).update(next_row=2)
    late = _Import(uploaded.pk, flowers.pk, Clock())
    with TemporaryFile() as file:
        rows = list(late._found(file))
    import_leads(until=never, clock=Clock())
    assert late._keep(rows) is False
    assert fresh(uploaded).rows == 3


def stopped(uploaded: LeadImport, by: User | None = None) -> LeadImport:
    stop_import(upload=fresh(uploaded), by=by, now=OPEN_HOURS)
    return fresh(uploaded)


def test_a_stopped_import_keeps_what_came_in_and_is_never_gone_on_with(flowers: Business) -> None:
    numbers = ["nobody", *(f"05{number:08d}" for number in range(2500))]
    uploaded = confirmed(flowers, "\n".join(["phone", *numbers]).encode())
    import_leads(until=after(2), clock=Clock())
    done = stopped(uploaded)
    assert (done.status, done.ended_at) == (ImportStatus.CANCELED, OPEN_HOURS)
    assert (done.rows_in, done.rows_left) == (999, 1501)
    assert import_leads(until=never, clock=Clock()) == 0
    assert fresh(uploaded).status == ImportStatus.CANCELED
    assert len(people(flowers)) == 999
    with business_scope(flowers):
        assert not LeadImportPart.objects.exists()
        event = AuditEvent.objects.get(action="leads.import_stopped")
    assert event.facts == {"rows_in": 999, "rows_left": 1501}


def test_whoever_reads_the_file_meanwhile_stops_at_the_next_chunk(flowers: Business) -> None:
    numbers = [f"05{number:08d}" for number in range(3000)]
    uploaded = confirmed(flowers, "\n".join(["phone", *numbers]).encode())
    chunks = count(1)

    def stop_after_the_first() -> bool:
        if next(chunks) == 3:  # the list of imports, then each chunk of this one
            stopped(uploaded)
        return False

    assert import_leads(until=stop_after_the_first, clock=Clock()) == 1000
    done = fresh(uploaded)
    assert (done.status, done.rows, len(people(flowers))) == ("canceled", 1000, 1000)


def test_an_import_that_was_just_stopped_does_not_fail_for_want_of_its_file(
    flowers: Business,
) -> None:
    uploaded = confirmed(flowers)
    stopped(uploaded)
    assert _Import(uploaded.pk, flowers.pk, Clock()).run(never) == 0
    done = fresh(uploaded)
    assert (done.status, done.failure) == (ImportStatus.CANCELED, "")


def test_before_it_is_confirmed_an_import_can_be_stopped_and_then_not_confirmed(
    flowers: Business,
) -> None:
    uploaded = upload(flowers)
    assert stopped(uploaded).rows_left is None
    with pytest.raises(ValidationError):
        confirm_mapping(
            upload=uploaded,
            mapping=Mapping.model_validate(uploaded.mapping),
            by=None,
            now=OPEN_HOURS,
        )
    assert import_leads(until=never, clock=Clock()) == 0
    assert people(flowers) == []


def test_what_is_over_is_not_stopped(flowers: Business, charlie: User) -> None:
    done = imported(flowers)
    with pytest.raises(ValidationError):
        stop_import(upload=done, by=None, now=OPEN_HOURS)
    assert fresh(done).status == ImportStatus.COMPLETED
    with pytest.raises(PermissionDenied):
        stop_import(upload=confirmed(flowers), by=charlie, now=OPEN_HOURS)


def test_the_file_is_not_kept_when_all_is_read(flowers: Business) -> None:
    imported(flowers)
    with business_scope(flowers):
        assert not LeadImportPart.objects.exists()


def test_a_file_is_kept_in_parts_and_read_as_one(flowers: Business) -> None:
    numbers = [f"05{number:08d}" for number in range(2000)]
    notes = "x" * 900
    rows = "\n".join(["phone,notes", *(f"{number},{notes}" for number in numbers)])
    uploaded = confirmed(flowers, rows.encode())
    with business_scope(flowers):
        assert LeadImportPart.objects.filter(lead_import=uploaded).count() == 2
    import_leads(until=never, clock=Clock())
    assert fresh(uploaded).created_leads == 2000


@pytest.mark.parametrize(
    ("name", "content"), [("people.pdf", b"%PDF"), ("people.csv", b""), ("people.xlsx", b"PK\3\4x")]
)
def test_a_file_that_cannot_be_read_is_refused_with_advice(
    flowers: Business, name: str, content: bytes
) -> None:
    with pytest.raises(ValidationError, match=r"\w+ \w+"):
        upload_leads(
            business=flowers,
            list_name="Autumn",
            file_name=name,
            file=io.BytesIO(content),
            by=None,
            now=OPEN_HOURS,
        )


def test_without_a_column_of_numbers_nothing_begins(flowers: Business) -> None:
    uploaded = upload(flowers, b"name,city\nDana,Haifa\nYossi,Akko\n")
    with pytest.raises(ValidationError):
        confirm_mapping(
            upload=uploaded,
            mapping=Mapping.model_validate(uploaded.mapping),
            by=None,
            now=OPEN_HOURS,
        )


def test_what_was_left_out_can_be_taken_home(flowers: Business) -> None:
    done = imported(flowers)
    with business_scope(flowers):
        table = b"".join(errors_of(done)).decode("utf-8-sig")
    assert '"4"' in table
    assert "לא מספר" in table


def test_only_who_manages_leads_may_bring_a_list(flowers: Business, charlie: User) -> None:
    with pytest.raises(PermissionDenied):
        upload(flowers, by=charlie)
    make_member(flowers, charlie, Membership.Role.AGENT)
    with pytest.raises(PermissionDenied):
        upload(flowers, by=charlie)


def test_another_business_sees_nothing_of_it(flowers: Business, garage: Business) -> None:
    imported(flowers)
    assert people(garage) == []
