"""Charts as SVG, drawn on the server: the same in a page, in a file and without JavaScript.

Rule 1: what a mark means is written beside it; there is no legend. What is not sure has a band.
Rule 2: looks are the style sheet's: a mark has a class and no colour. So one drawing is both
    light and dark, and a page may forbid inline styles.
Rule 3: a drawing is made for a width. Text in it is never scaled; a page holds one for a phone
    and one for a desk, and shows the one that fits.
"""

from jevons.dashboard.chart.columns import Column, columns
from jevons.dashboard.chart.flow import Link, flow
from jevons.dashboard.chart.line import Point, line
from jevons.dashboard.chart.plane import Step, plane
from jevons.dashboard.chart.scatter import Dot, Stair, scatter
from jevons.dashboard.chart.share import Part, share
from jevons.dashboard.chart.waterfall import Fall, waterfall

__all__ = (
    "Column",
    "Dot",
    "Fall",
    "Link",
    "Part",
    "Point",
    "Stair",
    "Step",
    "columns",
    "flow",
    "line",
    "plane",
    "scatter",
    "share",
    "waterfall",
)
