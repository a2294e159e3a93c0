"""Was the same asked before? Then the answer is given again, and nobody is asked.

Enters: a `Generate`, the `Verdict` and the `Plan` about it, and what its caller is told.
Leaves: a plan to give an answer again; events, as a provider gives them.
May not know: sockets, disks, which thread it is in, how an answer is written in a dialect.
State: answers, in the memory of this process, up to so many bytes and so many seconds.
"""

from jevons.cache.cache import PROVIDER, AnswerCache
from jevons.cache.meaning import meaning
from jevons.cache.memory import Memory
from jevons.cache.near import Near

__all__ = ("PROVIDER", "AnswerCache", "Memory", "Near", "meaning")
