"""The list of calls and the page of one: what is shown, to whom, and what never."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from calls.explaining import ENDS, figures, how_it_ended
from calls.models import (
    Call,
    CallNote,
    CallStatus,
    EndReason,
    Lead,
    PromptBinding,
    ToolCall,
    Transfer,
    TransferTarget,
    Turn,
)
from calls.telephones import readable
from outbound.models import DialAttempt
from prompts.models import Direction, PromptVersion
from tenants.decorators import FIELD
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.calls.conversations import make_call, make_lead, queries
from tests.people import NOW, make_member, make_published
from tests.rows import make_row

pytestmark = pytest.mark.django_db

PAYLOAD = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>"""


@pytest.fixture
def as_alice(client: Client, alice: User, flowers: Business) -> Client:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return client


def listed(client: Client, **filters: str) -> list[Call]:
    response = client.get("/calls/", filters)
    assert response.status_code == 200
    return list(response.context["pages"].rows)


def page_of(client: Client, call: Call) -> str:
    return client.get(f"/calls/{call.pk}/").content.decode()


def post(client: Client, business: Business, path: str, **fields: str) -> Any:
    return client.post(path, {FIELD: str(business.pk), **fields})


def at(hour: int, day: int = 2) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


class TestTheList:
    def test_begins_with_the_newest(self, as_alice: Client, flowers: Business) -> None:
        first, second = (make_call(flowers, created_at=at(hour)) for hour in (8, 9))
        assert listed(as_alice) == [second, first]

    def test_shows_no_call_of_another_business(
        self, as_alice: Client, flowers: Business, garage: Business
    ) -> None:
        make_call(garage, "The gearbox", lead=make_lead(garage, "+972509999999", "Gideon"))
        for filters in ({}, {"words": "gearbox"}, {"lead": "Gideon"}, {"direction": "inbound"}):
            page = as_alice.get("/calls/", filters).content.decode()
            assert "No call" in page
            assert readable("+972509999999") not in page
            assert "972509999999" not in page

    def test_goes_on_and_back(self, as_alice: Client, flowers: Business) -> None:
        calls = [make_call(flowers, created_at=NOW) for _ in range(55)]
        first = as_alice.get("/calls/", {"direction": "inbound"}).context["pages"]
        second = as_alice.get(f"/calls/{first.after}").context["pages"]
        assert {*first.rows, *second.rows} == set(calls)
        assert as_alice.get(f"/calls/{second.before}").context["pages"].rows == first.rows

    @pytest.mark.parametrize(
        ("field", "value"),
        [("direction", "outbound"), ("status", "failed"), ("end_reason", "silence")],
    )
    def test_is_narrowed_by_what_a_call_is(
        self, as_alice: Client, flowers: Business, field: str, value: str
    ) -> None:
        make_call(flowers)
        fitting = make_call(flowers, **{field: value})
        assert listed(as_alice, **{field: value}) == [fitting]

    def test_is_narrowed_by_days_of_the_business(self, as_alice: Client, flowers: Business) -> None:
        """In Jerusalem the second of November begins at ten in the evening of London's first."""
        late_on_the_first = make_call(flowers, created_at=at(21, day=1))
        early_on_the_second = make_call(flowers, created_at=at(22, day=1))
        assert listed(as_alice, since="2026-11-02") == [early_on_the_second]
        assert listed(as_alice, until="2026-11-01") == [late_on_the_first]
        assert listed(as_alice, since="2026-11-02", until="2026-11-01") == []

    def test_is_narrowed_by_words_person_and_more_at_once(
        self, as_alice: Client, flowers: Business
    ) -> None:
        dana = make_lead(flowers, "+972501234567", "Dana")
        call = make_call(flowers, "red roses", lead=dana, created_at=at(9))
        make_call(flowers, "red roses", created_at=at(8))
        make_call(flowers, "tulips", lead=dana, created_at=at(7))
        assert listed(as_alice, words="roses", lead="dan") == [call]
        assert len(listed(as_alice, words="roses", since="2026-11-02")) == 2
        assert listed(as_alice, words="roses", lead="dan", direction="outbound") == []
        assert listed(as_alice, words="roses", until="2026-11-01") == []

    @pytest.mark.parametrize(
        "filters",
        [
            {"since": "yesterday"},
            {"status": "'"},
            {"direction": PAYLOAD},
            {"words": "\0"},
            {"lead": PAYLOAD},
            {"words": "x" * 300},
            {"after": "!"},
        ],
    )
    def test_survives_what_nobody_means(
        self, as_alice: Client, flowers: Business, filters: dict[str, str]
    ) -> None:
        make_call(flowers)
        response = as_alice.get("/calls/", filters)
        assert response.status_code == 200
        assert "<script>alert" not in response.content.decode()

    def test_costs_the_same_with_more_calls(self, as_alice: Client, flowers: Business) -> None:
        filters = {"words": "red roses for you", "lead": "0501234", "direction": "inbound"}
        lead = make_lead(flowers, "+972501234567")
        make_call(flowers, "red roses for you", lead=lead)
        one = queries(as_alice, "/calls/", filters)
        for _ in range(5):
            make_call(flowers, "red roses for you", lead=lead)
        assert queries(as_alice, "/calls/", filters) == one
        assert one <= 12

    def test_says_when_there_is_nothing(self, as_alice: Client) -> None:
        assert "No calls yet" in as_alice.get("/calls/").content.decode()
        assert "No call fits" in as_alice.get("/calls/", {"words": "roses"}).content.decode()


