"""Both benches in their smallest size. Nothing here is about time: a busy machine is no fault."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="the bench needs two cores")
def test_the_bench_measures_product_and_relay_and_judges_them(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench.media", "--quick", "--query", "--json", str(file)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180)

    assert done.returncode in (0, 1), done.stderr
    figures = json.loads(file.read_text())
    by_name = {each["candidate"]: each for each in figures["results"]}
    assert set(by_name) == {"daphne", "relay", "daphne with a query"}
    for each in by_name.values():
        assert each["delay_ms"]["count"] > 100
        assert each["lost"] == each["repeated"] == each["out_of_order"] == 0
        assert each["unconnected"] == each["not_in_order"] == each["not_heard_in_full"] == 0
        assert each["largest_payload"] == 160
    assert by_name["daphne with a query"]["queries"] >= 1
    kept = all(promise["holds"] for promise in figures["promises"])
    assert done.returncode == (0 if kept else 1)
    assert "`start` to `session.update`" in done.stdout


@pytest.mark.slow
def test_situations_are_played_through_the_whole_product_and_judged(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench.turns", "--json", str(file)]
    few = ["he hold, greeting: one word", "en hold, farewell: nothing", "heard after 250 ms"]

    done = subprocess.run(
        [*command, *(option for name in few for option in ("--only", name))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode in (0, 1), done.stderr
    figures = json.loads(file.read_text())
    by_right = {each["right"]: each for each in figures["situations"]}
    assert {"stop", "farewell", "answer"} == set(by_right)
    for each in figures["situations"]:
        assert each["came_about"], each["name"]
        assert each["errors"] == []
        assert each["lost_ms"] == each["foreign_ms"] == each["old_audio_ms"] == 0, each["name"]
    assert not by_right["stop"]["missed_stop"]
    assert by_right["answer"]["answers"] == 1
    assert by_right["farewell"]["farewell_lost_ms"] == 0
    assert len(figures["pairs"]) == 3
    kept = all(promise["holds"] for promise in figures["promises"])
    assert done.returncode == (0 if kept else 1)
