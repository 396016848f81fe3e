"""`wan-conformance client`: any client, in any language, through scripted scenarios."""

import shutil
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from wan_conformance.cli.lifecycle_commands import SdkOption, parse_sdks, sdk_pythons
from wanlib.base.redaction import printable, printable_json
from wanlib.cli.errors import CliError, ExitCode, JsonOption, SpecOption, load_spec, safe_file_name
from wanlib.cli.options.workers import workers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_conformance.conduct.run import ClientResult
    from wan_conformance.conduct.scenarios import ConductScenario
    from wanlib.spec import Spec


def client(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- COMMAND...", help="The command of the client, after two dashes."),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this scenario. Repeatable; --list lists them."),
    ] = None,
    adapter: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:FACTORY", help="Judge a library in this process, in simulated time, instead."
        ),
    ] = None,
    sdk: SdkOption = None,
    workers: Annotated[
        str,
        typer.Option(
            metavar="N|dask://HOST:PORT",
            help="How many scenarios run in parallel, or a Dask cluster whose machines have the command.",
        ),
    ] = "6",
    list_scenarios: Annotated[bool, typer.Option("--list", help="List the scenarios and end.")] = False,
    as_json: JsonOption = False,
    spec: SpecOption = None,
) -> int:
    """Run a client through scripted scenarios and judge its conduct.

    The service is an emulator, so nothing is billed. The command runs once for each scenario. It reads the
    service's address and key from DASHSCOPE_HTTP_BASE_URL and DASHSCOPE_API_KEY, and its order from
    WAN_MODEL, WAN_CALL (async, sync or stream), WAN_PROMPT, WAN_IMAGES (URLs, one a line), WAN_N,
    WAN_PARAMETERS (a JSON object) and WAN_TIMEOUT (seconds). It saves the pictures in the folder WAN_OUT
    and exits 0. Without pictures it exits with another code, or with 77 if it does not support the model or
    call.

    With --sdk, the findings about the official SDK are compared with the known ones.

    Exit 0 if no rule of conduct is broken, 1 if one is or if nothing was judged, 2 for a usage error.
    """
    from wan_conformance.conduct.adapters import load_adapter
    from wan_conformance.conduct.report import result_lines, results_to_json
    from wan_conformance.conduct.run import run_adapter_scenario, run_all, run_command_scenario
    from wan_conformance.conduct.scenarios import chosen_scenarios

    loaded = load_spec(spec)
    place = workers_of(workers)
    chosen = chosen_scenarios(loaded, tuple(scenario or ()))
    judged = None if adapter is None else load_adapter(adapter)
    parse_sdks(sdk)
    if bool(command) + bool(adapter) + bool(sdk) > 1:
        raise CliError("a command, --adapter and --sdk exclude each other: state one of them")
    if as_json and sdk:
        raise CliError("--json: not possible with --sdk, which prints differences from the known findings")
    if list_scenarios:
        for row in chosen:
            typer.echo(f"{row.name:<20} {row.about}")
        return ExitCode.OK
    if sdk:
        return _judge_sdks(sdk, chosen, loaded)
    if judged is not None:
        results = [run_adapter_scenario(judged, row, loaded) for row in chosen]
    else:
        program = _program(command or [])
        words, stop = [program, *(command or [])[1:]], Event()
        if place.scheduler is not None:
            from wan_conformance.shards.scenarios import shared_scenarios

            results = shared_scenarios(words, chosen, spec, place)
        else:
            results = run_all(
                chosen, lambda row: run_command_scenario(words, row, loaded, stop), place.processes, stop
            )
    if as_json:
        typer.echo(printable_json(results_to_json(results), indent=2))
    else:
        for line in result_lines(results):
            typer.echo(printable(line))
        _print_output(results)
    reports = [result.report for result in results if result.report]
    return ExitCode.OK if reports and all(report.is_clean for report in reports) else ExitCode.FAILED


def _judge_sdks(sdk: "Sequence[str]", chosen: "Sequence[ConductScenario]", spec: "Spec") -> int:
    """Judge versions of the official SDK, and compare the findings with the known ones."""
    from wan_conformance.conduct.adapters import sdk_adapter
    from wan_conformance.conduct.known import differences
    from wan_conformance.conduct.report import result_lines
    from wan_conformance.conduct.run import run_adapter_scenario

    changes: list[str] = []
    with sdk_pythons(sdk) as pythons:
        for name, python in pythons.items():
            with sdk_adapter(name, python) as adapter:
                results = [run_adapter_scenario(adapter, row, spec) for row in chosen]
            for line in (name, *result_lines(results), ""):
                typer.echo(printable(line))
            changes += differences(name, results)
    for change in changes or ["as known"]:
        typer.echo(change)
    return ExitCode.FAILED if changes else ExitCode.OK


def _program(command: list[str]) -> str:
    """Return the path of a command."""
    if not command:
        raise CliError("no command: write it after two dashes: wan-conformance client -- ./my-client")
    found = shutil.which(command[0])
    if found is None:
        raise CliError(f"{safe_file_name(command[0])}: no such command")
    return str(Path(found).absolute())


def _print_output(results: "Sequence[ClientResult]") -> None:
    """Print what the client printed last in the first scenario in which it broke a rule."""
    for result in results:
        if result.report and not result.report.is_clean and result.output:
            typer.echo(f"\nlast output in {result.scenario.name}:")
            for line in result.output:
                typer.echo(f"  {line}")
            return
