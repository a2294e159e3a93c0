"""How far it still is to a certificate, at best."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from jevons.auto.betting import p_value
from jevons.auto.certificate import share

if TYPE_CHECKING:
    from jevons.auto.study import Study

__all__ = ("fewest", "fewest_labels")

_MOST = 1 << 20


def fewest(study: Study) -> int:
    """Say without how many more graded prompts nothing can be certified; 0 where something is."""
    if study.certificate is not None:
        return 0
    terms, times = study.plan.terms, max(study.times, 1)
    if study.is_learning:
        delta = share(terms, study.times + 1)
        return study.plan.learn - study.learned + fewest_labels(terms.loss, delta)
    return max(fewest_labels(terms.loss, share(terms, times)) - study.tested, 1)


@lru_cache(maxsize=256)
def fewest_labels(loss: float, delta: float) -> int:
    """Say how many labels it takes if every arm does as well as the reference on all of them."""
    low, high = 0, 1
    while high < _MOST and not _shows(high, loss, delta):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _shows(middle, loss, delta):
            high = middle
        else:
            low = middle
    return high


def _shows(labels: int, loss: float, delta: float) -> bool:
    figures = np.full(labels, loss)
    return p_value(figures, least=loss - 1.0, delta=delta) <= delta
