"""The SQLite ledger of live probes: the same rules as in memory, exact sums, and files that it refuses."""

import random
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from wan_conformance.live import ledger as ledger_file
from wan_conformance.live.ledger import ProbeLedger
from wan_conformance.live.probe import ProbeLedgerError
from wan_conformance.live.reservation import STATES

from tests.conformance.live.memory_ledger import MemoryLedger, SharedRows
from tests.support.disk import LEDGER_FORMAT
from wanlib.errors import BudgetExceededError

FEN = Decimal("0.01")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def ledger(path: Path) -> Iterator[ProbeLedger]:
    opened = ProbeLedger(path, Decimal(1), "CNY")
    yield opened
    opened.close()


def _outcome(operation: Any, *arguments: Any) -> Any:
    """Return what an operation returns, or the class of what it raises."""
    try:
        result = operation(*arguments)
    except (BudgetExceededError, ProbeLedgerError) as error:
        return type(error)
    return [(row.key, row.state) for row in result] if isinstance(result, list) else result


def test_the_file_and_the_model_in_memory_agree(tmp_path: Path) -> None:
    """Any sequence of operations of two processes, one of which ends, has the same outcome in both."""
    for seed in range(6):
        rng = random.Random(seed)
        path = tmp_path / f"ledger{seed}"
        shared = SharedRows()
        pairs = [
            (ProbeLedger(path, Decimal(2), "CNY"), MemoryLedger(shared, f"p{number}", Decimal(2)))
            for number in range(2)
        ]
        for _ in range(60):
            number = rng.randrange(len(pairs))
            key = rng.randint(1, 8)
            amount = Decimal(rng.choice(["0.5", "0.3", "0.01", "3"]))
            name, *arguments = rng.choice(
                [
                    ("reserve", "probe", "model", amount),
                    ("reserve", "probe", "model", None),
                    ("begin", key),
                    ("accept", key, f"task {rng.randint(1, 6)}"),
                    ("keep", key, "lost"),
                    ("settle", key, rng.choice([Decimal(0), amount]), "known"),
                    ("release_unsent",),
                    ("take_over",),
                ]
            )
            known = {row.key for row in pairs[0][1].reservations()}
            if name in ("begin", "accept", "keep", "settle") and key not in known:
                continue
            outcomes = [_outcome(getattr(ledger, name), *arguments) for ledger in pairs[number]]
            assert outcomes[0] == outcomes[1], (seed, name, arguments)
            if len(pairs) == 2 and rng.random() < 0.05:
                ended, model = pairs.pop()
                ended.close()
                shared.dead.add(model.owner)
            rows = [
                [
                    (row.key, row.state, row.reserved, row.spent, row.excess, row.task_id, row.reason != "")
                    for row in ledger.reservations()
                ]
                for ledger in pairs[0]
            ]
            assert rows[0] == rows[1]
            assert pairs[0][0].totals() == pairs[0][1].totals()
        for file, _ in pairs:
            file.close()


def test_amounts_are_exact(ledger: ProbeLedger) -> None:
    for _ in range(100):
        ledger.reserve("probe", "model", FEN)
    assert ledger.totals().taken == 1
    with pytest.raises(BudgetExceededError):
        ledger.reserve("probe", "model", Decimal("1E-50"))
    assert ledger.totals().taken == 1


def test_processes_share_the_budget(path: Path, ledger: ProbeLedger) -> None:
    other = ProbeLedger(path, Decimal(1), "CNY")
    ledger.reserve("a", "model", Decimal("0.6"))
    with pytest.raises(BudgetExceededError):
        other.reserve("b", "model", Decimal("0.5"))
    other.reserve("b", "model", Decimal("0.4"))
    other.close()


def test_a_price_that_is_not_known_or_not_finite_is_not_admitted(ledger: ProbeLedger) -> None:
    for amount in (None, Decimal("NaN"), Decimal("Infinity"), Decimal("-1")):
        with pytest.raises(BudgetExceededError):
            ledger.reserve("probe", "model", amount)
    assert ledger.reservations() == []


def test_a_bill_above_the_reservation_stops_every_process(path: Path, ledger: ProbeLedger) -> None:
    other = ProbeLedger(path, Decimal(100), "CNY")
    key = ledger.reserve("probe", "model", FEN)
    ledger.begin(key)
    with pytest.raises(ProbeLedgerError):
        ledger.settle(key, Decimal("0.03"), "")
    totals = other.totals()
    assert (totals.spent, totals.excess) == (FEN, Decimal("0.02"))
    with pytest.raises(ProbeLedgerError):
        other.reserve("probe", "model", FEN)
    other.close()


def test_a_reservation_is_settled_once(ledger: ProbeLedger) -> None:
    key = ledger.reserve("probe", "model", FEN)
    ledger.settle(key, Decimal(0), "")
    with pytest.raises(ProbeLedgerError):
        ledger.settle(key, FEN, "")
    with pytest.raises(ProbeLedgerError):
        ledger.begin(key)


