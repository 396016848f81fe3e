"""The harness on a foreign spec: a sample of the guard spec; `make guard` runs all of it and every mutant."""

from pathlib import Path

import pytest
from openapi_spec_validator import validate
from wan_conformance.engine.execute import RunRequest, execute
from wan_conformance.engine.mutation_check import run_mutants
from wan_conformance.errors import RunUsageError
from wan_conformance.report.tally import tally
from wan_conformance.targets.package import own_package

from tests.guard_spec.guard import VECTORS, guard_spec
from wanlib import Wan
from wanlib.emit.schema.openapi import openapi
from wanlib.spec import Spec
from wanlib.spec.model.kinds import KINDS

WORDS = "guard-words"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guard")


@pytest.fixture(scope="module")
def spec(folder: Path) -> Spec:
    return guard_spec(folder)


def test_it_has_every_kind_of_rule(spec: Spec) -> None:
    assert set(KINDS) - {rule.kind for rule in spec.rules.values()} == set()


def test_a_sample_conforms_on_all_targets(spec: Spec, folder: Path, tmp_path: Path) -> None:
    """The family without images, with only synchronous calls and without `"*"` in its form."""
    rules = (
        "words/steps.*",
        "words/only_for",
        "wire/endpoints",
        "*/calls.*",
        "*/rounds.requires",
    )
    log = execute(RunRequest(tmp_path, rules=rules, spec=folder, examples=3, vectors=VECTORS))
    assert tally(log).conforms, [verdict for verdict in log.verdicts if verdict.verdict in ("fail", "error")][
        :3
    ]
    assert {verdict.target for verdict in log.verdicts} == {
        *("generated", "interpreted", "json_schema", "client", "client_async", "http")
    }
    left_out = " ".join(log.run["left_out"])
    assert "which this spec does not have" in left_out and WORDS not in left_out


def test_a_spec_with_one_family(tmp_path: Path) -> None:
    """It has no names that other models document, no images and no asynchronous call at all."""
    folder = tmp_path / "one"
    one = guard_spec(folder, ("words.yaml",))
    assert not [rule for rule in one.rules.values() if rule.kind == "only_for"]
    log = execute(RunRequest(tmp_path, rules=("words/n.*", "wire/*"), spec=folder, examples=3))
    assert tally(log).conforms, [verdict for verdict in log.verdicts if verdict.verdict in ("fail", "error")][
        :3
    ]
    assert f"vectors about {WORDS}: there are none" in " ".join(log.run["left_out"])


def test_mutants_of_a_sample_are_detected(spec: Spec) -> None:
    rules = [rule for rule in spec.rules.values() if rule.kind in ("step", "requires", "excludes", "only_in")]
    results = [*run_mutants(spec, rules, first=True)]
    assert {result.verdict for result in results} == {"killed"}, results


def test_a_model_with_only_synchronous_calls_is_called_so(spec: Spec, folder: Path) -> None:
    wan = Wan("sk-key", spec=folder)
    prepared = wan.prepare(WORDS, "A kite")
    assert prepared.url.endswith("/guard/words")
    assert "X-DashScope-Async" not in prepared.headers


def test_the_exported_openapi_is_valid(spec: Spec) -> None:
    validate(openapi(spec))


def test_a_target_that_is_neither(tmp_path: Path) -> None:
    with pytest.raises(RunUsageError, match="a package that `wanlib emit --out` has written"):
        execute(RunRequest(tmp_path, targets=("os",)))
    assert own_package("nothing_here") is own_package("not-a-name") is None
