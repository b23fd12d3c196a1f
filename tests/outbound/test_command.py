from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from outbound.models import DialVerdict, OutboundCallJob, OutboundCallRun, RunStatus
from tenants.models import AuditEvent, Business
from tenants.scoping import business_scope
from tests.outbound.rig import ALWAYS, fresh, job_of, limits, make_run, started

pytestmark = pytest.mark.django_db

NUMBER = "+972501234567"


def outbound(*arguments: str, language: str = "en") -> str:
    out = StringIO()
    call_command("outbound", *arguments, f"--language={language}", stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as refusal:
        outbound(*arguments)
    assert refusal.value.returncode == 1
    return str(refusal.value)


def audited(business: Business) -> list[tuple[str, object]]:
    with business_scope(business):
        events = AuditEvent.objects.of_chain(business.pk).filter(action__startswith="run.")
        return list(events.values_list("action", "by"))


@pytest.fixture
def run(flowers: Business) -> OutboundCallRun:
    limits(flowers, schedule=ALWAYS)
    return make_run(flowers, NUMBER, name="Autumn roses")


def test_a_run_is_directed_by_its_name_within_a_business(run: OutboundCallRun) -> None:
    for act, status in (("start", "running"), ("pause", "paused"), ("stop", "canceled")):
        outbound(act, "Autumn roses", "--business=flowers")
        assert fresh(run).status == status


def test_the_beginning_of_an_id_is_enough(run: OutboundCallRun, flowers: Business) -> None:
    assert "Autumn roses: The run is running." in outbound("start", str(run.pk)[:8])
    assert audited(flowers)[-1] == ("run.started", None)


def test_what_is_so_already_is_no_error_and_changes_nothing(flowers: Business) -> None:
    run = started(flowers, NUMBER)
    before = audited(flowers)
    assert "The run is running." in outbound("start", str(run.pk))
    assert audited(flowers) == before


def test_a_run_that_cannot_be_started_says_all_that_is_missing(flowers: Business) -> None:
    run = make_run(flowers, NUMBER)
    with business_scope(flowers):
        OutboundCallJob.objects.of_run(run).delete()
        Business.objects.filter(pk=flowers.pk).update(status="suspended")
    assert refused("start", str(run.pk)) == "The business is suspended. There is nobody to call."
    assert fresh(run).status == RunStatus.DRAFT


def test_a_run_that_is_over_is_not_started_again(run: OutboundCallRun) -> None:
    outbound("stop", str(run.pk))
    assert refused("start", str(run.pk)).startswith("The run is over (canceled).")


def test_a_draft_is_not_paused(run: OutboundCallRun) -> None:
    assert "nothing to pause" in refused("pause", str(run.pk))
    assert fresh(run).status == RunStatus.DRAFT


def test_everybody_is_hung_up_on_if_that_is_asked_for(
    run: OutboundCallRun, flowers: Business
) -> None:
    outbound("start", str(run.pk))
    assert "0 calls were told to end." in outbound("stop", str(run.pk), "--hang-up-all")
    assert [action for action, _ in audited(flowers)][-2:] == ["run.stopped", "run.hung_up"]


def test_whoever_names_nothing_that_there_is_reads_what_to_type(run: OutboundCallRun) -> None:
    assert "A name needs --business" in refused("start", "Autumn roses")
    assert "There are: flowers." in refused("status", "--business=gardens")
    assert "“outbound status” lists the runs" in refused("stop", "Spring", "--business=flowers")
    assert "Write it with its country" in refused("why", "roses")


def test_several_runs_of_one_name_are_told_apart_by_their_ids(
    run: OutboundCallRun, flowers: Business
) -> None:
    other = make_run(flowers, name="Autumn roses")
    said = refused("start", "Autumn roses", "--business=flowers")
    assert str(run.pk) in said
    assert str(other.pk) in said
    assert fresh(run).status == fresh(other).status == RunStatus.DRAFT


def test_the_runs_are_listed_with_their_counts(run: OutboundCallRun, garage: Business) -> None:
    make_run(garage, name="Winter tyres")
    everywhere = outbound("status")
    assert f"{str(run.pk)[:8]}  draft" in everywhere
    assert "queued 1" in everywhere
    assert "Winter tyres" in everywhere
    assert "Winter tyres" not in outbound("status", "--business=flowers")


def test_one_run_is_shown_with_what_holds_it_up(run: OutboundCallRun) -> None:
    outbound("start", str(run.pk))
    seen = outbound("status", str(run.pk))
    assert "The run is running." in seen
    assert "No worker looks after runs at the moment" in seen
    assert "       1  queued" in seen


@pytest.mark.parametrize("written", [NUMBER, "050-123 4567", "(050) 1234567", "972-50-1234567"])
def test_a_number_is_understood_however_it_is_written(written: str, run: OutboundCallRun) -> None:
    seen = outbound("why", written, "--business=flowers")
    assert f"{NUMBER}  Autumn roses (flowers, {str(run.pk)[:8]}): queued" in seen
    assert "The run has not been started." in seen


def test_why_tells_of_a_number_in_all_runs_of_all_businesses(
    run: OutboundCallRun, garage: Business
) -> None:
    make_run(garage, NUMBER, name="Winter tyres")
    seen = outbound("why", "0501234567")
    assert "Autumn roses (flowers" in seen
    assert "Winter tyres (garage" in seen
    assert "Winter tyres" not in outbound("why", "0501234567", "--business=flowers")


def test_a_number_of_nobody_is_an_error(run: OutboundCallRun) -> None:
    assert refused("why", "050-765 4321") == "No run has +972507654321."


def test_a_business_is_spoken_to_in_its_own_language(flowers: Business, garage: Business) -> None:
    """Flowers is in Hebrew, the garage in English: their dates are written so."""
    run = make_run(flowers, NUMBER)
    make_run(garage, NUMBER)
    later = fresh(run).created_at.replace(year=2030)
    with business_scope(flowers):
        job = job_of(run)
        DialVerdict.objects.create(
            business=flowers,
            run=run,
            job=job,
            gate="frequency",
            reason="called_often",
            facts={"most": 4, "days": 7},
            next_at=later,
            first_at=later,
            last_at=later,
        )
        OutboundCallRun.objects.filter(pk=run.pk).update(status="running")
    out = StringIO()
    call_command("outbound", "why", NUMBER, stdout=out)
    assert "בנובמבר 2030" in out.getvalue()
    assert "The run has not been started." in out.getvalue()
