"""Run the demo against a server: ask, stream, check, look the receipt up, sum up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from rich.text import Text

from jevons import figures
from jevons.cli import screen
from jevons.cli.demo import jobs
from jevons.meter.total import total, total_cost
from jevons.types.units import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

    from jevons.cli.client import Client
    from jevons.cli.reply import Answer
    from jevons.types.account import Receipt
    from jevons.types.units import Cost, Quantity

__all__ = ("Checked", "Done", "check", "run", "show_total")


class Checked(NamedTuple):
    """What an answer is worth."""

    fields: dict[str, Any] | None
    """The answer as it was decoded against its schema; None where there is no schema."""
    fault: str | None
    """What it lacks; None if nothing."""


class Done(NamedTuple):
    """One job, done."""

    job: jobs.Job
    answer: Answer
    checked: Checked
    receipt: Receipt
    seconds: float


def run(
    client: Client, terminal: Console, *, model: str, invoice: Path | None = None
) -> tuple[Done, ...]:
    """Do the four jobs, one after the other.

    Args:
        client: The server.
        terminal: Where answers are shown as they come.
        model: Name to ask for.
        invoice: The user's own invoice, in place of ours.

    Raises:
        Unanswered: The server is away or refuses.
    """
    return tuple(
        _do(client, terminal, job, model=model, instead=invoice if job.trade == "finance" else None)
        for job in jobs.JOBS
    )


def _do(
    client: Client, terminal: Console, job: jobs.Job, *, model: str, instead: Path | None
) -> Done:
    terminal.print(Text.assemble("\n", (job.trade, "bold"), "  ", (job.title, "dim"), "\n"))
    body = jobs.body(job, jobs.read(job, instead), model=model)
    begun_s = time.monotonic()
    try:
        answer = client.chat(
            body, lambda piece: terminal.print(Text(piece), end="", soft_wrap=True)
        )
    finally:
        terminal.print()
    seconds = time.monotonic() - begun_s
    checked = check(job, answer)
    if checked.fields is not None:
        terminal.print(_fields(checked.fields))
    if checked.fault is not None:
        screen.say(terminal, checked.fault, indent=2, style="red")
    receipt = client.answered(answer.request)
    for line in screen.receipt_lines(receipt):
        screen.say(terminal, line, indent=2, style="dim")
    return Done(job, answer, checked, receipt, seconds)


def check(job: jobs.Job, answer: Answer) -> Checked:
    """Check an answer: whole, and of the promised shape."""
    if job.fields is None:
        return Checked(None, None if answer.text.strip() else "the answer is empty")
    try:
        decoded = msgspec.json.decode(answer.text, type=job.fields)
    except msgspec.DecodeError as error:
        return Checked(None, f"not the promised shape ({answer.finish}): {error}")
    return Checked(msgspec.to_builtins(decoded), None)


def _fields(fields: dict[str, Any]) -> Any:
    shown = screen.table("field", "value, checked against the schema")
    for name, value in fields.items():
        shown.add_row(
            name.replace("_", " "), f"{value:.2f}" if isinstance(value, float) else str(value)
        )
    return shown


def show_total(terminal: Console, done: Sequence[Done]) -> None:
    """Show what all of it came to, and how the figures were got."""
    receipts = [each.receipt for each in done]
    headings = ("job", "cost", "Wh", "gCO2e", "place", "tokens", "seconds")
    shown = screen.table(*headings, right=("cost", "Wh", "gCO2e", "tokens", "seconds"))
    for each in done:
        shown.add_row(each.job.trade, *_row(each.receipt), f"{each.seconds:.1f}")
    total = _sum(receipts)
    seconds = f"{sum(each.seconds for each in done):.1f}"
    shown.add_section()
    shown.add_row("total", *_figures(total), "", str(sum(map(_tokens, receipts))), seconds)
    terminal.print(shown)
    for line in _notes(receipts, total):
        terminal.print(Text(line, style="dim"))


class _Total(NamedTuple):
    cost: Cost
    energy: Quantity
    carbon: Quantity


def _sum(receipts: Sequence[Receipt]) -> _Total:
    return _Total(
        total_cost(receipt.cost for receipt in receipts),
        total(receipt.energy_mj for receipt in receipts),
        total(receipt.carbon_mg for receipt in receipts),
    )


def _figures(total: _Total) -> tuple[str, ...]:
    return (
        figures.cost(total.cost),
        figures.median(total.energy, figures.MJ_PER_WH),
        figures.median(total.carbon, figures.MG_PER_G),
    )


def _row(receipt: Receipt) -> tuple[str, ...]:
    alone = _Total(receipt.cost, receipt.energy_mj, receipt.carbon_mg)
    return (*_figures(alone), receipt.place or "nowhere", str(_tokens(receipt)))


def _notes(receipts: Sequence[Receipt], total: _Total) -> Iterator[str]:
    for model in dict.fromkeys(receipt.model for receipt in receipts):
        yield f"model {model}"
    if isinstance(total.energy, Estimate) and isinstance(total.carbon, Estimate):
        figured = (figures.energy(total.energy), figures.carbon(total.carbon))
        yield f"total {' · '.join(figured)}, between 5 % and 95 %"
    yield from screen.notes(receipts)


def _tokens(receipt: Receipt) -> int:
    usage = receipt.usage
    return usage.input + usage.cache_read + usage.cache_write + usage.output + usage.reasoning
