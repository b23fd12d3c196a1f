"""What an owner sees and does about outbound calls, one screen a module."""

from __future__ import annotations

from outbound.views.acts import act
from outbound.views.calendar import calendar
from outbound.views.job import job, settle_attempt
from outbound.views.jobs import jobs
from outbound.views.limits import limits
from outbound.views.making import filling, new_run, often, times, whom, words
from outbound.views.number_tests import number_test, number_test_now
from outbound.views.objections import do_not_call, export_do_not_call, list_telephone, unlist
from outbound.views.preview import preview
from outbound.views.run import run, run_now
from outbound.views.runs import runs

__all__ = [
    "act",
    "calendar",
    "do_not_call",
    "export_do_not_call",
    "filling",
    "job",
    "jobs",
    "limits",
    "list_telephone",
    "new_run",
    "number_test",
    "number_test_now",
    "often",
    "preview",
    "run",
    "run_now",
    "runs",
    "settle_attempt",
    "times",
    "unlist",
    "whom",
    "words",
]
