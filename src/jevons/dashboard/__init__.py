"""What people look at: pages of the books, drawn on the server.

Enters: requests of people who have signed in; for a file, a question.
Leaves: pages that can be read without JavaScript, and the same views as files of their own.
May not know: SQL, settings, how anybody signs in; it sees doors only.
State: none.

Rule 1: a page shows what a report tells, and works no figure out by itself.
Rule 2: every figure has its unit; what is not sure has its interval; what is not known says so.
Rule 3: somebody who looks after a part of the house sees that part, on every page.
"""

from jevons.dashboard.blocks import View
from jevons.dashboard.days import Days
from jevons.dashboard.doors import (
    SYNTHETIC,
    Found,
    Head,
    Reading,
    Reviewing,
    Scope,
    Sees,
    Serving,
    Wanted,
    Weighed,
)
from jevons.dashboard.pages import routes
from jevons.dashboard.sheet import sheet

__all__ = (
    "SYNTHETIC",
    "Days",
    "Found",
    "Head",
    "Reading",
    "Reviewing",
    "Scope",
    "Sees",
    "Serving",
    "View",
    "Wanted",
    "Weighed",
    "routes",
    "sheet",
)
