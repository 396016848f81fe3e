"""The `wan-conformance` command.

Exit codes: 0 conforms, 1 does not, 2 usage or unreadable input, 3 the harness itself broke.
"""

import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from conformance.cases import body_rules
from conformance.job import Job, UsageError, do
from conformance.known import KnownError
from conformance.mutants import hunt
from conformance.report.baseline import Change, changes, write_baseline
from conformance.report.junit import write_junit
from conformance.report.log import Log, LogError, read_log
from conformance.report.markdown import write_markdown
from conformance.report.table import console, print_log
from conformance.report.tally import tally
from conformance.report.words import printable
from conformance.targets.server import Unreachable
from wanlib.base.shown import shown
from wanlib.spec import SpecError, load

CONFORMS, FAILS, USAGE, BROKE = range(4)
_LISTED = 50

app = typer.Typer(
    name="wan-conformance",
    help="Puts cases made from the spec to everything that follows it, and reports who keeps which rule.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def run(
    target: Annotated[list[str] | None, typer.Option(help="Ask this one only; may be repeated.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only rules whose ids match, as in 'wan2.7/n.*'.")] = None,
    report: Annotated[Path, typer.Option(help="The folder for the log and the reports.")] = Path(
        "reports/last"
    ),
    baseline: Annotated[Path | None, typer.Option(help="Fail where this accepted run was better.")] = None,
    accept: Annotated[Path | None, typer.Option(help="Write the run to this file as a baseline.")] = None,
    seed: Annotated[int, typer.Option(help="What drawn bodies are drawn with.")] = 0,
    examples: Annotated[int, typer.Option(min=1, help="How many bodies a strategy draws.")] = 10,
    spec: Annotated[Path | None, typer.Option(help="Another spec than the packaged one.")] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The server that the target http judges, instead of the embedded emulator. It creates a task"
            " for every case that the server accepts, and cancels it where it can.",
        ),
    ] = None,
    api_key_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The environment variable with that server's key.")
    ] = None,
) -> None:
    """Run every case on every target; write the log and the reports; print the table."""
    with _plainly():
        job = Job(report, tuple(target or ()), rule, spec, seed, examples, base_url, api_key_env)
        if accept is not None and (baseline is not None or not job.whole):
            raise UsageError("--accept takes a whole run, without --baseline, --target, --rule, --base-url")
        old = None if baseline is None else read_log(baseline)
        log = do(job)
        print_log(log, console())
        typer.echo(f"reports: {', '.join(str(report / name) for name in _FILES)}")
        found = [] if old is None else changes(old, log, job.covers)
        code = max(_code(log), _told(found) if old is not None else CONFORMS)
        if accept is not None:
            _accept(log, accept)
    raise typer.Exit(code)


_FILES = ("report.md", "junit.xml", "verdicts.ndjson")


@app.command("report")
def report_again(
    log: Annotated[Path, typer.Argument(help="A verdict log: verdicts.ndjson, or a baseline.")],
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write Markdown to this file.")] = None,
) -> None:
    """Make the reports again from a log. Without an option: the table."""
    with _plainly():
        found = read_log(log)
        if junit is not None:
            write_junit(found, junit)
        if markdown is not None:
            write_markdown(found, markdown)
        if junit is None and markdown is None:
            print_log(found, console())
    raise typer.Exit(_code(found))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A verdict log or a baseline.")],
    new: Annotated[Path, typer.Argument(help="The later one.")],
) -> None:
    """Tell what changed between two logs; exit 1 where something that passed no longer does."""
    with _plainly():
        code = _told(changes(read_log(old), read_log(new)))
    raise typer.Exit(code)


@app.command()
def mutants(
    rule: Annotated[str, typer.Option(help="Only rules whose ids match.")] = "*",
    spec: Annotated[Path | None, typer.Option(help="Another spec than the packaged one.")] = None,
) -> None:
    """Plant a fault in each rule, in every way, and see that the target http turns red; exit 1 where not."""
    with _plainly():
        loaded = load(spec)
        rules = body_rules(loaded, rule)
        if not rules:
            raise UsageError(f"no rule matches {rule!r}; `wanlib rules` lists them")
        counts = Counter({"killed": 0, "survived": 0, "equivalent": 0})
        for found in hunt(loaded, rules):
            counts[found.verdict] += 1
            if found.verdict == "survived":
                typer.echo(printable(f"SURVIVED {found.name}"))
        told = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items())
        typer.echo(f"{len(rules):,} rules, {counts.total():,} mutants: {told}")
    raise typer.Exit(FAILS if counts["survived"] else CONFORMS)


