"""What a call costs, told before it is made."""

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
    """The options about money. Without them a question is asked on a terminal; elsewhere the call is made."""

    max_price: Annotated[
        str | None, typer.Option(metavar="X", help="Refuse a call that could cost more; asks no question.")
    ] = None
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask no question on a terminal.")] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing; print the request, key hidden, and its price.")
    ] = False
    curl: Annotated[bool, typer.Option("--curl", help="Send nothing; print the request as curl.")] = False

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing is to be sent."""
        return self.dry_run or self.curl

    def confirm(self, model: str, prepared: "Prepared") -> bool:
        """Tells the price on stderr, and asks where somebody can answer."""
        for each in prepared.passed:
            print_error(f"{each.outcome}: {each}")
        print(price_line(model, prepared.price), file=sys.stderr, flush=True)
        if self.yes or self.max_price is not None or not _is_interactive():
            return True
        print("Send it? [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def price_line(model: str, price: "Price | None") -> str:
    """`wan2.7-image-pro, up to 4 pictures: at most 2.00 CNY`."""
    if price is None:
        return f"{printable(model)}: no page has a price for it in this region"
    pictures = "1 picture" if price.pictures == 1 else f"up to {price.pictures} pictures"
    return f"{printable(model)}, {pictures}: at most {price.amount} {price.currency}"


def _is_interactive() -> bool:
    """Whether a person sits at both ends."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
