"""Counts of accepted jobs and of produced and billed pictures, by model. Failed jobs cost nothing."""

import heapq
from decimal import Decimal

from wanlib.emulator.jobs.job import NEVER, Job
from wanlib.emulator.storage.store import Account, Store
from wanlib.spec import Spec


class Ledger:
    """Records each job when it is accepted, and again when it has ended."""

    def __init__(self, spec: Spec, region: str, store: Store) -> None:
        """Create the ledger of a store.

        Args:
            spec: Has the prices.
            region: Whose prices apply.
            store: Has the accounts and jobs.
        """
        prices = spec.wire["prices"].items()
        self._prices = {model: Decimal(by_region.get(region, "0")) for model, by_region in prices}
        self._store = store
        self._pending: list[tuple[float, str]] = []  # (end, id) of jobs that are not booked yet
        self.schedule_all()

    def price(self, model: str) -> Decimal:
        """Return the price of one picture; 0 without a documented one, as for fine-tuned models."""
        return self._prices.get(model, Decimal(0))

    def record_accepted(self, job: Job) -> None:
        """Book the acceptance of a job, and schedule the booking of its end."""
        account = self._account(job.spec.model)
        self._store.accounts.put(account.model, account._replace(accepted=account.accepted + 1))
        self.schedule_end(job)

    def schedule_all(self) -> None:
        """Schedule the ends of all stored jobs: at the start, and after a rollback."""
        for job in self._store.jobs.newest_first():
            self.schedule_end(job)

    def schedule_end(self, job: Job) -> None:
        """Schedule the booking of a job's end; call it again when the end has changed."""
        if not job.is_booked and job.ended != NEVER:
            heapq.heappush(self._pending, (job.ended, job.id))

    def record_finished(self, now: float) -> None:
        """Book all jobs that have ended by now. Fast if there are none."""
        while self._pending and self._pending[0][0] <= now:
            _, key = heapq.heappop(self._pending)
            job = self._store.jobs.get(key)
            if job and not job.is_booked and job.ended <= now:
                self._store.jobs.put(key, job._replace(is_booked=True))
                self._add(job)

    def accounts(self) -> tuple[Account, ...]:
        """Return the account of each model, in order of first use."""
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
