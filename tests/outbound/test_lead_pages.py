"""What a business sees of its leads, and what it never sees of another's."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls.models import Call, DoNotCall, DoNotCallVia, Lead, LeadField, LeadNote
from outbound.models import LeadList, LeadListEntry
from outbound.views.leads.exporting import _in_turns
from tenants.decorators import FIELD
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.outbound.rig import make_run
from tests.people import NOW, make_member

pytestmark = pytest.mark.django_db

XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
DANA = "+972501234567"


@pytest.fixture
def as_alice(client: Client, alice: User, flowers: Business) -> Client:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return client


def make_lead(
    business: Business, phone: str = DANA, name: str = "Dana Levi", **more: object
) -> Lead:
    with business_scope(business):
        lead: Lead = Lead.objects.create(business=business, phone_e164=phone, name=name, **more)
        return lead


def shown(client: Client, address: str, **asked: str) -> str:
    response = client.get(address, asked)
    assert response.status_code == 200
    return response.content.decode()


def post(client: Client, business: Business, address: str, **given: object) -> str:
    """Where it leads to; empty where the form is shown again."""
    response = client.post(address, {FIELD: str(business.pk), **given})
    assert response.status_code in (200, 302), response.status_code
    return response.headers.get("Location", "")


def fresh(lead: Lead) -> Lead:
    with business_scope(lead.business_id):
        found: Lead = Lead.objects.get(pk=lead.pk)
        return found


@pytest.mark.parametrize(
    "written",
    ["dan", "LEVI", "levi", "dana l", "050-123-4567", "+972 50 1234567", "4567", "050123", "97250"],
)
def test_somebody_is_found_by_any_word_and_any_spelling(
    as_alice: Client, flowers: Business, written: str
) -> None:
    make_lead(flowers)
    make_lead(flowers, "+972549998888", "Noa Bar")
    page = shown(as_alice, "/leads/", q=written)
    assert "Dana Levi" in page
    assert "Noa Bar" not in page


@pytest.mark.parametrize("written", ["ana", "052-123-4567", "12", "%", "dana  x", "\x00"])
def test_nobody_is_found_by_what_is_not_theirs(
    as_alice: Client, flowers: Business, written: str
) -> None:
    make_lead(flowers)
    if written != "\x00":  # which is nothing at all
        assert "Dana Levi" not in shown(as_alice, "/leads/", q=written)
    else:
        assert as_alice.get("/leads/", {"q": written}).status_code == 200


def test_a_third_word_in_hebrew_is_found(as_alice: Client, flowers: Business) -> None:
    make_lead(flowers, name="רות בת שבע")
    assert "רות בת שבע" in shown(as_alice, "/leads/", q="שב")


def test_the_filters(as_alice: Client, flowers: Business) -> None:
    dana = make_lead(flowers, status="won", last_call_at=timezone.now() - timedelta(days=3))
    make_lead(flowers, "+972549998888", "Noa Bar")
    with business_scope(flowers):
        DoNotCall.objects.add(
            business_id=flowers.pk, phone_e164=DANA, via=DoNotCallVia.VOICE, now=NOW
        )
        autumn = LeadList.objects.create(business=flowers, name="Autumn")
        LeadListEntry.objects.create(business=flowers, list=autumn, lead=dana)
    for asked in (
        {"status": "won"},
        {"do_not_call": "yes"},
        {"last_call": "week"},
        {"last_call": "month"},
        {"list": str(autumn.pk)},
    ):
        page = shown(as_alice, "/leads/", **asked)
        assert "Dana Levi" in page, asked
        assert "Noa Bar" not in page, asked
    for asked in ({"status": "new"}, {"do_not_call": "no"}, {"last_call": "never"}):
        page = shown(as_alice, "/leads/", **asked)
        assert "Noa Bar" in page, asked
        assert "Dana Levi" not in page, asked
    assert "Nobody is found" in shown(as_alice, "/leads/", last_call="older")


def test_a_filter_that_nobody_can_read_is_none(
    as_alice: Client, flowers: Business, garage: Business
) -> None:
    make_lead(flowers)
    with business_scope(garage):
        theirs = LeadList.objects.create(business=garage, name="Garage's own")
    page = shown(as_alice, "/leads/", status="x", list=str(theirs.pk), after="?")
    assert "Dana Levi" in page
    assert "Garage&#x27;s own" not in page


MANY = """
INSERT INTO calls_lead (id, business_id, phone_e164, name, gender, status, facts, consent_source,
    created_at)
