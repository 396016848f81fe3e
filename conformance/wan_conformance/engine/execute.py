"""Execute a run from its options to its log and reports."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any
from urllib.parse import urlsplit

from wan_conformance.engine.known_failures import load_known
from wan_conformance.engine.progress import progress_bars
from wan_conformance.engine.runner import Runner
from wan_conformance.engine.sources import collect_sources, matching_body_rules
from wan_conformance.engine.vector_choice import choose_vectors
from wan_conformance.model import Target, Verdict
from wan_conformance.report.junit import write_junit
from wan_conformance.report.log import VerdictLog, read_log, write_log
from wan_conformance.report.markdown import write_markdown
from wan_conformance.report.spec_changes import spec_header
from wan_conformance.targets import PACKAGE_TARGETS, TARGETS
from wan_conformance.targets.package import emitted_package, own_package
from wan_conformance.targets.server.server import remote_server
from wan_conformance.targets.server.target import HttpTarget
from wanlib.base.text import did_you_mean
from wanlib.spec import Rule, Spec, load

_PACKAGES = ("wanlib", "hypothesis", "jsonschema", "pillow", "PyYAML")


class RunUsageError(ValueError):
    """The options of a run are wrong; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The options of a run.

    Attributes:
        folder: Where the log and the reports are written.
        targets: Names of the targets; empty for all.
        rules: Globs over rule ids; empty for all.
        spec: The folder of the spec; None for the packaged one.
        seed: The random seed of the strategies.
        examples: How many examples each strategy generates.
        base_url: The server that the target `http` judges; None for the emulator in this process.
        api_key_env: The environment variable that has the key of that server; None if it checks none.
        vectors: A folder with vectors for the spec; None for the packaged vectors alone.
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

    @property
    def is_complete(self) -> bool:
        """Whether no rule and no target is left out and no foreign server takes part."""
        return not self.targets and not self.rules and self.base_url is None

    def covers(self, verdict: Verdict) -> bool:
        """Return whether this run could have given a verdict that stands in another log."""
        is_selected = not self.targets or verdict.target in self.targets
        return is_selected and self.covers_rule(verdict.rule or "")

    def covers_rule(self, rule: str) -> bool:
        """Return whether this run tests a rule; an empty id stands for cases about no single rule."""
        return any(fnmatchcase(rule, pattern) for pattern in self.patterns)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The globs over rule ids; `*` if the options name none."""
        return self.rules or ("*",)


def execute(request: RunRequest) -> VerdictLog:
    """Execute the run and write `verdicts.ndjson`, `junit.xml` and `report.md`.

    Args:
        request: The options.

    Returns:
        The log, as read from the file.

    Raises:
        UsageError: If a target or a rule does not exist, or options contradict each other.
        SpecError: If the spec is broken.
        KnownFailuresError: If the file of known failures is broken.
        ServerUnreachableError: If the server cannot be judged.
    """
    run, header = _prepared(request)
    request.folder.mkdir(parents=True, exist_ok=True)
    path = request.folder / "verdicts.ndjson"
    with progress_bars(run.sources) as on_case:
        write_log(path, header, replace(run, on_case=on_case).verdicts())
    log = read_log(path)
    write_junit(log, request.folder / "junit.xml")
    write_markdown(log, request.folder / "report.md")
    return log


def _prepared(request: RunRequest) -> tuple[Runner, Mapping[str, Any]]:
    names = list(dict.fromkeys(request.targets or TARGETS))
    if request.base_url is not None and "http" not in names:
        raise RunUsageError("--base-url requires the target http: add --target http, or omit --target")
    spec = load(request.spec)
    for pattern in request.rules:
        if not matching_body_rules(spec, (pattern,)):
            raise RunUsageError(f"no rule matches {pattern!r}{_suggest_rules(pattern, spec)}")
    rules = matching_body_rules(spec, request.patterns)
    vectors, left_out = choose_vectors(spec, request.spec, request.vectors)
    targets = [target for name in names for target in _targets(name, spec, request)]
    run = Runner(
        sources=collect_sources(spec, request.patterns, vectors),
        targets=targets,
        models=spec.models,
        rules=rules,
        is_complete=request.is_complete,
        known=load_known(),
        seed=request.seed,
        examples=request.examples,
    )
    header = _run_header(request, spec, rules, [target.name for target in targets])
    return run, {**header, **({"left_out": left_out} if left_out else {})}


def _targets(name: str, spec: Spec, request: RunRequest) -> list[Target]:
    """Return what a name of `--target` stands for: one target, or all targets of an own package.

    With a spec of its own, a run judges the code that is emitted from this spec: the code of wanlib is made
    from the packaged one.
    """
    if name not in TARGETS:
        package = own_package(name)
        if package is None:
            targets = ", ".join(TARGETS)
            expected = f"one of {targets}, or a package that `wanlib emit --out` has written"
            raise RunUsageError(f"no target {name!r}, expected {expected}")
        return [make(spec, package) for make in PACKAGE_TARGETS.values()]
    if name in PACKAGE_TARGETS and request.spec is not None:
        return [PACKAGE_TARGETS[name](spec, emitted_package(spec))]
    return [_http_target(spec, request)] if name == "http" else [TARGETS[name](spec)]


def _http_target(spec: Spec, request: RunRequest) -> Target:
    """Return the target `http`, at the server that the options name."""
    if request.base_url is None:
        return TARGETS["http"](spec)
    address = urlsplit(request.base_url)
    if address.scheme not in ("http", "https") or not address.hostname or "@" in address.netloc:
        raise RunUsageError("--base-url requires a URL such as http://127.0.0.1:8686, without a user name")
    if address.query or address.fragment:
        raise RunUsageError("--base-url requires a URL without query and fragment")
    key = None
    if request.api_key_env is not None:
        key = os.environ.get(request.api_key_env, "").strip()
        if not (key and key.isascii() and key.isprintable()):
            raise RunUsageError(f"--api-key-env: {request.api_key_env} has no usable key")
    return HttpTarget(spec, remote_server(spec, request.base_url, key))


def _suggest_rules(pattern: str, spec: Spec) -> str:
    return (
        did_you_mean(pattern, (rule.id for rule in matching_body_rules(spec)))
        or "; `wanlib rules` lists them"
    )


def _run_header(request: RunRequest, spec: Spec, rules: list[Rule], targets: list[str]) -> Mapping[str, Any]:
    """Return the first line of the log, with what the reports need of the rules."""
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
            "examples": request.examples,
            "base_url": request.base_url,
        },
        "targets": targets,
        "models": list(spec.models),
        "families": {family.name: list(family.models) for family in spec.families},
    } | spec_header(spec, rules)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none installed"
