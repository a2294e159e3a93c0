"""Doubles for every door, public and supported: what our own tests stand on, and yours may.

Enters: what a test says should happen.
Leaves: things that can stand behind the doors of `jevons.ports`.
May not know: the network beyond loopback, the disk, the machine's clock.
State: each double's own.
"""

from jevons.testing.book import Book, Gate
from jevons.testing.clock import Clock, Ids
from jevons.testing.drawer import Drawer
from jevons.testing.listener import Listener
from jevons.testing.notebook import Notebook, Noted
from jevons.testing.reply import Reply
from jevons.testing.rooms import Allow, InOrder, Look, NoMeter, Ring, let_through
from jevons.testing.script import Script, Stop
from jevons.testing.vendor import Heard, Vendor

__all__ = (
    "Allow",
    "Book",
    "Clock",
    "Drawer",
    "Gate",
    "Heard",
    "Ids",
    "InOrder",
    "Listener",
    "Look",
    "NoMeter",
    "Notebook",
    "Noted",
    "Reply",
    "Ring",
    "Script",
    "Stop",
    "Vendor",
    "let_through",
)
