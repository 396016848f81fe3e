"""Limits of an account: submissions in a sliding second or minute, and tasks that run at the same time."""

from pathlib import Path

from tests.spec.kinds_spec import MODEL, POT_MODEL, load_kinds
from wanlib.emulator.storage.rate_limits import RateLimits
from wanlib.spec.model.rates import account_limit


def test_submissions_per_minute_and_any_number_of_tasks(tmp_path: Path) -> None:
    limits = RateLimits(load_kinds(tmp_path))
    allowed = [limits.allow_submission(POT_MODEL, now) for now in (0.0, 1.0, 59.9, 60.0, 60.5, 61.0)]
    assert allowed == [True, True, False, True, False, True]
    assert [limits.reserve_slot(POT_MODEL, 5.0, 100.0) for _ in range(3)] == [5.0, 5.0, 5.0]
    limits.restore_slot(POT_MODEL, 9.0)
    limits.release_slot(POT_MODEL, 9.0, 6.0)


def test_submissions_per_second_and_one_task(tmp_path: Path) -> None:
    limits = RateLimits(load_kinds(tmp_path))
    assert [limits.allow_submission(MODEL, now) for now in (0.0, 0.9, 1.0)] == [True, False, True]
    assert [limits.reserve_slot(MODEL, 5.0, 100.0) for _ in range(2)] == [5.0, 105.0]


def test_a_row_of_the_spec() -> None:
    assert account_limit({"submit_per_minute": 2, "running": "unlimited"}) == (2, 60.0, None)
    assert account_limit({"submit_per_second": 5, "running": 3}) == (5, 1.0, 3)
