"""A run ends in a patch of the spec that tools apply; the next run with the patched spec finds no change."""

import shutil
import subprocess
from pathlib import Path

import pytest
from wan_conformance.live.patching.spec_patch import SpecPatch, make_patch
from wan_conformance.live.planning.plan import make_plan
from wan_conformance.live.probe import Probe, ProbeAnswer
from wan_conformance.live.session import LiveResult, run_plan

from tests.conformance.live.trials import IMAGE_URL, EmulatorSender
from wanlib.spec import Spec, load
from wanlib.spec.load import spec_folder
from wanlib.spec.mutations import mutate_spec

SPEC = load()
DATE = "2026-11-29"
TOOLS = (["git", "apply", "live.patch"], ["patch", "-p1", "-s", "-i", "live.patch"])


def run(spec: Spec, service: Spec, rules: str) -> LiveResult:
    plan = make_plan(spec, (), (rules,), IMAGE_URL)
    return run_plan(spec, plan, EmulatorSender(service), image_url=IMAGE_URL)


def patch_of(result: LiveResult) -> SpecPatch:
    return make_patch(SPEC, result.findings, result.probed_models, None, DATE)


def apply(patch: SpecPatch, folder: Path, tool: list[str]) -> Path:
    """Return a copy of the packaged spec with a patch."""
    shutil.copytree(spec_folder(), folder / "spec", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "live.patch").write_text(patch.text, encoding="utf-8")
    subprocess.run(tool, cwd=folder, check=True, capture_output=True)
    return folder / "spec"


@pytest.mark.parametrize(
    ("mutant", "rules", "line"),
    [
        ("wan2.5/n.max=tighter", "wan2.5/n.*", "    max: {is: 3, notes: "),  # with its default
        ("wan2.6/images.max_count:interleave=wider", "wan2.6/images.m*", "      max_count: {is: 2, source: "),
        ("wan2.7/size.max_ratio=wider", "wan2.7/size.*", "    max_ratio: {is: 801:100, notes: "),
        (
            "wan2.5/images.each.formats=tighter",
            "wan2.5/images.each.*",
            "      formats: {is: [png, bmp, webp]",
        ),
        ("wan2.5/images.each.max_bytes=dropped", "wan2.5/images.each.max_bytes", "outcome: unspecified"),
    ],
)
def test_with_the_patch_the_next_run_finds_no_change(
    mutant: str, rules: str, line: str, tmp_path: Path
) -> None:
    service = mutate_spec(SPEC, mutant)
    result = run(SPEC, service, rules)
    assert mutant.partition("=")[0] in {finding.rule for finding in result.findings}
    patch = patch_of(result)
    assert line in patch.text and not patch.left_out
    patched = apply(patch, tmp_path, TOOLS[len(mutant) % 2])
    assert not run(load(patched), service, rules).findings


def test_a_patch_keeps_comments_and_quotes_its_evidence(tmp_path: Path) -> None:
    result = run(SPEC, mutate_spec(SPEC, "wan2.5/n.max=wider"), "wan2.5/n.max")
    patch = patch_of(result)
    assert f"{DATE}, live: the service answered 'Range of n should be [1, 5]' (request " in patch.text
    folder = apply(patch, tmp_path, TOOLS[0])
    before = (spec_folder() / "wan2.5.yaml").read_text(encoding="utf-8").splitlines()
    after = (folder / "wan2.5.yaml").read_text(encoding="utf-8").splitlines()
    assert len(before) == len(after) and sum(map(str.__ne__, before, after)) == 1


def test_a_change_that_no_line_can_state_is_left_out_with_a_reason() -> None:
    result = run(SPEC, mutate_spec(SPEC, "wire/prompt.input.type=outcome"), "wire/prompt.input.type")
    patch = patch_of(result)
    assert not patch.text
    assert patch.left_out == (
        ("wire/prompt.input.type", "the form of the body implies it, and no line states it"),
    )


def test_a_call_that_a_model_has_besides_is_named_with_its_calls() -> None:
    """The rule on calls is made from tables of the model's file, so the patch leaves it to a person."""
    result = run(SPEC, mutate_spec(SPEC, "wire/endpoints=wider"), "wire/endpoints")
    (finding,) = result.findings
    (model,) = finding.models
    was = SPEC.calls(model)
    assert finding.change == "wider"
    assert {*finding.new[model]} - {*was} == {"stream"}
    assert finding.text.endswith(f" (was {' '.join(was)}).")
    assert patch_of(result).left_out[0][1].startswith("calls and regions in the model's file")


def test_a_hostile_message_adds_no_line(tmp_path: Path) -> None:
    from dataclasses import replace

    (finding,) = run(SPEC, mutate_spec(SPEC, "wan2.5/n.max=wider"), "wan2.5/n.max").findings
    hostile = 'no"}\n    max: 99 # \u2028 {is: 1'
    evidence = tuple(
        exchange._replace(answer=replace(exchange.answer, message=hostile)) for exchange in finding.evidence
    )
    changed = replace(finding, evidence=evidence)
    patch = make_patch(SPEC, (changed,), {}, None, DATE)
    folder = apply(patch, tmp_path, TOOLS[0])
    assert load(folder).rules["wan2.5/n.max"].limit == 5


class Divided(EmulatorSender):
    """Answers one model by another spec."""

    def __init__(self, spec: Spec, model: str, own: Spec) -> None:
        super().__init__(spec)
        self._model, self._own = model, EmulatorSender(own)

    def send(self, probe: Probe) -> ProbeAnswer:
        return self._own.send(probe) if probe.model == self._model else super().send(probe)


@pytest.mark.parametrize(
    ("mutant", "mode"),
    [
        ("wan2.7/n.max=wider", '"model == \\"wan2.7-image-pro\\" and not sequential"'),
        ("wan2.7/images.max_count=tighter", '"model == \\"wan2.7-image-pro\\""'),
        ("wan2.7/size.min_pixels=dropped", '"model == \\"wan2.7-image-pro\\""'),
    ],
)
def test_a_change_of_one_model_becomes_a_variant_of_its_own(mutant: str, mode: str, tmp_path: Path) -> None:
    rule = mutant.partition("=")[0]
    service = Divided(SPEC, "wan2.7-image-pro", mutate_spec(SPEC, mutant))

    def probed(spec: Spec) -> LiveResult:
        return run_plan(spec, make_plan(spec, (), (f"{rule}*",), IMAGE_URL), service, image_url=IMAGE_URL)

    result = probed(SPEC)
    assert {finding.models for finding in result.findings} == {("wan2.7-image-pro",)}
    patch = patch_of(result)
    assert f": {mode}\n" in patch.text and not patch.left_out
    assert not probed(load(apply(patch, tmp_path, TOOLS[0]))).findings


def test_a_variant_that_changed_for_one_model_is_left_out_with_a_reason() -> None:
    service = Divided(SPEC, "wan2.7-image-pro", mutate_spec(SPEC, "wan2.7/n.max:sequential=wider"))
    result = run_plan(SPEC, make_plan(SPEC, (), ("wan2.7/n.max*",), IMAGE_URL), service, image_url=IMAGE_URL)
    patch = patch_of(result)
    assert not patch.text
    reason = "the variant sequential must be split for wan2.7-image-pro, by hand"
    assert patch.left_out == (("wan2.7/n.max:sequential", reason),)
