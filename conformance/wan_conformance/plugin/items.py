"""Conformance as pytest items: `spec/wan2.7.yaml::n.max:sequential[http]` for each rule and target.

`-k`, `--lf`, `--deselect`, xdist and JUnit then work on rules. An item can be named on the command line.
"""

import os
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from wan_conformance.engine.execute import Confirm, RunRequest, prepare_run
from wan_conformance.engine.runner import Runner
from wan_conformance.engine.vector_choice import choose_vectors
from wan_conformance.errors import RunDeclinedError
from wan_conformance.model import FAILING, Target, Verdict
from wan_conformance.plugin.case_groups import CaseGroup, by_rule, case_groups
from wan_conformance.plugin.options import is_near
from wan_conformance.report.causes.grouping import FailureCause, failure_text, group_by_cause
from wan_conformance.report.causes.vector_patch import write_vector_patch
from wan_conformance.report.log import VerdictLog
from wan_conformance.targets.server.remote import ServerUnreachableError
from wan_conformance.targets.validator.target import ValidatorTarget
from wanlib.base.text import did_you_mean
from wanlib.input_error import InputError
from wanlib.spec import load
from wanlib.spec.load import spec_folder

_PLUGIN = "wanlib-conformance"
_KEY = "DASHSCOPE_API_KEY"
_VECTORS = "wanlib-vectors"
_ITEM = re.compile(r"(?:\./)?(spec/[^/:]+\.yaml(?:::.*)?)")


class ConformanceFailureError(Exception):
    """Cases of an item failed.

    Attributes:
        verdicts: The failing verdicts.
    """

    def __init__(self, verdicts: list[Verdict]) -> None:
        super().__init__(f"{len(verdicts)} cases failed")
        self.verdicts = verdicts


class GroupRun:
    """The verdicts of one group: its targets are judged together when the first item runs."""

    def __init__(self, group: CaseGroup, run: Runner) -> None:
        self._group = group
        self._run = run
        self._verdicts: dict[str, list[Verdict]] = {}
        self.selected: list[Target] = []

    def take(self, target: Target) -> list[Verdict]:
        """Return the verdicts of a target; a second call for the same target judges it again."""
        if target.name not in self._verdicts:
            others = [other for other in self.selected if other.name != target.name]
            self._verdicts |= self._group.judge(self._run, [target, *others])
            self.selected = []  # an item that runs again is judged alone
        return self._verdicts.pop(target.name)


class SpecFile(pytest.Collector):
    """The items of one spec file."""

    header: Mapping[str, Any]
    groups: list[CaseGroup]
    run: Runner

    def collect(self) -> Iterator["RuleItem"]:
        """Yield an item for each group and target."""
        for group in self.groups:
            group_run = GroupRun(group, self.run)
            for target in self.run.targets:
                if group.concerns(target):
                    name = f"{group.name}[{target.name}]"
                    item: RuleItem = RuleItem.from_parent(self, name=name, nodeid=f"{self.nodeid}::{name}")
                    item.header, item.group, item.target = self.header, group, target
                    item.group_run = group_run
                    yield item


class RuleItem(pytest.Item):
    """All cases of one group on one target."""

    header: Mapping[str, Any]
    group: CaseGroup
    target: Target
    group_run: GroupRun

    def runtest(self) -> None:
        """Judge the target."""
        verdicts = self.group_run.take(self.target)
        if failed := [verdict for verdict in verdicts if verdict.verdict in FAILING]:
            raise ConformanceFailureError(failed)
        known = [verdict for verdict in verdicts if verdict.verdict == "known"]
        if known:
            pytest.xfail(known[0].reason or "known failure")
        if all(verdict.verdict == "skip" for verdict in verdicts):
            pytest.skip(verdicts[0].reason or "not judged" if verdicts else "no case")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the text of a failure."""
        if isinstance(excinfo.value, ConformanceFailureError):
            causes = group_by_cause(VerdictLog(self.header, tuple(excinfo.value.verdicts)))
            return "\n\n".join(failure_text(cause, self._write_patch(cause)) for cause in causes)
        return super().repr_failure(excinfo, style)

    def _write_patch(self, cause: FailureCause) -> Path | None:
        """Write the patch that adds the smallest case as a vector, to the cache of pytest.

        Returns:
            Its path; None if the case cannot be a vector, or the cache is switched off.
        """
        if cause.vector is None or getattr(self.config, "cache", None) is None:
            return None
        path = write_vector_patch(cause.vector, self.config.cache.mkdir(_VECTORS))
        return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the place of the rule, and the heading of a failure."""
        subject = self.group.rule.id if self.group.rule else self.group.name
        return self.path, self.group.line - 1, f"{subject} on {self.target.name}"