_SDK = typer.Option(metavar="NAME=PYTHON", help="The official SDK of that Python too: `pinned` or `newest`.")


@app.command()
def lifecycle(
    faults: Annotated[int, typer.Option(min=0, max=6, help="The most faults that meet one story.")] = 2,
    sdk: Annotated[list[str] | None, _SDK] = None,
) -> None:
    """Play the clients through the life of tasks under every schedule of faults; exit 1 where one fails.

    The SDK plays those of up to one fault; what it is known to break fails nothing.
    """
    with _plainly(), _sdks(sdk) as sdks:
        from conformance.lifecycle.known import hold, read_known
        from conformance.lifecycle.report import report
        from conformance.lifecycle.run import run
        from conformance.lifecycle.schedule import schedules

        known = read_known()
        found = run([*schedules(faults), *schedules(min(faults, 1), clients=[*sdks])], sdks=sdks)
        held = hold(found, known)
        report(found, held, _tell, sdks)
    raise typer.Exit(FAILS if held.red else CONFORMS)


@app.command()
def replay(
    schedule: Annotated[str, typer.Argument(metavar="ID", help="As a failure of `lifecycle` names it.")],
    sdk: Annotated[list[str] | None, _SDK] = None,
) -> None:
    """Play one schedule of `lifecycle` again and tell its story; exit 1 where a promise breaks."""
    with _plainly(), _sdks(sdk) as sdks:
        from conformance.lifecycle.run import replay as play_again

        try:
            story, held = play_again(schedule, sdks)
        except ValueError as error:
            raise UsageError(str(error)) from None
        _tell(story)
    raise typer.Exit(CONFORMS if held else FAILS)


@contextmanager
def _sdks(told: Sequence[str] | None) -> Iterator[dict[str, Path]]:
    """The clients that `--sdk` names, with their Pythons; one that can't be played is the user's to mend."""
    from conformance.lifecycle.players.process import SdkError
    from conformance.lifecycle.players.sdk import NAMES

    sdks: dict[str, Path] = {}
    for text in told or ():
        name, _, python = text.partition("=")
        if name not in NAMES or not python:
            raise UsageError(f"--sdk is {text!r}; allowed: NAME=PYTHON with a NAME of {', '.join(NAMES)}")
        sdks[f"sdk-{name}"] = Path(python).absolute()  # its links kept: they lead to its packages
    try:
        yield sdks
    except SdkError as error:
        raise UsageError(str(error)) from None


def _tell(text: str) -> None:
    for line in text.split("\n"):
        typer.echo(printable(line))


def _code(log: Log) -> int:
    return CONFORMS if tally(log).conforms else FAILS


def _told(found: Sequence[Change]) -> int:
    """Prints what changed, regressions first; FAILS where there is a regression."""
    worse = sum(change.regression for change in found)
    for change in found[:_LISTED]:
        typer.echo(printable(f"{'REGRESSION ' if change.regression else ''}{change}"))
    if len(found) > _LISTED:
        typer.echo(f"and {len(found) - _LISTED:,} more changes")
    typer.echo(f"against the baseline: {len(found):,} changes, {worse:,} regressions")
    return FAILS if worse else CONFORMS


def _accept(log: Log, path: Path) -> None:
    if _code(log) != CONFORMS:
        typer.echo(f"{path} is not written: the run does not conform", err=True)
        return
    write_baseline(log, path)
    typer.echo(f"accepted: {path}")


@contextmanager
def _plainly() -> Iterator[None]:
    """Whatever goes wrong is told in a line: what the user can mend as 2, our own faults as 3."""
    try:
        yield
    except (UsageError, LogError, KnownError, SpecError) as error:
        _stop(USAGE, str(error))
    except Unreachable as error:
        _stop(FAILS, str(error))
    except BrokenPipeError:
        raise  # whoever read the output has had enough: click ends it quietly
    except OSError as error:
        _stop(USAGE, f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        _stop(BROKE, f"the harness broke: {shown(error)} at {Path(place.filename).name}:{place.lineno}")


def _stop(code: int, message: str) -> NoReturn:
    for line in message.splitlines():
        typer.echo(f"wan-conformance: {printable(line)}", err=True)
    sys.exit(code)
