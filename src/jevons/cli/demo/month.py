"""A month that nobody lived: who asked what of which model, by dice that always fall alike.

It is the story that the Jevons plane is for. Half way through, most of what a large model did is
sent to a small one that takes a tenth of the energy for a token; whatever became cheap is asked
more often and answered at more length, until the total is higher than before.

Rule 1: the same month comes of the same seed. What it comes to is the house's own meter's.
Rule 2: each record says that it was made up: under `rules`, and in `why`.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from jevons.types.account import Intent, Receipt, Refused, Usage
from jevons.types.budget import Amounts
from jevons.types.decision import Attempt, Candidate, Outcome
from jevons.types.units import Estimate, Priced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jevons.meter import HouseMeter
    from jevons.types.account import Charge
    from jevons.types.actor import Actor
    from jevons.types.model import Endpoint

__all__ = ("TRADES", "Asked", "Dice", "Trade", "month")

DAY_MS = 24 * 60 * 60 * 1000
_MASK = (1 << 64) - 1
_RULES = ("synthetic",)
_POLICY = sha256(b"synthetic").hexdigest()
_DAILY = (3, 2, 2, 2, 3, 5, 12, 30, 62, 88, 96, 92, 70, 82, 95, 92, 80, 58, 34, 24, 18, 13, 9, 5)
"""How much is asked in each hour, UTC."""
_WEEKLY = (1.0, 1.06, 1.04, 1.0, 0.9, 0.24, 0.19)
"""On each day, from Monday on."""


class Trade(NamedTuple):
    """What a key is for."""

    key: str
    project: str
    share: float
    """Of all requests before anything became cheap."""
    growth: float
    """So many times as much is asked in the end."""
    before: Mapping[str, float]
    """Endpoints, and how often each is asked."""
    after: Mapping[str, float]
    read: float
    """Median tokens of a prompt; `written` of an answer."""
    written: float
    deeper: float
    """So many times as long are answers in the end."""
    data_class: str
    region: str = "unknown"


TRADES = (
    Trade("invoice reader", "accounting", 0.26, 3.0, {"llama-70b": 1}, {"qwen-30b": 1},
          1400, 240, 1.4, "personal", "EEA"),
    Trade("support desk", "support", 0.30, 7.2, {"llama-70b": 0.85, "mistral-medium": 0.15},
          {"qwen-30b": 0.82, "mistral-medium": 0.18}, 900, 320, 2.1, "personal", "EEA"),
    Trade("code assistant", "platform", 0.16, 2.2, {"claude-sonnet": 0.3, "llama-70b": 0.7},
          {"claude-sonnet": 0.12, "qwen-30b": 0.88}, 4200, 600, 1.7, "internal"),
    Trade("paper search", "papers", 0.14, 8.0, {"deepseek-chat": 0.4, "kimi": 0.2, "llama-70b": 0.4},
          {"deepseek-chat": 0.35, "kimi": 0.15, "qwen-30b": 0.5}, 3100, 520, 2.4, "public"),
    Trade("clinic notes", "clinic", 0.08, 1.5, {"llama-70b": 1}, {"qwen-30b": 0.6, "llama-70b": 0.4},
          1800, 380, 1.2, "special", "EEA"),
)  # fmt: skip


class Dice:
    """Draws that always fall alike: SplitMix64, after G. L. Steele and others, OOPSLA 2014."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def bits(self) -> int:
        """Draw 64 of them."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def share(self) -> float:
        """Draw from 0 up to but not including 1."""
        return (self.bits() >> 11) * 2.0**-53

    def around(self, median: float, fold: float) -> int:
        """Draw a whole number that is most often near a median, within a fold of it."""
        normal = math.sqrt(-2 * math.log(1 - self.share())) * math.cos(math.tau * self.share())
        return max(1, round(median * math.exp(math.log(fold) * normal / 2)))

    def one_of(self, weights: Mapping[str, float]) -> str:
        """Draw a name, each as often as it weighs."""
        at, names = self.share() * sum(weights.values()), [*weights]
        for name in names[:-1]:
            at -= weights[name]
            if at < 0:
                return name
        return names[-1]

    def hex(self) -> str:
        """Draw 32 bytes."""
        return "".join(f"{self.bits():016x}" for _ in range(4))


class Asked(NamedTuple):
    """A request and what became of it: an intent and its receipt, or a refusal."""

    intent: Intent | None
    ended: Receipt | Refused


def month(
    actors: Mapping[str, Actor],
    endpoints: Mapping[str, Endpoint],
    meter: HouseMeter,
    *,
    end_ms: int,
    days: int,
    answers: int,
    seed: int = 1865,
) -> Iterator[Asked]:
    """Make a month up, the oldest request first.

    Args:
        actors: Keys by the name of their trade.
        endpoints: By name.
        meter: What each answer comes to.
        end_ms: Before which it ends, Unix milliseconds.
        days: How long it is.
        answers: About how many there are in it.
        seed: Of the dice; Jevons wrote "The Coal Question" in 1865.
    """
    dice = Dice(seed)
    hours = [*_hours(end_ms, days)]
    weights = [
        sum(_weight(trade, at_ms, progress) for trade in TRADES) for at_ms, progress in hours
    ]
    whole, number = sum(weights), 0
    for (at_ms, progress), weight in zip(hours, weights, strict=True):
        expected = answers * weight / whole
        some = int(expected) + (dice.share() < expected % 1)
        for offset in sorted(dice.bits() % (DAY_MS // 24) for _ in range(some)):
            number += 1
            trade = _trade(dice, at_ms, progress)
            yield _asked(
                dice, trade, actors[trade.key], endpoints, meter=meter, at_ms=at_ms + offset,
                progress=progress, number=number,
            )  # fmt: skip


def _hours(end_ms: int, days: int) -> Iterator[tuple[int, float]]:
    """Yield each hour, and how far things have become cheap by then, from 0 to 1."""
    last = end_ms - end_ms % (DAY_MS // 24)
    first = last - days * DAY_MS
    for at_ms in range(first, last, DAY_MS // 24):
        share = (at_ms - first) / (days * DAY_MS)
        yield at_ms, min(max((share - 0.5) / 0.3, 0.0), 1.0)


def _weight(trade: Trade, at_ms: int, progress: float) -> float:
    at = datetime.fromtimestamp(at_ms / 1e3, UTC)
    grown = trade.growth**progress
    return trade.share * grown * _DAILY[at.hour] * _WEEKLY[at.weekday()]


def _trade(dice: Dice, at_ms: int, progress: float) -> Trade:
    weights = {trade.key: _weight(trade, at_ms, progress) for trade in TRADES}
    name = dice.one_of(weights)
    return next(trade for trade in TRADES if trade.key == name)


def _asked(
    dice: Dice,
    trade: Trade,
    actor: Actor,
    endpoints: Mapping[str, Endpoint],
    *,
    meter: HouseMeter,
    at_ms: int,
    progress: float,
    number: int,
) -> Asked:
    name = f"req_{number:026d}"
    is_after = dice.share() < min(progress * 4, 1.0)
    endpoint = endpoints[dice.one_of(trade.after if is_after else trade.before)]
    drawn = dice.share()
    if drawn < 0.004:  # noqa: PLR2004 about as often as people forget what they may
        return Asked(None, _refused(dice, trade, actor, name, at_ms))
    usage = _usage(dice, trade, endpoint.name, progress)
    is_failed = drawn > 0.988  # noqa: PLR2004 one in eighty
    usage = Usage() if is_failed else usage
    outcome = Outcome(
        attempt=Attempt(number=1, candidate=Candidate(endpoint=endpoint, why="")),
        usage=usage,
        finish="stop",
    )
    charge = meter.charge(endpoint, outcome, at_ms=at_ms)
    receipt = _receipt(
        dice, trade, actor, endpoint, charge=charge, usage=usage, name=name, at_ms=at_ms,
        is_failed=is_failed,
    )  # fmt: skip
    return Asked(_intent(receipt, endpoint.name), receipt)


def _usage(dice: Dice, trade: Trade, endpoint: str, progress: float) -> Usage:
    written = dice.around(trade.written * trade.deeper**progress, 2.2)
    thought = round(written * 0.35 * progress) if endpoint in _THINKS else 0
    read = dice.around(trade.read, 2.4)
    cached = round(read * 0.4 * dice.share()) if endpoint not in _OWN else 0
    return Usage(
        input=read - cached, cache_read=cached, output=written - thought, reasoning=thought,
        counted_by="endpoint",
    )  # fmt: skip


def _intent(receipt: Receipt, endpoint: str) -> Intent:
    """Write what was about to leave, of what became of it."""
    return Intent(
        id=receipt.id,
        at_ms=receipt.at_ms - round(receipt.total_ms),
        key=receipt.key,
        asked=receipt.asked,
        endpoints=(endpoint,),
        rules=receipt.rules,
        policy=receipt.policy,
        request=receipt.request,
        data_class=receipt.data_class,
        region=receipt.region,
        account=receipt.account,
    )


_THINKS = frozenset({"qwen-30b", "deepseek-chat", "kimi", "claude-sonnet"})
_OWN = frozenset({"llama-70b", "qwen-30b"})


def _receipt(
    dice: Dice,
    trade: Trade,
    actor: Actor,
    endpoint: Endpoint,
    *,
    charge: Charge,
    usage: Usage,
    name: str,
    at_ms: int,
    is_failed: bool,
) -> Receipt:
    first_ms = float(dice.around(420, 2.5))
    per_token_ms = 9 if endpoint.name == "qwen-30b" else 24
    total_ms = first_ms + (usage.output + usage.reasoning) * per_token_ms
    return Receipt(
        id=name,
        at_ms=at_ms,
        key=actor.key,
        asked=endpoint.model,
        endpoint=endpoint.name,
        model=endpoint.model,
        host=endpoint.host,
        place=endpoint.place,
        why="synthetic: made up by `jevons demo seed`; nobody asked, and nothing was sent",
        rules=_RULES,
        policy=_POLICY,
        stream=dice.share() < 0.7,  # noqa: PLR2004 most are
        first_byte_ms=None if is_failed else first_ms,
        total_ms=30_000.0 if is_failed else total_ms,
        usage=usage,
        cost=charge.cost,
        energy_mj=charge.energy_mj,
        carbon_mg=charge.carbon_mg,
        finish="error" if is_failed else "stop",
        error="provider_timeout" if is_failed else None,
        request=dice.hex(),
        answer=None if is_failed else dice.hex(),
        data_class=trade.data_class,
        region=trade.region,
        found=("email", "person") if trade.data_class == "personal" else (),
        account=actor.account,
        day=f"{datetime.fromtimestamp(at_ms / 1e3, UTC):%Y-%m-%d}",
        charged=_charged(charge),
        impact=charge.impact,
    )


def _charged(charge: Charge) -> Amounts:
    cost, energy, carbon = charge.cost, charge.energy_mj, charge.carbon_mg
    return Amounts(
        cost_nusd=cost.nusd if isinstance(cost, Priced) else None,
        energy_mj=round(energy.p50) if isinstance(energy, Estimate) else None,
        carbon_ug=round(carbon.p50 * 1e3) if isinstance(carbon, Estimate) else None,
    )


def _refused(dice: Dice, trade: Trade, actor: Actor, name: str, at_ms: int) -> Refused:
    return Refused(
        id=name,
        at_ms=at_ms,
        key=actor.key,
        asked="deepseek-chat",
        rule="synthetic",
        error="residency_refused",
        says=f"synthetic: {trade.data_class} data may not go to 'deepseek-chat' in CN",
        data_class=trade.data_class,
        region=trade.region,
        policy=_POLICY,
        request=dice.hex(),
    )
