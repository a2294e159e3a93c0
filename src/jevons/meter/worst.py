"""The worst that an attempt could come to, before it is made.

Rule 1: no token of any tokenizer is shorter than a byte, so a prompt of text has at most as many
    tokens as its request has bytes; what a server puts around messages fits into what JSON does.
Rule 2: what is not text has as many tokens as its host decides: at most a context full.
Rule 3: an answer is as long as the request lets it be, or the endpoint, or its context.
Rule 4: every token is taken at the dearest price of its kind, and energy at its 95th percentile.
Rule 5: what nothing bounds is not known, and the ceiling that the house set stands for it.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from jevons.types.account import Usage
from jevons.types.budget import Amounts
from jevons.types.message import Audio, File, Image, Opaque, ToolResult
from jevons.types.request import HostedTool
from jevons.types.units import Estimate
from jevons.wire.effort import BUDGETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jevons.meter.price import Rates
    from jevons.types.message import Part
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate
    from jevons.types.units import Quantity

__all__ = ("Bound", "bound_of", "most_money", "or_ceiling", "whole")

_AROUND_TOKENS = 64
"""What a server's template and a dialect's own instructions may add to a short request."""

_NOT_TEXT = (Image, Audio, File, Opaque)


class Bound(NamedTuple):
    """Most tokens of an attempt."""

    prompt: int
    answer: int
    is_text: bool = True
    """Whether nothing but text is read."""

    @property
    def usage(self) -> Usage:
        """As if all of it were used."""
        return Usage(input=self.prompt, output=self.answer, counted_by="guess")


def bound_of(endpoint: Endpoint, request: Generate) -> Bound | None:
    """Bound an attempt at an endpoint; None if nothing does."""
    prompt, answer = _prompt(endpoint, request), _answer(endpoint, request)
    if prompt is None or answer is None:
        return None
    return Bound(prompt, answer, is_text=not _has_more_than_text(_parts(request)))


def most_money(rates: Rates, bound: Bound) -> int:
    """Price a bound at its dearest, nano-dollars, rounded up."""
    read = max(rates.input, rates.cache_read, rates.cache_write, rates.cache_write_1h)
    heard, cached, seen, watched, *made = rates.media
    if not bound.is_text:
        read = max(read, rates.input + max(heard, seen, watched), rates.cache_read + cached)
    written = max(rates.output + max(0, *made), rates.reasoning)
    return -(-(bound.prompt * read + bound.answer * written) // rates.parts)


def or_ceiling(most: Amounts, ceiling: Amounts) -> Amounts:
    """Put the house's ceiling for what is not known."""
    return Amounts(
        cost_nusd=ceiling.cost_nusd if most.cost_nusd is None else most.cost_nusd,
        energy_mj=ceiling.energy_mj if most.energy_mj is None else most.energy_mj,
        carbon_ug=ceiling.carbon_ug if most.carbon_ug is None else most.carbon_ug,
    )


def whole(quantity: Quantity, scale: float = 1.0) -> int | None:
    """Take an estimate at its 95th percentile, rounded up; None if there is none."""
    return ceil(quantity.p95 * scale) if isinstance(quantity, Estimate) else None


def _prompt(endpoint: Endpoint, request: Generate) -> int | None:
    context = endpoint.context_tokens
    tools = any(isinstance(tool, HostedTool) for tool in request.tools)
    if tools:
        return None  # the endpoint asks itself again with what they found, as often as it likes
    if _has_more_than_text(_parts(request)):
        return context
    size = request.source.size_bytes
    if request.previous:  # what was said before is in the fields, and was not in the body
        size = sum([len(bytes(raw)) for raw in request.source.fields.values()])
    most = size + _AROUND_TOKENS
    return most if context is None else min(most, context)


def _parts(request: Generate) -> list[Part]:
    return [part for message in request.messages for part in message.parts]


def _has_more_than_text(parts: Iterable[Part]) -> bool:
    return any(
        isinstance(part, _NOT_TEXT)
        or (isinstance(part, ToolResult) and _has_more_than_text(part.parts))
        for part in parts
    )


def _answer(endpoint: Endpoint, request: Generate) -> int | None:
    if request.embed is not None or request.counts:
        return 0
    sampling = request.sampling
    asked = sampling.max_tokens
    if asked is not None:
        # A budget of thinking may be sent on top of the limit where a dialect has them apart, and
        # an effort may be sent as one.
        thinking = request.thinking
        asked += thinking.budget_tokens or (BUDGETS[thinking.effort] if thinking.effort else 0)
    limits = (asked, endpoint.max_output_tokens, endpoint.context_tokens)
    known = [limit for limit in limits if limit is not None]
    return min(known) * sampling.n if known else None
