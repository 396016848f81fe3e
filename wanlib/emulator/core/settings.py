"""How the emulator plays what the sources leave open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from wanlib.emulator.core.fault import Fault


@dataclass(frozen=True, slots=True)
class Settings:
    """Switches; the defaults are what a test wants: at once, no limits on rate, no faults.

    waiting, working: seconds that a task waits and jobs; `inf`: until it is told. A task that jobs longer
    than the internal timeout of the spec fails then. region: a name of `wire/regions`, the default of the
    spec unless given. keys: the region of each key; where there are any, other keys and those of another
    region are refused, else any key will do. origin: where links lead; else where the request came to.
    failed: whether a FAILED body has code and message inside `output` or at the top (the pages show both).
    several: how several pictures stand in `choices`; `documented` follows the spec, and is `each` where
    no page says it. finished: of a stream, true in all chunks or in the last alone (h26 shows both).
    quotas: enforce rates and running tasks. fault_rate: the share of requests that meet one of `faults`.
    local_images: accept image URLs that are not public, as in tests; False judges them as the service does.
    spool_cap: bytes of large inputs kept on disk. memory_cap: bytes of small ones kept in memory.
    """

    waiting: float = 0.0
    working: float = 0.0
    region: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
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
