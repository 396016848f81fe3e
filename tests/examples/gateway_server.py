"""The gateway of `examples/gateway` in a thread, in front of an emulator, and which id names each fault."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread

import uvicorn

from wanlib.emulator import Emulator, ManualClock, Request, Response, Settings
from wanlib.emulator.server.serve import listen, run_in_thread

GATEWAY = Path(__file__).parents[2] / "examples" / "gateway"
FAULTS: Mapping[str, str] = {
    "accepts-five-pictures": "wan2.7/n.max",
    "drops-the-async-header": "server:async_header",
    "answers-failed-as-500": "task:fails:wan2.7-image",
    "keeps-the-first-picture": "task:pictures:wan2.7-image",
    "answers-unknown-as-404": "task:unknown:wan2.7-image",
}
"""The id of the rule or check that names each fault of the gateway."""


class TickingEmulator(Emulator):
    """An emulator whose clock advances by a second at each query, so that no test waits for a task."""

    def __init__(self) -> None:
        self._time = ManualClock()
        super().__init__(clock=self._time, settings=Settings(waiting=2, working=1, local_images=False))

    def handle(self, request: Request) -> Response:
        if request.method == "GET" and "/tasks/" in request.target:
            self._time.advance(1)
        return super().handle(request)


@contextmanager
def gateway(fault: str) -> Iterator[str]:
    """Yield the URL of a gateway with this fault, "" for none, in front of an emulator of its own."""
    with (
        run_in_thread(TickingEmulator()) as upstream,
        listen("127.0.0.1", 0) as bound,
    ):
        old = {name: os.environ.get(name) for name in ("UPSTREAM", "FAULTS")}
        os.environ.update(UPSTREAM=upstream, FAULTS=fault)
        try:
            found = spec_from_file_location("gateway", GATEWAY / "gateway.py")
            assert found is not None and found.loader is not None
            module = module_from_spec(found)
            found.loader.exec_module(module)
        finally:
            for name, value in old.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        server = uvicorn.Server(uvicorn.Config(module.app, log_config=None, lifespan="off"))
        thread = Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
