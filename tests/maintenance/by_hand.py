"""Files that repeat numbers of the spec on purpose and are updated by hand: vectors and pages."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from tests.maintenance.checkout import run_python

BY_HAND: Mapping[str, str] = {
    "tests/conformance/test_vectors.py": "vectors are written from the pages, independently of the spec",
    "tests/conformance/test_cli.py::test_one_rule_with_the_packaged_spec": "runs vectors",
    "tests/conformance/test_http_target.py::test_the_embedded_emulator_conforms": "runs vectors",
    "tests/conformance/test_http_target.py::test_the_command_judges_a_server_by_its_url": "runs vectors",
    "tests/conformance/lifecycle/": "the harness states expiry and rates of tasks independently of the spec",
    "tests/maintenance/test_contributing.py": "changes the present numbers and their vectors, step by step",
    "tests/setup/test_readme.py": "the README shows figures",
    "tests/docs/test_docs.py::test_every_block": "the pages show figures",
    "tests/client/test_quick_start.py::test_without_a_key_a_day": "the same",
    "tests/test_facts_outside_the_spec.py::test_no_fact_of_the_api": "the code may contain a moved number",
    "tests/test_facts_outside_the_spec.py::test_no_exception_outlives": "its rows are the present numbers",
}
"""The beginnings of ids of tests that fail on a moved spec, with the reason."""

_VECTORS = """
import json
from wan_conformance.engine.sources import vector_case
from wan_conformance.engine.vectors import load as load_vectors
from wan_conformance.judge import judge
from wan_conformance.targets import TARGETS
from wanlib.spec import load

spec = load()
target = TARGETS["interpreted"](spec)
cases = [vector_case(vector, spec.rules) for vector in load_vectors()]
print(json.dumps([
    f"{case.place}: {case.id}"
    for case in cases
    if judge(case, target, target.observe(case.question)).verdict != "pass"
]))
"""


def is_by_hand(test: str) -> bool:
    """Return whether the id of a test is one of `BY_HAND`."""
    return test.startswith(tuple(BY_HAND))


def contradicted_vectors(folder: Path) -> list[str]:
    """Return file, line and id of the vectors that the spec of a checkout contradicts."""
    done = run_python(folder, "-c", _VECTORS)
    done.check_returncode()
    found: list[str] = json.loads(done.stdout)
    return found


def page_lines(folder: Path) -> list[str]:
    """Return the lines of a checkout's pages whose commands print something else."""
    tests = ("tests/setup/test_readme.py", "tests/docs/test_docs.py")
    done = run_python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    return list(dict.fromkeys(re.findall(r"[\w/-]*\.md:\d+", done.stdout)))
