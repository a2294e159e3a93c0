"""The vendors, over HTTP, and the witnesses of the ledger.

Enters: an attempt, a request, a caller; or a checkpoint to cosign.
Leaves: frames to the caller, an outcome; or what a witness told.
May not know: policy, prices, the ledger, settings.
State: connections, for as long as the house is open.
"""

from jevons.providers.remote import Remote
from jevons.providers.speech import SPEECHES
from jevons.providers.witness import RemoteWitness

__all__ = ("SPEECHES", "Remote", "RemoteWitness")
