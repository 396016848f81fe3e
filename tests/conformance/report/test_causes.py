"""Failures grouped by cause: what one cause is, what repeats it, and the vector that keeps it."""

import json
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from wan_conformance.engine import vectors
from wan_conformance.engine.runner import Runner
from wan_conformance.engine.sources import CaseSource, vector_case
from wan_conformance.model import ExpectedAnswer, Observation, Reproduction, SizePoint, Verdict
from wan_conformance.report.baseline import write_baseline
from wan_conformance.report.causes.grouping import FailureCause, failure_text, group_by_cause
from wan_conformance.report.causes.template import template_of
from wan_conformance.report.causes.vector_patch import apply_command, write_vector_patch
from wan_conformance.report.log import VerdictLog, VerdictLogError, read_log, write_log
from wan_conformance.report.run_facts import SizeAreas, areas_of, run_facts
from wan_conformance.targets.readings import InterpretedTarget

from tests.conformance.report.examples import RULE, SPEC, body, failing
from tests.conformance.tiny import HEAD, MAX, MODEL, WORD, saved, verdict
from wanlib.boundary.case import Case, Question
from wanlib.boundary.cases import boundary_cases
from wanlib.boundary.images import data_uri_of_image

RUN = {
    "rules": {RULE: {"limit": "4", "outcome": "rejected"}},
    "facts": {},
    "seed": 7,
    "arguments": {"base_url": "http://127.0.0.1:9/it's", "api_key_env": "MY_KEY", "examples": 10},
} | run_facts(SPEC, list(SPEC.rules.values()), base_url="http://127.0.0.1:9/it's")


def causes(*verdicts: Verdict, run: Any = RUN) -> list[FailureCause]:
    return group_by_cause(VerdictLog(run, verdicts))


# What one cause is


def test_the_failures_of_a_rule_with_the_same_difference_are_one_cause() -> None:
    found = causes(failing(100), failing(5), failing(6, target="other"), verdict(model=MODEL))
    assert [(cause.rule, cause.targets, cause.cases) for cause in found] == [(RULE, ("http", "other"), 3)]
    assert found[0].smallest.body["parameters"] == {"n": 5}
    assert found[0].headline == "accepts what must be refused"
    assert found[0].id == causes(failing(7))[0].id


def test_another_difference_is_another_cause() -> None:
    refused = failing(4, expected=ExpectedAnswer(True, ()), observed=Observation(False, (RULE,)), violates=())
    found = causes(failing(5), refused, failing(5, rule="wan2.7/n.min", violates=("wan2.7/n.min",)))
    assert [cause.headline for cause in found] == [
        "accepts what must be refused",
        "refuses what must be accepted",
        "accepts what must be refused",
    ]
    assert len({cause.id for cause in found}) == 3


def test_rules_that_are_named_wrongly_are_in_the_headline() -> None:
    wrong = failing(observed=Observation(False, ("wan2.7/seed.max",)))
    (cause,) = causes(wrong)
    assert cause.headline == f"does not name {RULE} and names wan2.7/seed.max, which is not violated"


def test_a_case_about_several_rules_belongs_to_the_rule_that_fails_alone() -> None:
    both = failing(rule=None, violates=("wan2.7/a.max", RULE), case="vector:both")
    assert [cause.cases for cause in causes(both, failing())] == [2]
    assert [cause.rule for cause in causes(both)] == ["wan2.7/a.max"]


def test_an_error_is_one_cause_for_all_rules_and_ids_in_it() -> None:
    text = "a query for {} was answered 500"
    ids = ["0c9bd1e4-0000-4000-8000-000000000001 with '1'", "77777777-0000-4000-8000-00000000abcd with '12'"]
    errors = [
        failing(rule=rule, verdict="error", observed=Observation(None, (), error=text.format(task_id)))
        for rule, task_id in zip((RULE, "wan2.7/n.min"), ids, strict=True)
    ]
    found = causes(*errors, failing(verdict="error", observed=Observation(None, (), error="broke")))
    assert [(cause.rule, cause.cases) for cause in found] == [(None, 2), (RULE, 1)]
    assert "2 rules, such as" in failure_text(found[0])


# What repeats it


def test_the_text_of_a_cause_has_at_most_twelve_lines(tmp_path: Path) -> None:
    (cause,) = causes(failing(), failing(6))
    assert cause.vector is not None
    text = failure_text(cause, write_vector_patch(cause.vector, tmp_path))
    assert cause.patch_in(tmp_path) in tmp_path.iterdir()
    assert f"/found-wan2.7-n.max-{cause.id}.patch" in text
    assert len(text.splitlines()) <= 12
    for part in (
        "FAIL http: accepts what must be refused",
        f"{RULE} · 4, rejected · spec/wan2.7.yaml:",
        '"n": 5',
        "answered  200 (request r-1)",
        "--target http --case edge:wan2.7/n.max/breaks/5",
        "--base-url 'http://127.0.0.1:9/it'",
        "--api-key-env MY_KEY",
        "git apply",
        "and 1 more verdict",
    ):
        assert part in text, part


