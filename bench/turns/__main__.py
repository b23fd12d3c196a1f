"""Turn-taking through the whole product: `python -m bench.turns --help`.

Every situation is a call of its own. What is judged is what the caller heard by the carrier's
record, and what the model was told by its own.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson
import uvloop

from bench.doors import DoorError
from bench.installation import Installation, installed
from bench.machine import Cores, MachineError
from bench.processes import ChildDiedError
from bench.turns import report
from bench.turns.judge import Outcome, judge, never_came_about
from bench.turns.stage import Part, Played, anywhere, opened
from bench.turns.table import QUICK, all_situations
from bench.turns.verdicts import Pair, Verdict, verdicts
from bench.turns.vocabulary import Situation
from prosaas.embedded import EmbeddedError
from prosaas.processes import exit_on_signals

LINES = 10


def main() -> int:
    options = _arguments()
    chosen = _chosen(options)
    if options.list:
        print(*(f"{one.name} -> {one.row.right}" for one in chosen), sep="\n")
        return 0
    if not chosen:
        sys.exit("No situation has such a name: --list shows them all.")
    try:
        with exit_on_signals(), installed() as installation:
            place = _urgently() if options.urgent else anywhere
            played = uvloop.run(_play(chosen, installation, options.lines, place))
    except (ChildDiedError, DoorError, EmbeddedError, MachineError, TimeoutError) as error:
        sys.exit(f"No figures: {error}")
    return _conclude(played, options.json)


def _urgently() -> Callable[[int], None]:
    """The product on one core and this process on the others, before whatever else wants them."""
    cores = Cores.of_this_process(urgent=True)
    cores.beside(os.getpid())
    return cores.alone


async def _play(
    situations: Sequence[Situation],
    installation: Installation,
    lines: int,
    place: Callable[[int], None],
) -> list[Played]:
    parts = [Part(situation, number) for number, situation in enumerate(situations)]
    begun = 0

    def note(name: str) -> None:
        nonlocal begun
        begun += 1
        print(f"{begun} of {len(parts)}: {name}", file=sys.stderr, flush=True)

    async with opened(parts, installation, lines, place) as stage:
        return await stage.play(parts, note)


def _conclude(played: Sequence[Played], file: Path | None) -> int:
    outcomes = [_outcome(one) for one in played]
    pairs = [pair for one in played if (pair := _pair(one)) is not None]
    judged = verdicts(outcomes, pairs)
    print(report.faulty(outcomes), report.errors(outcomes), sep="\n\n", end="\n\n")
    print(report.table(outcomes), report.paired(pairs), sep="\n\n", end="\n\n")
    print(report.disturbance(outcomes), *judged, sep="\n")
    if file is not None:
        file.write_bytes(_as_json(outcomes, pairs, judged))
    return 0 if all(verdict.holds for verdict in judged) else 1


def _outcome(played: Played) -> Outcome:
    if played.record is None:
        return never_came_about(played.situation)
    return judge(played.situation, played.record)


def _pair(played: Played) -> Pair | None:
    if played.record is None or played.of_relay is None:
        return None
    ours = judge(played.situation, played.record).answer_after_ms
    its = judge(played.situation, played.of_relay).answer_after_ms
    return None if ours is None or its is None else Pair(played.situation.name, ours, its)


def _as_json(
    outcomes: Sequence[Outcome], pairs: Sequence[Pair], judged: Sequence[Verdict]
) -> bytes:
    content = {
        "situations": [asdict(one) | {"faults": one.faults} for one in outcomes],
        "pairs": [asdict(pair) | {"difference_ms": pair.difference_ms} for pair in pairs],
        "promises": [asdict(verdict) | {"holds": verdict.holds} for verdict in judged],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2)


def _chosen(options: argparse.Namespace) -> list[Situation]:
    everything = all_situations()
    if options.only:
        return [one for one in everything if any(part in one.name for part in options.only)]
    if options.quick:
        return [one for one in everything if one.name in QUICK]
    return list(everything)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.turns", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a dozen, to see that it works")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="whose name holds this; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="name the situations, call nobody")
    parser.add_argument("--lines", type=int, default=LINES, help="calls at the same time")
    parser.add_argument(
        "--urgent", action="store_true", help="keep others on the machine waiting; for root"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
