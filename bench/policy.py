"""What a decision costs, in microseconds: asked of Cedar, remembered for the day, and as a whole.

python bench/policy.py

`cold` is Cedar's own evaluation, as the first request of a class to an endpoint on a day pays it;
`remembered` is every later one; `verdict` is every rule over all endpoints of a house, remembered;
`socket` is the check before bytes go out. Medians and 95th percentiles of processor
time.
"""

from __future__ import annotations

import time
from functools import partial
from statistics import quantiles
from typing import TYPE_CHECKING

from jevons.boot.policy import load_profile, shipped_profiles
from jevons.catalog import Catalog
from jevons.catalog.places import groups
from jevons.clock import SystemClock
from jevons.policy import RULES, Rules
from jevons.policy.cedar import Policies
from jevons.policy.egress import Egress, egress_rule
from jevons.policy.live import labels
from jevons.testing.make import a_request, an_endpoint
from jevons.types.custody import OWN, Custody

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 20
GERMAN = Custody(owner="DE", storage="DE", access=(), retention_days=0, trains=False)
ENDPOINTS = (
    an_endpoint("here", custody=OWN),
    *[an_endpoint(f"near-{number}", place="DE", custody=GERMAN) for number in range(5)],
    *[an_endpoint(f"far-{number}", place="US", custody=Custody(owner="US")) for number in range(5)],
)


def microseconds(act: Callable[..., object], *given: object, times: int = 1) -> float:
    """Take the processor time of one call: others share the machine."""
    began_s = time.thread_time()
    for _ in range(times):
        act(*given)
    return (time.thread_time() - began_s) / times * 1e6


def shown(figures: list[float]) -> str:
    cuts = quantiles(figures, n=20)
    return f"{cuts[9]:7.1f} {cuts[18]:7.1f}"


def figures(name: str) -> str:
    """Measure one profile."""
    profile = load_profile(name)
    policies, egress = Policies(profile), Egress(profile, groups())
    every = [*labels()]
    facts = [egress.facts(each, 0) for each in ENDPOINTS]
    cold = [
        microseconds(policies.decide, label, fact, times=10) for label in every for fact in facts
    ]
    decide = partial(egress.decide, endpoint=ENDPOINTS[0], moment_ms=0)
    for label in every:
        decide(label)
    warm = [microseconds(decide, label, times=100) for label in every]
    rule = egress_rule(egress, ENDPOINTS, proof="")
    asked = (*RULES[:-2], rule, *RULES[-2:])
    rules = Rules(Catalog(ENDPOINTS), clock=SystemClock(), rules=asked, label=profile.label)
    request = a_request()
    rules.judge(request)
    verdict = [microseconds(rules.judge, request, times=50) for _ in range(ROUNDS)]
    socket = [microseconds(rules.admit, ENDPOINTS[0], request, times=50) for _ in range(ROUNDS)]
    return "  ".join(shown(each) for each in (cold, warm, verdict, socket))


def main() -> None:
    """Measure each profile that ships."""
    print(f"{'':18}{'cold':>15}  {'remembered':>15}  {'verdict':>15}  {'socket':>15}")
    print(f"{'':18}" + "  ".join([f"{'p50':>7} {'p95':>7}"] * 4) + "   µs")
    for name in shipped_profiles():
        print(f"{name:18}{figures(name)}")


if __name__ == "__main__":
    main()
