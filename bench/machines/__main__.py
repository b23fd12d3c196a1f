"""Machines, people and assistants through the pure engine: `python -m bench.machines --help`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.machines.cases import HELD_OUT, LABELLED, Case, read
from bench.machines.line import Call, Result
from calls.engine.machines import Answerer
from calls.engine.profile import OnMachine

HUNG_UP = "voicemail"


def main() -> int:
    options = _arguments()
    lost = 0
    for file in (LABELLED, HELD_OUT):
        cases = [case for case in read(file) if options.only in ("", case.name)]
        if cases:
            lost += _report(file, cases)
    return 1 if lost else 0


def _report(file: Path, cases: Sequence[Case]) -> int:
    """How many people were hung up on."""
    hanging_up = [Call(case, OnMachine.HANG_UP).run() for case in cases]
    leaving = [Call(case, OnMachine.LEAVE_MESSAGE).run() for case in cases]
    print(f"{file.stem}: {len(cases)} calls\n\n{_confusion(hanging_up)}\n")
    lost = _lost(hanging_up) + _lost(leaving)
    print(f"people hung up on: {len(lost)} (each called twice, once for each policy)")
    _print_machines(hanging_up, leaving)
    for result in (*lost, *_wrong(hanging_up)):
        said = " | ".join(part.text or part.sound for part in result.case.parts)
        print(f"  {result.case.name}: {result.case.truth} as {result.answered_by}: {said}")
    print()
    return len(lost)


def _print_machines(hanging_up: Sequence[Result], leaving: Sequence[Result]) -> None:
    machines = [each for each in hanging_up if each.case.truth is Answerer.MACHINE]
    caught = [each for each in machines if each.reason == HUNG_UP]
    print(f"machines hung up on: {len(caught)} of {len(machines)}")
    mailboxes = [each for each in leaving if each.case.truth is Answerer.MACHINE]
    messages = Counter(each.message or "none" for each in mailboxes)
    print(f"messages: {dict(messages.most_common())} of {len(mailboxes)}")
    beeps = [each for each in mailboxes if each.case.has_beep]
    whole = sum(each.message == "heard" and not each.into_greeting for each in beeps)
    print(f"where it beeps, messages left whole behind the beep: {whole} of {len(beeps)}")
    costs = [each.mean_us for each in hanging_up]
    slowest = max(each.slowest_us for each in hanging_up)
    print(f"a frame: {sum(costs) / len(costs):.0f} us, the slowest {slowest:.0f} us")


def _confusion(results: Sequence[Result]) -> str:
    counts = Counter((each.case.truth, each.answered_by) for each in results)
    columns = [str(each) for each in Answerer]
    lines = [f"{'':>10} {' '.join(f'{column:>9}' for column in columns)}"]
    for truth in Answerer:
        cells = " ".join(f"{counts[truth, column]:>9}" for column in columns)
        lines.append(f"{truth:>10} {cells}")
    return "\n".join(lines)


def _lost(results: Sequence[Result]) -> list[Result]:
    people = (Answerer.HUMAN, Answerer.SCREENING, Answerer.UNKNOWN)
    return [each for each in results if each.case.truth in people and each.reason == HUNG_UP]


def _wrong(results: Sequence[Result]) -> list[Result]:
    return [each for each in results if each.case.truth != each.answered_by]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.machines", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME", help='one call: "labelled 7"')
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
