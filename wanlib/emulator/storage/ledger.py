"""What was accepted, made and billed, by model; failed job costs nothing."""

import heapq
from decimal import Decimal

from wanlib.emulator.jobs.job import NEVER, Job
from wanlib.emulator.storage.store import Account, Store
from wanlib.spec import Spec


class Ledger:
    """Books job when it is accepted, and again when it has ended."""

    def __init__(self, spec: Spec, region: str, store: Store) -> None:
        prices = spec.wire["prices"].items()
        self._prices = {model: Decimal(by_region.get(region, "0")) for model, by_region in prices}
        self._store = store
        self._pending: list[tuple[float, str]] = []  # (end, id) of job that is not booked yet
        self.schedule_all()

    def price(self, model: str) -> Decimal:
        """Of one picture; 0 where no page has a price: in other regions, and of fine-tuned models."""
        return self._prices.get(model, Decimal(0))

    def record_accepted(self, job: Job) -> None:
        """Books the acceptance, and waits for the end."""
        account = self._account(job.spec.model)
        self._store.accounts.put(account.model, account._replace(accepted=account.accepted + 1))
        self.schedule_end(job)

    def schedule_all(self) -> None:
        """Notes the ends of all that is remembered: after a restart, or where a change was undone."""
        for job in self._store.jobs.newest_first():
            self.schedule_end(job)

    def schedule_end(self, job: Job) -> None:
        """Notes when to book it; called again when somebody moves the end."""
        if not job.is_booked and job.ended != NEVER:
            heapq.heappush(self._pending, (job.ended, job.id))

    def record_finished(self, now: float) -> None:
        """Books all that has ended by now. Cheap where there is nothing to do."""
        while self._pending and self._pending[0][0] <= now:
            _, key = heapq.heappop(self._pending)
            job = self._store.jobs.get(key)
            if job and not job.is_booked and job.ended <= now:
                self._store.jobs.put(key, job._replace(is_booked=True))
                self._add(job)

    def accounts(self) -> tuple[Account, ...]:
        """Every model's, in the order in which they were first used."""
        return tuple(reversed([*self._store.accounts.newest_first()]))

    def _add(self, job: Job) -> None:
        account, made = self._account(job.spec.model), job.image_count()
        amount = account.amount
        if made:
            amount = str(Decimal(amount) + made * self.price(job.spec.model))
        booked = Account(
            account.model,
            account.accepted,
            account.succeeded + (made > 0),
            account.failed + (made == 0 and not job.is_canceled),
            account.canceled + job.is_canceled,
            account.pictures + made,
            amount,
        )
        self._store.accounts.put(booked.model, booked)

    def _account(self, model: str) -> Account:
        return self._store.accounts.get(model) or Account(model)
