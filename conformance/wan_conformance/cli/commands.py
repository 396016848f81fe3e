"""The application `app` with all commands of `wan-conformance`; each command has its own module."""

from wan_conformance.cli import lifecycle_commands
from wan_conformance.cli.cases import cases
from wan_conformance.cli.client import client
from wan_conformance.cli.errors import add_command
from wan_conformance.cli.live import live
from wan_conformance.cli.logs import diff, report
from wan_conformance.cli.mutants import mutants
from wan_conformance.cli.observe import observe
from wan_conformance.cli.run import run
from wanlib.cli.app import create_app

app = create_app(
    "wan-conformance",
    "Test implementations against cases derived from the spec, and report which rules they follow.",
)
for command in (run, client, observe, live, report, diff, cases, mutants):
    add_command(app, command)
app.add_typer(lifecycle_commands.app, name="lifecycle")
add_command(app, lifecycle_commands.replay)
