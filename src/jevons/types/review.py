"""What a person is shown who looks after grades, and what they say."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

__all__ = ("Blind", "Sees", "Told", "Verdict", "Word")

Word = Literal["left", "right", "both", "neither"]
"""Which answer is better; `both` are as good, or `neither` is any good."""

Verdict = Literal["reference", "arm", "both", "neither"]
"""The same, once it is known which was whose."""


class Sees(Protocol):
    """Tells whether somebody may see what a key asked, by the accounts that it is charged to."""

    def __call__(self, key: str, line: tuple[str, ...], /) -> bool:
        """Tell it."""
        ...


class Blind(NamedTuple):
    """A graded prompt, and two answers of which nobody is told whose they are."""

    name: str
    at_ms: int
    messages: tuple[tuple[str, str], ...]
    """Role and text of each turn."""
    left: str
    right: str
    waiting: int
    """How many there are, this one included."""


class Told(NamedTuple):
    """What is told of answers once they are judged."""

    left: str
    """Name of the arm."""
    right: str
    verdict: Verdict
    by: str
    """Who had graded them before."""
    agrees: bool
    """Whether it had said the same of whether the arm is worse than the reference."""