def test_a_strategy_is_repeated_with_its_seed_and_a_missing_case_by_its_rule() -> None:
    (strategy,) = causes(failing(case=f"strategy:breaking/{RULE}"))
    assert strategy.replay.endswith("--seed 7 --examples 10")
    (coverage,) = causes(failing(case=f"coverage:{RULE}", reproduction=None))
    assert f"--rule {RULE}" in coverage.replay and "--case" not in coverage.replay


def test_curl_sends_the_request_of_the_harness() -> None:
    curl = causes(failing())[0].curl
    script = 'curl() { printf "%s\\0" "$@"; }\n' + (curl or "")
    done = subprocess.run(
        ["bash", "-c", script],
        env={"DASHSCOPE_API_KEY": "k$e`y"},
        capture_output=True,
        text=True,
        check=True,
    )
    arguments = done.stdout.split("\0")[:-1]
    assert arguments[:3] == ["-sS", "-X", "POST"]
    assert (
        arguments[3] == "http://127.0.0.1:9/it's/api/v1" + SPEC.wire["endpoints"]["wan2.7-image"]["async"][5:]
    )
    assert {"Authorization: Bearer k$e`y", "X-DashScope-Async: enable"} <= set(arguments)
    assert json.loads(arguments[-1]) == body(n=5)


def test_images_and_long_texts_are_placeholders_in_a_request() -> None:
    long = body(n=5, colors=[{"hex": "y"}] * 5)
    content = [{"image": data_uri_of_image("png", 300, 240)}, {"text": "x" * 5001}]
    long["input"]["messages"][0]["content"] = content
    details = Reproduction(None, (RULE,), template_of(long))
    curl = causes(failing(body=long, reproduction=details))[0].curl or ""
    for part in ("<png image of 300*240 pixels>", "<x 5,001 times>", '<5 times {\\"hex\\": \\"y\\"}>'):
        assert part in curl
    assert "base64" not in curl


def test_only_a_server_has_a_request() -> None:
    assert causes(failing(target="generated"))[0].curl is None
    assert causes(failing(), run={})[0].curl is None


# The template, which holds neither image data nor secrets


def test_templates_expand_to_the_bodies() -> None:
    rules = [rule.id for rule in SPEC.rules.values() if rule.scope == "body" and rule.kind != "max_bytes"]
    cases = [case for rule in rules[::25] for case in boundary_cases(SPEC, rule)]
    templates = [(case, template_of(case.question.body)) for case in cases]
    made = [(case, template) for case, template in templates if template is not None]
    assert len(made) > 0.8 * len(cases)
    assert [case.id for case, template in made if vectors.expand(template) != case.question.body] == []


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com/a.png?OSSAccessKeyId=k&Expires=1&Signature=c2ln",
        "data:image/png;base64," + "QUJD" * 40,
        "any text that is longer than eighty characters and that no macro can express: 0123456789",
        {"$text": 1},
        {"https://example.com/?Signature=c2ln": 1},
        float("nan"),
        [[[[[[[[[[[[[[1]]]]]]]]]]]]]],
        [{"n": number} for number in range(2000)],
    ],
)
def test_a_body_that_no_report_shows_has_no_template(value: Any) -> None:
    assert template_of({"input": value}) is None


# The vector


def test_the_patch_adds_a_vector_that_every_reading_judges(tmp_path: Path) -> None:
    (cause,) = causes(failing())
    assert cause.vector is not None
    patch = write_vector_patch(cause.vector, tmp_path / "reports")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "apply", patch], cwd=tmp_path, check=True)
    (vector,) = vectors.load(tmp_path / "vectors")
    assert (vector.body(), vector.call, vector.expect) == (body(n=5), "async", (RULE,))
    assert vector.statement in SPEC.sources["statements"]
    source = CaseSource("vectors", "cases", 1, [vector_case(vector, SPEC.rules)])
    run = Runner([source], [InterpretedTarget(SPEC)], SPEC.models, [], is_complete=False)
    assert [found.verdict for found in run.verdicts()] == ["pass"]


@pytest.mark.parametrize("text", ["\x7f\u2028\U000e0001 a: b # c", "1e16", "yes", "", "'\"\\", "\ufeff"])
def test_a_vector_has_any_text_exactly(text: str, tmp_path: Path) -> None:
    odd = body(n=5, kettle=text, half=0.5)
    (cause,) = causes(failing(body=odd, reproduction=Reproduction(None, (RULE,), template_of(odd))))
    (tmp_path / "found.yaml").write_text(cause.vector or "", encoding="utf-8")
    assert vectors.load(tmp_path)[0].body() == odd


def test_a_number_that_yaml_reads_as_a_text_is_not_made_a_vector() -> None:
    odd = body(n=1e22)
    assert causes(failing(reproduction=Reproduction(None, (RULE,), odd)))[0].vector is None


