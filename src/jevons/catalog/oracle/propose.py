"""Rows that could be added to the catalogue, written as its files are, for a person to review.

Rule 1: a price is never edited: an era of rows is added after those that are there, so that a
    receipt that names an old one can still be priced again.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from jevons.catalog.moments import moment_ms
from jevons.catalog.oracle.compare import compare, product_of
from jevons.catalog.oracle.explained import reason
from jevons.catalog.price_list import eras_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jevons.catalog.oracle.explained import Explanation
    from jevons.catalog.oracle.quote import Quote
    from jevons.catalog.vendor import Vendor
    from jevons.types.model import Price, Service

__all__ = ("Oracle", "added_model", "added_rows", "added_source", "propose", "written")

_FIGURES = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning")
_SERVICES: tuple[Service, ...] = ("standard", "batch")


class Oracle(NamedTuple):
    """How a file cites one: the name of a source, and where it is found."""

    source: str
    url: str


_CITED = MappingProxyType(
    {
        "model-prices": Oracle("model-prices", "https://github.com/wakamex/model-prices"),
        "genai-prices": Oracle("genai-prices", "https://github.com/pydantic/genai-prices"),
    }
)


def propose(
    vendors: Mapping[str, Vendor],
    texts: Mapping[str, str],
    quotes: Sequence[Quote],
    explained: Sequence[Explanation],
    *,
    at_ms: int,
    day: str,
    new_models: bool,
) -> dict[str, str]:
    """Write the files of vendors as they would be with what others say.

    Args:
        vendors: Ours, by id.
        texts: Their files as they are.
        quotes: Theirs; the first to speak of a model is believed.
        explained: Differences of which we know why; they change nothing.
        at_ms: When to compare, Unix milliseconds.
        day: The same, `YYYY-MM-DD`: when a price begins of which we know only that it is another.
        new_models: Whether models that we have not are added too.

    Returns:
        The files that would change, by vendor's id.
    """
    changed = dict[str, str]()
    spoken = set[tuple[str, str, str]]()
    for quote in quotes:
        vendor = vendors[quote.vendor]
        product = product_of(vendor, quote)
        name = product.id if product is not None else quote.model
        if (vendor.id, quote.host, name) in spoken:
            continue
        spoken.add((vendor.id, quote.host, name))
        compared = compare(vendors, [quote], at_ms=at_ms)
        differs = any(not reason(each, explained) for each in compared.differences)
        if not (differs or (compared.missing and new_models)):
            continue
        oracle = _CITED[quote.oracle.partition(" ")[0]]
        text = added_source(changed.get(vendor.id, texts[vendor.id]), oracle, day)
        begun = {price.since for price in product.prices if price.since} if product else set[str]()
        rows = _rows(quote, at_ms, day, after=max(begun, default=""), source=oracle.source)
        if product is None:
            kin = vendor.product(name)
            like = kin.id if kin is not None else ""
            text = added_model(text, name, rows, oracle.source, kin=like)
        else:
            text = added_rows(text, name, rows)
        changed[vendor.id] = text
    return changed


def _rows(quote: Quote, at_ms: int, day: str, *, after: str, source: str) -> list[str]:
    """Write the era that holds; one that does not begin after ours begins on the day."""
    lines = list[str]()
    for service in _SERVICES:
        eras = eras_of([price for price in quote.prices if price.service == service])
        era = next((era for era in eras if era.from_ms <= at_ms), None)
        for price in era.rows if era is not None else ():
            since = price.since if not after or _is_after(price.since, after) else day
            lines.append(written(price, since=since, hosts=(quote.host,), source=source))
    return lines


def _is_after(moment: str, other: str) -> bool:
    return moment_ms(moment) > moment_ms(other)


def written(
    price: Price,
    *,
    since: str | None,
    hosts: Iterable[str] = (),
    source: str,
    note: str = "",
) -> str:
    """Write a row of a price list, as `data/vendors/` has it."""
    said: list[str] = [] if price.currency == "USD" else [f'currency = "{price.currency}"']
    for figure in _FIGURES:
        value = getattr(price, f"{figure}_per_mtok")
        if value is not None:
            said.append(f"{figure} = {value.normalize():f}")
    if price.up_to_tokens is not None:
        said.append(f"up_to_tokens = {price.up_to_tokens}")
    if price.hours != "any":
        said.append(f'hours = "{price.hours}"')
    if price.thinking is not None:
        said.append(f"thinking = {str(price.thinking).lower()}")
    if price.service != "standard":
        said.append(f'service = "{price.service}"')
    if hosts:
        said.append(f"hosts = [{', '.join(_quoted(host) for host in hosts)}]")
    for name, text in (("since", since), ("until", price.until), ("note", note)):
        if text:
            said.append(f"{name} = {_quoted(text)}")
    return f"  {{ {', '.join([*said, f'source = {_quoted(source)}'])} }},"


def added_rows(text: str, model: str, rows: Iterable[str]) -> str:
    """Add rows behind the prices of a model that a file has."""
    found = _model_block(text, model)
    if found is None:
        message = f"no model {model!r} in the file"
        raise ValueError(message)
    block = text[found.start : found.end]
    lines = "".join(f"{row}\n" for row in rows)
    listed = re.search(r"(?ms)^prices = \[\n.*?^(?=\]\n)", block)
    if listed is not None:
        block = block[: listed.end()] + lines + block[listed.end() :]
    else:
        block = f"{block.rstrip()}\nprices = [\n{lines}]\n\n"
    return text[: found.start] + block + text[found.end :]


class _Block(NamedTuple):
    """Where in a file a model is described, its id left out."""

    start: int
    end: int


def _model_block(text: str, model: str) -> _Block | None:
    found = re.search(rf"(?m)^\[\[models\]\]\nid = {re.escape(_quoted(model))}\n", text)
    if found is None:
        return None
    after = re.search(r"(?m)^\[\[", text[found.end() :])
    return _Block(found.end(), len(text) if after is None else found.end() + after.start())


def added_model(text: str, model: str, rows: Iterable[str], source: str, *, kin: str = "") -> str:
    """Add a model before the rules of a file, or at its end.

    Args:
        text: The file.
        model: Its name.
        rows: Of its price list.
        source: Name of the page that knows of it.
        kin: The pattern whose row it had so far; what that says of it is said again.
    """
    listed = "".join(f"{row}\n" for row in rows)
    block = (
        f"[[models]]\nid = {_quoted(model)}\n{_said_of(text, kin)}source = {_quoted(source)}\n"
        f"prices = [\n{listed}]\n"
    )
    rules = text.find("[[rules]]\n")
    if rules < 0:
        return f"{text.rstrip()}\n\n{block}"
    return f"{text[:rules]}{block}\n{text[rules:]}"


def _said_of(text: str, model: str) -> str:
    """Copy what a file says of a model, but for its names, its prices and where it was read."""
    found = _model_block(text, model) if model else None
    if found is None:
        return ""
    own = ("aliases =", "prices =", "fees =", "source =", "note =", "retired =")
    lines = text[found.start : found.end].splitlines()
    said = [line for line in lines if re.match(r"[a-z_]+ = ", line) and not line.startswith(own)]
    return "".join(f"{line}\n" for line in said)


def added_source(text: str, oracle: Oracle, day: str) -> str:
    """Add a page to a file's sources, unless it is there."""
    if f"\n{oracle.source} = {{" in text:
        return text
    line = f'{oracle.source} = {{ url = "{oracle.url}", read = "{day}" }}\n'
    sources = re.search(r"(?m)^\[sources\]\n(?:[^\n\[].*\n)*", text)
    if sources is None:
        message = "no [sources] in the file"
        raise ValueError(message)
    return text[: sources.end()] + line + text[sources.end() :]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
