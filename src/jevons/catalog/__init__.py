"""What exists: endpoints, and the electricity of places.

Enters: rows, from settings and from the files in `data/`.
Leaves: a `Catalog` of endpoints, a table of grids, a tariff; frozen.
May not know: requests, keys, money already spent, the network.
State: none that changes.
"""

from jevons.catalog.endpoints import Catalog, is_own
from jevons.catalog.load import grids, world_tariff

__all__ = ("Catalog", "grids", "is_own", "world_tariff")
