"""How good an answer is beside the reference's, and who says so.

Rule 1: the operator's own tests go before comparing answers, and that before asking a judge.
Rule 2: who grades nothing is told of too: a judge who often has no word is no judge of all prompts.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from jevons.grading.checks import Broke, passed
from jevons.pick import agree
from jevons.telemetry import log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.grading.asking import Asking, Told
    from jevons.grading.checks import Check
    from jevons.types.request import Generate

__all__ = ("Graded", "Grader", "Judge", "draw")

_JUDGE = (
    "Two answers to one task follow. Which is better? Say `A`, `B` or `TIE`, and nothing else.\n\n"
    "# Task\n{task}\n\n# Answer A\n{first}\n\n# Answer B\n{second}\n"
)


class Graded(NamedTuple):
    """What came of grading one prompt."""

    by: str
    """`tests`, `checks`, `judge` or `import`, as rows have it."""
    grades: tuple[float, ...] = ()
    """From 0 to 1, one of each arm, the reference's first; none where it failed."""
    judge: str = ""
    """Name of the endpoint that was asked, where it was a judge."""
    failed: str = ""
    """Why there are no grades; empty where there are."""


class Judge(NamedTuple):
    """An endpoint that grades what cannot be compared."""

    endpoint: str = ""
    """Its name; empty: nobody does."""
    twice: bool = False
    """Whether it is asked in both orders; grades are the mean of what it says."""


class Grader:
    """Grades answers to one request.

    Args:
        asking: Asks the judge.
        judge: Which.
        checks: The operator's own tests.
    """

    def __init__(self, asking: Asking, judge: Judge, checks: Sequence[Check] = ()) -> None:
        self._asking = asking
        self._judge = judge
        self._checks = checks

    async def grade(
        self, request: Generate, messages: Sequence[tuple[str, str]], answers: Sequence[Told]
    ) -> Graded | None:
        """Grade by tests, else by what can be compared, else by a judge, else not at all.

        Args:
            request: What was asked.
            messages: The same as text: role and text of each turn.
            answers: One of each endpoint, the reference's first.

        Returns:
            Who graded, and how; None if nobody was to.
        """
        first, *others = texts = [each.text for each in answers]
        try:
            checks = () if request.tools else self._checks  # they read words, and a call has none
            wants = request.output.kind == "json_schema"
            schema = bytes(request.output.schema) if wants else None
            tested = await passed(checks, messages, texts, schema=schema)
        except Broke as broke:
            log.warning("auto.check_broke", check=str(broke), request=request.id)
            return Graded("tests", failed="tests")
        if tested is not None:
            return Graded("tests", tested)
        reference = answers[0].form
        if reference is not None:
            right = [float(agree(each.form, reference)) for each in answers[1:]]
            return Graded("checks", (1.0, *right))
        if not self._judge.endpoint or request.tools or request.output.kind != "text":
            return None
        task = messages[-1][1]
        judged = [await self._judged(request, task, first, each) for each in others]
        grades = tuple([each for each in judged if each is not None])
        if len(grades) < len(judged):
            return Graded("judge", judge=self._judge.endpoint, failed="judge")
        return Graded("judge", (1.0, *grades), judge=self._judge.endpoint)

    async def _judged(
        self, request: Generate, task: str, reference: str, other: str
    ) -> float | None:
        """Have the judge grade one answer beside the reference's; None if it did not say."""
        is_turned = draw(request.id + "order") < 0.5  # noqa: PLR2004 a coin: judges like what comes first
        orders = (is_turned, not is_turned) if self._judge.twice else (is_turned,)
        said: list[float] = []
        for each in orders:
            word = await self._word(request, task, reference, other, is_turned=each)
            if word is None:
                return None
            # What is better than the reference earns nothing: only losses are certified.
            said.append(0.0 if word == ("B" if each else "A") else 1.0)
        return sum(said) / len(said)

    async def _word(
        self, request: Generate, task: str, reference: str, other: str, *, is_turned: bool
    ) -> str | None:
        first, second = (other, reference) if is_turned else (reference, other)
        said = _JUDGE.format(task=task, first=first, second=second)
        told = await self._asking.answer(request, self._judge.endpoint, [("user", said)])
        word = told.text.strip().strip("`.* ").upper() if told is not None else ""
        return word if word in {"A", "B", "TIE"} else None


def draw(what: str) -> float:
    """Draw a number from 0 up to 1 by what it is for: the same each time."""
    return int.from_bytes(sha256(f"label {what}".encode()).digest()[:8]) / (1 << 64)
