"""The pace of several replicas together, counted in a Valkey server.

Rule 1: a request with limits asks the server, in one step for its whole line, and waits a few
    milliseconds at most. One without limits asks nobody.
Rule 2: where the server does not answer, each replica counts alone, with its part of every limit, and
    says so once. It has counted along all the while, so it does not begin with full buckets.
Rule 3: what a connection leaves open when it ends, nobody knows. So each connection is a replica of a
    new name, which begins by saying what is under way; what was said under the old name is dropped, and
    if it cannot be, ends with its lease.
Rule 4: the server is told hashes and numbers: no name of an account, and no key.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from functools import partial
from hashlib import blake2b, sha1
from typing import TYPE_CHECKING, NamedTuple, Self

from jevons.budget.depth import refuse_depth
from jevons.budget.pace import Pace, expected, limits_of, too_fast
from jevons.providers.pace_script import ENTER, LEAVE
from jevons.providers.valkey import Down, Refused, connect
from jevons.telemetry import log
from jevons.types.pace import Room

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jevons import ports
    from jevons.budget import Terms
    from jevons.providers.valkey import Answer, Line, Where
    from jevons.telemetry import Metrics
    from jevons.types.actor import Actor
    from jevons.types.budget import Limit
    from jevons.types.request import Generate

__all__ = ("SharedPace",)

_AGAIN_S = 0.5
"""Between two tries to reach a server that could not be."""
_AT_ONCE_S = 0.05
"""Until one that could be is tried again."""
_CONNECT_S = 1.0
_GRACE_S = 0.001
"""Once more, when an answer is late: what stalled may have been this loop, and the answer be here."""
_LASTS_MS = 24 * 60 * 60 * 1000
_KINDS = ("parallel", "requests", "tokens")


def _sha(script: str) -> bytes:
    return sha1(script.encode(), usedforsecurity=False).hexdigest().encode()


_ENTER, _LEAVE = _sha(ENTER), _sha(LEAVE)
_SCRIPTS = ((b"SCRIPT", b"LOAD", ENTER.encode()), (b"SCRIPT", b"LOAD", LEAVE.encode()))


class _Passed(NamedTuple):
    limits: tuple[Limit, ...]
    tokens: int


class SharedPace:
    """Lets requests begin, or tells them when. Used from entering to leaving.

    Args:
        where: The server.
        terms: What stands now.
        clock: Fills the buckets of a replica that counts alone.
        metrics: Says whether it does.
        prefix: What keys in the server begin with: what counts together has the same.
        replicas: How many there are: each has so much a part of every limit when it counts alone.
        timeout_s: Longest wait for the server.
        lease_s: How long what a replica has under way counts after it was last heard of.
    """

    def __init__(
        self,
        where: Where,
        *,
        terms: Callable[[], Terms],
        clock: ports.Clock,
        metrics: Metrics,
        prefix: str = "jevons",
        replicas: int = 1,
        timeout_s: float = 0.02,
        lease_s: float = 10.0,
    ) -> None:
        self._where = where
        self._terms = terms
        self._metrics = metrics
        self._tag = f"{{{prefix}}}:".encode()
        self._timeout_s = timeout_s
        self._lease_s = lease_s
        self._alone = Pace(terms, clock, parts=replicas)
        self._line: Line | None = None
        self._name = b""
        self._open: Counter[str] = Counter()
        self._passed: dict[str, _Passed] = {}
        self._keys: dict[str, bytes] = {}
        self._rooms: dict[str, tuple[Room, ...]] = {}
        self._is_troubled = False
        self._running: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin; a server that is not there yet is waited for a second."""
        self._metrics.limits_shared = False
        is_tried = asyncio.Event()
        self._running = asyncio.ensure_future(self._run(is_tried))
        await is_tried.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def enter(self, request: Generate) -> bool | Awaitable[bool]:
        """Let a request begin.

        Raises:
            RateLimited: There is no room for it, here or, once awaited, in all replicas together.
            TooDeep: It asks for more reasoning, or more rounds of tools, than a limit has.
        """
        limits = () if request.actor is None else limits_of(request.actor, self._terms())
        if not limits:
            return False
        refuse_depth(request, limits)
        line = self._line
        if line is None:
            return self._enter_alone(request, limits)
        return self._ask(request, limits, line)

    def leave(self, request: str, *, tokens: int | None) -> None:
        """Have a request end."""
        self._alone.leave(request, tokens=tokens)
        limits, before = self._passed.pop(request)
        self._open.subtract([limit.account for limit in limits])
        self._open += Counter()  # without those that have none
        more = 0 if tokens is None else tokens - before
        self._give_back(limits, requests=0, tokens=more)

    def rooms(self, actor: Actor) -> tuple[Room, ...]:
        """Tell what is left for a key, as it was when it last asked."""
        if self._line is None:
            return self._alone.rooms(actor)
        return self._rooms.get(actor.key, ()) if limits_of(actor, self._terms()) else ()

    def _enter_alone(self, request: Generate, limits: tuple[Limit, ...]) -> bool:
        self._metrics.limits_alone += 1
        self._alone.enter(request)
        self._pass(request, limits)
        return True

    def _pass(self, request: Generate, limits: tuple[Limit, ...]) -> None:
        self._passed[request.id] = _Passed(limits, expected(request))
        self._open.update([limit.account for limit in limits])

    async def _ask(self, request: Generate, limits: tuple[Limit, ...], line: Line) -> bool:
        tokens = expected(request)
        words = [b"EVALSHA", _ENTER, b"%d" % len(limits)]
        words += [self._key(limit.account) for limit in limits]
        words += [self._name, self._tag + b"alive:", b"%d" % tokens, b"%d" % _LASTS_MS]
        for limit in limits:
            words += [_figure(getattr(limit, kind)) for kind in _KINDS]
        undo = partial(self._undo, limits, tokens, line)
        asking = line.ask(*words, unheard=undo)
        try:
            answer = await _within(asking, self._timeout_s, line)
        except asyncio.CancelledError:
            if asking.done() and not asking.cancelled() and asking.exception() is None:
                undo(asking.result())  # it had just come, and nobody hears it any more
            raise
        except Down:
            return self._enter_alone(request, limits)
        except Refused as error:  # it has lost its scripts, or is out of memory
            line.end(str(error))
            return self._enter_alone(request, limits)
        match answer:
            case [1, *left]:
                self._see(request, limits, left)
                self._alone.note(request)
                self._pass(request, limits)
                return True
            case [0, int(whose), int(kind), int(wait_ms)]:
                raise too_fast(limits[whose - 1], _KINDS[kind], wait_ms=wait_ms)
            case _:
                line.end("what it answers is not the script's")
                return self._enter_alone(request, limits)

    def _see(self, request: Generate, limits: tuple[Limit, ...], left: list[Answer]) -> None:
        """Remember what is left: of each kind of limit, the one with the least room."""
        if request.actor is None:
            return
        found: dict[str, Room] = {}
        figures = iter([figure for figure in left if isinstance(figure, int)])
        for limit in limits:
            for what in _KINDS[1:]:
                most: int | None = getattr(limit, what)
                if most is not None:
                    remaining, reset_ms = next(figures), next(figures)
                    if what not in found or remaining < found[what].remaining:
                        found[what] = Room(
                            what=what, limit=most, remaining=remaining, reset_s=reset_ms / 1e3
                        )
        self._rooms[request.actor.key] = tuple(found.values())

    def _undo(self, limits: tuple[Limit, ...], tokens: int, line: Line, answer: Answer) -> None:
        """Give back what the server took for a request that has gone meanwhile."""
        if isinstance(answer, list) and answer[:1] == [1] and line is self._line:
            self._give_back(limits, requests=-1, tokens=-tokens)

    def _give_back(self, limits: tuple[Limit, ...], *, requests: int, tokens: int) -> None:
        if self._line is None:
            return
        words = [b"EVALSHA", _LEAVE, b"%d" % len(limits)]
        words += [self._key(limit.account) for limit in limits]
        words += [self._name, b"%d" % requests, b"%d" % tokens]
        for limit in limits:
            words += [_figure(limit.requests), _figure(limit.tokens)]
        self._line.tell(*words)

    def _key(self, account: str) -> bytes:
        key = self._keys.get(account)
        if key is None:
            hashed = blake2b(account.encode(), digest_size=16).hexdigest()
            key = self._keys[account] = self._tag + hashed.encode()
        return key

    async def _run(self, is_tried: asyncio.Event) -> None:
        """Have a line to the server, and another when it ends."""
        while True:
            pause_s = _AGAIN_S
            try:
                async with asyncio.timeout(_CONNECT_S):
                    line = await connect(self._where, *_SCRIPTS)
                pause_s = _AT_ONCE_S
                self._trouble(await self._counted(line, is_tried))
            except (OSError, Refused, Down) as error:
                self._trouble(str(error) or type(error).__name__)
            except Exception:  # noqa: BLE001 a worker loop: without it replicas would count alone for ever
                log.exception("limits.bug")
            self._metrics.limits_shared = False
            is_tried.set()
            await asyncio.sleep(pause_s)

    async def _counted(self, line: Line, is_tried: asyncio.Event) -> str:
        """Count with the others until the line ends; say why it did."""
        try:
            self._begin(line)
            is_tried.set()
            return await self._stay(line)
        finally:
            self._line = None
            line.tell(b"DEL", self._alive())
            line.end("the house closed")

    def _begin(self, line: Line) -> None:
        """Be a replica of a new name, and say what is under way; without a pause, so that it is so."""
        former, self._name = self._alive(), secrets.token_hex(8).encode()
        line.tell(b"DEL", former)
        line.tell(b"SET", self._alive(), b"1", b"PX", self._lease_ms())
        for account, count in self._open.items():
            key = self._key(account) + b":open"
            line.tell(b"HSET", key, self._name, b"%d" % count)
            line.tell(b"PEXPIRE", key, b"%d" % _LASTS_MS)
        self._line = line
        self._metrics.limits_shared = True
        if self._is_troubled:
            log.info("limits.shared_again")
        self._is_troubled = False

    async def _stay(self, line: Line) -> str:
        """Renew the lease until the line ends; say why it did."""
        words = (b"SET", self._alive(), b"1", b"PX", self._lease_ms(), b"XX")
        while True:
            done, _ = await asyncio.wait([line.lost], timeout=self._lease_s / 3)
            if done:
                return line.lost.result()
            try:
                answer = await _within(line.ask(*words), _CONNECT_S, line)
            except (Down, Refused) as error:
                line.end(str(error))
            else:
                if answer is None:  # others count without us already
                    line.end("the lease ran out")

    def _alive(self) -> bytes:
        return self._tag + b"alive:" + self._name

    def _lease_ms(self) -> bytes:
        return b"%d" % int(self._lease_s * 1e3)

    def _trouble(self, cause: str) -> None:
        if not self._is_troubled:
            log.warning("limits.alone", cause=cause)
        self._is_troubled = True


def _figure(limit: int | None) -> bytes:
    return b"-1" if limit is None else b"%d" % limit


async def _within(answer: asyncio.Future[Answer], wait_s: float, line: Line) -> Answer:
    """Wait for an answer; where it does not come in time, end the line.

    Raises:
        Down: It did not.
        Refused: The server did not do what it was told.
    """
    loop = asyncio.get_running_loop()

    def late(*, is_sure: bool = False) -> None:
        nonlocal timer
        if is_sure:
            line.end(f"no answer within {wait_s * 1e3:.0f} ms")
        else:
            timer = loop.call_later(_GRACE_S, partial(late, is_sure=True))

    timer = loop.call_later(wait_s, late)
    try:
        return await answer
    finally:
        timer.cancel()


if TYPE_CHECKING:
    _limits: type[ports.Limits] = SharedPace
