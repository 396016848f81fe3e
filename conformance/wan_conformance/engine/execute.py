"""Execute a run from its options to its log and reports."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any

from wan_conformance.engine.known_failures import load_entries, load_known
from wan_conformance.engine.progress import progress_bars
from wan_conformance.engine.runner import JudgedCase, Runner
from wan_conformance.engine.sources import (
    CaseSource,
    SourcePart,
    matching_body_rules,
    select_units,
    selected_rules,
    selection_problem,
    unknown_id,
)
from wan_conformance.engine.vector_choice import choose_vectors
from wan_conformance.errors import RunDeclinedError, RunUsageError
from wan_conformance.gates import parse_gate
from wan_conformance.model import ClosableTarget, Target
from wan_conformance.report.files import LOG, write_reports
from wan_conformance.report.log import VerdictLog, read_log, write_log
from wan_conformance.report.run_facts import SizeAreas, run_facts
from wan_conformance.report.spec_changes import spec_header
from wan_conformance.selection import Selection
from wan_conformance.targets import PACKAGE_TARGETS, TARGETS
from wan_conformance.targets.package import emitted_package, own_package
from wan_conformance.targets.server.cost import CostTarget
from wan_conformance.targets.server.remote import RUN_SECONDS, remote_server
from wan_conformance.targets.server.target import HttpTarget
from wan_conformance.targets.validator.create import is_validator, validator_target
from wan_conformance.targets.validator.functions import ValidatorLoadError
from wan_conformance.targets.validator.target import ClaimsError, ValidatorTarget
from wanlib.base.redaction import safe_repr
from wanlib.base.text import did_you_mean
from wanlib.base.urls import service_url_problem
from wanlib.spec import Rule, Spec, load

_PACKAGES = ("wanlib", "hypothesis", "jsonschema", "pillow", "PyYAML")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The options of a run.

    Attributes:
        folder: Where the log and the reports are written.
        targets: Names of the targets; empty for all.
        rules: Globs over rule ids; empty for all.
        spec: The folder of the spec; None for the packaged one.
        seed: The random seed of the strategies.
        examples: The number of examples that each strategy generates.
        base_url: The server that the target `http` judges; None for the emulator in this process.
        api_key_env: The environment variable that has the key of that server; None if it checks none.
        vectors: A folder with vectors for the spec; None for the packaged vectors alone.
        models: Names of models; empty for all.
        cases: Ids of cases, or globs over them; empty for all.
        claims: The rules that validators are judged by, as kinds or globs over rule ids; empty for those
            that they implement.
        answer_timeout: The maximum time for one answer of a program, in seconds.
        known: Files of known failures, besides the packaged one.
        gates: A file with quality gates; None for none.
        may_skip: Globs over ids of rules and checks that may stay unjudged.
        deadline: Seconds after which nothing more is sent to the server.
    """

    folder: Path
    targets: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    spec: Path | None = None
    seed: int = 0
    examples: int = 10
    base_url: str | None = None
    api_key_env: str | None = None
    vectors: Path | None = None
    models: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    answer_timeout: float = 10.0
    known: tuple[Path, ...] = ()
    gates: Path | None = None
    may_skip: tuple[str, ...] = ()
    deadline: float = RUN_SECONDS

    @property
    def selection(self) -> Selection:
        """The selected rules, models and cases, for all targets."""
        return Selection(self.rules, self.models, self.cases)

    @property
    def is_complete(self) -> bool:
        """Whether the run has all cases and targets and no third-party server."""
        return not self.targets and self.selection.has_all_cases and self.base_url is None


Confirm = Callable[[Sequence[str], bool], bool]
"""Called before a server at a URL is judged, with lines about its general problems and the possible cost of
the run, and whether it may bill; returns whether to continue."""


def _go_on(lines: Sequence[str], may_bill: bool) -> bool:
    return True


JudgeElsewhere = Callable[[Runner, RunRequest], Iterator[JudgedCase]]
"""Judges all cases of a run, which was prepared from these options."""


