"""Which endpoints, in which order.

Enters: a `Generate` and the `Verdict` that let it through.
Leaves: a `Plan`.
May not know: sockets, SQL, HTTP, what anything cost in the end.
State: which endpoints failed lately, in `Resting`; else none.
"""

from jevons.pick.agreement import Canonical, agree, canonical, fold
from jevons.pick.arms import read_arms
from jevons.pick.attempts import Retries, attempts
from jevons.pick.cheapest import Cheapest
from jevons.pick.drafts import can_compare, can_draft, cascade, drafted, form_of
from jevons.pick.resting import Resting

__all__ = (
    "Canonical",
    "Cheapest",
    "Resting",
    "Retries",
    "agree",
    "attempts",
    "can_compare",
    "can_draft",
    "canonical",
    "cascade",
    "drafted",
    "fold",
    "form_of",
    "read_arms",
)
