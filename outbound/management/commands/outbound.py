from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext, ngettext, override

from outbound.actions import (
    hang_up_all,
    pause_run,
    start_run,
    stop_run,
    take_up_after_restore,
)
from outbound.finding import (
    JOBS_LISTED,
    CountedRun,
    NotFound,
    business_named,
    jobs_of,
    latest_runs,
    run_named,
    short_id,
)
from outbound.models import OVER, JobStatus, OutboundCallJob, OutboundCallRun, RunStatus
from outbound.wording import holds_up, of_run, why
from tenants.models import Business
from tenants.scoping import business_scope

Moving = Callable[..., bool]
# What does it, and how the run stands afterwards.
MOVES: Final[Mapping[str, tuple[Moving, RunStatus]]] = {
    "start": (start_run, RunStatus.RUNNING),
    "pause": (pause_run, RunStatus.PAUSED),
    "stop": (stop_run, RunStatus.CANCELED),
}
HELP: Final = {
    "start": "call those who are due, or go on with a paused run",
    "pause": "ring nobody until it is started again; who is on the line stays there",
    "stop": "end the run for good; who is on the line stays there",
}
RESTORED: Final = "after a backup was restored: pause every run, and take up what was called since"
A_DAY: Final = timedelta(days=1)


class Command(BaseCommand):
    help = "Look at outbound runs, direct them, and ask why somebody is called or is not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        for act, about in HELP.items():
            directing = _act(acts, act, about)
            directing.add_argument("run", metavar="RUN", help="id, its beginning, or the name")
            if act != "start":
                directing.add_argument("--hang-up-all", action="store_true")
        status = _act(acts, "status", "how the runs stand, or one of them")
        status.add_argument("run", metavar="RUN", nargs="?")
        restoring = _spoken(acts, "restored", RESTORED)
        restoring.add_argument(
            "--since",
            metavar="WHEN",
            help="when the backup was made, as 2026-11-28T04:00Z; a day ago by default",
        )
        restoring.set_defaults(business=None)
        asking = _act(acts, "why", "what happened to a telephone number, and what will")
        asking.add_argument("phone", metavar="PHONE", help="in any spelling")

    def handle(self, *args: Any, **options: Any) -> None:
        acts = {"status": self._status, "why": self._why, "restored": self._restored}
        doing = acts.get(options["act"], self._direct)
        try:
            with self._language(options, None):
                slug = options["business"]
                doing(options, business_named(slug) if slug else None, timezone.now())
        except NotFound as error:
            raise CommandError(str(error)) from error

    def _language(self, options: dict[str, Any], business: Business | None) -> override:
        own = business.language if business else settings.LANGUAGE_CODE
        return override(options["language"] or own)

    def _direct(self, options: dict[str, Any], business: Business | None, now: datetime) -> None:
        run = run_named(options["run"], business)
        with self._language(options, run.business):
            self._move(run, options["act"], now)
            if options.get("hang_up_all"):
                self._hang_up(run, now)

    def _move(self, run: OutboundCallRun, act: str, now: datetime) -> None:
        move, wanted = MOVES[act]
        if run.status != wanted:
            _refuse_what_cannot_be(run, act)
            try:
                move(run=run, by=None, now=now)
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from error
        with business_scope(run.business_id):
            run.refresh_from_db()
            self.stdout.write(f"{run.name}: {of_run(run)}")
        if run.status != wanted:
            raise CommandError(gettext("Somebody else has changed the run meanwhile. Look again."))

    def _hang_up(self, run: OutboundCallRun, now: datetime) -> None:
        count = hang_up_all(run=run, by=None, now=now)
        text = ngettext(
            "%(count)s call was told to end.", "%(count)s calls were told to end.", count
        )
        self.stdout.write(text % {"count": count})

    def _status(self, options: dict[str, Any], business: Business | None, now: datetime) -> None:
        if options["run"]:
            run = run_named(options["run"], business)
            with self._language(options, run.business):
                self._one(run, now)
            return
        with self._language(options, business):
            self._all(latest_runs(business))

    def _all(self, runs: list[CountedRun]) -> None:
        if not runs:
            self.stdout.write(gettext("There are no runs."))
        for run, counts in runs:
            status = run.get_status_display()
            self.stdout.write(f"{short_id(run.pk)}  {status:<10}  {run.business.slug}  {run.name}")
            self.stdout.write(f"          {_counted(counts)}")

    def _one(self, run: OutboundCallRun, now: datetime) -> None:
        self.stdout.write(f"{run.name} ({run.business.slug}, {run.pk})")
        for sentence in holds_up(run, now=now):
            self.stdout.write(f"  {sentence}")
        with business_scope(run.business_id):
            counts = OutboundCallJob.objects.of_run(run).counts()
        for status in JobStatus:
            if status in counts:
                self.stdout.write(f"{counts[status]:>8}  {status.label}")

    def _restored(self, options: dict[str, Any], business: Business | None, now: datetime) -> None:
        since = _moment(options["since"]) if options["since"] else now - A_DAY
        if since >= now:
            raise CommandError(gettext("A backup was made before now; --since says later."))
        found = take_up_after_restore(since=since, now=now)
        self.stdout.write(gettext("Runs paused: %(count)s") % {"count": found.paused})
        told = gettext(
            "Calls that the carrier has and no row had: %(count)s, of jobs: %(taken_up)s"
        )
        self.stdout.write(told % {"count": found.missing, "taken_up": found.taken_up})
        if found.silent:
            raise CommandError(
                gettext("Not asked: %(accounts)s. Give this command again before a run is started.")
                % {"accounts": ", ".join(found.silent)}
            )

    def _why(self, options: dict[str, Any], business: Business | None, now: datetime) -> None:
        jobs = jobs_of(options["phone"], business)
        for job in jobs:
            with self._language(options, job.business):
                self._explain(job, now)
        if len(jobs) == JOBS_LISTED:
            self.stdout.write(gettext("There may be more. Name a business with --business."))

    def _explain(self, job: OutboundCallJob, now: datetime) -> None:
        run = job.run
        self.stdout.write(
            f"{job.phone_e164}  {run.name} ({run.business.slug}, {short_id(run.pk)}): "
            f"{job.get_status_display()}"
        )
        for sentence in why(job, now=now).sentences:
            self.stdout.write(f"  {sentence}")


def _moment(written: str) -> datetime:
    try:
        moment = parse_datetime(written)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(gettext("Write --since as 2026-11-28T04:00Z."))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _act(acts: Any, name: str, about: str) -> ArgumentParser:
    parser = _spoken(acts, name, about)
    parser.add_argument("--business", metavar="SLUG")
    return parser


def _spoken(acts: Any, name: str, about: str) -> ArgumentParser:
    parser: ArgumentParser = acts.add_parser(name, help=about, description=about)
    parser.add_argument(
        "--language",
        choices=[code for code, _ in settings.LANGUAGES],
        help="of what is printed; the business's own by default",
    )
    return parser


def _refuse_what_cannot_be(run: OutboundCallRun, act: str) -> None:
    if run.status in OVER:
        raise CommandError(
            gettext("The run is over (%(status)s). Make a new one of those who are to be called.")
            % {"status": run.get_status_display()}
        )
    if act == "pause" and run.status == RunStatus.DRAFT:
        raise CommandError(gettext("The run has not been started, so there is nothing to pause."))


def _counted(counts: Mapping[str, int]) -> str:
    told = [f"{status.label} {counts[status]}" for status in JobStatus if status in counts]
    return ", ".join(told) or gettext("nobody in it")
