"""What tokens take on one machine, from trials on it.

    E = prompt P + answer A + context C

P uncached prompt tokens, A answer tokens, C = A (P + A / 2) tokens of context that were read again
while answering. Fitted by least squares of relative errors, for each number of answers at once by
itself in `answer`, since writing several together takes less for each.

Rule 1: no coefficient is below 0: one that would be is left out, and said to be nothing.
Rule 2: what the machine takes while idle is told apart, and is in none of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ("Calibration", "Trial", "calibrate")


class Trial(NamedTuple):
    """Some requests at once, and what they took."""

    batch: int
    """How many."""
    prompt: int
    """Prompt tokens that were in no cache, of all of them."""
    answer: int
    """Answer tokens, of all of them."""
    context: float
    """Tokens of context times answer tokens, of all of them."""
    joules: float
    seconds: float

    @property
    def name(self) -> str:
        """Name it in a table."""
        return f"{self.batch} x {self.prompt // self.batch} + {self.answer // self.batch}"


class Calibration(NamedTuple):
    """What was found."""

    prompt_j: float
    """Joules of an uncached prompt token."""
    answer_j: dict[int, float]
    """Joules of an answer token, by how many answers are written at once."""
    context_j: float
    """Joules of a token of context, for each answer token."""
    fold: float
    """Root mean square of measured over fitted, as a factor."""
    residuals: tuple[float, ...]
    """Measured over fitted, of each trial in order."""

    @property
    def prompt_weight(self) -> float:
        """What a prompt token takes against an answer token, written alone."""
        return self.prompt_j / self.answer_j[min(self.answer_j)]


def calibrate(trials: Sequence[Trial]) -> Calibration:
    """Fit.

    Args:
        trials: More than there are coefficients: two, and one for each batch.

    Raises:
        ValueError: They tell too little.
    """
    batches = sorted({trial.batch for trial in trials})
    columns = [_row(trial, batches) for trial in trials]
    if len(trials) <= len(columns[0]):
        message = f"{len(trials)} trials cannot tell {len(columns[0])} figures apart"
        raise ValueError(message)
    found = _positive(columns)
    fitted = [math.fsum(a * b for a, b in zip(found, row, strict=True)) for row in columns]
    residuals = [1 / each for each in fitted]
    prompt, context, *answer = found
    if not all(answer):
        message = (
            "the trials do not show that an answer takes anything; try again on a quiet machine"
        )
        raise ValueError(message)
    return Calibration(
        prompt_j=prompt,
        answer_j=dict(zip(batches, answer, strict=True)),
        context_j=context,
        fold=math.exp(
            math.sqrt(math.fsum(math.log(each) ** 2 for each in residuals) / len(trials))
        ),
        residuals=tuple(residuals),
    )


def _row(trial: Trial, batches: Iterable[int]) -> list[float]:
    """Divide by what was measured, so that each trial's error counts the same."""
    answers = [trial.answer if trial.batch == batch else 0.0 for batch in batches]
    return [each / trial.joules for each in (trial.prompt, trial.context, *answers)]


def _positive(rows: Sequence[Sequence[float]]) -> list[float]:
    """Solve for what makes every row 1, as nearly as can be, with nothing below 0."""
    kept = [at for at in range(len(rows[0])) if any(row[at] for row in rows)]
    while True:
        solved = _least_squares([[row[at] for at in kept] for row in rows])
        lowest = min(range(len(kept)), key=lambda at: solved[at])
        if solved[lowest] >= 0:
            found = dict(zip(kept, solved, strict=True))
            return [found.get(at, 0.0) for at in range(len(rows[0]))]
        del kept[lowest]


def _least_squares(rows: Sequence[Sequence[float]]) -> list[float]:
    size = range(len(rows[0]))
    normal = [
        [math.fsum(row[i] * row[j] for row in rows) for j in size]
        + [math.fsum(row[i] for row in rows)]
        for i in size
    ]
    for i in size:
        pivot = max(size[i:], key=lambda at: abs(normal[at][i]))
        normal[i], normal[pivot] = normal[pivot], normal[i]
        if not normal[i][i]:
            message = "two figures cannot be told apart: the trials are too much alike"
            raise ValueError(message)
        for k in size:
            if k != i:
                share = normal[k][i] / normal[i][i]
                normal[k] = [a - share * b for a, b in zip(normal[k], normal[i], strict=True)]
    return [normal[i][-1] / normal[i][i] for i in size]
