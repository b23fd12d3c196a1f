"""What people read about runs, jobs, attempts and tests, in the language active at the time and by the
clock of the business. `why` is the way in for one job, `holds_up` for a whole run.
"""

from __future__ import annotations

from outbound.wording.attempts import of_attempt, outcome
from outbound.wording.details import of_detail
from outbound.wording.number_tests import of_test
from outbound.wording.runs import of_run
from outbound.wording.standing import Why, holds_up, why
from outbound.wording.verdicts import of_verdict

__all__ = [
    "Why",
    "holds_up",
    "of_attempt",
    "of_detail",
    "of_run",
    "of_test",
    "of_verdict",
    "outcome",
    "why",
]
