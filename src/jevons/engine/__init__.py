"""The embedded engine: llama.cpp in this process, behind the same door as a vendor.

Enters: weights, attempts, requests, callers.
Leaves: events to the caller, an outcome with what was measured.
May not know: policy, prices, the ledger, settings.
State: the loaded model, its threads, and the processor time not yet shared out.
"""

from jevons.engine.embedded import CAN, Embedded
from jevons.engine.pull import Progress, Weights, pull

__all__ = ("CAN", "Embedded", "Progress", "Weights", "pull")
