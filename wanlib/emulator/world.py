"""What all parts of the emulator share."""

from dataclasses import dataclass
from random import Random

from wanlib.base.clock import Clock
from wanlib.emulator.ledger import Ledger
from wanlib.emulator.life import Life
from wanlib.emulator.quotas import Quotas
from wanlib.emulator.settings import Settings
from wanlib.emulator.spool import Pieces
from wanlib.emulator.store import Store
from wanlib.emulator.vendor import Refused, Vendor
from wanlib.spec import Spec

# The bits of a UUID that are drawn, and those that say of which version and variant it is (RFC 9562, 5.4).
_FREE, _VERSION_4 = ~(0xF << 76 | 0b11 << 62), 4 << 76 | 0b10 << 62


@dataclass(slots=True)
class World:
    """One emulated service. region: of wire.yaml, whose models and prices hold."""

    spec: Spec
    settings: Settings
    clock: Clock
    vendor: Vendor
    store: Store
    spool: Pieces
    life: Life
    ledger: Ledger
    quotas: Quotas | None
    random: Random
    region: str

    def new_id(self) -> str:
        """A UUID; the same sequence for the same seed."""
        text = f"{self.random.getrandbits(128) & _FREE | _VERSION_4:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def refuse(self, error_key: str, **details: str) -> Refused:
        """Build the refusal of a row of `errors`, to be raised."""
        return Refused(self.vendor.lookup(error_key, **details))
