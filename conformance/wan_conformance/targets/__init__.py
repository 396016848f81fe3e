"""The implementations that a run can test, by name; each implements `wan_conformance.model.Target`.

The engine imports `TARGETS`. Start reading at `readings.py`, the three targets that only read bodies;
`client/` and `server/` hold those that send requests.
"""

from collections.abc import Callable, Mapping

from wan_conformance.model import Target
from wan_conformance.targets.client.clients import AsyncClientTarget, SyncClientTarget
from wan_conformance.targets.package import ClientPackage
from wan_conformance.targets.readings import GeneratedTarget, InterpretedTarget, JsonSchemaTarget
from wan_conformance.targets.server.target import HttpTarget
from wanlib.spec import Spec

PACKAGE_TARGETS: Mapping[str, Callable[[Spec, ClientPackage], Target]] = {
    "generated": GeneratedTarget,
    "client": SyncClientTarget,
    "client_async": AsyncClientTarget,
}
"""The targets that judge a package with a validator and clients."""

TARGETS: Mapping[str, Callable[[Spec], Target]] = {
    "generated": GeneratedTarget,
    "interpreted": InterpretedTarget,
    "json_schema": JsonSchemaTarget,
    "client": SyncClientTarget,
    "client_async": AsyncClientTarget,
    "http": HttpTarget,
}
