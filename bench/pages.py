"""What the owner's pages cost when there are a million calls of two hundred thousand people:
`python -m bench.pages`.

Each page is asked for through Django's whole handler, in this process, by an owner who is logged in;
what is counted are the queries of the view itself, without session, person and memberships.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import django

from bench.figures import percentile
from bench.installation import installed
from bench.machine import MachineError, be_urgent
from prosaas.embedded import EmbeddedError

if TYPE_CHECKING:
    from django.test import Client

    from tenants.models import Business

MOST_QUERIES: Final = 12
MOST_MS: Final = 150.0
# Session, person, memberships, the two scopes and what a connection from the pool is asked.
WAY_IN: Final = ("BEGIN", "COMMIT", "SAVEPOINT", "set_config", "current_setting", "django_session")
WAY_IN_TABLES: Final = ('FROM "tenants_user"', 'FROM "tenants_membership"')


@dataclass(frozen=True, slots=True)
class Page:
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Cost:
    page: Page
    queries: int
    took_ms: Sequence[float]

    @property
    def p50(self) -> float:
        return percentile(sorted(self.took_ms), 50)

    @property
    def p95(self) -> float:
        return percentile(sorted(self.took_ms), 95)

    @property
    def is_too_much(self) -> bool:
        return self.queries > MOST_QUERIES or self.p95 > MOST_MS


def main() -> int:
    options = _arguments()
    try:
        if options.urgent:
            be_urgent(os.getpid())
        with installed() as installation:
            os.environ.update(installation.environment, SECOND_FACTOR_REQUIRED="0")
            django.setup()
            return _run(options)
    except (EmbeddedError, MachineError) as error:
        sys.exit(f"No figures: {error}")


def _run(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from bench.many_calls import fill

    note(f"{options.calls} calls of {options.leads} people are made")
    business = fill(
        calls=options.calls, leads=options.leads, talked=options.talked, now=timezone.now()
    )
    client = owner()
    costs = []
    print(f"{'page':<50}{'queries':>8}{'p50 ms':>9}{'p95 ms':>9}")
    for page in pages(client, business):
        cost = ask(client, page, options.times)
        costs.append(cost)
        print(f"{page.name:<50}{cost.queries:>8}{cost.p50:>9.1f}{cost.p95:>9.1f}", flush=True)
    print(f"at most {MOST_QUERIES} queries and {MOST_MS:.0f} ms in 95 of 100 times")
    return 1 if any(cost.is_too_much for cost in costs) else 0


def owner() -> Client:
    from django.test import Client

    from bench.many_calls import OWNER
    from tenants.models import User

    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(email=OWNER))
    return client


def pages(client: Client, business: Business) -> Iterator[Page]:
    from django.utils import timezone

    from bench.many_calls import DAYS
    from calls.models import DoNotCall, Lead, Turn
    from outbound.models import LeadList, OutboundCallJob, OutboundCallRun
    from tenants.scoping import business_scope

    with business_scope(business):
        talked = Turn.objects.for_business(business)[0].call_id
        name = Lead.objects.for_business(business).exclude(name="").order_by("pk")[0]
        run = OutboundCallRun.objects.for_business(business).get()
        job = OutboundCallJob.objects.of_run(run)[0]
        everybody = LeadList.objects.for_business(business).get()
        entry = DoNotCall.objects.for_business(business).order_by("pk")[0]
    half_a_year_ago = timezone.localdate() - timedelta(days=DAYS // 2)
    yield Page("overview", "/")
    yield Page("overview, what refreshes itself", "/dashboard/figures/")
    yield Page("number doctor", "/doctor/")
    yield Page("calls", "/calls/")
    yield Page("calls, the twentieth page", twentieth(client, "/calls/"))
    yield Page("calls, half a year ago", f"/calls/?until={half_a_year_ago}")
    yield from (Page(f"calls, {filters}", f"/calls/?{filters}") for filters in FILTERS)
    yield Page("calls, of one number", f"/calls/?lead={name.phone_e164.replace('+972', '0')}")
    yield Page("calls, of one name", f"/calls/?lead={name.name}")
    yield Page("calls, of a common name", f"/calls/?lead={name.name.split()[0]}")
    yield Page("one call", f"/calls/{talked}/")
    yield Page("leads, the twentieth page", twentieth(client, "/leads/"))
    yield from (Page(f"leads, {filters}", f"/leads/?{filters}") for filters in LEAD_FILTERS)
    yield Page("leads, of one number", f"/leads/?q={name.phone_e164.replace('+972', '0')}")
    yield Page("leads, of one name", f"/leads/?q={name.name}")
    yield Page("leads, of a common name", f"/leads/?q={name.name.split()[0]}")
    yield Page("leads, of one list", f"/leads/?list={everybody.pk}")
    yield Page("leads, a name in one list", f"/leads/?list={everybody.pk}&q={name.name.split()[0]}")
    yield Page("one lead", f"/leads/{name.pk}/")
    yield Page("one list", f"/leads/lists/{everybody.pk}/")
    yield Page("one run", f"/outbound/runs/{run.pk}/")
    yield Page("one run, what refreshes itself", f"/outbound/runs/{run.pk}/now/")
    yield Page("one run, its preview", f"/outbound/runs/{run.pk}/preview/")
    yield Page("one run, its jobs", f"/outbound/runs/{run.pk}/jobs/")
    yield Page("one run, one name", f"/outbound/runs/{run.pk}/jobs/?q={name.name.split()[0]}")
    yield Page("one job", f"/outbound/jobs/{job.pk}/")
    yield Page("do not call, one number", f"/outbound/do-not-call/?q={entry.phone_e164[-6:]}")
    yield Page("do not call, one entry", f"/outbound/do-not-call/{entry.pk}/")
    seen = {"/", "/dashboard/figures/", "/doctor/", "/calls/"}
    yield from (Page(path, path) for path in screens(client) if path not in seen)


FILTERS: Final = (
    "direction=outbound",
    "status=failed",
    "status=in_progress",
    "end_reason=voicemail",
    "direction=inbound&end_reason=voicemail",
    "words=word1",
    "words=word2900",
    "words=word1+word2900",
    "words=word1+word2+word3+word4",
    "words=word1&status=failed&direction=inbound",
    "words=nobodysaidthis",
)


LEAD_FILTERS: Final = (
    "status=new",
    "status=won",
    "do_not_call=yes",
    "do_not_call=no",
    "last_call=never",
    "status=new&do_not_call=yes",
    "q=nobody",
)
OTHER_DOORS: Final = ("admin", "accounts", "twiml", "webhooks", "language", "theme", "switch")
# Files are no pages: they are written out as they are read.
NO_PAGES: Final = ("export",)


def screens(client: Client) -> Iterator[str]:
    """Every address without an object that answers with a page; some are for orders alone."""
    logging.getLogger("django.request").setLevel(logging.ERROR)
    from django.urls import URLPattern, get_resolver

    def addresses(patterns: Sequence[Any], before: str) -> Iterator[str]:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if route.startswith(OTHER_DOORS):
                continue
            if isinstance(pattern, URLPattern):
                yield "/" + route
            else:
                yield from addresses(pattern.url_patterns, route)

    for path in addresses(get_resolver().url_patterns, ""):
        if "<" in path or any(word in path for word in NO_PAGES):
            continue
        answer = client.get(path)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            yield path


def twentieth(client: Client, screen: str) -> str:
    path = screen
    for _ in range(19):
        after = client.get(path).content.decode().split('rel="next" href="')[1].split('"')[0]
        path = screen + after.replace("&amp;", "&")
    return path


def ask(client: Client, page: Page, times: int) -> Cost:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as caught:
        response = client.get(page.path)
    if response.status_code != 200:
        raise RuntimeError(f"{page.path}: {response.status_code}")
    queries = sum(is_of_the_view(query["sql"]) for query in caught)
    return Cost(page, queries, [_time(client, page) for _ in range(times)])


def is_of_the_view(sql: str) -> bool:
    way_in = any(word in sql for word in WAY_IN) or any(
        table in sql.split(" JOIN ")[0] for table in WAY_IN_TABLES
    )
    return not way_in


def _time(client: Client, page: Page) -> float:
    from django.db import connection

    began = time.perf_counter()
    response = client.get(page.path)
    connection.close()  # gives it back to the pool, as the end of a request does
    took = 1000 * (time.perf_counter() - began)
    if response.status_code != 200:
        raise RuntimeError(f"{page.path}: {response.status_code}")
    return took


def note(text: str) -> None:
    print(f"{text}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--leads", type=int, default=200_000)
    parser.add_argument("--talked", type=int, default=20_000, help="calls with a conversation")
    parser.add_argument("--times", type=int, default=200, help="each page is asked for so often")
    parser.add_argument(
        "--urgent", action="store_true", help="keep others on the machine waiting; for root"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
