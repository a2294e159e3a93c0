"""The pace: requests a minute, tokens a minute, requests at once.

Rule 1: a limit a minute is a bucket that holds a minute's worth and fills evenly; what finds it
    too empty is refused and takes nothing. In integers, so that no fraction is lost.
Rule 2: a request takes its tokens when it begins, as far as they are known: its prompt by its
    size, and the limit of its answer if it set one. When it ends that is made right. What ran over
    is owed: the bucket is below empty, and later requests wait for it.
Rule 3: all limits of a line are asked before any is taken from.
Rule 4: where several replicas count together elsewhere, this is what each falls back on: it counts
    what was let in there as well, and each has its part of every limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from jevons.budget.depth import refuse_depth
from jevons.budget.terms import line_of
from jevons.types.errors import RateLimited
from jevons.types.pace import Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jevons.budget.terms import Terms
    from jevons.ports import Clock, Limits
    from jevons.types.actor import Actor
    from jevons.types.budget import Limit
    from jevons.types.request import Generate

__all__ = ("Pace", "expected", "limits_of", "too_fast")

BYTES_PER_TOKEN = 4
"""Of a request's body, JSON included: English text is about four characters a token."""

_MINUTE_MS = 60_000

_SOON_S = 1.0
"""When to ask again if what there must be room in is answers: nobody knows when one ends."""


