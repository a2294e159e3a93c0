"""What became of a configuration: one word on every leaf of it, and no value.

Rule 1: a leaf has one fate. The first word stands, unless the whole that it was part of is given up.
Rule 2: words name settings and reasons; what stood in the configuration is repeated only where
    it is no secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from jevons.imports.tree import dotted, leaves

if TYPE_CHECKING:
    from jevons.imports.tree import Path

__all__ = ("Account", "Fate", "State")

State = Literal["carried", "changed", "left"]
"""Does the same here; does something near it; does nothing."""


class Fate(NamedTuple):
    """What became of one leaf."""

    path: str
    state: State
    says: str
    """Where it is now, how it differs, or why it was left."""


class Account:
    """The fates of all leaves of a configuration.

    Args:
        tree: The configuration.
    """

    def __init__(self, tree: object) -> None:
        self._leaves = tuple(leaves(tree))
        self._fates: list[tuple[State, str] | None] = [None] * len(self._leaves)
        self._said: list[int] = []
        self._spans: dict[Path, tuple[int, int]] = {}
        for number, leaf in enumerate(self._leaves):
            for length in range(len(leaf) + 1):
                start, _ = self._spans.get(leaf[:length], (number, 0))
                self._spans[leaf[:length]] = (start, number + 1)

    def carried(self, path: Path, says: str) -> None:
        """Everything at and below a path does the same here."""
        self._say(path, "carried", says)

    def changed(self, path: Path, how: str) -> None:
        """Everything at and below a path does something near it here."""
        self._say(path, "changed", how)

    def left(self, path: Path, why: str) -> None:
        """Everything at and below a path does nothing here."""
        self._say(path, "left", why)

    def mark(self) -> int:
        """Mark how far was spoken, to come back to."""
        return len(self._said)

    def give_up(self, path: Path, why: str, *, since: int) -> None:
        """Leave everything at and below a path, and take back all that was said since a mark."""
        for number in self._said[since:]:
            self._fates[number] = None
        del self._said[since:]
        self.amend(path, "left", why)

    def amend(self, path: Path, state: State, says: str) -> None:
        """Say something else of a leaf that was spoken of."""
        start, end = self._spans.get(path, (0, 0))
        for number in range(start, end):
            self._fates[number] = (state, says)

    def close(self, why: str) -> tuple[Fate, ...]:
        """Leave whatever nobody spoke of, and tell all fates in the configuration's order."""
        self.left((), why)
        told = zip(self._leaves, self._fates, strict=True)
        return tuple([Fate(dotted(leaf), *fate) for leaf, fate in told if fate is not None])

    def _say(self, path: Path, state: State, says: str) -> None:
        start, end = self._spans.get(path, (0, 0))
        for number in range(start, end):
            if self._fates[number] is None:
                self._fates[number] = (state, says)
                self._said.append(number)
