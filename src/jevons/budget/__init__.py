"""How much may still be spent, and how fast?

Enters: terms (accounts, budgets, limits), what was spent before, intents, receipts.
Leaves: nothing, or a refusal; alerts.
May not know: what a request says, who serves it, where anything is stored.
State: what is spent and held of each account in each period, and how fast each asks; all of it
    belongs to one event loop. The books hold what is spent: it can be read again at any start.
"""

from jevons.budget.balance import Balance
from jevons.budget.pace import Pace
from jevons.budget.purse import Purse
from jevons.budget.terms import Terms

__all__ = ("Balance", "Pace", "Purse", "Terms")