def execute(
    request: RunRequest, confirm: Confirm = _go_on, elsewhere: JudgeElsewhere | None = None
) -> VerdictLog:
    """Execute the run, and write its log and its reports.

    Args:
        request: The options.
        confirm: Asks whether to judge a server at a URL.
        elsewhere: Judges the cases; None judges them in this process.

    Returns:
        The log, as read from the file.

    Raises:
        RunDeclinedError: `confirm` returned False.
        RunUsageError, SpecError, VectorError, EntryFileError, ServerUnreachableError: As in `prepare_run`.
    """
    with ExitStack() as stack:
        run, header = prepare_run(request, stack, confirm)
        request.folder.mkdir(parents=True, exist_ok=True)
        path = request.folder / LOG
        with progress_bars(run.sources) as on_case:
            shared = None if elsewhere is None else lambda run: elsewhere(run, request)
            write_log(path, header, replace(run, on_case=on_case, shared=shared).verdicts())
    log = read_log(path)
    write_reports(log, request.folder)
    return log


def _announce(target: HttpTarget, spec: Spec, counting: Runner, confirm: Confirm) -> None:
    """Report the problems of a server and the possible cost of the run, and ask whether to continue.

    Args:
        target: The server.
        spec: The spec.
        counting: The same run, whose cases are only counted.
        confirm: Asks whether to judge the server.

    Raises:
        RunDeclinedError: `confirm` returned False.
    """
    lines = [f"the server: {problem}" for problem in target.problems()]
    if target.pays:
        cost = CostTarget(spec)
        for _ in replace(counting, targets=[cost]).verdicts():
            pass
        lines += cost.lines()
    if not confirm(lines, target.pays):
        raise RunDeclinedError("the run was declined; no request that could cost money was sent")


def prepare_run(
    request: RunRequest, stack: ExitStack, confirm: Confirm = _go_on
) -> tuple[Runner, Mapping[str, Any]]:
    """Return the run and the first line of its log; the stack stops every process that targets start.

    Raises:
        RunUsageError: A target or a rule does not exist, or options contradict each other.
        SpecError: The spec is broken.
        VectorError: A vector is wrong.
        EntryFileError: A file of known failures or of gates is broken.
        ServerUnreachableError: The server cannot be judged.
    """
    names = list(dict.fromkeys(request.targets or TARGETS))
    if request.base_url is not None and "http" not in names:
        raise RunUsageError("--base-url requires the target http: add --target http, or omit --target")
    if request.claims and not any(map(is_validator, names)):
        raise RunUsageError("--claims requires a validator: --target module:callable or exec:COMMAND")
    spec = load(request.spec)
    vectors, left_out = choose_vectors(spec, request.spec, request.vectors)
    selection = request.selection
    for pattern in request.may_skip:
        if problem := unknown_id(spec, pattern):
            raise RunUsageError(f"--may-skip: {problem}")
    if problem := selection_problem(spec, selection, vectors):
        raise RunUsageError(problem)
    known = load_known(request.known)
    gates = [] if request.gates is None else load_entries(request.gates, parse_gate)
    targets = [target for name in names for target in _targets(name, spec, request)]
    for target in targets:
        if isinstance(target, ClosableTarget):
            stack.callback(target.close)
    rules = selected_rules(spec, selection)
    unjudged = _prepare_validators(targets, spec, rules, selection)
    narrowed = replace(selection, models=_models_to_ask(spec, rules, unjudged, selection))

    units = select_units(spec, narrowed, vectors, unjudged, request.base_url is not None)

    def sources(part: SourcePart | None = None) -> Sequence[CaseSource]:
        return () if rules and len(unjudged) == len(rules) else units.sources(part)

    run = Runner(
        sources=sources(),
        targets=targets,
        models=spec.models,
        rules=[rule for rule in rules if rule.id not in unjudged and not selection.cases],
        is_complete=request.is_complete,
        selection=selection,
        known=known,
        seed=request.seed,
        examples=request.examples,
        sizes=SizeAreas(spec),
        may_skip=request.may_skip,
        collect=sources,
    )
    for target in targets:
        if isinstance(target, HttpTarget) and request.base_url is not None:
            _announce(target, spec, replace(run, sources=sources()), confirm)
    header = {**_run_header(request, spec, rules, targets), "gates": [gate.to_json() for gate in gates]}
    return run, {**header, **({"left_out": left_out} if left_out else {})}


def _prepare_validators(
    targets: Sequence[Target], spec: Spec, rules: list[Rule], selection: Selection
) -> frozenset[str]:
    """Find the rules that validators implement, and return the ids of selected rules that no target judges.

    Unselected rules matter too if cases that violate several rules take part.
    """
    validators = [target for target in targets if isinstance(target, ValidatorTarget)]
    for validator in validators:
        validator.prepare(matching_body_rules(spec) if selection.has_general_cases else rules)
    if len(validators) < len(targets):
        return frozenset()
    return frozenset(rule.id for rule in rules).difference(*(target.implemented for target in validators))


