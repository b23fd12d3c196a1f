"""What reading a list of people costs: `python -m bench.contacts --help`.

A list is written, and read by a process of its own, which tells the seconds and by how much its
memory grew.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from bench.leads import counts_of, write_csv, write_workbook
from outbound.contacts.proposing import propose_mapping
from outbound.contacts.rows import Contact, read_contacts
from outbound.contacts.tables import open_table

ROWS = 100_000
SAMPLE = 200
REGION = "IL"
MOST_GROWTH_MB = 60


@dataclass(frozen=True, slots=True)
class Kind:
    ending: str
    write: Callable[[Path, int], None]
    most_seconds: float


KINDS = (Kind("csv", write_csv, 8), Kind("xlsx", write_workbook, 25))


@dataclass(frozen=True, slots=True)
class Reading:
    good: int
    bad: int
    seconds: float
    processor_s: float
    growth_mb: float


def main() -> int:
    options = _arguments()
    if options.read:
        print(orjson.dumps(asdict(read(options.read))).decode())
        return 0
    with TemporaryDirectory() as folder:
        kept = [measure(kind, Path(folder), options.rows) for kind in KINDS]
    return 0 if all(kept) else 1


def measure(kind: Kind, folder: Path, rows: int) -> bool:
    file = folder / f"people.{kind.ending}"
    kind.write(file, rows)
    reading = read_elsewhere(file)
    expected = counts_of(rows)
    complete = (reading.good, reading.bad) == (expected.good, expected.bad)
    in_time = reading.processor_s <= kind.most_seconds  # others on the machine are not its fault
    kept = complete and in_time and reading.growth_mb <= MOST_GROWTH_MB
    print(
        f"{'kept  ' if kept else 'MISSED'}  {kind.ending}, {file.stat().st_size / 1e6:.1f} MB: "
        f"{reading.good} people and {reading.bad} errors in {reading.seconds:.1f} s, "
        f"{reading.processor_s:.1f} s of a core, at most {kind.most_seconds} s; "
        f"{reading.growth_mb:.0f} MB more, at most {MOST_GROWTH_MB} MB"
    )
    return kept


def read_elsewhere(file: Path) -> Reading:
    command = [sys.executable, "-m", "bench.contacts", "--read", str(file)]
    done = subprocess.run(command, capture_output=True, check=True)
    return Reading(**orjson.loads(done.stdout))


def read(file: Path) -> Reading:
    before, began, used = peak_mb(), time.monotonic(), time.process_time()
    good = bad = 0
    with file.open("rb") as opened:
        table = open_table(opened, file.name)
        mapping = propose_mapping(list(islice(table.rows(), SAMPLE)), REGION)
        for each in read_contacts(table, mapping, REGION):
            good += isinstance(each, Contact)
            bad += not isinstance(each, Contact)
    seconds = time.monotonic() - began
    return Reading(good, bad, seconds, time.process_time() - used, peak_mb() - before)


def peak_mb() -> float:
    """The most that this process ever had in memory. Of proc(5), since what getrusage(2) tells
    begins with the memory of the process that started this one.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) / 1024


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.contacts", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--read", type=Path, help="only read this file, and tell as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
