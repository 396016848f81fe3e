"""Nine files of 20 MB in one call over loopback: time and peak memory, in a new process each.

Measured from the files to the response. A user of the official SDK reads the files, makes the data URIs and
then the body; our client does both while it sends. The time of the SDK's call alone, with the URIs ready, is
printed too. Peaks are Linux's VmHWM and include the interpreter and all modules.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.comparison import Comparison, compare, compare_with_limit
from tests.bench.sink import sink
from tests.support.image_files import picture

ROUNDS = 5
_MEGABYTE = 1_048_576
_OURS = """
from wanlib import Wan
wan = Wan("sk-bench", base_url=BASE)
start = perf_counter()
wan.edit("wan2.7-image-pro", "Put them side by side", images=PATHS, n=1, via="sync")
TIMES = {"seconds": perf_counter() - start}
"""
_SDK = """
import base64
from dashscope.aigc.image_generation import ImageGeneration
start = perf_counter()
texts = [base64.b64encode(path.read_bytes()).decode("ascii") for path in PATHS]
content = [{"image": f"data:image/png;base64,{text}"} for text in texts]
ready = perf_counter()
messages = [{"role": "user", "content": [*content, {"text": "Put them side by side"}]}]
answer = ImageGeneration.call(model="wan2.7-image-pro", api_key="sk-bench", messages=messages, n=1)
assert answer.status_code == 200, answer
TIMES = {"seconds": perf_counter() - start, "call": perf_counter() - ready}
"""
_HEAD = """
import json, sys
from pathlib import Path
from time import perf_counter
BASE, PATHS = sys.argv[1], sorted(Path(sys.argv[2]).iterdir())
"""
_TAIL = """
status = Path("/proc/self/status").read_text()
print(json.dumps(TIMES | {"peak": int(status.partition("VmHWM:")[2].split()[0]) / 1024}))
"""
_CODES = {
    "pybase64": _OURS,
    "binascii": f"sys.modules['pybase64'] = None\n{_OURS}",
    "SDK": _SDK,
}


def rows() -> list[Comparison]:
    """Return times against those of the SDK, and the peak memory of each of our ways."""
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in _CODES}
    with TemporaryDirectory() as folder, sink() as base:
        for seed in range(9):
            head = picture("png", size=(400 + seed, 400))
            path = Path(folder, f"{seed}.png")
            path.write_bytes(head.ljust(20 * _MEGABYTE, b"\xa5"))
            os.utime(path, (0, 0))  # at rest, as most files are: a new one is digested, too
        for _ in range(ROUNDS):
            for name in random.sample(list(_CODES), len(_CODES)):
                rows[name].append(_run(_CODES[name], base, folder))
    times = {name: [run["seconds"] for run in runs] for name, runs in rows.items()}
    calls = [run["call"] for run in rows["SDK"]]
    peaks = {name: max(run["peak"] for run in runs) for name, runs in rows.items()}
    print(f"nine files of 20 MB: peak of the official SDK's process {peaks['SDK']:.0f} MiB")
    return [
        compare("nine files of 20 MB, pybase64", "official SDK", times["pybase64"], times["SDK"], 1 / 8),
        compare("  beside its call alone", "official SDK", times["pybase64"], calls, None),
        compare("nine files of 20 MB, binascii", "official SDK", times["binascii"], times["SDK"], 1 / 3),
        compare("  beside its call alone", "official SDK", times["binascii"], calls, None),
        compare_with_limit("  peak memory, pybase64", peaks["pybase64"], 40, "MiB"),
        compare_with_limit("  peak memory, binascii", peaks["binascii"], 40, "MiB"),
    ]


def _run(code: str, base: str, folder: str) -> dict[str, float]:
    command = [sys.executable, "-c", f"{_HEAD}{code}{_TAIL}", base, folder]
    environment = {**os.environ, "DASHSCOPE_HTTP_BASE_URL": base}
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    measured: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return measured
