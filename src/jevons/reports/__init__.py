"""Questions asked of the books.

Enters: receipts, one after the other, and the days that are asked about.
Leaves: figures with intervals, and a reason wherever there is no figure.
May not know: where receipts come from, who looks at a report, and how.
State: none.
"""

from jevons.reports.gather import Dimension, Measure, Period, Seen, Span, Sums, gather
from jevons.reports.lmdi import Effects, Flow, decompose
from jevons.reports.rebound import Interval, NoFigure, Rebound, growth_of, rebound
from jevons.reports.spend import Bill, Billed, Column, bill

__all__ = (
    "Bill",
    "Billed",
    "Column",
    "Dimension",
    "Effects",
    "Flow",
    "Interval",
    "Measure",
    "NoFigure",
    "Period",
    "Rebound",
    "Seen",
    "Span",
    "Sums",
    "bill",
    "decompose",
    "gather",
    "growth_of",
    "rebound",
)
