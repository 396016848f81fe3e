"""`EmulatorContext`: everything that the parts of one emulator share."""

from dataclasses import dataclass
from random import Random

from wanlib.base.clock import Clock
from wanlib.conduct.record import RecordedJob, Recorder
from wanlib.emulator.core.settings import Settings
from wanlib.emulator.core.vendor_errors import RequestRefusedError, VendorErrors
from wanlib.emulator.jobs.job import Job
from wanlib.emulator.jobs.lifecycle import TaskLifecycle
from wanlib.emulator.storage.blobs import BlobStore
from wanlib.emulator.storage.ledger import Ledger
from wanlib.emulator.storage.rate_limits import RateLimits
from wanlib.emulator.storage.store import Store
from wanlib.spec import Spec

# The random bits of a UUID, and the bits of its version and variant (RFC 9562, section 5.4).
_RANDOM_BITS, _VERSION_4 = ~(0xF << 76 | 0b11 << 62), 4 << 76 | 0b10 << 62


@dataclass(slots=True)
class EmulatorContext:
    """The shared parts of one emulated service.

    Attributes:
        spec: The rules and tables.
        settings: Behaviour that the sources leave open.
        clock: The only source of time.
        vendor: Error codes, messages and names from `service.yaml`.
        store: Jobs, uploads and accounts.
        blobs: The bytes of input images.
        lifecycle: States and lifetimes of a task.
        ledger: Counts of accepted, produced and billed pictures.
        rate_limits: None if rates are not enforced.
        recorder: What clients did.
        random: The only source of randomness.
        region: A name of `wire/regions`: its models and prices are used.
    """

    spec: Spec
    settings: Settings
    clock: Clock
    vendor: VendorErrors
    store: Store
    blobs: BlobStore
    lifecycle: TaskLifecycle
    ledger: Ledger
    rate_limits: RateLimits | None
    recorder: Recorder
    random: Random
    region: str

    def new_id(self) -> str:
        """Return a random UUID; the same seed gives the same sequence."""
        text = f"{self.random.getrandbits(128) & _RANDOM_BITS | _VERSION_4:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def recorded(self, job: Job) -> RecordedJob:
        """Return the entry of a job for the record of traffic."""
        return job.to_record(self.lifecycle, self.ledger.price(job.spec.model))

    def refusal(self, error_key: str, **details: str) -> RequestRefusedError:
        """Build the exception that refuses a request.

        Args:
            error_key: A row of `errors` in `service.yaml`.
            **details: Values for the placeholders of its message.
        """
        return RequestRefusedError(self.vendor.lookup(error_key, **details))
