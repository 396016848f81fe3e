"""What all parts of the emulator share."""

from dataclasses import dataclass
from random import Random

from wanlib.base.clock import Clock
from wanlib.emulator.core.settings import Settings
from wanlib.emulator.core.vendor_errors import RequestRefused, VendorErrors
from wanlib.emulator.jobs.lifecycle import TaskLifecycle
from wanlib.emulator.storage.blobs import BlobStore
from wanlib.emulator.storage.ledger import Ledger
from wanlib.emulator.storage.rate_limits import RateLimits
from wanlib.emulator.storage.store import Store
from wanlib.spec import Spec

# The bits of a UUID that are drawn, and those that say of which version and variant it is (RFC 9562, 5.4).
_FREE, _VERSION_4 = ~(0xF << 76 | 0b11 << 62), 4 << 76 | 0b10 << 62


@dataclass(slots=True)
class EmulatorContext:
    """One emulated service. region: of wire.yaml, whose models and prices hold."""

    spec: Spec
    settings: Settings
    clock: Clock
    vendor: VendorErrors
    store: Store
    blobs: BlobStore
    lifecycle: TaskLifecycle
    ledger: Ledger
    rate_limits: RateLimits | None
    random: Random
    region: str

    def new_id(self) -> str:
        """A UUID; the same sequence for the same seed."""
        text = f"{self.random.getrandbits(128) & _FREE | _VERSION_4:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def refusal(self, error_key: str, **details: str) -> RequestRefused:
        """Build the refusal of a row of `errors`, to be raised."""
        return RequestRefused(self.vendor.lookup(error_key, **details))