def bare(page: str) -> str:
    """Without the address that was asked for and the token that is masked anew each time."""
    return re.sub(r"[0-9a-f-]{36}|[A-Za-z0-9]{64}", "", page)


def whole_call(business: Business, text: str = "roses") -> Call:
    """With everything that can belong to one."""
    version = make_published(business, Direction.OUTBOUND)
    call = make_call(
        business,
        text,
        text,
        direction=Direction.OUTBOUND,
        lead=make_lead(business, "+972501234567", text[:200]),
        end_detail=text,
    )
    with business_scope(business):
        make_row(
            PromptBinding,
            business,
            call=call,
            direction=Direction.OUTBOUND,
            version=version,
            full="",
            voice="marin",
        )
        make_row(
            ToolCall,
            business,
            call=call,
            name=text[:64],
            arguments={text: text},
            status=ToolCall.Status.SUCCEEDED,
        )
        target = make_row(TransferTarget, business, name=text[:100], e164="+97231234567")
        make_row(Transfer, business, call=call, target=target, summary=text)
        attempt = make_row(DialAttempt, business, call=call, number=2)
        type(attempt.run).objects.filter(pk=attempt.run_id).update(name=text)
        Turn.objects.filter(call=call).update(interrupted=True, generated_ms=100, heard_ms=50)
    return call


class TestOneCall:
    def test_tells_what_happened(self, as_alice: Client, flowers: Business) -> None:
        page = page_of(as_alice, whole_call(flowers, "thirty roses"))
        for text in (
            "thirty roses",
            str(ENDS[EndReason.CALLER_HANGUP]),
            "version 1",
            "attempt 2",
            "Interrupted",
            "1:00",
        ):
            assert text in page

    def test_of_another_business_is_as_unknown_as_none(
        self, as_alice: Client, garage: Business
    ) -> None:
        strange = as_alice.get(f"/calls/{make_call(garage, 'gearbox').pk}/")
        none = as_alice.get(f"/calls/{uuid.uuid4()}/")
        assert strange.status_code == none.status_code == 404
        assert bare(strange.content.decode()) == bare(none.content.decode())

    def test_runs_nothing_that_somebody_said_or_wrote(
        self, as_alice: Client, alice: User, flowers: Business
    ) -> None:
        call = whole_call(flowers, PAYLOAD)
        with business_scope(flowers):
            CallNote.objects.create(business=flowers, call=call, by=alice, text=PAYLOAD)
            Lead.objects.update(name=PAYLOAD)
        for page in (page_of(as_alice, call), as_alice.get("/calls/").content.decode()):
            assert "<script>alert" not in page
            assert "<img src=x" not in page
            assert "&lt;script&gt;alert(1)" in page

    def test_costs_the_same_with_more_turns(
        self, as_alice: Client, alice: User, flowers: Business
    ) -> None:
        call = whole_call(flowers)
        one = queries(as_alice, f"/calls/{call.pk}/")
        with business_scope(flowers):
            for number in range(5):
                make_row(Turn, flowers, call=call, item_id=f"more_{number}", started_ms=9000)
                make_row(ToolCall, flowers, call=call, tool_call_id=f"more_{number}")
                CallNote.objects.create(business=flowers, call=call, by=alice, text="Note")
        assert queries(as_alice, f"/calls/{call.pk}/") == one
        assert one <= 12

    def test_that_is_going_on_keeps_itself_up_to_date(
        self, as_alice: Client, flowers: Business
    ) -> None:
        live = {"status": CallStatus.IN_PROGRESS, "end_reason": "", "ended_at": None}
        assert 'hx-trigger="every 5s"' in page_of(as_alice, make_call(flowers, **live))
        assert "every 5s" not in page_of(as_alice, make_call(flowers))

    def test_with_a_withheld_number_and_without_a_word(
        self, as_alice: Client, flowers: Business
    ) -> None:
        call = make_call(flowers, from_e164="", answered_at=None, duration_s=None)
        page = page_of(as_alice, call)
        assert "Number withheld" in page
        assert "Nothing was said." in page


