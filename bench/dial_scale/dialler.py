"""`python -m bench.dial_scale.dialler`: one dialler, for so long, and what it has cost."""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import json
import logging
import os
import pstats
import time

import django

WARM_S = 1.0


def main() -> None:
    options = _arguments()
    django.setup()
    logging.disable(logging.WARNING)  # a line for each call would be measured as well
    from outbound.dialer import dial

    dial(for_s=WARM_S)
    profile = cProfile.Profile() if options.profile else None
    began, processor = time.monotonic(), time.process_time()
    with profile or contextlib.nullcontext():
        asked = dial(for_s=options.seconds)
    took = {
        "asked": asked,
        "wall_s": time.monotonic() - began,
        "processor_s": time.process_time() - processor,
    }
    print(json.dumps(took), flush=True)
    if profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(
            "outbound|tenants", options.profile
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.dial_scale.dialler", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument(
        "--profile", type=int, default=0, metavar="N", help="the N dearest functions"
    )
    parser.add_argument("--core", type=int, help="the only one that it runs on")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    return options


if __name__ == "__main__":
    main()
