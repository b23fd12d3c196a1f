"""What it costs until a list of 100,000 people is in the database: `python -m bench.imports --help`.

Servers of its own, the whole way: the file is uploaded, its columns are confirmed, and the task
that imports runs in a process of its own, which tells the seconds and by how much its memory grew.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from bench.contacts import KINDS, ROWS, Kind, peak_mb
from bench.leads import counts_of
from prosaas.embedded import Servers

MOST_SECONDS = 60
MOST_GROWTH_MB = 150


@dataclass(frozen=True, slots=True)
class Importing:
    leads: int
    errors: int
    seconds: float
    processor_s: float
    growth_mb: float


def main() -> int:
    options = _arguments()
    if options.work:
        print(orjson.dumps(asdict(work(options.work))).decode())
        return 0
    home = Path(tempfile.gettempdir()) / f"prosaas-bench-{secrets.token_hex(6)}"
    try:
        with Servers(home, durable=True) as servers:
            environment = os.environ | servers.environment() | {"ENV_FILE": ""}
            manage = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(manage, env=environment, check=True)
            kept = [measure(kind, options.rows, environment) for kind in KINDS]
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return 0 if all(kept) else 1


def measure(kind: Kind, rows: int, environment: dict[str, str]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"people.{kind.ending}"
        kind.write(file, rows)
        command = [sys.executable, "-m", "bench.imports", "--work", str(file)]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
    found = Importing(**orjson.loads(done.stdout.splitlines()[-1]))
    complete = found.errors == counts_of(rows).bad and found.leads > 0
    kept = complete and found.seconds <= MOST_SECONDS and found.growth_mb <= MOST_GROWTH_MB
    print(
        f"{'kept  ' if kept else 'MISSED'}  {kind.ending}: {found.leads} leads and {found.errors} "
        f"errors in {found.seconds:.1f} s, at most {MOST_SECONDS} s "
        f"({found.processor_s:.1f} s of a core); {found.growth_mb:.0f} MB more, "
        f"at most {MOST_GROWTH_MB} MB"
    )
    return kept


def work(file: Path) -> Importing:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prosaas.settings")
    django.setup()
    from django.utils import timezone

    from outbound.actions import confirm_mapping, import_leads, upload_leads
    from outbound.contacts.columns import Mapping
    from outbound.models import LeadImport
    from tenants.actions import create_business
    from tenants.scoping import business_scope

    now = timezone.now()
    business = create_business(
        slug=f"bench-{file.suffix[1:]}",
        name="Bench",
        language="he",
        timezone="Asia/Jerusalem",
        by=None,
        now=now,
    )
    before, began, used = peak_mb(), time.monotonic(), time.process_time()
    with file.open("rb") as opened:
        upload = upload_leads(
            business=business,
            list_name="Bench",
            file_name=file.name,
            file=opened,
            by=None,
            now=now,
        )
    mapping = Mapping.model_validate(upload.mapping)
    confirm_mapping(upload=upload, mapping=mapping, by=None, now=now)
    import_leads(until=lambda: False, clock=timezone.now)
    seconds, processor_s = time.monotonic() - began, time.process_time() - used
    with business_scope(business):
        done = LeadImport.objects.get(pk=upload.pk)
    return Importing(done.created_leads, done.bad_rows, seconds, processor_s, peak_mb() - before)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.imports", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--work", type=Path, help="only import this file, and tell as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
