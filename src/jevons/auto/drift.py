"""Noticing that something is no longer as it was, soon after, with few false alarms.

A purse is played as in `betting`, but never falls below 1: what was well for long does not pay for
what goes wrong now. If nothing has changed it reaches `run` no sooner, in the mean, than after
`run` figures.

Source: J. Shin, A. Ramdas and A. Rinaldo, "E-detectors", New England J. of Statistics in Data
Science 2 (2024) 229: the CUSUM kind.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ("Drift", "drift")


class Drift(NamedTuple):
    """A watch over figures whose mean was nothing or less."""

    bet: float
    run: float
    purse: float = 1.0

    @property
    def is_seen(self) -> bool:
        """Whether it has gone on for too long to be chance."""
        return self.purse >= self.run

    def after(self, figure: float) -> Drift:
        """Look at one more; once seen it stays so."""
        if self.is_seen:
            return self
        return self._replace(purse=max(self.purse, 1.0) * (1.0 + self.bet * figure))


def drift(*, usual: float, worse: float, least: float = -1.0, run: float = 1000.0) -> Drift:
    """Begin to watch.

    Args:
        usual: Variance of a figure while all is well.
        worse: Mean from which on it matters.
        least: None can be below it; below 0.
        run: Figures between false alarms, in the mean.
    """
    return Drift(bet=min(worse / max(usual, 1e-6), 0.5 / -least), run=run)
