"""What may serve a request for `auto`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jevons.types.request import Effort

__all__ = ("Arm", "Step")


class Step(NamedTuple):
    """One endpoint, asked in one way."""

    endpoint: str
    effort: Effort | None = None
    """How hard it is told to think; None leaves that to the caller, or to the endpoint."""


class Arm(NamedTuple):
    """An endpoint, or a cascade: several that are asked one after the other and have to agree."""

    name: str
    """As it is written: `cheap`, `dear@low`, `cheap+local`."""
    steps: tuple[Step, ...]

    @property
    def is_cascade(self) -> bool:
        """Whether the reference answers where its endpoints differ."""
        return len(self.steps) > 1