def test_who_hung_up_is_told_and_what_the_engine_noted_is_not(
    as_alice: Client, flowers: Business
) -> None:
    """That is in English whatever the page is in, and the page has said it already."""
    for reason, told in ((EndReason.OWNER_HANGUP, True), (EndReason.CALLER_HANGUP, False)):
        call = make_call(flowers)
        with business_scope(flowers):
            Call.objects.filter(pk=call.pk).update(end_reason=reason, end_detail="Bob did it.")
        page = page_of(as_alice, call)
        assert str(ENDS[reason]) in page
        assert ("Bob did it." in page) is told


def test_every_end_of_a_call_is_explained() -> None:
    assert ENDS.keys() == set(EndReason)
    assert how_it_ended(Call(status=CallStatus.IN_PROGRESS)) == "The call is going on."


def test_figures_are_told_in_words_and_only_where_there_are_any() -> None:
    assert list(figures(Call())) == []
    call = Call(
        greeting_latency_ms=430,
        utterances_total=5,
        utterances_empty=1,
        barge_ins=2,
        counters={"resumes": 1, "resumed": 1},
        frames_dropped=50,
    )
    told = " ".join(figures(call))
    assert "first heard after 0.4 s" in told
    assert "spoke 5 times" in told
    assert "1 of these was a sound" in told
    assert "interrupted 2 times" in told
    assert "1 time it fell silent" in told
    assert "1.0 s of the caller's sound" in told


class TestNotes:
    @pytest.fixture
    def call(self, flowers: Business) -> Call:
        return make_call(flowers)

    def notes(self, call: Call) -> list[str]:
        with business_scope(call.business_id):
            return [note.text for note in CallNote.objects.of_call(call)]

    def test_are_written_and_shown(self, as_alice: Client, flowers: Business, call: Call) -> None:
        response = post(as_alice, flowers, f"/calls/{call.pk}/notes/", text="  Call back. ")
        assert response["Location"] == f"/calls/{call.pk}/"
        assert self.notes(call) == ["Call back."]
        assert "Call back." in page_of(as_alice, call)

    @pytest.mark.parametrize("text", ["", "  ", "x" * 2001, "a\0b"])
    def test_that_cannot_be_are_refused(
        self, as_alice: Client, flowers: Business, call: Call, text: str
    ) -> None:
        response = post(as_alice, flowers, f"/calls/{call.pk}/notes/", text=text)
        assert response.status_code == 200
        assert 'class="errorlist"' in response.content.decode()
        assert self.notes(call) == []

    def test_are_deleted_by_whoever_wrote_them(
        self, as_alice: Client, alice: User, flowers: Business, call: Call
    ) -> None:
        with business_scope(flowers):
            note = CallNote.objects.create(business=flowers, call=call, by=alice, text="Mistake")
        path = f"/calls/{call.pk}/notes/{note.pk}/delete/"
        assert "Mistake" in as_alice.get(path).content.decode()
        assert self.notes(call) == ["Mistake"]
        post(as_alice, flowers, path)
        assert self.notes(call) == []
        with business_scope(flowers):
            event = AuditEvent.objects.get(action="note.deleted")
        assert (event.by, event.subject) == (alice, str(call.pk))

    def test_of_somebody_else_stay(
        self, as_alice: Client, bob: User, flowers: Business, call: Call
    ) -> None:
        with business_scope(flowers):
            note = CallNote.objects.create(business=flowers, call=call, by=bob, text="Bob's")
        path = f"/calls/{call.pk}/notes/{note.pk}/delete/"
        assert path not in page_of(as_alice, call)
        assert as_alice.get(path).status_code == 404
        assert post(as_alice, flowers, path).status_code == 404
        assert self.notes(call) == ["Bob's"]

    def test_on_a_call_of_another_business_are_not_written(
        self, as_alice: Client, flowers: Business, garage: Business
    ) -> None:
        strange = make_call(garage)
        response = post(as_alice, flowers, f"/calls/{strange.pk}/notes/", text="Mine")
        assert response.status_code == 404
        assert self.notes(strange) == []

    def test_a_viewer_reads_and_does_not_write(
        self, client: Client, charlie: User, flowers: Business, alice: User, call: Call
    ) -> None:
        with business_scope(flowers):
            CallNote.objects.create(business=flowers, call=call, by=alice, text="Call back")
        make_member(flowers, charlie, Membership.Role.VIEWER)
        client.force_login(charlie)
        page = page_of(client, call)
        assert "Call back" in page
        assert reverse("calls:write-note", args=[call.pk]) not in page
        assert post(client, flowers, f"/calls/{call.pk}/notes/", text="Me").status_code == 403
        assert self.notes(call) == ["Call back"]


