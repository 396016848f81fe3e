"""Judge the gateway of `examples/gateway` by all rules and checks, without faults and with each fault."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from wan_conformance.engine.execute import RunRequest, execute
from wan_conformance.report.tally import tally

from tests.examples.gateway_server import FAULTS, gateway


def main() -> int:
    """Return 0 if the gateway without faults conforms and each fault is named, else 1."""
    return int(not all([_judges("", None), *(_judges(fault, name) for fault, name in FAULTS.items())]))


def _judges(fault: str, expected: str | None) -> bool:
    with TemporaryDirectory() as folder, gateway(fault) as url:
        log = execute(RunRequest(Path(folder), targets=("http",), base_url=url, examples=2))
    counted = tally(log)
    failing = {verdict.rule or verdict.case for verdict in counted.failures}
    right = expected in failing if expected else counted.conforms
    verdict = "as expected" if right else f"NOT AS EXPECTED: {expected or 'conforms'}"
    print(f"{fault or 'without faults'}: {counted}; {counted.result}; {verdict}")
    print("".join(f"  {name}\n" for name in sorted(failing)[:10]), end="", flush=True)
    return right


sys.exit(main())
