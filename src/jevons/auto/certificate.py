"""The promise: at most so much worse than the reference, and how sure that is.

A policy's labels are figures `policy - (1 - loss) * reference`; their mean is above nothing if the
policy keeps at least `1 - loss` of the reference's quality. Policies are tested along their path,
the most careful first, each at the whole delta, until one fails: so the chance that any policy
that was passed breaks the promise is at most delta.

Rule 1: pairs that were learned from are never tested on. A new policy takes new pairs.
Rule 2: what is tested for the kth time in one class of traffic has delta / (k * (k + 1)), which
    adds up to delta over all times.
Rule 3: a certificate is of one policy on traffic like that of its labels. It expires by age, by
    volume and when traffic drifts away; without one there is only the reference.

Source: A. N. Angelopoulos et al., "Learn then Test", Annals of Applied Statistics 19 (2025) 1641,
for the fixed sequence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from jevons.auto.deadline import least_loss, purses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.auto.rows import Floats

__all__ = ("Certificate", "Labels", "Terms", "certify", "expired", "share")

DAY_MS = 86_400_000


class Terms(NamedTuple):
    """What the house wants promised, and for how long it believes it."""

    loss: float
    """Most of the reference's quality that may be lost, as a share."""
    delta: float
    """Chance that a promise is broken."""
    days: float = 30.0
    requests: int = 1_000_000


class Labels(NamedTuple):
    """Graded pairs that were not learned from, in the order in which they were drawn."""

    reference: Floats
    """Grade of the reference, from 0 to 1."""
    policy: Floats
    """Grade of what a policy would have taken, a row for each label, a column for each policy."""
    weights: Floats
    """One over how much likelier than by lot it was drawn."""
    heaviest: float = 1.0
    """Most that a label where some policy does without the reference can weigh. It is known before
    any is drawn: the heaviest of those that were drawn is not it."""

    def kept(self, loss: float) -> Floats:
        """Say what each policy keeps above what it must, weighed, in the shape of `policy`."""
        return (self.policy - (1.0 - loss) * self.reference[:, None]) * self.weights[:, None]


class Certificate(NamedTuple):
    """What was shown."""

    step: int
    """Place of the policy on its path; 0 is the reference and needs no evidence."""
    labels: int
    estimate: float
    """Share of the reference's quality that is lost, as the labels have it; below 0 is gained."""
    bound: float
    """Largest such loss that the labels do not rule out."""
    terms: Terms
    at_ms: int
    policy: str
    """SHA-256 of what was tested: models, arms, trade."""

    @property
    def until_ms(self) -> int:
        """Unix milliseconds until which it holds, if nothing ends it before."""
        return self.at_ms + round(self.terms.days * DAY_MS)


def share(terms: Terms, times: int) -> float:
    """Say what of delta the nth test in one class of traffic may spend; 1 for the first."""
    return terms.delta / (times * (times + 1))


def certify(
    labels: Labels,
    terms: Terms,
    *,
    at_ms: int,
    policies: Sequence[str],
    times: int | None = None,
    planned: int | None = None,
) -> Certificate:
    """Walk the path as far as the labels carry.

    Args:
        labels: A column of `policy` for each policy, the first one the reference itself.
        terms: What is to be shown.
        at_ms: Now, Unix milliseconds.
        policies: Hash of each policy.
        times: The how many-th test this is in its class of traffic; None spends all of delta.
        planned: How many labels there will be, if it is looked again as more come in, and the same
            at each look; None: these are all.
    """
    delta = terms.delta if times is None else share(terms, times)
    purse = purses(
        labels.kept(terms.loss),
        least=_least(terms.loss, labels),
        delta=delta,
        planned=planned,
    )
    has_passed = purse.max(axis=0, initial=0.0) >= -np.log(delta)
    step = int(np.append(has_passed[1:], False).argmin())
    return Certificate(
        step=step,
        labels=len(labels.reference),
        estimate=_estimate(labels, step),
        bound=0.0 if step == 0 else _bound(labels, step, terms.loss, delta, planned),
        terms=terms,
        at_ms=at_ms,
        policy=policies[step],
    )


def expired(
    certificate: Certificate, *, now_ms: int, requests: int, has_drifted: bool
) -> Literal["", "age", "volume", "drift"]:
    """Say why a certificate no longer holds; empty while it does.

    Args:
        certificate: Which.
        now_ms: Unix milliseconds.
        requests: Decided under it so far.
        has_drifted: Whether traffic is no longer like that of its labels.
    """
    if has_drifted:
        return "drift"
    if now_ms > certificate.until_ms:
        return "age"
    return "volume" if requests >= certificate.terms.requests else ""


def _least(loss: Floats | float, labels: Labels) -> Floats:
    """Where a policy takes the reference nothing can be lost: the rest says how low it can go."""
    return (np.asarray(loss) - 1.0) * labels.heaviest


def _estimate(labels: Labels, step: int) -> float:
    whole = float(labels.weights @ labels.reference)
    return 1.0 - float(labels.weights @ labels.policy[:, step]) / whole if whole else 0.0


def _bound(labels: Labels, step: int, loss: float, delta: float, planned: int | None) -> float:
    """What was passed was passed at `loss`: the bound is no larger."""
    weights = labels.weights[:, None]
    policy, reference = labels.policy[:, [step]] * weights, labels.reference[:, None] * weights
    return least_loss(
        lambda losses: (policy - (1.0 - losses) * reference, _least(losses, labels)),
        delta=delta,
        most=loss,
        planned=planned,
    )