def bind(call: Call, version: PromptVersion) -> None:
    with business_scope(call.business_id):
        make_row(
            PromptBinding,
            call.business,
            call=call,
            direction=call.direction,
            version=version,
            full="",
            voice="marin",
            created_at=call.created_at,
        )


class TestCallsOfAVersion:
    def test_are_those_that_ran_on_it(self, as_alice: Client, flowers: Business) -> None:
        first, second = make_published(flowers), make_published(flowers, text="Sell trees only.")
        old, new = (make_call(flowers, created_at=at(hour)) for hour in (8, 9))
        make_call(flowers, created_at=at(8))
        bind(old, first)
        bind(new, second)
        assert listed(as_alice, version=str(first.pk)) == [old]
        assert listed(as_alice, version=str(second.pk)) == [new]
        assert listed(as_alice, version=str(second.pk), direction="outbound") == []
        page = as_alice.get("/calls/", {"version": str(second.pk)}).content.decode()
        assert "ran on version 2" in page
        assert reverse("prompts:version", args=[second.pk]) in page
        assert f'type="hidden" name="version" value="{second.pk}"' in page

    def test_of_another_business_are_none(
        self, as_alice: Client, flowers: Business, garage: Business
    ) -> None:
        make_call(flowers)
        version = make_published(garage)
        bind(make_call(garage), version)
        for wanted in (str(version.pk), str(uuid.uuid4())):
            assert listed(as_alice, version=wanted) == []
            page = as_alice.get("/calls/", {"version": wanted}).content.decode()
            assert "No call fits" in page
            assert "ran on version" not in page

    def test_cost_the_same_with_more_of_them(self, as_alice: Client, flowers: Business) -> None:
        version = make_published(flowers)
        bind(make_call(flowers), version)
        filters = {"version": str(version.pk)}
        one = queries(as_alice, "/calls/", filters)
        for _ in range(5):
            bind(make_call(flowers), version)
        assert queries(as_alice, "/calls/", filters) == one
        assert one <= 12

    def test_by_a_word_that_is_no_version_are_all(
        self, as_alice: Client, flowers: Business
    ) -> None:
        call = make_call(flowers)
        assert listed(as_alice, version=PAYLOAD) == [call]


class TestTheWayOn:
    def test_leads_to_person_words_run_and_job(self, as_alice: Client, flowers: Business) -> None:
        call = whole_call(flowers)
        page = page_of(as_alice, call)
        with business_scope(flowers):
            attempt = DialAttempt.objects.get(call=call)
            binding = PromptBinding.objects.get(call=call)
        for name, key in (
            ("leads:lead", call.lead_id),
            ("prompts:version", binding.version_id),
            ("outbound:run", attempt.run_id),
            ("outbound:job", attempt.job_id),
        ):
            path = reverse(name, args=[key])
            assert f'href="{path}"' in page
            assert as_alice.get(path).status_code == 200, name

    def test_is_not_offered_where_there_is_none(self, as_alice: Client, flowers: Business) -> None:
        page = page_of(as_alice, make_call(flowers))
        for beginning in ("/leads/", "/prompts/versions/", "/outbound/runs/", "/outbound/jobs/"):
            assert not re.search(rf'href="{beginning}[0-9a-f]', page)

    def test_in_the_list_leads_to_the_person(self, as_alice: Client, flowers: Business) -> None:
        known = make_lead(flowers, "+972501234567", "Dana")
        make_call(flowers, lead=known)
        make_call(flowers)
        page = as_alice.get("/calls/").content.decode()
        assert page.count("Who that is") == 2, "a label and a hint of one link"
        assert reverse("leads:lead", args=[known.pk]) in page