class _Bucket:
    """A minute's worth of something. One of it is 60,000 drops: each millisecond adds `limit`."""

    __slots__ = ("_at_ms", "_drops", "limit")

    def __init__(self, limit: int, now_ms: int) -> None:
        self.limit = limit
        self._at_ms = now_ms
        self._drops = limit * _MINUTE_MS

    def fill(self, now_ms: int) -> None:
        """Add what has come since."""
        come = max(0, now_ms - self._at_ms) * self.limit
        self._drops = min(self.limit * _MINUTE_MS, self._drops + come)
        self._at_ms = now_ms

    def wait_ms(self, amount: int) -> int:
        """Tell how long until an amount can be taken; a full bucket lets anything be taken."""
        missing = min(amount, self.limit) * _MINUTE_MS - self._drops
        return 0 if missing <= 0 else -(-missing // self.limit)

    def take(self, amount: int) -> None:
        """Take some, or with a negative amount put it back."""
        self._drops = min(self.limit * _MINUTE_MS, self._drops - amount * _MINUTE_MS)

    def drain(self, amount: int) -> None:
        """Take as much of an amount as there is: what others let begin is not owed here."""
        self._drops = max(min(self._drops, 0), self._drops - amount * _MINUTE_MS)

    def room(self, what: str) -> Room:
        """Tell what is left."""
        missing = self.limit * _MINUTE_MS - self._drops
        return Room(
            what=what,
            limit=self.limit,
            remaining=max(0, self._drops // _MINUTE_MS),
            reset_s=missing / self.limit / 1e3,
        )


class _Gauge:
    """How fast one account asks."""

    __slots__ = ("limit", "parallel", "part", "requests", "tokens")

    def __init__(self, limit: Limit, now_ms: int, *, parallel: int, parts: int) -> None:
        self.limit = limit
        self.part = part = limit if parts == 1 else _part(limit, parts)
        self.parallel = parallel
        self.requests = None if part.requests is None else _Bucket(part.requests, now_ms)
        self.tokens = None if part.tokens is None else _Bucket(part.tokens, now_ms)


class _Passed(NamedTuple):
    accounts: tuple[str, ...]
    tokens: int


class Pace:
    """Lets requests begin, or tells them when.

    Args:
        terms: What stands now.
        clock: Its monotonic seconds fill the buckets.
        parts: Each limit is divided by this, and one at least is left of it.
    """

    def __init__(self, terms: Callable[[], Terms], clock: Clock, *, parts: int = 1) -> None:
        self._terms = terms
        self._clock = clock
        self._parts = parts
        self._gauges: dict[str, _Gauge] = {}
        self._passed: dict[str, _Passed] = {}

    def enter(self, request: Generate) -> bool:
        """Let a request begin.

        Returns:
            Whether it has a limit, so that `leave` must be called when it ends.

        Raises:
            RateLimited: A limit has no room for it; nothing was taken.
            TooDeep: It asks for more reasoning, or more rounds of tools, than a limit has.
        """
        actor, limits = request.actor, self._terms().limits
        if actor is None or not limits:
            return False
        gauges = (*self._line(actor),)
        if not gauges:
            return False
        refuse_depth(request, [gauge.limit for gauge in gauges])
        tokens = expected(request)
        for gauge in gauges:
            _ask(gauge, tokens)
        for gauge in gauges:
            gauge.parallel += 1
            if gauge.requests is not None:
                gauge.requests.take(1)
            if gauge.tokens is not None:
                gauge.tokens.take(tokens)
        self._passed[request.id] = _Passed(tuple([gauge.limit.account for gauge in gauges]), tokens)
        return True

    def note(self, request: Generate) -> None:
        """Count a request that was let begin elsewhere, whether there is room for it here or not."""
        actor = request.actor
        if actor is None:
            return
        gauges, tokens = (*self._line(actor),), expected(request)
        for gauge in gauges:
            gauge.parallel += 1
            if gauge.requests is not None:
                gauge.requests.drain(1)
            if gauge.tokens is not None:
                gauge.tokens.drain(tokens)
        self._passed[request.id] = _Passed(tuple([gauge.limit.account for gauge in gauges]), tokens)

    def leave(self, request: str, *, tokens: int | None) -> None:
        """Have a request end.

        Args:
            request: Its id.
            tokens: What it read and wrote; None is not known, and leaves it as expected.
        """
        passed = self._passed.pop(request)
        for name in passed.accounts:
            gauge = self._gauges[name]
            gauge.parallel -= 1
            if gauge.tokens is not None and tokens is not None:
                gauge.tokens.take(tokens - passed.tokens)

    def rooms(self, actor: Actor) -> tuple[Room, ...]:
        """Tell what is left for a key: of each kind of limit, the one with the least room."""
        if not self._terms().limits:
            return ()
        found: dict[str, Room] = {}
        for gauge in self._line(actor):
            for what, bucket in (("requests", gauge.requests), ("tokens", gauge.tokens)):
                if bucket is not None:
                    room = bucket.room(what)
                    if what not in found or room.remaining < found[what].remaining:
                        found[what] = room
        return tuple(found.values())

    def _line(self, actor: Actor) -> Iterator[_Gauge]:
        """Find the gauges of a key, each filled up to now."""
        limits, now_ms = self._terms().limits, int(self._clock.monotonic_s() * 1e3)
        for name in line_of(actor.key, actor.account):
            limit = limits.get(name)
            if limit is not None:
                gauge = self._gauges.get(name)
                if gauge is None or gauge.limit != limit:
                    under_way = gauge.parallel if gauge is not None else 0
                    gauge = _Gauge(limit, now_ms, parallel=under_way, parts=self._parts)
                    self._gauges[name] = gauge
                for bucket in (gauge.requests, gauge.tokens):
                    if bucket is not None:
                        bucket.fill(now_ms)
                yield gauge


def limits_of(actor: Actor, terms: Terms) -> tuple[Limit, ...]:
    """List the limits that a key's requests have, its own first."""
    limits = terms.limits
    if not limits:
        return ()
    return tuple([limits[name] for name in line_of(actor.key, actor.account) if name in limits])


def too_fast(limit: Limit, what: str, *, wait_ms: int = 0) -> RateLimited:
    """Say that a limit has no room.

    Args:
        limit: Which.
        what: `requests` or `tokens`, a minute; `parallel`.
        wait_ms: Until there is; of `parallel` nobody knows.
    """
    if what == "parallel":
        message = f"{limit.account!r} may have {limit.parallel} requests under way at once"
        return RateLimited(message, retry_after_s=_SOON_S)
    message = (
        f"{limit.account!r} may use {getattr(limit, what)} {what} a minute; "
        f"there is room for this in {wait_ms / 1e3:.1f} s"
    )
    return RateLimited(message, retry_after_s=wait_ms / 1e3)


def expected(request: Generate) -> int:
    """Expect as many tokens as a request's size and its own limit say."""
    return request.source.size_bytes // BYTES_PER_TOKEN + (request.sampling.max_tokens or 0)


def _ask(gauge: _Gauge, tokens: int) -> None:
    limit = gauge.part
    if limit.parallel is not None and gauge.parallel >= limit.parallel:
        raise too_fast(limit, "parallel")
    for what, bucket, amount in (
        ("requests", gauge.requests, 1),
        ("tokens", gauge.tokens, tokens),
    ):
        wait_ms = bucket.wait_ms(amount) if bucket is not None else 0
        if wait_ms:
            raise too_fast(limit, what, wait_ms=wait_ms)


def _part(limit: Limit, parts: int) -> Limit:
    """Divide a limit; a part of nothing would be a lock."""

    def part(figure: int | None) -> int | None:
        return None if figure is None else max(1, figure // parts)

    return replace(
        limit,
        requests=part(limit.requests),
        tokens=part(limit.tokens),
        parallel=part(limit.parallel),
    )


if TYPE_CHECKING:
    _limits: type[Limits] = Pace