class ConformanceCollection:
    """Collect the items in addition to the named files; without arguments, only these items."""

    def __init__(
        self,
        config: pytest.Config,
        run: Runner,
        header: Mapping[str, Any],
        groups: Iterable[CaseGroup],
        folder: Path,
    ) -> None:
        """Take the arguments that name items from those of pytest.

        Args:
            config: Its arguments are changed.
            run: Has the targets.
            header: The data about the run that reports need.
            groups: The groups of cases.
            folder: The folder of the spec files.
        """
        self._run, self._header = run, header
        self._folder = folder
        self._groups: dict[str, list[CaseGroup]] = {}
        for group in groups:
            self._groups.setdefault(group.file, []).append(group)
        has_arguments = config.args_source is pytest.Config.ArgsSource.ARGS
        arguments = config.args if has_arguments else []
        self._wanted = [match[1] for argument in arguments if (match := _ITEM.fullmatch(argument))]
        config.args = [argument for argument in arguments if not _ITEM.fullmatch(argument)]

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Add the spec files to what the session collects."""
        report = yield
        if isinstance(collector, pytest.Session) and report.passed:
            report.result = [*report.result, *self._files(collector)]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the items that the arguments name, if they name any."""
        if not self._wanted:
            return
        ids = [item.nodeid for item in items if isinstance(item, RuleItem)]
        for argument in self._wanted:
            if not any(_is_named(nodeid, argument) for nodeid in ids):
                raise pytest.UsageError(f"no item {argument[:200]!r}{did_you_mean(argument, ids)}")
        items[:] = [item for item in items if not isinstance(item, RuleItem) or self._is_wanted(item)]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which targets of each group take part."""
        for item in session.items:
            if isinstance(item, RuleItem):
                item.group_run.selected.append(item.target)

    def _is_wanted(self, item: pytest.Item) -> bool:
        return any(_is_named(item.nodeid, argument) for argument in self._wanted)

    def _files(self, session: pytest.Session) -> Iterator[SpecFile]:
        packaged = spec_folder()
        for file, groups in self._groups.items():
            own = self._folder / file
            path = own if own.exists() else packaged / file
            node: SpecFile = SpecFile.from_parent(
                session, name=f"spec/{file}", path=path, nodeid=f"spec/{file}"
            )
            node.header, node.groups, node.run = self._header, groups, self._run
            yield node


def register(config: pytest.Config) -> None:
    """Register the collection of the items that the options ask for.

    Raises:
        pytest.UsageError: An option, the spec, a vector or a list of known failures is wrong, or the server
            does not answer.
    """
    option = config.option
    folder = Path(option.wan_spec) if option.wan_spec else None
    request = RunRequest(
        Path(),
        targets=tuple(option.wan_target),
        spec=folder,
        base_url=option.wan_base_url,
        api_key_env=_KEY if option.wan_base_url and os.environ.get(_KEY) else None,
    )
    stack = ExitStack()
    config.add_cleanup(stack.close)
    try:
        run, header = prepare_run(request, stack, _is_free(option.wan_base_url))
        spec = load(folder)
    except RunDeclinedError:
        raise pytest.UsageError(
            f"--wan-conformance: the server at {option.wan_base_url!r} may bill: judge it with"
            " 'wan-conformance run --target http --base-url URL', which states the price and asks"
        ) from None
    except (InputError, ServerUnreachableError) as error:
        raise pytest.UsageError(f"--wan-conformance: {error}") from None
    for target in run.targets:
        if isinstance(target, ValidatorTarget) and not target.implemented:
            raise pytest.UsageError(f"--wan-conformance: {target.name}: {target.finish()}")
    vectors = cache(lambda: by_rule(choose_vectors(spec, folder, None)[0]))
    groups = case_groups(spec, run.rules, vectors)
    plugin = ConformanceCollection(config, run, header, groups, folder or spec_folder())
    config.pluginmanager.register(plugin, _PLUGIN)


def _is_free(base_url: str | None) -> Confirm:
    """Return a function that lets servers be judged that don't bill: emulators, and those nearby."""
    return lambda lines, may_bill: not may_bill or base_url is None or is_near(base_url)


def _is_named(nodeid: str, argument: str) -> bool:
    """Return whether an argument names an item: its file, its group, or itself."""
    return nodeid == argument or nodeid.startswith((f"{argument}::", f"{argument}["))
