"""What the cases are put to: one module each, all of the shape `wan_conformance.model.Target`."""

from collections.abc import Callable, Mapping

from wan_conformance.model import Target
from wan_conformance.targets.client.clients import AsyncClientTarget, SyncClientTarget
from wan_conformance.targets.readings import GeneratedTarget, InterpretedTarget, JsonSchemaTarget
from wan_conformance.targets.server.target import HttpTarget
from wanlib.spec import Spec

TARGETS: Mapping[str, Callable[[Spec], Target]] = {
    "generated": GeneratedTarget,
    "interpreted": InterpretedTarget,
    "json_schema": JsonSchemaTarget,
    "client": SyncClientTarget,
    "client_async": AsyncClientTarget,
    "http": HttpTarget,
}
