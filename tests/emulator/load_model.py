"""Mixed requests with faults to one emulator; each response is compared with an expected ledger."""

from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

from tests.emulator.api.test_uploads import RESOLVE, uploaded
from tests.emulator.api_client import (
    INTERLEAVED,
    PLAIN,
    SPEC,
    URL,
    advance,
    create,
    data_uri,
    fetch,
    functional,
    json_of,
    links,
    messages,
    prompted,
    send,
)
from tests.emulator.expected_ledger import NONE, TROUBLES, WAITING, WORKING, Books, Job, Trouble
from wanlib.emulator import Emulator

HOUR = 3600.0
PICTURE = data_uri(800, 600)
FAULTS = 0.03
TROUBLED = "x_wan_fault"


class Traffic:
    """One hour of it, spread evenly. counts: requests by what they asked for, and those with a fault."""

    def __init__(self, emulator: Emulator, seed: int) -> None:
        self.emulator = emulator
        self.counts: Counter[str] = Counter()
        self.tasks: dict[str, Job] = {}  # those whose ids came back
        self.open: list[str] = []  # those of them that were not seen to end
        self.jobs: list[Job] = []  # all that was accepted
        self.unheard = 0  # tasks among them whose answers were lost
        self._random = Random(seed)
        self._acts = {
            self._create: 30,
            self._query: 60,
            self._cancel: 4,
            self._break: 4,
            self._list: 0.5,
            self._download: 0.2,
            self._upload: 1,
        }

    def run(self, requests: int) -> None:
        """The hour, then every task again: none may be lost."""
        acts = self._random.choices([*self._acts], [*self._acts.values()], k=requests)
        for act in acts:
            drawn = self._random.random() < FAULTS
            trouble = self._random.choice(TROUBLES) if drawn else NONE
            self.counts.update({act.__name__[1:]: 1, "with a fault": drawn})
            act(trouble)
            advance(self.emulator, HOUR / requests)
        advance(self.emulator, WAITING + WORKING)
        for task in self.tasks:
            self._ask(task, NONE)
        self.counts["asked at the end"] += len(self.tasks)

    def check(self, books: Books) -> None:
        """All that was accepted is listed, and the ledger is what the books say."""
        answer = json_of(send(self.emulator, "GET", "/tasks/?page_size=1"))
        assert answer["total"] == len(self.tasks) + self.unheard, answer
        ledger = self.emulator.ledger()
        assert {account.model for account in ledger} == books.models
        for account in ledger:
            booked = account._asdict() | {"amount": Decimal(account.amount)}
            assert booked == books.account(account.model)

    def _create(self, trouble: Trouble) -> None:
        model = self._random.choice(SPEC.models)
        call = self._random.choice(SPEC.calls(model))
        if call == "stream":
            return self._stream(trouble)
        pictures = self._random.randint(1, 4)
        image = PICTURE if self._random.random() < 0.1 else URL
        return self._make(_body(model, image, pictures), pictures, call, trouble)

    def _upload(self, trouble: Trouble) -> None:
        """A file, and a task of its model that uses it."""
        link = uploaded(self.emulator, model=PLAIN)
        self._make(messages(PLAIN, link, n=2), 2, "async", trouble, **RESOLVE)

    def _make(self, body: Any, pictures: int, call: str, trouble: Trouble, **headers: str) -> None:
        answer = create(self.emulator, body, call, **headers, **_asked(trouble))
        new = [self._accept(body["model"], pictures, trouble) for _ in range(trouble.carried)]
        if not trouble.reliable:
            self.unheard += len(new) if call == "async" else 0
        elif call == "async":
            self._started(json_of(answer)["output"]["task_id"], new)
        elif new[-1].made:
            assert len(links(json_of(answer))) == new[-1].made
        else:
            assert answer.status >= 400

    def _started(self, task: str, new: list[Job]) -> None:
        """The id is that of the last, where a request was carried out more than once."""
        assert task not in self.tasks
        self.tasks[task] = new[-1]
        self.open.append(task)
        self.unheard += len(new) - 1

    def _stream(self, trouble: Trouble) -> None:
        """The model decides how many pictures come; unseen ones can't be booked, so none is requested."""
        if trouble is not NONE:
            return
        answer = create(self.emulator, INTERLEAVED, "stream")
        self._accept(INTERLEAVED["model"], answer.body.count(b'"image":'), trouble)

    def _accept(self, model: str, pictures: int, trouble: Trouble) -> Job:
        job = Job(model, pictures, trouble.breaks(pictures), self.emulator.clock.wall())
        self.jobs.append(job)
        return job

    def _break(self, trouble: Trouble) -> None:
        """A body that breaks a rule is refused and costs nothing."""
        answer = create(self.emulator, messages("wan2.7-image", n=99), **_asked(trouble))
        assert not trouble.reliable or answer.status == 400, answer

    def _query(self, trouble: Trouble) -> None:
        if self.open:
            place = self._random.randrange(len(self.open))
            task = self.open[place]
            if self._ask(task, trouble) not in ("PENDING", "RUNNING"):
                self.open[place] = self.open[-1]
                self.open.pop()

    def _ask(self, task: str, trouble: Trouble) -> str:
        """The state in the books, once the response agrees."""
        answer, job = send(self.emulator, "GET", f"/tasks/{task}", **_asked(trouble)), self.tasks[task]
        status = job.status(self.emulator.clock.wall())
        if not trouble.reliable:
            return "RUNNING"
        body = json_of(answer)
        assert body["output"]["task_status"] == status, (body, job)
        assert len(links(body)) == (job.made if status == "SUCCEEDED" else 0), (body, job)
        return status

    def _cancel(self, trouble: Trouble) -> None:
        if not self.open:
            return
        task = self.open[-1]
        job = self.tasks[task]
        answer = send(self.emulator, "POST", f"/tasks/{task}/cancel", **_asked(trouble))
        can = job.status(self.emulator.clock.wall()) == "PENDING"
        if trouble.reliable and trouble.carried == 1:
            assert (answer.status == 200) is can, answer
        job.canceled |= can and trouble.carried > 0

    def _list(self, trouble: Trouble) -> None:
        answer = send(self.emulator, "GET", "/tasks/?page_size=5", **_asked(trouble))
        if trouble.reliable:
            assert json_of(answer)["total"] == len(self.tasks) + self.unheard, answer

    def _download(self, trouble: Trouble) -> None:
        task = next((each for each in self.open[:50] if self._ask(each, NONE) == "SUCCEEDED"), "")
        if task:
            answer = send(self.emulator, "GET", f"/tasks/{task}")
            assert fetch(self.emulator, links(json_of(answer))[-1]).body.endswith(b"IEND\xaeB`\x82")


def _body(model: str, image: str, pictures: int) -> dict[str, Any]:
    if model == "wan2.5-i2i-preview":
        return prompted(image, n=pictures)
    if model == "wanx2.1-imageedit":
        return functional(image, n=pictures)
    return messages(model, image, n=pictures)


def _asked(trouble: Trouble) -> dict[str, str]:
    return {TROUBLED: trouble.header} if trouble.header else {}
