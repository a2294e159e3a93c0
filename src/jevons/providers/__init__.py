"""The vendors, over HTTP.

Enters: an attempt, a request, a caller.
Leaves: frames to the caller, an outcome.
May not know: policy, prices, the ledger, settings.
State: connections, for as long as the house is open.
"""

from jevons.providers.remote import Remote
from jevons.providers.speech import SPEECHES

__all__ = ("SPEECHES", "Remote")
