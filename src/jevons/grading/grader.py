"""How good an answer is beside the reference's."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from jevons.pick.agreement import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.grading.asking import Asking
    from jevons.types.request import Generate

__all__ = ("Grader", "draw")

_JUDGE = (
    "Two answers to one task follow. Which is better? Say `A`, `B` or `TIE`, and nothing else.\n\n"
    "# Task\n{task}\n\n# Answer A\n{first}\n\n# Answer B\n{second}\n"
)


class Grader:
    """Grades answers to one request.

    Args:
        asking: Asks the judge.
        judge: Name of the endpoint that is asked; empty: nobody is.
    """

    def __init__(self, asking: Asking, judge: str) -> None:
        self._asking = asking
        self._judge = judge

    async def grade(
        self, request: Generate, task: str, answers: Sequence[str]
    ) -> list[float] | None:
        """Grade against the reference: by what can be compared, else by a judge, else not at all.

        Args:
            request: What was asked.
            task: Its last turn.
            answers: One of each arm, the reference's first.

        Returns:
            A grade from 0 to 1 for each; None if there is none.
        """
        reference = canonical(answers[0])
        if reference is not None:
            return [1.0, *[float(canonical(each) == reference) for each in answers[1:]]]
        if not self._judge:
            return None
        judged = [await self._judged(request, task, answers[0], each) for each in answers[1:]]
        if any(each is None for each in judged):
            return None
        # What is better than the reference earns nothing: only losses are certified.
        return [1.0, *[0.0 if each == -1 else 1.0 for each in judged]]

    async def _judged(self, request: Generate, task: str, reference: str, other: str) -> int | None:
        """Ask the judge: 1 the other is better, -1 the reference is, 0 neither; None it did not say."""
        is_turned = draw(request.id + "order") < 0.5  # noqa: PLR2004 a coin: judges like what comes first
        first, second = (other, reference) if is_turned else (reference, other)
        said = _JUDGE.format(task=task, first=first, second=second)
        told = await self._asking.answer(request, self._judge, [("user", said)])
        word = told.text.strip().strip("`.* ").upper() if told is not None else ""
        if word not in {"A", "B", "TIE"}:
            return None
        better = {"A": -1, "B": 1, "TIE": 0}[word]
        return -better if is_turned else better


def draw(what: str) -> float:
    """Draw a number from 0 up to 1 by what it is for: the same each time."""
    return int.from_bytes(sha256(f"label {what}".encode()).digest()[:8]) / (1 << 64)
