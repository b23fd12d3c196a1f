from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_lists_of_both_kinds_are_read_to_the_end_and_judged() -> None:
    command = [sys.executable, "-m", "bench.contacts", "--rows", "400"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    csv, workbook = done.stdout.splitlines()
    assert csv.startswith("kept    csv")
    assert workbook.startswith("kept    xlsx")
    assert "380 people and 20 errors" in csv
    assert "380 people and 20 errors" in workbook
