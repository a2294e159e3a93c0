"""Receipts and refusals: many in a table, one with all there is and its proof."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple

from jevons import figures
from jevons.dashboard import words
from jevons.dashboard.blocks import Cell, Head, Table
from jevons.types.account import Receipt
from jevons.types.units import Estimate, Priced, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jevons.dashboard.doors import Head as LogHead
    from jevons.types.account import Ended, Refused
    from jevons.types.proof import Filed
    from jevons.types.units import Cost, Quantity

__all__ = ("Fact", "One", "Proof", "one", "records")


_UL_PER_ML = 1e3


class Proof(NamedTuple):
    """All that a browser needs to check that a record is in the books."""

    leaf: str
    """Base64 of its exact bytes."""
    text: str
    place: int | None
    """None while it is under no checkpoint."""
    size: int
    path: tuple[str, ...]
    checkpoint: str
    key: str


class Fact(NamedTuple):
    """One line about a record."""

    name: str
    value: str
    tone: str = ""


class One(NamedTuple):
    """A record, and its proof."""

    id: str
    kind: str
    says: str
    facts: tuple[tuple[str, tuple[Fact, ...]], ...]
    """In groups, each with a heading."""
    proof: Proof


def records(some: Sequence[Ended], *, names: Mapping[str, str]) -> Table:
    """Make the table of many.

    Args:
        some: Newest first.
        names: Of keys, by their id.
    """
    heads = (
        Head("when, UTC", is_whole=True),
        Head("endpoint"),
        Head("place", is_whole=True),
        Head("key", is_wide=True),
        Head("class", is_wide=True),
        Head("tokens", is_number=True, is_wide=True),
        Head("cost", is_number=True),
        Head("energy", is_number=True, is_wide=True),
        Head("seconds", is_number=True, is_wide=True),
        Head("ended"),
    )
    rows = [_row(each, names) for each in some]
    return Table("Receipts and refusals, newest first", heads, rows, nothing="None found.")


def _row(ended: Ended, names: Mapping[str, str]) -> tuple[Cell, ...]:
    link = f"/receipts/{ended.id}"
    key = names.get(ended.key, ended.key)
    when = Cell(words.clock(ended.at_ms), link, note=words.date(ended.at_ms))
    if not isinstance(ended, Receipt):
        none = Cell("")
        return (
            when, Cell(ended.asked, note="asked for"), none, Cell(key), Cell(ended.data_class),
            none, none, none, none, Cell("refused", tone="bad", note=ended.rule),
        )  # fmt: skip
    usage = ended.usage
    tokens = usage.input + usage.cache_read + usage.cache_write + usage.output + usage.reasoning
    return (
        when,
        Cell(ended.endpoint or "nobody"),
        Cell(ended.place or ""),
        Cell(key),
        Cell(ended.data_class),
        Cell(words.count(tokens)),
        Cell(figures.cost(ended.cost)),
        Cell(_median(ended.energy_mj)),
        Cell(f"{ended.total_ms / 1e3:.2f}"),
        Cell(ended.error or ended.finish, tone="bad" if ended.error else ""),
    )


def _median(amount: Quantity) -> str:
    return words.energy(amount.p50, 2) if isinstance(amount, Estimate) else figures.UNKNOWN


def one(ended: Ended, filed: Filed, head: LogHead, *, names: Mapping[str, str]) -> One:
    """Make the page of one."""
    proof = filed.inclusion
    is_receipt = isinstance(ended, Receipt)
    return One(
        id=ended.id,
        kind="Receipt" if is_receipt else "Refusal",
        says=_says(ended),
        facts=_facts(ended, names) if is_receipt else (("Refused", tuple(_no(ended, names))),),
        proof=Proof(
            leaf=b64encode(filed.leaf).decode(),
            text=filed.leaf.decode(),
            place=None if proof is None else proof.index,
            size=0 if proof is None else proof.size,
            path=() if proof is None else proof.path,
            checkpoint="" if proof is None else proof.checkpoint,
            key=head.key,
        ),
    )


def _says(ended: Ended) -> str:
    if not isinstance(ended, Receipt):
        return f"Nothing left the house: {ended.says}"
    if ended.endpoint is None:
        return f"Nobody answered: {ended.error or ended.finish}."
    if ended.repeats:
        return (
            f"Nobody was asked: the answer of {ended.repeats} was given again, "
            f"in {ended.total_ms / 1e3:.2f} seconds."
        )
    where = "on premises" if ended.place == "on-prem" else f"in {ended.place or 'an unknown place'}"
    return (
        f"{ended.endpoint} answered {where} for {figures.cost(ended.cost)}, "
        f"in {ended.total_ms / 1e3:.2f} seconds."
    )


def _facts(receipt: Receipt, names: Mapping[str, str]) -> tuple[tuple[str, tuple[Fact, ...]], ...]:
    return (
        ("What it came to", tuple(_came_to(receipt))),
        ("Where it went", tuple(_went(receipt))),
        ("Under which rules", tuple(_ruled(receipt))),
        ("Who, and when", tuple(_asked(receipt, names))),
    )


def _went(receipt: Receipt) -> Iterator[Fact]:
    yield Fact("answered by", receipt.endpoint or "nobody")
    if receipt.repeats:
        yield Fact("repeats", receipt.repeats)
    yield Fact("model", receipt.model or "none")
    yield Fact("asked for", receipt.asked)
    yield Fact("host", receipt.host or "none")
    yield Fact("place", receipt.place or "nowhere")
    yield Fact("why", receipt.why)
    if receipt.chosen and not receipt.repeats:
        under = f", under {receipt.certificate}" if receipt.certificate else ""
        yield Fact("auto", receipt.chosen + under)
    if receipt.arm:
        yield Fact("arm", receipt.arm)
    for tried in receipt.tried:
        if tried.draft:
            yield Fact("drafted", f"{tried.endpoint}: {tried.draft}")
        if tried.error:
            yield Fact("tried", f"{tried.endpoint}: {tried.error}", "bad")
    for aside in receipt.aside:
        yield Fact("set aside", f"{aside.endpoint}: {aside.error}")
    for changed in receipt.changed:
        yield Fact("changed", changed)


def _ruled(receipt: Receipt) -> Iterator[Fact]:
    veil = receipt.veil
    yield from _data(receipt)
    if veil is not None:
        yield Fact("veil", f"{veil.hidden} hidden, {veil.restored} put back")
    yield Fact("rules", ", ".join(receipt.rules))
    yield Fact("policy", receipt.policy)


def _data(ended: Ended) -> Iterator[Fact]:
    about = "" if ended.region == "unknown" else f", of people in {ended.region}"
    yield Fact("data", ended.data_class + about)
    if ended.found:
        yield Fact("found", ", ".join(ended.found))
    if ended.unread:
        yield Fact("unread", ", ".join(ended.unread))


def _asked(receipt: Receipt, names: Mapping[str, str]) -> Iterator[Fact]:
    usage = receipt.usage
    read = usage.input + usage.cache_read + usage.cache_write
    written = usage.output + usage.reasoning
    cached, thought = words.count(usage.cache_read), words.count(usage.reasoning)
    ended = receipt.finish + (f", {receipt.error}" if receipt.error else "")
    yield Fact("answered", f"{words.moment(receipt.at_ms)} UTC")
    yield Fact("key", names.get(receipt.key, receipt.key))
    yield Fact("charged to", ", ".join(receipt.account) or "its key")
    yield Fact("read", f"{words.count(read)} tokens, {cached} of them cached")
    yield Fact("written", f"{words.count(written)} tokens, {thought} of them reasoning")
    yield Fact("counted by", usage.counted_by)
    yield Fact("first byte", _seconds(receipt.first_byte_ms))
    yield Fact("in all", _seconds(receipt.total_ms))
    yield Fact("ended", ended, "bad" if receipt.error else "")


def _came_to(receipt: Receipt) -> Iterator[Fact]:
    yield Fact("cost", figures.cost(receipt.cost))
    yield Fact("energy", figures.energy(receipt.energy_mj))
    yield Fact("CO₂e", figures.carbon(receipt.carbon_mg))
    impact = receipt.impact
    if impact is not None:
        yield Fact("by contract", figures.carbon(impact.market_mg))
        yield Fact("hardware", figures.carbon(impact.embodied_mg))
        yield Fact("water on site", figures.quantity(impact.water_site_ul, _UL_PER_ML, "ml"))
        yield Fact("water of grid", figures.quantity(impact.water_grid_ul, _UL_PER_ML, "ml"))
    for name, amount in (
        ("cost by", receipt.cost),
        ("energy by", receipt.energy_mj),
        ("CO₂e by", receipt.carbon_mg),
    ):
        yield Fact(name, _how(amount))


def _how(amount: Cost | Quantity) -> str:
    match amount:
        case Unknown(why=why):
            return f"unknown: {why}"
        case Priced(method=method, source=source) | Estimate(method=method, source=source):
            return f"{method}: {source}"


def _no(refused: Refused, names: Mapping[str, str]) -> Iterator[Fact]:
    yield Fact("by", f"{refused.rule} ({refused.error})", "bad")
    yield Fact("why", refused.says)
    yield Fact("asked for", refused.asked)
    yield from _data(refused)
    yield Fact("key", names.get(refused.key, refused.key))
    yield Fact("at", f"{words.moment(refused.at_ms)} UTC")
    yield Fact("policy", refused.policy)


def _seconds(ms: float | None) -> str:
    return "none" if ms is None else f"{ms / 1e3:.2f} seconds"
