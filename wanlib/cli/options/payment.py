"""Options about the price of a call, and the question whether to send it."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from wanlib.base.redaction import printable
from wanlib.cli.errors import print_error

if TYPE_CHECKING:
    from wanlib.client.call.prepared import Prepared
    from wanlib.client.protocol.budget import Price


@dataclass(frozen=True)
class PaymentOptions:
    """The options about money. Without them the command asks on a terminal, and sends elsewhere.

    Attributes:
        max_price: The highest price that is accepted; None for no limit.
        yes: Whether to send without asking.
        dry_run: Whether to print the request instead of sending it.
        curl: Whether to print the request as a curl command instead of sending it.
    """

    max_price: Annotated[
        str | None, typer.Option(metavar="X", help="Refuse a call that could cost more; don't ask.")
    ] = None
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking.")] = False
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Send nothing; print the request, without the key, and its price."),
    ] = False
    curl: Annotated[bool, typer.Option("--curl", help="Send nothing; print the request as curl.")] = False

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing is sent."""
        return self.dry_run or self.curl

    def confirm(self, model: str, prepared: "Prepared") -> bool:
        """Print the price to stderr, ask on a terminal, and return whether to send the call."""
        for violation in prepared.passed:
            print_error(f"{violation.outcome}: {violation}")
        print(price_line(model, prepared.price), file=sys.stderr, flush=True)
        if self.yes or self.max_price is not None or not is_interactive():
            return True
        print("Send it? [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def price_line(model: str, price: "Price | None") -> str:
    """Return the price as text: `wan2.7-image-pro, up to 4 pictures: at most 2.00 CNY`.

    Args:
        model: The model.
        price: The highest price; None if none is documented.
    """
    if price is None:
        return f"{printable(model)}: no documented price in this region"
    pictures = "1 picture" if price.pictures == 1 else f"up to {price.pictures} pictures"
    return f"{printable(model)}, {pictures}: at most {price.amount} {price.currency}"


def is_interactive() -> bool:
    """Return whether a person can read the question and answer it."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