SELECT gen_random_uuid(), %s, '+9725' || lpad(n::text, 8, '0'),
    md5(n::text) || ' ' || md5((n + 7)::text) || ' ' || md5((n + 11)::text), '', 'new', '{}', '',
    now() - n * interval '1 second'
FROM generate_series(1, %s) AS n
"""


def test_the_search_goes_along_an_index(flowers: Business) -> None:
    """Row-level security keeps PostgreSQL from most of them."""
    with business_scope(flowers), connection.cursor() as cursor:
        cursor.execute(MANY, [flowers.pk, 5000])
        cursor.execute("ANALYZE calls_lead")
        leads = Lead.objects.for_business(flowers)
        for question, indexes in (
            ({"name": "abcd"}, {"lead_by_name", "lead_by_second_word", "lead_by_third_word"}),
            ({"ends": "4567"}, {"lead_by_last_digits"}),
            ({"begins": "+97250000123"}, {"lead_phone_once"}),
        ):
            plan = leads.found_by(**question).explain()
            assert "Seq Scan" not in plan, plan
            assert all(index in plan for index in indexes), plan


def test_pages_cost_the_same_for_many_and_for_few(as_alice: Client, flowers: Business) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            shown(as_alice, address)
        return len(asked)

    dana = make_lead(flowers)
    queries("/leads/")  # the first page of a login notes that somebody is there
    few = [queries(address) for address in ("/leads/", f"/leads/{dana.pk}/")]
    for number in range(20):
        make_lead(flowers, f"+9725000000{number:02}", f"Dana {number}")
    make_run(flowers, DANA)
    make_run(flowers, DANA)
    with business_scope(flowers):
        for _number in range(5):
            LeadNote.objects.create(business=flowers, lead=dana, text="Called back.")
    assert [queries(address) for address in ("/leads/", f"/leads/{dana.pk}/")] == few


def test_nothing_in_a_lead_runs(as_alice: Client, flowers: Business) -> None:
    lead = make_lead(flowers, name=XSS, facts={XSS: XSS}, consent_source=XSS)
    with business_scope(flowers):
        LeadNote.objects.create(business=flowers, lead=lead, text=XSS)
        named = LeadList.objects.create(business=flowers, name=XSS)
        LeadListEntry.objects.create(business=flowers, list=named, lead=lead)
        LeadField.objects.create(business=flowers, key=XSS[:60], label=XSS[:60])
    twin = make_lead(flowers, "+972501234568", name=XSS)
    run = make_run(flowers, DANA, name=XSS)
    with business_scope(flowers):
        [job] = run.jobs.all()
    for address in (
        "/leads/",
        f"/leads/{lead.pk}/",
        f"/leads/{lead.pk}/edit/",
        f"/leads/{lead.pk}/do-not-call/",
        f"/leads/{lead.pk}/jobs/{job.pk}/",
        f"/leads/merge/{lead.pk}/{twin.pk}/",
        f"/leads/lists/{named.pk}/",
        f"/leads/lists/{named.pk}/delete/",
        "/leads/lists/",
        "/leads/duplicates/",
        "/leads/fields/",
        f"/appointments/new/?lead={lead.pk}",
    ):
        page = shown(as_alice, address)
        assert "alert(1)&lt;/script" in page or "&lt;script&gt;" in page, address
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address


def test_another_business_has_no_such_lead(
    as_alice: Client, flowers: Business, garage: Business
) -> None:
    theirs = make_lead(garage, name="Customer of the garage")
    with business_scope(garage):
        their_list = LeadList.objects.create(business=garage, name="Winter")
        their_field = LeadField.objects.create(business=garage, key="car", label="Car")
    mine = make_lead(flowers, "+972549998888")
    nobody = uuid.uuid4()
    for template, strange in (
        ("/leads/{}/", theirs.pk),
        ("/leads/{}/edit/", theirs.pk),
        ("/leads/{}/do-not-call/", theirs.pk),
        (f"/leads/merge/{mine.pk}/{{}}/", theirs.pk),
        ("/leads/lists/{}/", their_list.pk),
        ("/leads/lists/{}/rename/", their_list.pk),
        ("/leads/fields/{}/", their_field.pk),
        ("/leads/imports/{}/", theirs.pk),
        ("/appointments/new/?lead={}", theirs.pk),
    ):
        answers = [as_alice.get(template.format(pk)) for pk in (strange, nobody)]
        assert [answer.status_code for answer in answers] == [404, 404], template
    assert "Customer of the garage" not in shown(as_alice, "/leads/")


def test_a_lead_is_made_by_hand_once(as_alice: Client, flowers: Business) -> None:
    where = post(as_alice, flowers, "/leads/new/", phone="050-123 4567", name="Dana")
    with business_scope(flowers):
        lead = Lead.objects.get(phone_e164=DANA)
    assert where == f"/leads/{lead.pk}/edit/"
    again = as_alice.post("/leads/new/", {FIELD: str(flowers.pk), "phone": DANA, "name": "Twin"})
    assert "There is a lead with this telephone already." in again.content.decode()
    bad = as_alice.post("/leads/new/", {FIELD: str(flowers.pk), "phone": "*2700", "name": "Dana"})
    assert "short code" in bad.content.decode()
    assert 'value="Dana"' in bad.content.decode()


def test_what_is_edited_is_kept_and_what_a_call_told_meanwhile_stays(
    as_alice: Client, flowers: Business
) -> None:
    lead = make_lead(flowers, facts={"city": "Haifa", "email": "dana@flowers.test"})
    with business_scope(flowers):
        LeadField.objects.create(business=flowers, key="city", label="City")
        LeadField.objects.create(business=flowers, key="age", label="Age", kind="number")
    form = {
        "name": "Dana Cohen",
        "gender": "female",
        "status": "in_touch",
        "consent_on": "2026-10-01",
        "consent_source": "the website",
        "own_0": "40",
        "own_1": "",
        "fact_0": "dana@flowers.test",
    }
    with business_scope(flowers):
        fields = list(LeadField.objects.for_business(flowers).in_order())
    assert [field.key for field in fields] == ["age", "city"]
    assert post(as_alice, flowers, f"/leads/{lead.pk}/edit/", **form) == f"/leads/{lead.pk}/"
    stored = fresh(lead)
    assert (stored.name, stored.gender, stored.status) == ("Dana Cohen", "female", "in_touch")
    assert stored.facts == {"email": "dana@flowers.test", "age": "40"}
    assert stored.consent_source == "the website"
    assert "gender: female" in stored.facts_as_text()


def test_a_value_of_the_wrong_kind_is_told_and_nothing_is_lost(
    as_alice: Client, flowers: Business
) -> None:
    lead = make_lead(flowers)
    with business_scope(flowers):
        LeadField.objects.create(business=flowers, key="age", label="Age", kind="number")
    given = {FIELD: str(flowers.pk), "name": "Typed", "status": "new", "own_0": "forty"}
    page = as_alice.post(f"/leads/{lead.pk}/edit/", given).content.decode()
    assert "Write a number." in page
    assert 'value="Typed"' in page
    assert 'value="forty"' in page
    assert fresh(lead).name == "Dana Levi"


def test_an_agent_writes_notes_and_changes_nothing_else(
    client: Client, charlie: User, flowers: Business
) -> None:
    make_member(flowers, charlie, Membership.Role.AGENT)
    client.force_login(charlie)
    lead = make_lead(flowers)
    assert post(client, flowers, f"/leads/{lead.pk}/notes/", text="Wants roses.")
    assert "Wants roses." in shown(client, f"/leads/{lead.pk}/")
    for address in (f"/leads/{lead.pk}/edit/", "/leads/new/", "/leads/imports/new/"):
        assert client.get(address).status_code == 403
    response = client.post("/leads/export/", {FIELD: str(flowers.pk)})
    assert response.status_code == 403
    response = client.post("/leads/lists/", {FIELD: str(flowers.pk), "name": "Mine"})
    assert response.status_code == 403


def test_never_call_again_and_again_allowed_with_reasons(
    as_alice: Client, client: Client, charlie: User, flowers: Business
) -> None:
    lead = make_lead(flowers)
    address = f"/leads/{lead.pk}/do-not-call/"
    refused = as_alice.post(address, {FIELD: str(flowers.pk), "off": "0", "reason": ""})
    assert refused.status_code == 200
    assert post(as_alice, flowers, address, off="0", reason="asked by mail")
    with business_scope(flowers):
        assert DoNotCall.objects.has(flowers.pk, DANA)
        event = AuditEvent.objects.get(action="number.listed")
    assert event.facts == {"reason": "asked by mail"}
    # Another window still shows the question whether to list: it does not undo it.
    post(as_alice, flowers, address, off="0", reason="again")
    with business_scope(flowers):
        assert DoNotCall.objects.has(flowers.pk, DANA)
    make_member(flowers, charlie, Membership.Role.AGENT)
    agent = Client()
    agent.force_login(charlie)
    response = agent.post(address, {FIELD: str(flowers.pk), "off": "1", "reason": "x"})
    assert response.status_code == 403
    post(as_alice, flowers, address, off="1", reason="changed her mind")
    with business_scope(flowers):
        assert not DoNotCall.objects.has(flowers.pk, DANA)
        assert AuditEvent.objects.filter(action="number.unlisted").count() == 1


ALLOW = "Allow calls again"


@pytest.mark.parametrize("via", [DoNotCallVia.VOICE, DoNotCallVia.KEY])
def test_their_own_wish_is_not_offered_to_be_lifted(
    as_alice: Client, flowers: Business, via: DoNotCallVia
) -> None:
    lead = make_lead(flowers)
    with business_scope(flowers):
        DoNotCall.objects.add(business_id=flowers.pk, phone_e164=DANA, via=via, now=timezone.now())
    address = f"/leads/{lead.pk}/do-not-call/"
    page = shown(as_alice, f"/leads/{lead.pk}/")
    assert ALLOW not in page
    assert address not in page
    assert "your operator can take the number off the list" in page
    assert as_alice.get(address)["Location"] == f"/leads/{lead.pk}/"
    answer = as_alice.post(address, {FIELD: str(flowers.pk), "off": "1", "reason": "x"})
    assert "Nobody but that person takes it back" in answer.content.decode()
    with business_scope(flowers):
        assert DoNotCall.objects.has(flowers.pk, DANA)


def test_what_the_business_has_listed_is_lifted_by_who_may(
    as_alice: Client, charlie: User, flowers: Business
) -> None:
    lead = make_lead(flowers)
    post(as_alice, flowers, f"/leads/{lead.pk}/do-not-call/", off="0", reason="asked by mail")
    assert ALLOW in shown(as_alice, f"/leads/{lead.pk}/")
    make_member(flowers, charlie, Membership.Role.AGENT)
    agent = Client()
    agent.force_login(charlie)
    agent.cookies["django_language"] = "en"
    page = shown(agent, f"/leads/{lead.pk}/")
    assert ALLOW not in page
    assert "An owner or a manager can allow calls again." in page


def test_fields_are_made_moved_and_given_up(as_alice: Client, flowers: Business) -> None:
    lead = make_lead(flowers, facts={"City": "Haifa"})
    post(as_alice, flowers, "/leads/fields/new/", label="City", kind="text", choices="")
    post(as_alice, flowers, "/leads/fields/new/", label="Size", kind="choice", choices="S\nM\nM\n")
    page = as_alice.post(
        "/leads/fields/new/", {FIELD: str(flowers.pk), "label": "City", "kind": "text"}
    ).content.decode()
    assert "There is a field of this name." in page or "already exists" in page
    page = as_alice.post(
        "/leads/fields/new/", {FIELD: str(flowers.pk), "label": "None", "kind": "choice"}
    ).content.decode()
    assert "Write at least one value." in page
    with business_scope(flowers):
        city, size = LeadField.objects.for_business(flowers).in_order()
        assert size.choices == ["S", "M"]
    post(as_alice, flowers, f"/leads/fields/{city.pk}/move/", to="down")
    post(as_alice, flowers, f"/leads/fields/{city.pk}/", label="Town", kind="text", choices="")
    with business_scope(flowers):
        fields = LeadField.objects.for_business(flowers).in_order()
        assert [(field.key, field.label) for field in fields] == [
            ("Size", "Size"),
            ("City", "Town"),
        ]
    page = shown(as_alice, f"/leads/{lead.pk}/")
    assert "Town" in page
    assert "Haifa" in page
    assert as_alice.get(f"/leads/fields/{city.pk}/delete/").status_code == 200
    post(as_alice, flowers, f"/leads/fields/{city.pk}/delete/")
    assert fresh(lead).facts == {"City": "Haifa"}


def test_a_list_is_made_filled_renamed_and_deleted(as_alice: Client, flowers: Business) -> None:
    dana, noa = make_lead(flowers), make_lead(flowers, "+972549998888", "Noa Bar")
    where = post(as_alice, flowers, "/leads/lists/", name="Autumn")
    with business_scope(flowers):
        autumn = LeadList.objects.get()
    assert where == f"/leads/lists/{autumn.pk}/"
    post(
        as_alice,
        flowers,
        "/leads/chosen/",
        lead=[str(dana.pk), str(noa.pk)],
        list=str(autumn.pk),
        do="list",
        was_q="050",
    )
    post(as_alice, flowers, f"/leads/{dana.pk}/lists/", list=str(autumn.pk))
    page = shown(as_alice, where)
    assert "2 leads" in page
    post(as_alice, flowers, f"/leads/lists/{autumn.pk}/take-out/{noa.pk}/")
    assert "Noa Bar" not in shown(as_alice, where)
    again = as_alice.post("/leads/lists/", {FIELD: str(flowers.pk), "name": "Autumn"})
    assert "There is a list of this name already." in again.content.decode()
    post(as_alice, flowers, f"/leads/lists/{autumn.pk}/rename/", name="Winter")
    assert "Winter" in shown(as_alice, "/leads/lists/")
    assert as_alice.get(f"/leads/lists/{autumn.pk}/delete/").status_code == 200
    post(as_alice, flowers, f"/leads/lists/{autumn.pk}/delete/")
    with business_scope(flowers):
        assert not LeadList.objects.exists()
        assert Lead.objects.count() == 2


def test_a_long_list_is_counted_no_further_than_anybody_reads(
    as_alice: Client, flowers: Business, garage: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("outbound.views.leads.lists"), "COUNTED", 2)
    people = [make_lead(flowers, f"+97250123450{number}") for number in range(3)]
    theirs = make_lead(garage)
    for business, name, leads in (
        (flowers, "Long", people),
        (flowers, "Short", people[:2]),
        (flowers, "Empty", []),
        (garage, "Of the garage", [theirs]),
    ):
        with business_scope(business):
            made = LeadList.objects.create(business=business, name=name)
            for lead in leads:
                LeadListEntry.objects.create(business=business, list=made, lead=lead)
    page = shown(as_alice, "/leads/lists/")
    assert "more than 2 leads" in page
    assert ">2 leads" in page
    assert ">0 leads" in page
    assert "Of the garage" not in page


def test_two_that_are_ticked_are_compared_and_others_are_not(
    as_alice: Client, flowers: Business
) -> None:
    dana, noa = make_lead(flowers), make_lead(flowers, "+972549998888", "Noa Bar")
    both = [str(dana.pk), str(noa.pk)]
    assert "/leads/merge/" in post(as_alice, flowers, "/leads/chosen/", lead=both, do="merge")
    one = post(as_alice, flowers, "/leads/chosen/", lead=both[:1], do="merge", was_q="a&b=c")
    assert one == "/leads/?q=a%26b%3Dc"
    assert post(as_alice, flowers, "/leads/chosen/", lead=["x"], do="merge") == "/leads/"


def test_what_is_exported_computes_nothing_and_is_noted(
    as_alice: Client, flowers: Business, garage: Business
) -> None:
    make_lead(garage, "+972541112222", "Of the garage")
    dana = make_lead(
        flowers, facts={"City": "=cmd|calc", "email": "d@flowers.test"}, gender="female"
    )
    make_lead(flowers, "+972549998888", "Noa Bar")
    with business_scope(flowers):
        LeadField.objects.create(business=flowers, key="City", label="Town")
        autumn = LeadList.objects.create(business=flowers, name="Autumn")
        LeadListEntry.objects.create(business=flowers, list=autumn, lead=dana)
    response = as_alice.post("/leads/export/", {FIELD: str(flowers.pk)})
    content = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert content.startswith("\ufeff")
    assert '"Town"' in content
    assert '"\'=cmd|calc"' in content
    assert '"\'+972501234567"' in content
    assert '"female"' in content
    assert "Noa Bar" in content
    assert "Of the garage" not in content
    response = as_alice.post(f"/leads/lists/{autumn.pk}/export/", {FIELD: str(flowers.pk)})
    content = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert "Dana Levi" in content
    assert "Noa Bar" not in content
    with business_scope(flowers):
        events = AuditEvent.objects.filter(action="leads.exported").order_by("position")
        assert [event.subject for event in events] == ["", str(autumn.pk)]


def test_an_asynchronous_server_sends_a_file_in_parts() -> None:
    async def parts() -> list[int]:
        return [len(part) async for part in _in_turns(iter([b"x"] * 1200))]

    assert asyncio.run(parts()) == [500, 500, 200]


def test_why_somebody_is_called_or_not_is_told_on_demand(
    as_alice: Client, flowers: Business
) -> None:
    run = make_run(flowers, DANA)
    with business_scope(flowers):
        [job] = run.jobs.all()
    address = f"/leads/{job.lead_id}/jobs/{job.pk}/"
    assert address in shown(as_alice, f"/leads/{job.lead_id}/")
    part = as_alice.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "<html" in shown(as_alice, address)
    assert as_alice.get(f"/leads/{uuid.uuid4()}/jobs/{job.pk}/").status_code == 404


def test_a_call_is_the_last_one_in_whatever_order_it_is_noted(flowers: Business) -> None:
    lead = make_lead(flowers)
    with business_scope(flowers):
        for at in (NOW, NOW - timedelta(days=1)):
            Lead.objects.for_business(flowers).called(lead.pk, at)
        assert not Call.objects.exists()
    assert fresh(lead).last_call_at == NOW


def test_what_imports_and_calls_told_before_is_filled_in(flowers: Business) -> None:
    fill_in = import_module("calls.migrations.0015_lead_gender_and_last_call").fill_in
    dana = make_lead(flowers, facts={"gender": "female", "city": "Haifa"})
    noa = make_lead(flowers, "+972549998888", "Noa", facts={"gender": "unreadable"})
    with business_scope(flowers):
        for days in (1, 3):
            Call.objects.create(
                business=flowers,
                direction="inbound",
                call_sid=f"CA{days}",
                lead=dana,
                language="he",
                created_at=NOW - timedelta(days=days),
            )
    fill_in(apps, None)
    known, other = fresh(dana), fresh(noa)
    assert (known.gender, known.facts) == ("female", {"city": "Haifa"})
    assert known.last_call_at == NOW - timedelta(days=1)
    assert (other.gender, other.facts, other.last_call_at) == ("", {"gender": "unreadable"}, None)
