"""What is done with outbound runs, one subject a module."""

from __future__ import annotations

from outbound.actions.answering import answer_attempt, take_attempt_status, take_detection
from outbound.actions.carrier_accounts import try_account_again
from outbound.actions.deciding import mark_not_placed, mark_placed
from outbound.actions.exporting import export_leads
from outbound.actions.filling import call_again, empty_run, fill_run, fill_runs
from outbound.actions.importing import (
    confirm_mapping,
    errors_of,
    import_leads,
    stop_import,
    upload_leads,
)
from outbound.actions.keeping import keep_watch
from outbound.actions.lists import (
    delete_list,
    make_list,
    put_in_list,
    rename_list,
    take_out_of_list,
)
from outbound.actions.merging import keep_apart, merge_leads
from outbound.actions.number_test_news import (
    answer_number_test,
    settle_number_tests,
    take_number_test_status,
)
from outbound.actions.number_tests import begin_number_test
from outbound.actions.restoring import Restored, take_up_after_restore
from outbound.actions.runs import (
    add_leads,
    create_run,
    edit_run,
    pause_run,
    schedule_run,
    start_run,
    stop_run,
    what_is_missing,
)
from outbound.actions.stopping import hang_up_all

__all__ = [
    "Restored",
    "add_leads",
    "answer_attempt",
    "answer_number_test",
    "begin_number_test",
    "call_again",
    "confirm_mapping",
    "create_run",
    "delete_list",
    "edit_run",
    "empty_run",
    "errors_of",
    "export_leads",
    "fill_run",
    "fill_runs",
    "hang_up_all",
    "import_leads",
    "keep_apart",
    "keep_watch",
    "make_list",
    "mark_not_placed",
    "mark_placed",
    "merge_leads",
    "pause_run",
    "put_in_list",
    "rename_list",
    "schedule_run",
    "settle_number_tests",
    "start_run",
    "stop_import",
    "stop_run",
    "take_attempt_status",
    "take_detection",
    "take_number_test_status",
    "take_out_of_list",
    "take_up_after_restore",
    "try_account_again",
    "upload_leads",
    "what_is_missing",
]
