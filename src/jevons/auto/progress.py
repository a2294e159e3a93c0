"""How far it still is to a certificate, at best."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from jevons.auto.certificate import share
from jevons.auto.deadline import purses

if TYPE_CHECKING:
    from jevons.auto.study import Study

__all__ = ("fewest", "fewest_labels")


def fewest(study: Study) -> int:
    """Say without how many more graded prompts nothing can be certified; 0 where something is."""
    if study.certificate is not None:
        return 0
    plan, times = study.plan, study.times + study.is_learning
    least = fewest_labels(plan.terms.loss, share(plan.terms, times), plan.labels)
    if study.is_learning:
        return plan.learn - study.learned + least
    return max(least - study.tested, 1)


@lru_cache(maxsize=256)
def fewest_labels(loss: float, delta: float, planned: int) -> int:
    """Say how many labels it takes if every arm does as well as the reference on all of them.

    Args:
        loss: Most of the reference's quality that may be lost, as a share.
        delta: Chance of error.
        planned: Labels that bets are sized for; all of them, where not even those would show it.
    """
    figures = np.full((planned, 1), loss)
    purse = purses(figures, least=loss - 1.0, delta=delta, planned=planned)[:, 0]
    is_shown = purse >= -np.log(delta)
    return int(is_shown.argmax()) + 1 if is_shown.any() else planned
