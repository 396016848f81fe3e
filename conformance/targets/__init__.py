"""What the cases are put to: one module each, all of the shape `conformance.model.Target`."""

from collections.abc import Callable, Mapping

from conformance.model import Target
from conformance.targets.client import AsynchronousClient, SyncClient
from conformance.targets.generated import Generated
from conformance.targets.http import Http
from conformance.targets.interpreted import Interpreted
from conformance.targets.json_schema import JsonSchema
from wanlib.spec import Spec

TARGETS: Mapping[str, Callable[[Spec], Target]] = {
    "generated": Generated,
    "interpreted": Interpreted,
    "json_schema": JsonSchema,
    "client": SyncClient,
    "client_async": AsynchronousClient,
    "http": Http,
}