def test_an_error_about_valid_bodies_of_several_rules_is_made_a_vector() -> None:
    error = Observation(None, (), error="answered 403")
    details = Reproduction("async", (), body(n=4))
    expected = ExpectedAnswer(True, ())
    failures = (
        failing(number, rule, verdict="error", observed=error, expected=expected, reproduction=details)
        for number, rule in enumerate((RULE, "wan2.7/n.min"))
    )
    (cause,) = causes(*failures)
    assert cause.rule is None and "expect: []" in (cause.vector or "")


def test_an_existing_vector_or_a_case_without_a_template_gets_no_patch() -> None:
    assert causes(failing(place="wan2.7.yaml:5"))[0].vector is None
    assert causes(failing(reproduction=Reproduction(None, (RULE,))))[0].vector is None
    assert causes(failing(), run={})[0].vector is None


def test_the_patch_is_applied_to_the_packaged_vectors_in_a_checkout_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = Path(__file__).parents[3]
    monkeypatch.chdir(checkout)
    command = apply_command(Path("reports/last/vectors/a.patch"), RUN)
    assert shlex.split(command)[2] == "--directory=conformance/wan_conformance"
    monkeypatch.chdir(tmp_path)
    assert apply_command(Path("a b.patch"), RUN) == "git apply 'a b.patch'"


# The log has all of it


def test_a_log_contains_the_data_that_reports_need(tmp_path: Path) -> None:
    sized = failing(size=SizePoint(0, 768, 768))
    seen = replace(sized, observed=replace(sized.observed, states=("PENDING", "FAILED")))
    write_log(tmp_path / "log", RUN, [seen])
    log = read_log(tmp_path / "log")
    assert log.verdicts == (seen,)
    assert log.verdicts[0].observed.answer == seen.observed.answer
    assert log.verdicts[0].observed.states == ("PENDING", "FAILED")
    write_baseline(log, tmp_path / "baseline")
    assert read_log(tmp_path / "baseline").verdicts[0].reproduction is None


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("answer", {"status": "200"}),
        ("answer", {"status": 200, "code": 1, "message": None, "request_id": None}),
        ("states", "PENDING"),
        ("size", [0, 1]),
        ("size", [0, 1, "2"]),
        ("reproduction", {"call": None, "violates": [1], "template": None}),
        ("reproduction", None),
    ],
)
def test_a_wrong_member_of_a_verdict_is_named(member: str, value: Any, tmp_path: Path) -> None:
    line = {
        "rule": MAX,
        "case": "edge:1",
        "target": "tiny",
        "verdict": "fail",
        "expected": {"accepted": True, "rules": []},
        "observed": {"accepted": False, "rules": []},
    }
    path = saved(tmp_path / "log", json.dumps({"run": HEAD}), json.dumps({**line, member: value}))
    with pytest.raises(VerdictLogError, match=f"log:2: {member} is .*, expected"):
        read_log(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("places", []),
        ("statements", {WORD: 1}),
        ("requests", {"base_url": 1, "endpoints": {}, "headers": {}}),
        ("task", {"initial": "PENDING", "states": {"PENDING": "RUNNING"}}),
        ("sizes", [{"model": "m", "field": "size", "mode": "", "limits": {}}]),
    ],
)
def test_wrong_facts_of_a_run_are_named(name: str, value: Any, tmp_path: Path) -> None:
    path = saved(tmp_path / "log", json.dumps({"run": {**HEAD, name: value}}))
    with pytest.raises(VerdictLogError, match=rf"log:1: run\.{name}.* is .*, expected"):
        read_log(path)


# The areas of sizes


def test_a_size_belongs_to_the_area_of_its_modes() -> None:
    areas, listed = SizeAreas(SPEC), areas_of(RUN)
    assert len(listed) == len({(area.model, area.sizes) for area in listed})
    for case in (*boundary_cases(SPEC, "wan2.7/size.max_pixels"), *boundary_cases(SPEC, "wan2.7/n.max")):
        point = areas.point(case.question.body, case.question.call)
        size = case.question.body["parameters"].get("size", "")
        assert (point is None) is ("*" not in size)
        if point is not None:
            area = listed[point.area]
            assert area.model == case.question.body["model"]
            assert (point.height in area.sizes.heights(point.width)) is not any(
                rule.startswith("wan2.7/size.") for rule, _ in case.breaks
            )


def test_a_body_without_a_model_or_a_size_has_no_point() -> None:
    areas = SizeAreas(SPEC)
    for nothing in (None, [], {}, {"model": "none"}, body(), body(size="2K"), body(size=[1])):
        assert areas.point(nothing, None) is None


def test_a_failing_case_gets_its_reproduction() -> None:
    case = Case("edge:x", RULE, Question(body(n=4), "sync"), ((RULE, "rejected"),))
    run = Runner([], [], SPEC.models, [])
    (found,) = [run.judge_case(case, InterpretedTarget(SPEC))]
    assert found.reproduction == Reproduction("sync", (RULE,), body(n=4))
