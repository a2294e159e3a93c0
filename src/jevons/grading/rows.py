"""Graded prompts: as rows, as pairs that a study takes, as lines that people write."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from msgspec import structs

from jevons.auto import Pair, named_by, pack, read, unpack
from jevons.store import PairRow
from jevons.types.account import Certified
from jevons.types.errors import Malformed
from jevons.types.kept import REVIEW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.auto import Prompt, Traffic, Turn
    from jevons.grading.grader import Graded
    from jevons.store import Setup
    from jevons.types.account import Feedback

__all__ = (
    "Spent",
    "name_of",
    "pair_of",
    "record_of",
    "row_of",
    "row_of_line",
    "row_of_word",
)

_NUSD = 1e9


class Spent(NamedTuple):
    """What an answer took; None where that is not known."""

    cost_nusd: float | None
    energy_mj: float | None
    carbon_mg: float | None


def row_of(
    prompt: Prompt,
    traffic: Traffic,
    setup: Setup,
    *,
    at_ms: int,
    graded: Graded,
    spent: Mapping[str, Spent],
    times: float,
    name: str = "",
) -> PairRow:
    """Write a prompt whose answers were graded beside the reference's as a row."""
    grades = dict(zip(setup.arms, graded.grades, strict=bool(graded.grades)))
    return structs.replace(
        _row(prompt, traffic, grades, by=graded.by),
        at_ms=at_ms,
        name=name,
        judge=graded.judge,
        failed=graded.failed,
        reference=setup.arms[0],
        models=dict(zip(setup.arms, setup.models, strict=True)),
        costs=_known({arm: each.cost_nusd for arm, each in spent.items()}),
        energy_mj=_known({arm: each.energy_mj for arm, each in spent.items()}),
        carbon_mg=_known({arm: each.carbon_mg for arm, each in spent.items()}),
        times=times,
    )


def _row(prompt: Prompt, traffic: Traffic, grades: dict[str, float], *, by: str) -> PairRow:
    columns, counts, looks = pack(prompt)
    return PairRow(
        at_ms=0,
        tenant=traffic.tenant,
        traffic=traffic.name,
        columns=columns,
        counts=counts,
        looks=looks,
        route=prompt.route,
        grades=grades,
        by=by,
    )


def _known(figures: dict[str, float | None]) -> dict[str, float]:
    return {arm: figure for arm, figure in figures.items() if figure is not None}


def name_of(request: str) -> str:
    """Name the row of a request by its id."""
    return f"{REVIEW}{sha256(f'label of {request}'.encode()).hexdigest()[:26]}"


def row_of_word(word: Feedback) -> PairRow:
    """Write what somebody said of an answer as a row: of one arm, so no pair."""
    return PairRow(
        at_ms=word.at_ms,
        tenant=word.tenant,
        traffic=word.traffic,
        name=name_of(word.receipt),
        by="feedback",
        grades={word.endpoint: word.score},
        chosen=word.chosen,
        under=word.certificate,
    )


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    """A graded prompt as people write it."""

    prompt: str
    grades: dict[str, Annotated[float, msgspec.Meta(ge=0, le=1)]]
    costs: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = {}
    """US dollars."""
    energy_mj: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = {}
    """Millijoules."""
    carbon_mg: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = {}
    """Milligrams of CO2 equivalent."""
    route: str = ""


def row_of_line(line: bytes, models: Mapping[str, str], *, traffic: Traffic, at_ms: int) -> PairRow:
    """Read a graded prompt that somebody wrote as JSON.

    Args:
        line: What they wrote.
        models: What each arm is.
        traffic: What it is of.
        at_ms: Now, Unix milliseconds.

    Raises:
        Malformed: It is none, or an arm has no grade.
    """
    try:
        said = msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError as error:
        raise Malformed(str(error)) from None
    missing = [arm for arm in models if arm not in said.grades]
    if missing:
        message = f"no grade of {missing[0]!r}; each arm has one"
        raise Malformed(message)
    return structs.replace(
        _row(read(said.prompt, route=said.route), traffic, said.grades, by="import"),
        at_ms=at_ms,
        models={**models},
        costs={arm: usd * _NUSD for arm, usd in said.costs.items()},
        energy_mj=said.energy_mj,
        carbon_mg=said.carbon_mg,
    )


def pair_of(row: PairRow, arms: Sequence[str], spend: str) -> Pair:
    """Read a row that has a grade of every arm.

    Args:
        row: Which.
        arms: In the order that a study has them in.
        spend: What is to be saved: `money`, `energy` or `carbon`.
    """
    prompt = unpack(row.columns, row.counts, row.looks, route=row.route)
    costs = {"money": row.costs, "energy": row.energy_mj, "carbon": row.carbon_mg}[spend]
    return Pair(
        row.at_ms,
        prompt,
        tuple([row.grades[arm] for arm in arms]),
        tuple([costs.get(arm, float("nan")) for arm in arms]),
        row.times,
        row.name,
    )


def record_of(turn: Turn, setup: Setup, traffic: Traffic) -> Certified:
    """Write what turned as the books have it."""
    held = turn.certificate
    return Certified(
        at_ms=turn.at_ms,
        id=named_by(held.policy),
        policy=held.policy,
        reference=setup.arms[0],
        arms=setup.arms,
        loss=held.terms.loss,
        confidence=1.0 - held.terms.delta,
        labels=held.labels,
        estimate=held.estimate,
        bound=held.bound,
        until_ms=held.until_ms,
        ended=turn.ended,
        tenant=traffic.tenant,
        traffic=traffic.name,
        spend=setup.spend,
    )
