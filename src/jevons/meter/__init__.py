"""What did it use, cost and burn?

Enters: an `Endpoint` and the `Outcome` of an attempt at it.
Leaves: a `Charge`: exact money, energy and carbon with their intervals, or why there is none.
May not know: who asked, what was said, the network, the machine it runs on.
State: none that changes an answer.
"""

from jevons.meter.house import HouseMeter

__all__ = ("HouseMeter",)
