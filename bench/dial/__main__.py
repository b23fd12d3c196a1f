"""The dial protocol against everything that breaks: `python -m bench.dial --help`.

Dispatchers dial for three businesses while they are killed and frozen, their servers restarted, and
the carrier answers wrongly or not at all. Afterwards the carrier's book and the rows have to agree
on what is promised: nobody was called twice, nobody is lost, nobody was called who must not be.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

from bench.dial.checker import check
from bench.dial.report import faults, outcomes, verdict
from bench.dial.trial import Outcome, Wanted, run_trial
from bench.doors import DoorError
from bench.processes import ChildDiedError
from prosaas.embedded import EmbeddedError
from prosaas.processes import exit_on_signals

# Of the time that is given, so much is spent on breaking things; the rest, and a little more, is
# there for what is left to come to its end.
RAGES = 0.5
# By then half of the list was called on any machine.
KILLED_WITHIN_S = 180.0
# Half of a long list is still to be called then.
KILLED_SETTLE_S = 300.0
# Each is called twice and more, and two cores place some four calls a second.
SETTLES_A_LEAD_S = 0.6


def main() -> int:
    options = _arguments()
    wanted = _wanted(options)
    print(f"seed {wanted.seed}", flush=True)
    began = time.monotonic()

    def note(text: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", file=sys.stderr, flush=True)

    try:
        with exit_on_signals():
            outcome = run_trial(wanted, note)
    except (ChildDiedError, DoorError, EmbeddedError) as error:
        sys.exit(f"No verdict on seed {wanted.seed}: {error}")
    return _report(wanted, outcome)


def _report(wanted: Wanted, outcome: Outcome) -> int:
    violations = check(outcome.evidence)
    print(outcomes(outcome.evidence))
    print(f"\nWhat was done to it, in {outcome.seconds:.0f} s:")
    print(faults(outcome.faults))
    if not outcome.settled:
        print("\nIt had not come to rest when the time was up.")
    print(f"\n{verdict(violations)}\nseed {wanted.seed}", flush=True)
    return 1 if violations else 0


def _wanted(options: argparse.Namespace) -> Wanted:
    seconds = options.minutes * 60 if options.minutes else options.seconds
    leads = options.leads or (500 if options.kill_all else 120)
    mix = options.mix or ("crash" if options.kill_all else options.weaken or "all")
    return Wanted(
        seed=random.SystemRandom().randrange(10**6) if options.seed is None else options.seed,
        leads=leads,
        rages_s=KILLED_WITHIN_S if options.kill_all else seconds * RAGES,
        settles_within_s=max(
            KILLED_SETTLE_S if options.kill_all else seconds * (1 - RAGES),
            leads * SETTLES_A_LEAD_S,
        ),
        mix=mix,
        weaken=options.weaken,
        diallers=options.diallers,
        home=options.home,
        kills_all=options.kill_all,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.dial", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="from the first call to the last"
    )
    parser.add_argument("--minutes", type=float, help="the same in minutes")
    parser.add_argument("--leads", type=int)
    parser.add_argument("--seed", type=int, help="of everything that happens; default: drawn")
    parser.add_argument("--diallers", type=int, default=3)
    parser.add_argument(
        "--kill-all", action="store_true", help="everything at once, in the middle, and then anew"
    )
    parser.add_argument(
        "--weaken", choices=("settle", "lease", "guard"), default="", help="this has to be noticed"
    )
    parser.add_argument("--mix", help="of faults; default: that of the weakening, or all of them")
    parser.add_argument(
        "--home", type=Path, metavar="FOLDER", help="of embedded servers that run already"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
