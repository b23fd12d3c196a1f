"""`python -m bench.dial_scale.show_plans`: each with its name; ends with 1 if a long table is walked
through from end to end.
"""

from __future__ import annotations

import sys

import django


def main() -> int:
    django.setup()
    from bench.dial_scale.backlog import big_run
    from bench.dial_scale.plans import plans

    walks = []
    for plan in plans(big_run()):
        print(f"\n{plan.name}\n{plan.text}")
        walks += plan.walks_through
    for table in walks:
        print(f"\n{table} was walked through.")
    return 1 if walks else 0


if __name__ == "__main__":
    sys.exit(main())
