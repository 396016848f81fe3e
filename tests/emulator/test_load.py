"""A sample of `make load`: mixed traffic with faults, against books of our own."""

from tests.emulator.load import hours


def test_no_task_is_lost_no_entry_is_wrong_and_nothing_is_kept() -> None:
    first, *later, last = hours(requests=600, rounds=4)
    kinds = {"create", "query", "cancel", "break", "list", "with a fault"}
    assert kinds <= set(first.counts) and all(hour.kept > 100 for hour in (first, *later, last))
    assert last.blocks - later[0].blocks < first.kept, "less than a block for each piece of work"
