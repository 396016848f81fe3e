"""What the cases are put to: one module each, all of the shape `wan_conformance.model.Target`."""

from collections.abc import Callable, Mapping

from wan_conformance.model import Target
from wan_conformance.targets.client.clients import AsyncClientTarget, SyncClient
from wan_conformance.targets.readings import Generated, Interpreted, JsonSchema
from wan_conformance.targets.server.target import Http
from wanlib.spec import Spec

TARGETS: Mapping[str, Callable[[Spec], Target]] = {
    "generated": Generated,
    "interpreted": Interpreted,
    "json_schema": JsonSchema,
    "client": SyncClient,
    "client_async": AsyncClientTarget,
    "http": Http,
}
