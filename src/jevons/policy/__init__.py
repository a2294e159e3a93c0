"""May it go, and where?

Enters: a `Generate`, with the actor that its key named.
Leaves: a `Verdict`, or the refusal of the rule that left nothing.
May not know: money, energy, SQL, HTTP, which endpoint will be chosen.
State: none.
"""

from jevons.policy.judge import Rules
from jevons.policy.rules import RULES, Asking, Rule

__all__ = ("RULES", "Asking", "Rule", "Rules")
