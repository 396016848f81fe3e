"""The main job: what was asked for, made into a run, its log and its reports."""

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
from wan_conformance.model import Target, Verdict
from wan_conformance.report.junit import write_junit
from wan_conformance.report.log import VerdictLog, read_log, write_log
from wan_conformance.report.markdown import write_markdown
from wan_conformance.targets import TARGETS
from wan_conformance.targets.server.server import remote_server
from wan_conformance.targets.server.target import HttpTarget
from wanlib.base.text import did_you_mean, format_limit
from wanlib.spec import Rule, Spec, load

_PACKAGES = ("wanlib", "hypothesis", "jsonschema", "pillow", "PyYAML")


class UsageError(ValueError):
    """What was asked for can't be done; the message says what can."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a run was asked for.

    targets: names, empty for all. rules: globs over rule ids, () for all. spec: a folder, None for the
    packaged one. folder: where the log and the reports go. seed, examples: of strategies, how many each.
    base_url: the server that the target `http` judges, None for the embedded emulator. api_key_env: the
    environment variable that has its key, None for a server that checks none.
    """

    folder: Path
    targets: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    spec: Path | None = None
    seed: int = 0
    examples: int = 10
    base_url: str | None = None
    api_key_env: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left out, and all of it is ours."""
        return not self.targets and not self.rules and self.base_url is None

    def covers(self, verdict: Verdict) -> bool:
        """Whether this job could have given a verdict of another log."""
        is_selected = not self.targets or verdict.target in self.targets
        return is_selected and any(fnmatchcase(verdict.rule or "", pattern) for pattern in self.patterns)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The globs over rule ids; `*` where the job names none."""
        return self.rules or ("*",)


def execute(request: RunRequest) -> VerdictLog:
    """Runs it and writes `verdicts.ndjson`, `junit.xml` and `report.md`.

    Raises UsageError for a target or a rule that there isn't, SpecError and KnownError for broken files,
    Unreachable for a server that can't be judged.
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
    targets = list(dict.fromkeys(request.targets or TARGETS))
    for name in targets:
        if name not in TARGETS:
            raise UsageError(f"no target {name!r}, expected one of {', '.join(TARGETS)}")
    if request.base_url is not None and "http" not in targets:
        raise UsageError("--base-url is for the target http: leave --target out, or name http, too")
    spec = load(request.spec)
    for pattern in request.rules:
        if not matching_body_rules(spec, (pattern,)):
            raise UsageError(f"no rule matches {pattern!r}{_suggest_rules(pattern, spec)}")
    rules = matching_body_rules(spec, request.patterns)
    run = Runner(
        sources=collect_sources(spec, request.patterns),
        targets=[_target(name, spec, request) for name in targets],
        models=spec.models,
        rules=rules,
        is_complete=request.is_complete,
        known=load_known(),
        seed=request.seed,
        examples=request.examples,
    )
    return run, _run_header(request, spec, rules, targets)


def _target(name: str, spec: Spec, request: RunRequest) -> Target:
    """A target; `http` at the server that the job names."""
    if name != "http" or request.base_url is None:
        return TARGETS[name](spec)
    address = urlsplit(request.base_url)
    if address.scheme not in ("http", "https") or not address.hostname or "@" in address.netloc:
        raise UsageError("--base-url takes an address such as http://127.0.0.1:8686, without a user in it")
    if address.query or address.fragment:
        raise UsageError("--base-url takes an address without anything behind its path")
    key = None
    if request.api_key_env is not None:
        key = os.environ.get(request.api_key_env, "").strip()
        if not (key and key.isascii() and key.isprintable()):
            raise UsageError(f"--api-key-env: {request.api_key_env} holds no key")
    return HttpTarget(spec, remote_server(spec, request.base_url, key))


def _suggest_rules(pattern: str, spec: Spec) -> str:
    return (
        did_you_mean(pattern, (rule.id for rule in matching_body_rules(spec)))
        or "; `wanlib rules` lists them"
    )


def _run_header(request: RunRequest, spec: Spec, rules: list[Rule], targets: list[str]) -> Mapping[str, Any]:
    """The first line of the log; with what the reports tell of rules, so that they need no spec."""
    return {
        "spec": spec.digest,
        "versions": {"python": python_version()} | {name: _version(name) for name in _PACKAGES},
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": request.seed,
        "arguments": {
            "target": list(request.targets),
            "rule": list(request.rules),
            "spec": None if request.spec is None else str(request.spec),
            "examples": request.examples,
            "base_url": request.base_url,
        },
        "targets": targets,
        "models": list(spec.models),
        "families": {family.name: list(family.models) for family in spec.families},
        "rules": {
            rule.id: {"limit": format_limit(rule.limit, rule.kind), "outcome": rule.outcome} for rule in rules
        },
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none installed"
