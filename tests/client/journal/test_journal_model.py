"""The journal against a dict: whatever happens in whatever order, both say the same is left to do."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.client.journal.test_journal import LIFE, NOW, intend
from wanlib.client.journal.journal import Entry, Journal

NAMES = st.sampled_from(["me", "you"])
SPANS = st.sampled_from([1.0, 60.0, LIFE / 2, LIFE])


class Life(RuleBasedStateMachine):
    """The model: by key, the entry and its lease (owner, until)."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name, "journal")
        self.journal = Journal(self.path)
        self.now = NOW
        self.known: dict[int, Entry] = {}
        self.leases: dict[int, tuple[str, float]] = {}

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()

    def change(self, key: int, **values: Any) -> None:
        self.known[key] = self.known[key]._replace(**values)

    def is_left(self, entry: Entry) -> bool:
        return entry.state != "done" and (entry.accepted_at or entry.sent_at) + LIFE > self.now

    @rule(span=SPANS)
    def time_passes(self, span: float) -> None:
        self.now += span

    @rule()
    def a_call_is_sent(self) -> None:
        key = intend(self.journal, self.now)
        entry = self.journal.entry(key)
        assert entry is not None and key not in self.known
        self.known[key] = entry

    @precondition(lambda self: self.known)
    @rule(data=st.data(), makes_task=st.booleans())
    def it_is_accepted(self, data: st.DataObject, makes_task: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.known)))
        task_id = f"task-{key}" if makes_task else None
        self.journal.record_accepted(key, task_id, "request", self.now)
        self.change(key, task_id=task_id, request_id="request", accepted_at=self.now, problem=None)

    @precondition(lambda self: self.known)
    @rule(data=st.data(), is_certain=st.booleans())
    def it_fails(self, data: st.DataObject, is_certain: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.known)))
        if is_certain:
            self.journal.record_refused(key, "refused", self.now)
            self.change(key, problem="refused", ended_at=self.now)
        else:
            self.journal.record_uncertain(key, "cut")
            self.change(key, problem="cut")

    @precondition(lambda self: self.known)
    @rule(data=st.data(), has_pictures=st.booleans())
    def it_ends(self, data: st.DataObject, has_pictures: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.known)))
        links = self.now + LIFE if has_pictures else None
        self.journal.record_ended(self.known[key].task_id or key, "END", self.now, links)
        if self.known[key].ended_at is None:
            self.change(key, status="END", ended_at=self.now, links_expire_at=links)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def it_is_saved(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.known)))
        self.journal.record_saved(self.known[key].task_id or key, ["a.png"], self.now)
        self.change(key, saved_at=self.now, paths=("a.png",))

    @precondition(lambda self: self.known)
    @rule(data=st.data(), owner=NAMES, span=SPANS)
    def somebody_claims_it(self, data: st.DataObject, owner: str, span: float) -> None:
        key = data.draw(st.sampled_from(sorted(self.known)))
        holder, until = self.leases.get(key, (owner, 0.0))
        due = (holder == owner or until <= self.now) and self.known[key].state != "done"
        assert self.journal.acquire_lease(key, owner, self.now, self.now + span) == due
        if due:
            self.leases[key] = (owner, self.now + span)
            self.change(key, leased_until=self.now + span)

    @precondition(lambda self: self.known)
    @rule(data=st.data(), owner=NAMES)
    def somebody_gives_it_back(self, data: st.DataObject, owner: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.known)))
        self.journal.release_lease(key, owner)
        if self.leases.get(key, ("", 0))[0] == owner:
            del self.leases[key]
            self.change(key, leased_until=None)

    @rule()
    def the_file_is_opened_anew(self) -> None:
        self.journal.close()
        self.journal = Journal(self.path)

    @invariant()
    def both_agree(self) -> None:
        left = [entry for _, entry in sorted(self.known.items()) if self.is_left(entry)]
        assert self.journal.entries(self.now, LIFE) == left
        assert all(self.journal.entry(key) == entry for key, entry in self.known.items())


Life.TestCase.settings = settings(max_examples=25, stateful_step_count=20)
TestLife = Life.TestCase
