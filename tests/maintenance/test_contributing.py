"""The steps of CONTRIBUTING.md are what a change of the spec needs: a copy of the checkout follows them.

The conformance runs are cut to two targets and the changed rules; `make moved` runs them whole.
"""

from pathlib import Path

import pytest

from tests.maintenance.checkout import copy_checkout
from tests.maintenance.contributing import (
    DEFAULT,
    LIMIT,
    MODE_LIMIT,
    MODE_RULE,
    NEW_DEFAULT,
    NEW_LIMIT,
    NEW_RULE,
    Maintainer,
    steps,
)

SHORTER = (
    "--rule",
    "wan2.7/n.max",
    "--rule",
    "wan2.7/seed.max*",
    "--target",
    "interpreted",
    "--target",
    "generated",
)


SECTIONS = ("When a limit, a default or a price changes", "When a mode is added", "When a model is added")


@pytest.mark.long
def test_a_limit_a_default_a_price_a_mode_and_a_model(tmp_path: Path) -> None:
    copy_checkout(tmp_path / "checkout")
    maintainer = Maintainer(tmp_path / "checkout", *SHORTER)
    change, *rest = steps("When a limit, a default or a price changes")
    for step in (change, *steps("When a mode is added"), *steps("When a model is added"), *rest):
        maintainer.follow(step)
    lines = maintainer.report.splitlines()
    between = " and ".join(map(str, range(LIMIT.limit + 1, NEW_LIMIT + 1)))
    assert f"spec: {LIMIT.id} {LIMIT.limit} → {NEW_LIMIT}: bodies with n {between} are now accepted" in lines
    assert f"spec: {MODE_RULE} none → {MODE_LIMIT}: a violation is rejected" in lines
    assert any(line.startswith(f"spec: {NEW_RULE} none → ") for line in lines)
    assert f"spec: {DEFAULT.id} {DEFAULT.value} → {NEW_DEFAULT}" in lines
    assert any(line.startswith("spec: ") and line.endswith(maintainer.price_change) for line in lines)
    assert lines[-2].endswith(" 0 regressions")
    assert maintainer.mended


def test_every_step_is_known() -> None:
    known = Maintainer.STEPS
    for title in SECTIONS:
        found = steps(title)
        assert found and all(any(step.startswith(start) for start in known) for step in found), found
