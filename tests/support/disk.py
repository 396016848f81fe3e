"""Files of tests that do not wait for the disk: they have to outlive killed processes, and no power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from wan_conformance.live import ledger

from wanlib.client.journal import database

JOURNAL_FORMAT = database.JOURNAL_FORMAT
"""That of journals outside of `unsynced`."""

LEDGER_FORMAT = ledger.LEDGER_FORMAT
"""That of ledgers outside of `unsynced`."""


@contextmanager
def unsynced() -> Iterator[None]:
    """Let pictures, journals and ledgers of this process wait for no disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(database, "JOURNAL_FORMAT", JOURNAL_FORMAT._replace(synchronous="OFF"))
        patch.setattr(ledger, "LEDGER_FORMAT", LEDGER_FORMAT._replace(synchronous="OFF"))
        yield
