"""How callers talk to us: HTTP, as bare ASGI.

Enters: ASGI scopes and messages.
Leaves: requests to the corridor, and bytes to the caller.
May not know: what decides, who serves, how books are kept; it sees doors only.
State: that of requests and connections under way.
"""

from jevons.edge.app import app
from jevons.edge.cosigning import cosigning
from jevons.edge.published import published
from jevons.edge.server import allow_many_connections, serve_config

__all__ = ("allow_many_connections", "app", "cosigning", "published", "serve_config")