def test_the_reservations_of_a_living_process_are_left_alone(path: Path, ledger: ProbeLedger) -> None:
    key = ledger.reserve("probe", "model", FEN)
    other = ProbeLedger(path, Decimal(1), "CNY")
    assert other.release_unsent() == other.take_over() == []
    ledger.close()
    assert [row.key for row in other.release_unsent()] == [key]
    other.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE account SET currency = 'USD'",
        "UPDATE reservations SET reserved = 'much'",
        "UPDATE reservations SET reserved = 'NaN'",
        "UPDATE reservations SET reserved = '-1'",
        "UPDATE reservations SET state = 'lent'",
        "UPDATE reservations SET state = 'settled', spent = '7'",
        "PRAGMA user_version = 2",
        "PRAGMA application_id = 1",
        "DROP TABLE account",
        "DROP TABLE reservations",
    ],
)
def test_a_ledger_that_cannot_be_relied_on_is_refused(path: Path, ledger: ProbeLedger, damage: str) -> None:
    ledger.reserve("probe", "model", FEN)
    ledger.close()
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
    connection.close()
    with pytest.raises(ProbeLedgerError):
        ProbeLedger(path, Decimal(1), "CNY").reserve("probe", "model", FEN)


def test_a_file_that_is_not_a_ledger_is_refused(path: Path) -> None:
    path.write_bytes(b"no ledger at all" * 100)
    with pytest.raises(ProbeLedgerError):
        ProbeLedger(path, Decimal(1), "CNY")
    with pytest.raises(ProbeLedgerError):
        ProbeLedger(path.parent, Decimal(1), "CNY")
    with pytest.raises(ProbeLedgerError):
        ProbeLedger(path.parent / "missing" / "ledger", Decimal(1), "CNY")


def test_a_ledger_that_is_removed_or_replaced_admits_nothing(path: Path, ledger: ProbeLedger) -> None:
    path.rename(path.with_name("moved"))
    with pytest.raises(ProbeLedgerError):
        ledger.reserve("probe", "model", FEN)
    ProbeLedger(path, Decimal(1), "CNY").close()
    with pytest.raises(ProbeLedgerError):
        ledger.reserve("probe", "model", FEN)


def test_a_damaged_page_is_found(path: Path, ledger: ProbeLedger) -> None:
    for number in range(200):
        ledger.reserve(f"probe {number}", "model", Decimal(0))
    ledger.close()
    content = bytearray(path.read_bytes())
    content[8192:8300] = b"\xff" * 108
    path.write_bytes(content)
    with pytest.raises(ProbeLedgerError):
        ProbeLedger(path, Decimal(1), "CNY")


def test_each_commit_waits_for_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_file, "LEDGER_FORMAT", LEDGER_FORMAT)
    opened = ProbeLedger(path, Decimal(1), "CNY")
    assert opened._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    opened.close()


def test_a_read_only_ledger_admits_nothing(ledger: ProbeLedger) -> None:
    ledger._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(ProbeLedgerError):
        ledger.reserve("probe", "model", FEN)


def test_a_full_disk_admits_nothing_and_loses_nothing(ledger: ProbeLedger) -> None:
    key = ledger.reserve("probe", "model", FEN)
    pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises((ProbeLedgerError, BudgetExceededError)) as raised:
        for number in range(1000):
            ledger.reserve(f"{number} " * 200, "model", Decimal(0))
    assert raised.type is ProbeLedgerError
    ledger._connection.execute("PRAGMA max_page_count = 10000")
    ledger.begin(key)
    assert ledger.totals().taken == FEN


def test_a_ledger_in_use_waits_and_then_admits_nothing(path: Path, ledger: ProbeLedger) -> None:
    ledger._connection.execute("PRAGMA busy_timeout = 0")
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ProbeLedgerError):
            ledger.reserve("probe", "model", FEN)
        other.execute("ROLLBACK")
    other.close()
    assert ledger.reservations() == []


def test_a_budget_that_is_not_an_amount_is_refused(path: Path) -> None:
    for budget in (Decimal("NaN"), Decimal("-1"), Decimal("Infinity")):
        with pytest.raises(ProbeLedgerError):
            ProbeLedger(path, budget, "CNY")
    assert not path.exists()


def test_a_person_releases_unknown_outcomes_alone(ledger: ProbeLedger) -> None:
    keys = [ledger.reserve("probe", "model", FEN) for _ in range(2)]
    for key in keys:
        ledger.begin(key)
    ledger.keep(keys[0], "lost")
    ledger.release(keys[0])
    assert ledger.totals().taken == FEN
    with pytest.raises(ProbeLedgerError):
        ledger.release(keys[1])


def test_every_state_can_be_read_again(path: Path, ledger: ProbeLedger) -> None:
    keys = [ledger.reserve(state, "model", FEN) for state in STATES]
    for key in keys[1:]:
        ledger.begin(key)
    ledger.accept(keys[2], "task")
    ledger.keep(keys[3], "lost")
    ledger.settle(keys[4], Decimal(0), "")
    again = ProbeLedger(path, Decimal(1), "CNY")
    assert tuple(row.state for row in again.reservations()) == cast(Any, STATES)
    assert again.has_task("task") and not again.has_task("another")
    again.close()
