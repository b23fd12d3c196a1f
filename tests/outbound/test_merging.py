"""Two leads that are one person: everything comes together, and nobody is called who should not be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from calls.models import Appointment, Call, CallStatus, DoNotCall, DoNotCallVia, Lead, LeadNote
from outbound.actions import keep_apart, merge_leads
from outbound.duplicates import duplicates, is_similar
from outbound.models import (
    DialAttempt,
    DialVerdict,
    JobStatus,
    LeadList,
    LeadListEntry,
    OutboundCallJob,
    OutboundCallRun,
    TwoPeople,
)
from tenants.decorators import FIELD
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.outbound.rig import job_of, make_run
from tests.people import NOW, make_member

pytestmark = pytest.mark.django_db

ONE, OTHER = "+972501234567", "+972501234568"


def make(business: Business, phone: str, name: str = "Dana Levi", **more: object) -> Lead:
    with business_scope(business):
        lead: Lead = Lead.objects.create(business=business, phone_e164=phone, name=name, **more)
        return lead


@pytest.fixture
def one(flowers: Business) -> Lead:
    return make(flowers, ONE, facts={"city": "Haifa", "size": "S"}, status="in_touch")


@pytest.fixture
def other(flowers: Business) -> Lead:
    return make(flowers, OTHER, gender="female", facts={"city": "Acre", "age": "40"})


def merged(keep: Lead, drop: Lead, by: User | None = None, **given: dict[str, str]) -> Lead:
    chosen: dict[str, dict[str, str]] = {"values": {}, "facts": {}} | given
    merge_leads(keep=keep, drop=drop, by=by, now=NOW, **chosen)
    with business_scope(keep.business_id):
        assert not Lead.objects.filter(pk=drop.pk).exists()
        found: Lead = Lead.objects.get(pk=keep.pk)
        return found


def make_call(lead: Lead, sid: str, **more: object) -> Call:
    ended = {"status": CallStatus.COMPLETED, "end_reason": "carrier", "ended_at": NOW}
    with business_scope(lead.business_id):
        call: Call = Call.objects.create(
            business_id=lead.business_id,
            direction="inbound",
            call_sid=sid,
            lead=lead,
            language="he",
            created_at=NOW,
            **(ended | more),
        )
        return call


def ended(run: OutboundCallRun, status: str) -> OutboundCallJob:
    """The only job of the run is over, after one attempt."""
    with business_scope(run.business_id):
        job = job_of(run)
        OutboundCallJob.objects.filter(pk=job.pk).update(
            status=status, ended_at=NOW, attempts=1, outcomes={status: 1}
        )
        attempt(job, 1)
    return job


def attempt(job: OutboundCallJob, number: int, state: str = "final") -> DialAttempt:
    made: DialAttempt = DialAttempt.objects.create(
        business_id=job.business_id,
        run_id=job.run_id,
        job=job,
        number=number,
        account_sid="AC1",
        to_e164=job.phone_e164,
        from_e164="+97230000000",
        state=state,
        owner=1,
        posted_at=NOW,
        usage_day=NOW.date(),
    )
    return made


def test_what_either_has_is_the_ones_that_stays(flowers: Business, one: Lead, other: Lead) -> None:
    make_call(other, "CA1")
    with business_scope(flowers):
        Appointment.objects.create(
            business=flowers, lead=other, starts_at=NOW, ends_at=NOW + timedelta(hours=1)
        )
        LeadNote.objects.create(business=flowers, lead=other, text="Likes roses.")
        both, hers = (LeadList.objects.create(business=flowers, name=name) for name in "ab")
        for lead_list, lead in ((both, one), (both, other), (hers, other)):
            LeadListEntry.objects.create(business=flowers, list=lead_list, lead=lead)
    kept = merged(one, other, facts={"city": "Acre"})
    assert (kept.name, kept.gender, kept.status) == ("Dana Levi", "female", "in_touch")
    assert kept.facts == {"city": "Acre", "size": "S", "age": "40"}
    with business_scope(flowers):
        assert Call.objects.get().lead_id == one.pk
        assert Appointment.objects.get().lead_id == one.pk
        notes = LeadNote.objects.filter(lead=one).values_list("text", flat=True)
        assert any(OTHER in text for text in notes)
        assert "Likes roses." in notes
        entries = LeadListEntry.objects.values_list("list__name", "lead")
        assert sorted(entries) == [("a", one.pk), ("b", one.pk)]
        assert not DoNotCall.objects.exists()
        event = AuditEvent.objects.get(action="leads.merged")
    assert event.facts == {"dropped": str(other.pk), "phone": OTHER}


@pytest.mark.parametrize("listed", [ONE, OTHER])
def test_who_asked_not_to_be_called_is_called_on_neither_number(
    flowers: Business, one: Lead, other: Lead, listed: str
) -> None:
    with business_scope(flowers):
        DoNotCall.objects.add(
            business_id=flowers.pk, phone_e164=listed, via=DoNotCallVia.VOICE, now=NOW
        )
    merged(one, other)
    with business_scope(flowers):
        assert set(DoNotCall.objects.values_list("phone_e164", "via")) == {
            (ONE, "voice"),
            (OTHER, "voice"),
        }


def test_a_run_of_one_only_goes_on_with_the_other(
    flowers: Business, one: Lead, other: Lead
) -> None:
    run = make_run(flowers, OTHER)
    merged(one, other)
    job = job_of(run)
    assert (job.lead_id, job.phone_e164, job.status) == (one.pk, OTHER, JobStatus.QUEUED)


def test_who_is_in_a_run_twice_is_called_once(flowers: Business, one: Lead, other: Lead) -> None:
    run = make_run(flowers, ONE, OTHER)
    merged(one, other)
    assert job_of(run).phone_e164 == ONE


def test_who_was_reached_on_the_other_number_is_not_called_again(
    flowers: Business, one: Lead, other: Lead
) -> None:
    run = make_run(flowers, OTHER)
    job = ended(run, "completed")
    with business_scope(flowers):
        mine = OutboundCallJob.objects.create(
            business=flowers, run=run, lead=one, phone_e164=ONE, due_at=NOW
        )
        waiting = attempt(mine, 1, state="queued")
        DialVerdict.objects.create(
            business=flowers, run=run, job=job, gate="passed", reason="x", first_at=NOW, last_at=NOW
        )
    merged(one, other)
    left = job_of(run)
    assert (left.pk, left.status, left.attempts) == (mine.pk, JobStatus.COMPLETED, 1)
    assert left.outcomes == {"completed": 1}
    with business_scope(flowers):
        numbers = dict(DialAttempt.objects.values_list("state", "number"))
        assert numbers == {"final": 1, "queued": 2}
        assert DialAttempt.objects.get(pk=waiting.pk).job_id == mine.pk
        assert DialVerdict.objects.get().job_id == mine.pk


def test_who_did_not_answer_on_the_other_number_is_still_called(
    flowers: Business, one: Lead, other: Lead
) -> None:
    run = make_run(flowers, OTHER)
    ended(run, "no_answer")
    with business_scope(flowers):
        OutboundCallJob.objects.create(
            business=flowers, run=run, lead=one, phone_e164=ONE, due_at=NOW
        )
    merged(one, other)
    left = job_of(run)
    assert (left.status, left.attempts, left.outcomes) == ("queued", 1, {"no_answer": 1})


def test_nobody_is_merged_while_on_the_telephone(flowers: Business, one: Lead, other: Lead) -> None:
    make_call(other, "CA1", status=CallStatus.IN_PROGRESS, end_reason="", ended_at=None)
    for pair in ((one, other), (other, one)):
        with pytest.raises(ValidationError, match="on the telephone"):
            merge_leads(keep=pair[0], drop=pair[1], values={}, facts={}, by=None, now=NOW)
    with business_scope(flowers):
        assert Lead.objects.count() == 2


def test_nobody_is_merged_while_the_telephone_may_be_ringing(
    flowers: Business, one: Lead, other: Lead
) -> None:
    run = make_run(flowers, OTHER)
    with business_scope(flowers):
        OutboundCallJob.objects.of_run(run).update(status="dialing")
    with pytest.raises(ValidationError, match="on the telephone"):
        merge_leads(keep=one, drop=other, values={}, facts={}, by=None, now=NOW)


def test_only_who_manages_leads_merges_and_only_within_one_business(
    flowers: Business, garage: Business, one: Lead, other: Lead, olga: User, charlie: User
) -> None:
    make_member(flowers, charlie, Membership.Role.AGENT)
    with pytest.raises(PermissionDenied):
        merge_leads(keep=one, drop=other, values={}, facts={}, by=charlie, now=NOW)
    theirs = make(garage, OTHER)
    for drop in (one, theirs):
        with pytest.raises(ValidationError, match="two different"):
            merge_leads(keep=one, drop=drop, values={}, facts={}, by=None, now=NOW)
    with business_scope(garage):
        assert Lead.objects.count() == 1


def test_who_has_gone_already_is_told(flowers: Business, one: Lead, other: Lead) -> None:
    merged(one, other)
    with pytest.raises(ValidationError, match="gone"):
        merge_leads(keep=one, drop=other, values={}, facts={}, by=None, now=NOW)


def test_the_page_asks_where_they_differ_and_joins(
    client: Client, alice: User, flowers: Business, one: Lead, other: Lead
) -> None:
    client.force_login(alice)
    address = f"/leads/merge/{one.pk}/{other.pk}/"
    page = client.get(address).content.decode()
    assert "Haifa" in page
    assert "Acre" in page
    assert f"/leads/merge/{other.pk}/{one.pk}/" in page
    answer = client.post(
        address, {FIELD: str(flowers.pk), "choice_0": "Acre", "choice_1": "nonsense"}
    )
    assert answer.status_code == 200
    form = {FIELD: str(flowers.pk), "choice_0": "Acre", "choice_1": "new"}
    assert client.post(address, form)["Location"] == f"/leads/{one.pk}/"
    with business_scope(flowers):
        kept = Lead.objects.get()
    assert (kept.facts["city"], kept.status) == ("Acre", "new")
    assert client.get(address).status_code == 404


def test_who_has_the_same_name_is_suggested(flowers: Business, one: Lead, other: Lead) -> None:
    far = make(flowers, "+972541112233", name="dana levi")
    make(flowers, "+972541112244", name="Noa")
    make(flowers, "+972541112255", name="")
    make(flowers, "+972541112266", name="")
    with business_scope(flowers):
        pairs = duplicates(flowers)
        assert [(pair.keep, pair.drop, pair.has_similar_number) for pair in pairs.rows] == [
            (one, other, True),
            (one, far, False),
        ]
        assert pairs.after == ""
        assert duplicates(flowers, after="dana levi").rows == []


def proposed(business: Business) -> list[tuple[Lead, Lead]]:
    with business_scope(business):
        return [(pair.keep, pair.drop) for pair in duplicates(business).rows]


def test_two_people_are_not_proposed_again(
    flowers: Business, alice: User, one: Lead, other: Lead
) -> None:
    keep_apart(one=other, other=one, by=alice, now=NOW)  # whichever stands first
    keep_apart(one=one, other=other, by=alice, now=NOW)
    assert proposed(flowers) == []
    with business_scope(flowers):
        event = AuditEvent.objects.get(action="leads.kept_apart")
        assert TwoPeople.objects.get().said_by == alice
    assert (event.subject, event.facts) == (str(other.pk), {"other": str(one.pk)})


def test_a_third_of_the_name_is_still_proposed_with_either(
    flowers: Business, one: Lead, other: Lead
) -> None:
    third = make(flowers, "+972541112233")
    keep_apart(one=one, other=other, by=None, now=NOW)
    assert proposed(flowers) == [(one, third)]
    keep_apart(one=one, other=third, by=None, now=NOW)
    assert proposed(flowers) == [(other, third)]


def test_who_was_kept_apart_can_be_merged_after_all(one: Lead, other: Lead) -> None:
    keep_apart(one=one, other=other, by=None, now=NOW)
    merged(one, other)
    with business_scope(one.business_id):
        assert not TwoPeople.objects.exists()


def test_only_who_may_merge_keeps_apart_and_only_two_of_one_business(
    flowers: Business, garage: Business, charlie: User, one: Lead, other: Lead
) -> None:
    make_member(flowers, charlie, Membership.Role.AGENT)
    with pytest.raises(PermissionDenied):
        keep_apart(one=one, other=other, by=charlie, now=NOW)
    for strange in (one, make(garage, ONE)):
        with pytest.raises(ValidationError):
            keep_apart(one=one, other=strange, by=None, now=NOW)
    assert proposed(flowers) == [(one, other)]


def test_the_page_of_duplicates_forgets_a_pair_and_stays_where_it_was(
    client: Client, alice: User, flowers: Business, one: Lead, other: Lead
) -> None:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    apart = f"/leads/merge/{one.pk}/{other.pk}/apart/"
    for page in ("/leads/duplicates/", f"/leads/merge/{one.pk}/{other.pk}/"):
        assert f'action="{apart}"' in client.get(page).content.decode()
    assert client.get(apart).status_code == 405
    answer = client.post(apart, {FIELD: str(flowers.pk), "after": "abe & co"})
    assert answer["Location"] == "/leads/duplicates/?after=abe+%26+co"
    page = client.get("/leads/duplicates/").content.decode()
    assert "They stay two leads, and are not proposed again." in page
    assert apart not in page
    page = client.get(f"/leads/merge/{one.pk}/{other.pk}/").content.decode()
    assert "Somebody of your business has said that these are two people." in page


def test_names_are_looked_through_a_part_at_a_time(
    flowers: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbound.duplicates.LOOKED_THROUGH", 3)
    for number, name in enumerate(("ann", "ben", "cid", "cid", "dan", "eve", "eve")):
        make(flowers, f"+97250123450{number}", name)
    with business_scope(flowers):
        names, after = [], ""
        for _page in range(10):
            pairs = duplicates(flowers, after=after)
            names += [pair.keep.name for pair in pairs.rows]
            after = pairs.after
            if not after:
                break
    assert (names, after) == (["cid", "eve"], "")


def test_numbers_are_similar_but_for_a_digit_or_two() -> None:
    assert is_similar("+972501234567", "+972501234576")
    assert is_similar("+972501234567", "+97231234567")
    assert not is_similar("+972501234567", "+972549876543")
