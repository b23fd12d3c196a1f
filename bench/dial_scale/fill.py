"""`python -m bench.dial_scale.fill`: makes the queue, or brings it back to its length."""

from __future__ import annotations

import argparse

import django
from django.conf import settings
from django.utils import timezone


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dial_scale.fill", description=__doc__)
    parser.add_argument("--queued", type=int, required=True)
    parser.add_argument("--called-before", type=int, default=0)
    options = parser.parse_args()
    django.setup()
    from bench.dial_scale.backlog import Backlog

    backlog = Backlog(options.queued, options.called_before)
    backlog.fill(account_sid=settings.TWILIO_ACCOUNT_SID, now=timezone.now())


if __name__ == "__main__":
    main()
