"""Start-up of a process: to one validated body, for the import alone, and to a new client.

httpx loads its own command line if click and rich are installed. A plain install has neither, so click is
hidden from every process that creates a client. The SDK loads what it needs.
"""

import json
import os
import random
import subprocess
import sys
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

from tests.bench.bodies import clean_body
from tests.bench.comparison import Comparison
from wanlib.spec.load import spec_folder

ROUNDS = 11
_PLAIN = "import sys; sys.modules['click'] = None"
# As in practice, modules are compiled once, not at every start.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def rows() -> list[Comparison]:
    """Return the comparisons, without the time of the bare interpreter."""
    body = json.dumps(clean_body())
    spec = str(spec_folder() / "wan2.7.yaml")
    codes = {
        "bare": "pass",
        "check": f"import json, wanlib; assert wanlib.check(json.loads({body!r})) == []",
        "yaml": (
            "import json, yaml, jsonschema\n"
            f"spec = yaml.load(open({spec!r}), Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))\n"
            "schema = {'type': 'object', 'required': ['model', 'input']}\n"
            f"assert spec and jsonschema.Draft202012Validator(schema).is_valid(json.loads({body!r}))"
        ),
        "wanlib": "import wanlib",
        "httpx": "import httpx",
        "Wan": f"{_PLAIN}; from wanlib import Wan; Wan('sk-bench')",
        "httpx.Client": f"{_PLAIN}; import httpx; httpx.Client()",
        "AsyncWan": f"{_PLAIN}; import asyncio; from wanlib import AsyncWan; AsyncWan('sk-bench')",
        "httpx.AsyncClient": f"{_PLAIN}; import asyncio, httpx; httpx.AsyncClient()",
        "dashscope": "import dashscope",
    }
    for code in codes.values():
        _process(code)  # the first start compiles
    times: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(ROUNDS):
        for name in random.sample(list(codes), len(codes)):
            times[name].append(_process(codes[name]))
    return [
        _row("from nothing to a checked body", "check", "yaml, jsonschema", "yaml", 1 / 5, times),
        _row("import wanlib", "wanlib", "import httpx", "httpx", 1 / 3, times),
        _row("a client made", "Wan", "httpx.Client()", "httpx.Client", 1.2, times),
        _row("a client made", "Wan", "import dashscope", "dashscope", 1 / 4, times),
        _row("an async client made", "AsyncWan", "httpx.AsyncClient()", "httpx.AsyncClient", 1.2, times),
    ]


def _row(
    name: str, ours: str, title: str, peer: str, target: float, times: dict[str, list[float]]
) -> Comparison:
    bare = median(times["bare"])
    mine, theirs = median(times[ours]) - bare, median(times[peer]) - bare
    return Comparison(name, title, max(mine, 0.0), theirs, max(mine, 0.0) / theirs, target)


def _process(code: str) -> float:
    """Return processor time, because other programs on the machine disturb it least."""
    start = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env=_ENVIRONMENT)
    end = getrusage(RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
