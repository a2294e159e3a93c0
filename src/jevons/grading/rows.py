"""Graded prompts: as rows, as pairs that a study takes, as lines that people write."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated

import msgspec

from jevons.auto import Pair, pack, read, unpack
from jevons.grading.grader import Graded
from jevons.store import PairRow
from jevons.types.account import Certified
from jevons.types.errors import Malformed
from jevons.types.kept import REVIEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.auto import Certificate, Prompt, Turn
    from jevons.types.account import Feedback

__all__ = (
    "certificate_of",
    "name_of",
    "pair_of",
    "record_of",
    "row_of",
    "row_of_line",
    "row_of_word",
)

_DAY_MS = 86_400_000
_NUSD = 1e9


def row_of(
    prompt: Prompt,
    *,
    at_ms: int,
    graded: Graded,
    arms: Sequence[str],
    costs: dict[str, float],
    times: float,
    name: str = "",
) -> PairRow:
    """Write a graded prompt as a row."""
    columns, counts, looks = pack(prompt)
    return PairRow(
        at_ms=at_ms,
        columns=columns,
        counts=counts,
        looks=looks,
        route=prompt.route,
        grades=dict(zip(arms, graded.grades, strict=bool(graded.grades))),
        costs=costs,
        times=times,
        by=graded.by,
        judge=graded.judge,
        failed=graded.failed,
        name=name,
    )


def name_of(request: str) -> str:
    """Name the row of a request by its id."""
    return f"{REVIEW}{sha256(f'label of {request}'.encode()).hexdigest()[:26]}"


def row_of_word(word: Feedback) -> PairRow:
    """Write what somebody said of an answer as a row: of one arm, so no pair."""
    return PairRow(
        at_ms=word.at_ms,
        name=name_of(word.receipt),
        by="feedback",
        grades={word.endpoint: word.score},
        chosen=word.chosen,
        under=word.certificate,
    )


def certificate_of(turn: Certificate) -> str:
    """Name a certificate as receipts and the books do."""
    return f"cert_{turn.policy[:26]}"


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    """A graded prompt as people write it."""

    prompt: str
    grades: dict[str, Annotated[float, msgspec.Meta(ge=0, le=1)]]
    costs: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = {}
    """US dollars."""
    route: str = ""


def row_of_line(line: bytes, arms: Sequence[str], *, at_ms: int) -> PairRow:
    """Read a graded prompt that somebody wrote as JSON.

    Raises:
        Malformed: It is none, or an arm has no grade.
    """
    try:
        said = msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError as error:
        raise Malformed(str(error)) from None
    missing = [arm for arm in arms if arm not in said.grades]
    if missing:
        message = f"no grade of {missing[0]!r}; each arm has one"
        raise Malformed(message)
    return row_of(
        read(said.prompt, route=said.route),
        at_ms=at_ms,
        graded=Graded("import", tuple(said.grades.values())),
        arms=(*said.grades,),
        costs={arm: usd * _NUSD for arm, usd in said.costs.items()},
        times=1.0,
    )


def pair_of(row: PairRow, arms: Sequence[str]) -> Pair:
    """Read a row that has a grade of every arm."""
    prompt = unpack(row.columns, row.counts, row.looks, route=row.route)
    return Pair(
        row.at_ms,
        prompt,
        tuple([row.grades[arm] for arm in arms]),
        tuple([row.costs.get(arm, float("nan")) for arm in arms]),
        row.times,
        row.name,
    )


def record_of(turn: Turn, arms: tuple[str, ...]) -> Certified:
    """Write what turned as the books have it."""
    held = turn.certificate
    return Certified(
        at_ms=turn.at_ms,
        id=certificate_of(held),
        policy=held.policy,
        reference=arms[0],
        arms=arms,
        loss=held.terms.loss,
        confidence=1.0 - held.terms.delta,
        labels=held.labels,
        estimate=held.estimate,
        bound=held.bound,
        until_ms=held.at_ms + round(held.terms.days * _DAY_MS),
        ended=turn.ended,
    )
