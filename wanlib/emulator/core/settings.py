"""`Settings`: behaviour that the documents leave open, and options for tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from wanlib.emulator.core.fault import Fault


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of an emulator. The defaults suit tests: no waiting, no rate limits, no faults.

    Attributes:
        waiting: Seconds that a task waits before it runs; `inf`: until it is completed by hand.
        working: Seconds that a task runs; `inf` likewise. A task that runs longer than the internal timeout
            of the spec fails at that moment.
        region: A name of `wire/regions`; "" means the default of the spec.
        keys: The region of each accepted API key. If there are any, other keys and those of another region
            are refused; else any key is accepted.
        origin: The origin of links in responses; "" means the address that the request used.
        failure_codes: Where a failed task has its code and message: in `output` or at the top. The
            documents show both.
        choice_layout: How several pictures are spread over `choices`. `documented` follows the spec, and is
            `each` where no document states it.
        finished_flag: Whether `finished` is true in all chunks of a stream or in the last one. Observed
            both ways.
        quotas: Enforce rates and the number of running tasks.
        fault_rate: The share of requests, 0 to 1, that get one of `faults`.
        faults: The faults of which one is drawn.
        local_images: Accept image URLs that are not public, as tests use; False judges them as the service
            does.
        spool_cap: Bytes of large inputs that are stored on disk.
        memory_cap: Bytes of small inputs that are stored in memory.
        max_recorded: Number of exchanges, and of jobs, that the record of traffic keeps.
    """

    waiting: float = 0.0
    working: float = 0.0
    region: str = ""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    origin: str = ""
    failure_codes: Literal["nested", "flat"] = "nested"
    choice_layout: Literal["documented", "single", "each"] = "documented"
    finished_flag: Literal["always", "last"] = "always"
    quotas: bool = False
    fault_rate: float = 0.0
    faults: tuple[Fault, ...] = ()
    local_images: bool = True
    spool_cap: int = 1 << 30
    memory_cap: int = 256 << 20
    max_recorded: int = 10_000
