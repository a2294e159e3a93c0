"""Questions asked of the books.

Enters: receipts, added up by the hour and by what tells them apart; the days that are asked about.
Leaves: figures with intervals, and a reason wherever there is no figure.
May not know: where receipts are kept, who looks at a report, and how.
State: none.
"""

from jevons.reports.gather import Dimension, Measure, Period, Span, Sums, apart, fields_of, gather
from jevons.reports.labels import Differed, Labels, differ, labels
from jevons.reports.landscape import (
    Cheapest,
    Judged,
    Lag,
    Landscape,
    Listed,
    Market,
    landscape,
)
from jevons.reports.lmdi import Effects, Flow, decompose
from jevons.reports.opinions import Opinion, opinions
from jevons.reports.proportion import proportion
from jevons.reports.rebound import Interval, NoFigure, Rebound, growth_of, rebound
from jevons.reports.saved import HOUSE_KEY, REASONS, Saved, of_traffic, saved
from jevons.reports.series import Change, Day, Step, days_of, interrupted, moved
from jevons.reports.spend import DAY_MS, TIERS, Bill, Column, Tier, bill, groups_of, tier_of
from jevons.reports.tally import HOUR_MS, Counted, Group, Sum, Tally, add_up, tally_of

__all__ = (
    "DAY_MS",
    "HOUR_MS",
    "HOUSE_KEY",
    "REASONS",
    "TIERS",
    "Bill",
    "Change",
    "Cheapest",
    "Column",
    "Counted",
    "Day",
    "Differed",
    "Dimension",
    "Effects",
    "Flow",
    "Group",
    "Interval",
    "Judged",
    "Labels",
    "Lag",
    "Landscape",
    "Listed",
    "Market",
    "Measure",
    "NoFigure",
    "Opinion",
    "Period",
    "Rebound",
    "Saved",
    "Span",
    "Step",
    "Sum",
    "Sums",
    "Tally",
    "Tier",
    "add_up",
    "apart",
    "bill",
    "days_of",
    "decompose",
    "differ",
    "fields_of",
    "gather",
    "groups_of",
    "growth_of",
    "interrupted",
    "labels",
    "landscape",
    "moved",
    "of_traffic",
    "opinions",
    "proportion",
    "rebound",
    "saved",
    "tally_of",
    "tier_of",
)
