"""A list that an owner brings: looked at, confirmed, brought in, and told of."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from calls.models import Lead, LeadField
from outbound.actions import import_leads
from outbound.models import ImportStatus, LeadImport, LeadList, LeadListEntry
from tenants.decorators import FIELD
from tenants.models import AuditEvent, Business, User
from tenants.scoping import business_scope

pytestmark = pytest.mark.django_db

PEOPLE = (
    "name,phone,city,gender\n"
    "Dana,050-123-4567,Haifa,F\n"
    "Dana again,0501234567,,\n"
    "Noa,not a number,,\n"
    "Yossi,052-123-4567,Acre,\n"
)


@pytest.fixture
def as_alice(client: Client, alice: User, flowers: Business) -> Client:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return client


def file_of(content: str | bytes = PEOPLE, name: str = "people.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def form_of(business: Business, **changes: object) -> dict[str, object]:
    given = {"file": file_of(), "new_list": "Autumn", "region": "IL", "consent": "on"} | changes
    return {FIELD: str(business.pk)} | {key: value for key, value in given.items() if value}


def uploaded(client: Client, business: Business, **changes: object) -> str:
    response = client.post("/leads/imports/new/", form_of(business, **changes))
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"])


def mapping(business: Business, **changes: str) -> dict[str, str]:
    chosen = {"role_0": "name", "role_1": "phone", "role_2": "fact", "role_3": "gender"}
    names = {"name_2": "city"}
    return {FIELD: str(business.pk)} | chosen | names | changes


def run_imports() -> None:
    import_leads(until=lambda: False, clock=timezone.now)


def test_a_list_is_looked_at_confirmed_and_brought_in(as_alice: Client, flowers: Business) -> None:
    address = uploaded(as_alice, flowers)
    page = as_alice.get(address).content.decode()
    assert "050-123-4567" in page
    assert 'value="phone" selected' in page
    run_imports()
    with business_scope(flowers):
        assert not Lead.objects.exists()  # nothing before the columns are confirmed
        assert AuditEvent.objects.filter(action="leads.consent_stated").count() == 1
    assert as_alice.post(address, mapping(flowers))["Location"] == address
    running = as_alice.get(address).content.decode()
    assert f'hx-get="{address}progress/"' in running
    assert address in as_alice.get("/leads/imports/").content.decode()
    run_imports()
    part = as_alice.get(f"{address}progress/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "hx-get" not in part  # it is over, so nobody asks any more
    assert "This is not a telephone number." in part
    assert "Row 4" in part
    with business_scope(flowers):
        found = LeadImport.objects.get()
        assert (found.status, found.rows, found.rows_total) == ("completed", 4, 4)
        assert (found.created_leads, found.merged_leads, found.bad_rows) == (2, 1, 1)
        dana = Lead.objects.get(phone_e164="+972501234567")
        assert (dana.name, dana.gender, dana.facts) == ("Dana", "female", {"city": "Haifa"})
        assert LeadListEntry.objects.filter(list__name="Autumn").count() == 2
    errors = as_alice.get(f"{address}errors/")
    assert errors["Content-Disposition"].startswith("attachment")
    assert "not a number" in errors.content.decode()
    assert as_alice.post(address, mapping(flowers)).status_code == 200  # begun already


def test_an_import_is_stopped_after_being_asked_once(as_alice: Client, flowers: Business) -> None:
    content = "phone\n" + "".join(f"05{number:08}\n" for number in range(2500))
    address = uploaded(as_alice, flowers, file=file_of(content))
    stop = f"{address}stop/"
    assert f'href="{stop}"' in as_alice.get(address).content.decode()  # its columns are waited for
    as_alice.post(address, {FIELD: str(flowers.pk), "role_0": "phone"})
    asked = iter([False, False, True])
    import_leads(until=lambda: next(asked), clock=timezone.now)
    assert f'href="{stop}"' in as_alice.get(address).content.decode()
    assert "Stop the import of “people.csv”?" in as_alice.get(stop).content.decode()
    with business_scope(flowers):
        assert LeadImport.objects.get().status == ImportStatus.RUNNING
    assert as_alice.post(stop, {FIELD: str(flowers.pk)})["Location"] == address
    page = as_alice.get(address).content.decode()
    assert "1000 rows were brought in" in page
    assert "1500 rows were left unread" in page
    assert "hx-get" not in page
    assert f'href="{stop}"' not in page
    again = as_alice.post(stop, {FIELD: str(flowers.pk)}, follow=True).content.decode()
    assert "This import is over already." in again


def test_nobody_was_brought_in_by_what_was_stopped_before_it_began(
    as_alice: Client, flowers: Business
) -> None:
    address = uploaded(as_alice, flowers)
    as_alice.post(f"{address}stop/", {FIELD: str(flowers.pk)})
    page = as_alice.get(address).content.decode()
    assert "Nobody was brought in before the import was stopped." in page
    as_alice.post(address, mapping(flowers))
    run_imports()
    with business_scope(flowers):
        assert not Lead.objects.exists()


def test_how_many_rows_there_are_is_known_while_it_runs(
    as_alice: Client, flowers: Business
) -> None:
    content = "phone\n" + "".join(f"05{number:08}\n" for number in range(2500))
    address = uploaded(as_alice, flowers, file=file_of(content))
    as_alice.post(address, {FIELD: str(flowers.pk), "role_0": "phone"})
    asked = iter([False, False, True])
    import_leads(until=lambda: next(asked), clock=timezone.now)
    page = as_alice.get(address).content.decode()
    assert 'value="1000" max="2500"' in page
    with business_scope(flowers):
        assert LeadImport.objects.get().status == ImportStatus.RUNNING


def test_a_column_goes_into_a_field_of_the_business_where_it_fits(
    as_alice: Client, flowers: Business
) -> None:
    with business_scope(flowers):
        LeadField.objects.create(
            business=flowers, key="Town", label="Town", kind="choice", choices=["Haifa"]
        )
    address = uploaded(as_alice, flowers)
    as_alice.post(address, mapping(flowers, role_2="field:Town"))
    run_imports()
    with business_scope(flowers):
        facts = dict(Lead.objects.values_list("phone_e164", "facts"))
    assert facts == {"+972501234567": {"Town": "Haifa"}, "+972521234567": {}}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"role_1": "ignored"}, "which column holds the telephone"),
        ({"role_0": "phone"}, "cannot be the same thing"),
        ({"name_2": ""}, "needs a name"),
        ({"role_0": "fact", "name_0": "city"}, "under the same name"),
        ({"role_0": "nonsense"}, "nonsense"),
    ],
)
def test_columns_that_make_no_sense_are_told(
    as_alice: Client, flowers: Business, changes: dict[str, str], sentence: str
) -> None:
    address = uploaded(as_alice, flowers)
    response = as_alice.post(address, mapping(flowers, **changes))
    assert response.status_code == 200
    assert sentence in response.content.decode()
    with business_scope(flowers):
        assert LeadImport.objects.get().status == ImportStatus.MAPPING


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"file": file_of(b"%PDF-1.7 \0\0", "people.csv")}, "cannot be told"),
        ({"file": file_of(PEOPLE, "people.pdf")}, "not a list that can be read"),
        ({"file": file_of("\n\n", "people.csv")}, "nothing in this file"),
        ({"new_list": ""}, "give the new one a name"),
        ({"consent": ""}, "required"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    as_alice: Client, flowers: Business, changes: dict[str, object], sentence: str
) -> None:
    response = as_alice.post("/leads/imports/new/", form_of(flowers, **changes))
    page = response.content.decode()
    assert response.status_code == 200
    assert sentence in page or "Save it as CSV" in page
    with business_scope(flowers):
        assert not LeadImport.objects.exists()


def test_a_list_that_is_there_is_chosen_and_a_strange_one_is_not(
    as_alice: Client, flowers: Business, garage: Business
) -> None:
    with business_scope(flowers):
        mine = LeadList.objects.create(business=flowers, name="Mine")
    with business_scope(garage):
        theirs = LeadList.objects.create(business=garage, name="Theirs")
    form = form_of(flowers, list=str(theirs.pk), new_list="")
    assert as_alice.post("/leads/imports/new/", form).status_code == 200
    uploaded(as_alice, flowers, list=str(mine.pk), new_list="")
    with business_scope(flowers):
        assert LeadImport.objects.get().list_id == mine.pk


def test_nothing_in_a_file_runs(as_alice: Client, flowers: Business) -> None:
    evil = "<script>alert(1)</script>"
    content = f"{evil},phone\n{evil},{evil}\nDana,0501234567\n"
    address = uploaded(as_alice, flowers, file=file_of(content, f"{evil[:8]}x.csv"), new_list=evil)
    pages = [as_alice.get(address)]
    as_alice.post(
        address, {FIELD: str(flowers.pk), "role_0": "fact", "name_0": evil, "role_1": "phone"}
    )
    run_imports()
    pages += [as_alice.get(address), as_alice.get("/leads/imports/"), as_alice.get("/leads/")]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()


def test_a_workbook_is_a_list_as_well(as_alice: Client, flowers: Business) -> None:
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in (["name", "phone"], ["Dana", "050-123-4567"]):
        book.active.append(row)
    book.save(file)
    address = uploaded(as_alice, flowers, file=file_of(file.getvalue(), "people.xlsx"))
    form = {FIELD: str(flowers.pk), "role_0": "name", "role_1": "phone"}
    as_alice.post(address, form)
    run_imports()
    with business_scope(flowers):
        assert Lead.objects.get().name == "Dana"
