"""`wanlib explain`: rules with their sources and example bodies, facts, and error codes."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api_facts import default_of, limit_of
from wanlib import check, classify
from wanlib.cli.commands.explain import code_details, code_lines, detail_lines
from wanlib.cli.commands.rule_details import rule_details
from wanlib.spec import Spec, load
from wanlib.spec.load import spec_folder


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load()


def test_the_text_output(wanlib: Callable[..., Any]) -> None:
    ran = wanlib("explain", "wan2.7/n.max:sequential")
    assert (ran.code, ran.err) == (0, "")
    lines, most = ran.out.splitlines(), limit_of("wan2.7/n.max:sequential")
    assert lines[0] == "wan2.7/n.max:sequential"
    for line in (
        f"  limit     {most}",
        "  when      sequential",
        "  mode      sequential = enable_sequential",
    ):
        assert line in lines
    assert "  outcome   rejected" in lines
    assert re.search(r"^  written   spec/wan2\.7\.yaml:\d+$", ran.out, re.MULTILINE)
    assert re.search(r"^  source    guide#input-parameters: .+ \(read 20\d\d", ran.out, re.MULTILINE)
    assert "[guide#n.2.7.sequential]" in ran.out
    keeps, breaks = ran.out.split("the last valid body:\n")[1].split("\n\nthe first body that violates it:\n")
    assert json.loads(keeps)["parameters"]["n"] == most
    body, message = breaks.split("\n-> ")
    assert json.loads(body)["parameters"]["n"] == most + 1
    assert message.startswith(f"n at /parameters/n is {most + 1}; at most {most}")


@pytest.mark.parametrize(
    "rule",
    [
        "wan2.7/n.max",
        "wan2.7/n.min",
        "wan2.7/size.max_pixels:pro_text",
        "wan2.7/thinking_mode.effective",
        "wan2.6/images.min_count:not-interleave",
        "wan2.6/stream.required:interleave_sync",
        "wan2.6/negative_prompt.place",
        "wanx2.1/function.one_of",
        "wire/model",
        "wire/endpoints",
        "wire/prompt.input.required",
    ],
)
def test_the_bodies_are_on_both_sides_of_the_limit(wanlib: Callable[..., Any], rule: str) -> None:
    printed = json.loads(wanlib("explain", rule, "--json").out)
    keeps, breaks = printed["keeps"], printed["breaks"]
    assert [violation.rule for violation in check(keeps["body"], call=keeps["call"])] == []
    assert [violation.rule for violation in check(breaks["body"], call=breaks["call"])] == [rule]
    assert keeps["messages"] == []
    assert len(breaks["messages"]) == 1 and f"({rule})" in breaks["messages"][0]


def test_pictures_are_shown_as_a_digest(wanlib: Callable[..., Any]) -> None:
    for options in ((), ("--json",)):
        ran = wanlib("explain", "wan2.7/images.each.formats", *options)
        assert ran.code == 0
        assert re.search(r"data:image/jpeg;base64,(…|\\u2026) \(\d+ characters, digest", ran.out)
        assert re.search(r"[A-Za-z0-9+/]{40}", ran.out) is None


def test_every_rule_and_fact_can_be_explained(spec: Spec) -> None:
    """Each is at the place that is stated, and on a page that is listed."""
    files = {path.name: path.read_text("utf-8").splitlines() for path in spec_folder().glob("*.yaml")}
    for name in (*spec.rules, *spec.facts):
        details = rule_details(spec, name, None)
        assert "\n".join(detail_lines(details)).startswith(name)
        assert json.loads(json.dumps(details)) == details
        assert details["source"]["title"], name
        folder, _, file = details["file"].partition("/")
        assert folder == "spec"
        assert 1 <= details["line"] <= len(files[file]), name
        if name in spec.rules and spec.rules[name].kind in (
            "max",
            "min",
            "max_chars",
            "max_side",
            "effective",
        ):
            assert f"{details['kind']}:" in files[file][details["line"] - 1], name


def test_statements_are_those_tied_to_the_rule(spec: Spec) -> None:
    details = rule_details(spec, "wan2.7/n.max:sequential", None)
    tied = {
        key
        for key, statement in spec.sources["statements"].items()
        if details["id"] in statement.get("rules", ())
    }
    assert {row["id"] for row in details["statements"]} == tied
    assert len(tied) >= 2


def test_modes_are_expanded_down_to_the_fields(spec: Spec) -> None:
    assert rule_details(spec, "wan2.7/size.max_pixels:pro_text", None)["modes"] == {
        "pro_text": "plain_text and model == 'wan2.7-image-pro'",
        "plain_text": "text_only and not sequential",
        "sequential": "enable_sequential",
        "text_only": "count(images) == 0",
    }
    assert rule_details(spec, "wan2.6/stream.one_of:not-interleave", None)["condition"] == "not interleave"
    stream = rule_details(spec, "wan2.6/stream.required:interleave_sync", None)
    assert stream["modes"]["interleave_sync"] == "interleave and call in ('sync', 'stream')"


def test_a_fact(wanlib: Callable[..., Any]) -> None:
    printed = json.loads(wanlib("explain", "wan2.7/n.default", "--json").out)
    assert (printed["id"], printed["value"]) == ("wan2.7/n.default", default_of("wan2.7/n"))
    assert not {"keeps", "breaks", "outcome"} & set(printed)
    assert f"  value     {default_of('wan2.7/n')}" in wanlib("explain", "wan2.7/n.default").out.splitlines()


def test_a_rule_that_no_body_breaks(wanlib: Callable[..., Any]) -> None:
    ran = wanlib("explain", "task/expires")
    assert ran.code == 0
    assert "keeps it" not in ran.out
    assert "  written   spec/task.yaml:" in ran.out


def test_another_spec_names_its_own_files(wanlib: Callable[..., Any]) -> None:
    folder = spec_folder().resolve()
    ran = wanlib("explain", "wan2.7/n.max", "--spec", folder)
    assert f"  written   {folder.as_posix()}/wan2.7.yaml:" in ran.out


def test_without_pillow(wanlib: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'PIL'", name="PIL")

    monkeypatch.setattr("wanlib.cli.commands.explain.boundary_examples", draw)
    ran = wanlib("explain", "wan2.7/n.max")
    assert ran.code == 0
    assert f"  limit     {limit_of('wan2.7/n.max')}" in ran.out
    assert ran.out.endswith("need PIL: pip install 'wanlib[conformance]'\n")
    assert json.loads(wanlib("explain", "wan2.7/n.max", "--json").out)["limit"] == limit_of("wan2.7/n.max")


def test_an_error_code(wanlib: Callable[..., Any]) -> None:
    ran = wanlib("explain", "InvalidParameter.DataInspection")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "InvalidParameter.DataInspection"
    assert "  class     invalid (wanlib.errors.InvalidRequestError)" in lines
    assert "  retry     no, not the same request" in lines
    assert re.search(r"^  message   with 'timed out': .+ Retry: once more\.$", ran.out, re.MULTILINE)
    assert re.search(r"^  written   spec/wire\.yaml:\d+$", ran.out, re.MULTILINE)
    assert re.search(r"^  source    err#codes: .+ \(read 20\d\d", ran.out, re.MULTILINE)


def test_every_code_is_explained_as_it_is_classified(wanlib: Callable[..., Any], spec: Spec) -> None:
    for code in (
        "InternalError.Algo.DataInspectionFailed",
        "Throttling.New",
        "access_denied",
        "GatewayTimeout",
    ):
        details = json.loads(wanlib("explain", code, "--json").out)
        classified = classify(code)
        for key in ("code", "kind", "error", "retry", "means", "advice", "basis", "status"):
            assert details[key] == getattr(classified, key)
        assert details["certain"] is classified.is_certain
    for code in spec.wire["errors"]:
        details = code_details(spec, code, None)
        assert details and details["error"] == classify(code).error and list(code_lines(details))


def test_inferred_classifications_are_marked(wanlib: Callable[..., Any]) -> None:
    assert "this code is not documented; read as Throttling" in wanlib("explain", "Throttling.New").out
    by = wanlib("explain", "InternalError.Algo.DataInspectionFailed").out
    assert "as DataInspectionFailed: the text before it is a documented prefix" in by


def test_an_unknown_name(wanlib: Callable[..., Any]) -> None:
    ran = wanlib("explain", "Throtling")
    assert (ran.code, ran.out) == (2, "")
    assert "no rule, fact or error code 'Throtling'; did you mean 'Throttling' or" in ran.err
    assert "wire/errors" not in ran.err
    assert "an error code is such as InvalidParameter" in wanlib("explain", "Xyzzy").err
