"""Somebody who is told how requests went, and only remembers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jevons import ports
    from jevons.types.account import Receipt
    from jevons.types.decision import Attempt, Outcome
    from jevons.types.request import Generate

__all__ = ("Notebook", "Noted")


class Noted:
    """What was told of one request.

    Args:
        request: Which.
        traceparent: What endpoints are to be given.
    """

    def __init__(self, request: Generate, traceparent: str) -> None:
        self.request = request
        self.attempts: list[Attempt] = []
        self.outcomes: list[Outcome] = []
        self.receipt: Receipt | None = None
        self.error: BaseException | None = None
        self.ends = 0
        """How often its end was told."""
        self._traceparent = traceparent

    def attempt(self, attempt: Attempt) -> str:
        """Note that an attempt begins."""
        self.attempts.append(attempt)
        return self._traceparent

    def attempted(self, outcome: Outcome) -> None:
        """Note what became of it."""
        self.outcomes.append(outcome)

    def booked(self, receipt: Receipt) -> None:
        """Note its receipt."""
        self.receipt = receipt

    def end(self, error: BaseException | None) -> None:
        """Note its end."""
        self.error = error
        self.ends += 1


class Notebook:
    """Notes of every request.

    Args:
        traceparent: What endpoints are to be given; empty for nothing.
    """

    def __init__(self, traceparent: str = "") -> None:
        self.noted: list[Noted] = []
        """In the order in which they began."""
        self._traceparent = traceparent

    def begin(self, request: Generate) -> Noted:
        """Begin a page."""
        noted = Noted(request, self._traceparent)
        self.noted.append(noted)
        return noted


if TYPE_CHECKING:
    _traces: type[ports.Traces] = Notebook
