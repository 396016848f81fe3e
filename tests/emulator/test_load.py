"""A sample of `make load`: mixed requests with faults, compared with an expected ledger."""

from tests.emulator.run_load import hours


def test_no_task_is_lost_no_entry_is_wrong_and_nothing_is_kept() -> None:
    # The first fills what is kept by count, such as the last requests, and times as text.
    warm, first, last = hours([1900, 300, 300])
    assert {"create", "query", "cancel", "break", "list", "with a fault"} <= set(warm.counts)
    assert min(first.kept, last.kept) > 50
    assert last.blocks - first.blocks < 5 * last.kept, "a piece of work that stays takes some twenty blocks"
