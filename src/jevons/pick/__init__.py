"""Which endpoints, in which order.

Enters: a `Generate` and the `Verdict` that let it through.
Leaves: a `Plan`.
May not know: sockets, SQL, HTTP, what anything cost in the end.
State: none.
"""

from jevons.pick.attempts import Retries, attempts
from jevons.pick.cheapest import Cheapest

__all__ = ("Cheapest", "Retries", "attempts")
