"""The table of percentages that the fast path adds up."""

import pytest

from wanlib.validation import helpers
from wanlib.validation.helpers import ScaledPercents


def test_a_table_reads_percentages_with_exact_decimals_and_keeps_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helpers, "_MAX_PERCENTS", 2)
    table = ScaledPercents(2)
    for _ in range(2):
        found = [table[text] for text in ("23.51%", "0.07%", "100.00%")]
        assert found == [2351, 7, 10000]
        for text in ("23.5%", "23.510%", "23%", "03.51%", "-1.00%", " 1.00%", "1.00", "", "1_0.00%"):
            assert table[text] is None
    assert [*table] == ["23.51%", "0.07%"]
