"""What others say that models cost: two packages with price lists of their own, where installed.

Enters: the data of `model-prices` and of `genai-prices`, as they are installed.
Leaves: quotes in our own form; how they differ from our rows; rows that could be added.
May not know: the network, requests, settings.
State: none.
"""

from jevons.catalog.oracle.compare import Compared, Difference, compare
from jevons.catalog.oracle.explained import explanations, reason
from jevons.catalog.oracle.installed import quotes
from jevons.catalog.oracle.propose import propose
from jevons.catalog.oracle.quote import Quote

__all__ = (
    "Compared",
    "Difference",
    "Quote",
    "compare",
    "explanations",
    "propose",
    "quotes",
    "reason",
)
