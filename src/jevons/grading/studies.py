"""The studies of a house: one for each class of each tenant's traffic, so many of them in memory.

Rule 1: whoever asks waits for none: where a study is not in memory the reference serves, and it is
    made of its rows meanwhile.
Rule 2: what is not asked for longest is let go of; all that it knew is in its rows.
Rule 3: nothing is promised that is not in the books yet.
Rule 4: rows may say that another setup is studied than this process has: then it promises nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from jevons.auto import Studied, Study, traffic_of
from jevons.grading.replay import plan_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.auto import Tenant, Traffic
    from jevons.grading.replay import Replay
    from jevons.store import Setup
    from jevons.types.request import Generate

__all__ = ("LIVE", "Studies")

LIVE = 64
"""Studies in memory at once: each holds some megabytes for each arm."""


class Studies:
    """The studies that are in memory. Used by the event loop alone.

    Args:
        setup: What this process studies.
        tenant: Who is promised something each.
        names: Names that callers may give their traffic.
        most: Studies that are kept.
    """

    def __init__(
        self, setup: Setup, *, tenant: Tenant, names: Sequence[str], most: int = LIVE
    ) -> None:
        self.setup = setup
        self.most = most
        self._tenant: Tenant = tenant
        self._names = tuple(names)
        self._none = Study(setup.arms, 0, plan_of(setup))
        self._live: OrderedDict[Traffic, Replay] = OrderedDict()
        self._wanted: OrderedDict[Traffic, None] = OrderedDict()

    def find(self, request: Generate) -> Studied:
        """Find what is known of traffic like a request; nothing, while it is not in memory.

        Raises:
            Malformed: The caller gave it a name that this house does not have.
        """
        traffic = traffic_of(request, tenant=self._tenant, names=self._names)
        if traffic in self._live:
            self._live.move_to_end(traffic)
        else:
            self.want(traffic)
        return Studied(traffic, self.study(traffic))

    def want(self, traffic: Traffic) -> None:
        """Have a study made; whoever asks when very many wait is to ask again."""
        if len(self._wanted) < self.most:
            self._wanted[traffic] = None

    def study(self, traffic: Traffic) -> Study:
        """Give the study of a class; one that knows nothing where it is not in memory, or not ours."""
        live = self._live.get(traffic)
        if live is None or live.study is None or live.setup != self.setup:
            return self._none
        held = live.study.certificate
        return self._none if held is not None and held.policy != live.recorded else live.study

    def live(self) -> list[Replay]:
        """List those that are in memory, the last that was asked for last."""
        return [*self._live.values()]

    def wanted(self) -> list[Traffic]:
        """List those that were asked for and are not; they are not listed again."""
        wanted, self._wanted = [*self._wanted], OrderedDict()
        return [each for each in wanted if each not in self._live]

    def put(self, replay: Replay) -> None:
        """Have a study in memory, and let go of what was not asked for longest."""
        self._live[replay.traffic] = replay
        if len(self._live) > self.most:
            self._live.popitem(last=False)
