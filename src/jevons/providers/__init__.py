"""The vendors, over HTTP, the witnesses of the ledger, and a server where people sign on.

Enters: an attempt, a request, a caller; or a checkpoint to cosign, or to stamp; or a URL of
    the sign-on server.
Leaves: frames to the caller, an outcome; or what a witness or that server told.
May not know: policy, prices, the ledger, settings.
State: connections, for as long as the house is open.
"""

from jevons.providers.issuer import RemoteIssuer
from jevons.providers.knob import efforts_of
from jevons.providers.remote import Remote
from jevons.providers.speech import SPEECHES
from jevons.providers.witness import RemoteWitness

__all__ = ("SPEECHES", "Remote", "RemoteIssuer", "RemoteWitness", "efforts_of")