def _models_to_ask(
    spec: Spec, rules: list[Rule], unjudged: Collection[str], selection: Selection
) -> tuple[str, ...]:
    """Return the models whose cases are run: only models with a judged rule; empty for all.

    A validator of one family is not asked about bodies of the others.
    """
    files = {rule.id.partition("/")[0] for rule in rules if rule.id not in unjudged}
    families = [family for family in spec.families if family.name in files]
    if not unjudged or len(families) < len(files):  # a rule of the envelope applies to all models
        return selection.models
    return tuple(model for family in families for model in family.models if selection.has_model(model))


def _targets(name: str, spec: Spec, request: RunRequest) -> list[Target]:
    """Return the targets for a name of `--target`: one target, or all targets of an own package.

    With its own spec, a run judges the code that is emitted from this spec: the code of wanlib is generated
    from the packaged one.
    """
    if name in PACKAGE_TARGETS and request.spec is not None:
        return [PACKAGE_TARGETS[name](spec, emitted_package(spec))]
    if name in TARGETS:
        return [_http_target(spec, request)] if name == "http" else [TARGETS[name](spec)]
    package_name, _, target = name.partition(":")
    if target in PACKAGE_TARGETS or not target:
        package = own_package(package_name)
        if package is not None:
            makers = PACKAGE_TARGETS.values() if not target else [PACKAGE_TARGETS[target]]
            return [make(spec, package) for make in makers]
    if not is_validator(name):
        raise RunUsageError(
            f"no target {safe_repr(name)}{did_you_mean(name, TARGETS)}, expected one of {', '.join(TARGETS)},"
            " a package that `wanlib emit --out` has written, module:callable, or exec:COMMAND"
        )
    try:
        return [validator_target(spec, name, request.claims, request.answer_timeout)]
    except (ValidatorLoadError, ClaimsError) as error:
        raise RunUsageError(f"--target {safe_repr(name)}: {error}") from None


def check_base_url(url: str) -> None:
    """Raise RunUsageError if a text is not the URL of a server."""
    if problem := service_url_problem(url):
        raise RunUsageError(
            f"--base-url is {safe_repr(url)}: {problem}; allowed: a URL such as http://127.0.0.1:8686"
        )


def _http_target(spec: Spec, request: RunRequest) -> Target:
    """Return the target `http`, at the server that the options name."""
    if request.base_url is None:
        return TARGETS["http"](spec)
    check_base_url(request.base_url)
    key = None
    if request.api_key_env is not None:
        key = os.environ.get(request.api_key_env, "").strip()
        if not (key and key.isascii() and key.isprintable()):
            raise RunUsageError(f"--api-key-env: {request.api_key_env} has no usable key")
    return HttpTarget(spec, remote_server(spec, request.base_url, key, run_seconds=request.deadline))


def _run_header(
    request: RunRequest, spec: Spec, rules: list[Rule], targets: Sequence[Target]
) -> Mapping[str, Any]:
    """Return the first line of the log, with the data about rules that the reports need."""
    names = [target.name for target in targets]
    return {
        "spec": spec.digest,
        "versions": {"python": python_version()} | {name: _version(name) for name in _PACKAGES},
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": request.seed,
        "arguments": {
            "target": list(request.targets),
            "rule": list(request.rules),
            "spec": None if request.spec is None else str(request.spec),
            "vectors": None if request.vectors is None else str(request.vectors),
            "models": list(request.models),
            "cases": list(request.cases),
            "known": list(map(str, request.known)),
            "claims": list(request.claims),
            "examples": request.examples,
            "base_url": request.base_url,
            "api_key_env": request.api_key_env,
            "may_skip": list(request.may_skip),
        },
        "targets": names,
        "covers": _scope(request, names).to_json(),
        "not_implemented": {
            target.name: [rule.id for rule in rules if target.lacks(rule.id)]
            for target in targets
            if isinstance(target, ValidatorTarget)
        },
        "models": list(spec.models),
        "families": {family.name: list(family.models) for family in spec.families},
        **spec_header(spec, rules),
        **run_facts(spec, rules, request.spec, request.base_url),
    }


def _scope(request: RunRequest, targets: Sequence[str]) -> Selection:
    """Return the coverage of a run: not everything if its target `http` is not the emulator."""
    has_all_targets = not request.targets and request.base_url is None
    return replace(request.selection, targets=() if has_all_targets else tuple(targets))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none installed"
