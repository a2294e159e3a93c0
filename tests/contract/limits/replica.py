"""A replica that counts with others, told by lines of JSON what to do, and answering with lines.

`{"enter": 100}` has so many requests begin at once; `{"leave": 3}` has so many of those end that did;
`{"look": true}` does neither. Each answer says how many were let in, how many were not, whether the
counting is shared, and how many requests were held against the replica's own part.
"""

from __future__ import annotations

import asyncio
import json
import sys
from itertools import count
from typing import Any

from msgspec.structs import replace

from jevons.budget import Terms
from jevons.clock import SystemClock
from jevons.providers.shared_pace import SharedPace
from jevons.providers.valkey import read_where
from jevons.telemetry import Metrics, configure_logs
from jevons.testing.make import a_request, an_actor
from jevons.types.budget import Limit
from jevons.types.errors import RateLimited


class Replica:
    """One of several."""

    def __init__(self, pace: SharedPace, metrics: Metrics, name: str) -> None:
        self._pace = pace
        self._metrics = metrics
        self._names = (f"req_{name}_{number}" for number in count())
        self._in: list[str] = []

    async def _enter(self, tokens: int) -> bool:
        request = a_request(id=next(self._names), actor=an_actor(account=("search", "lab")))
        sampling = replace(request.sampling, max_tokens=tokens)
        request = replace(request, sampling=sampling, source=replace(request.source, size_bytes=0))
        try:
            entered = self._pace.enter(request)
            assert entered if isinstance(entered, bool) else await entered
        except RateLimited:
            return False
        self._in.append(request.id)
        return True

    async def do(self, told: dict[str, Any]) -> dict[str, Any]:
        """Do what it is told."""
        many = [self._enter(told.get("tokens", 0)) for _ in range(told.get("enter", 0))]
        came = await asyncio.gather(*many)
        leaving = min(told.get("leave", 0), len(self._in))
        for _ in range(leaving):
            self._pace.leave(self._in.pop(), tokens=told.get("used"))
        return {
            "in": sum(came),
            "refused": len(came) - sum(came),
            "left": leaving,
            "shared": self._metrics.limits_shared,
            "alone": self._metrics.limits_alone,
        }


async def main(url: str, limit: str, name: str, replicas: str) -> None:
    """Serve until standard input ends."""
    configure_logs(json=True)
    metrics = Metrics()
    terms = Terms.of([Limit(at_ms=0, account="lab", **json.loads(limit))])
    pace = SharedPace(
        read_where(url),
        terms=lambda: terms,
        clock=SystemClock(),
        metrics=metrics,
        replicas=int(replicas),
        timeout_s=2.0,  # machines that test are slow; a house has milliseconds
        lease_s=1.0,
    )
    async with pace:
        replica = Replica(pace, metrics, name)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await replica.do(json.loads(line))), flush=True)  # noqa: T201 its answer


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
