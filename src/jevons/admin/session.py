"""Who is signed in, in the memory of one process.

Rule 1: a session ends when nothing was asked for a while, in any case after some hours, and when
    somebody signs out; a restart ends all.
Rule 2: what is remembered is a hash of the cookie. Whoever reads this memory cannot sign in with it.
Rule 3: a session is worth what stands of its person now: who was removed, or has a new token, is
    out at once, and a role that has changed is another.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

if TYPE_CHECKING:
    from jevons.ports import Clock
    from jevons.store import People
    from jevons.types.person import Person

__all__ = ("Begun", "Session", "Sessions")

_MOST = 10_000
"""Sessions at once; the one that was idle longest makes room."""


@dataclass(slots=True)
class Session:
    """One person at one browser."""

    person: Person
    csrf: str
    """What each form has to hold: no other site can read it."""
    token: str | None
    """SHA-256 of the token that opened it, hex; None if another server said who it is."""
    until_s: float
    last_s: float


class Begun(NamedTuple):
    """A session that has begun, and what its cookie holds."""

    cookie: str
    session: Session


class Sessions:
    """All sessions.

    Args:
        clock: Ends them.
        people: Those who may sign in now.
        idle_s: Seconds without a request after which one ends.
        longest_s: Seconds after which one ends in any case.
    """

    def __init__(
        self,
        clock: Clock,
        people: People,
        *,
        idle_s: float,
        longest_s: float,
    ) -> None:
        self._clock = clock
        self._people = people
        self._idle_s = idle_s
        self._longest_s = longest_s
        self._open: dict[str, Session] = {}

    def begin(self, person: Person, *, token: str | None = None) -> Begun:
        """Sign somebody in.

        Args:
            person: Who.
            token: The token that they showed; None if another server said who it is.
        """
        now_s = self._clock.monotonic_s()
        self._make_room(now_s)
        cookie = secrets.token_urlsafe(32)
        session = Session(
            person=person,
            csrf=secrets.token_urlsafe(32),
            token=None if token is None else _hash(token),
            until_s=now_s + self._longest_s,
            last_s=now_s,
        )
        self._open[_hash(cookie)] = session
        return Begun(cookie, session)

    def find(self, cookie: str) -> Session | None:
        """Find the session of a cookie, and have it go on; None if there is none any more."""
        session = self._open.get(_hash(cookie))
        if session is None:
            return None
        now_s = self._clock.monotonic_s()
        if self._is_over(session, now_s) or not self._is_still_good(session):
            self.end(cookie)
            return None
        session.last_s = now_s
        return session

    def end(self, cookie: str) -> None:
        """Sign somebody out."""
        self._open.pop(_hash(cookie), None)

    def _is_over(self, session: Session, now_s: float) -> bool:
        return now_s >= min(session.until_s, session.last_s + self._idle_s)

    def _is_still_good(self, session: Session) -> bool:
        """Take over what stands of somebody now; false if nothing does."""
        if session.token is not None:
            person = self._people.holder(session.token)
        else:
            there = self._people.standing(session.person.name)
            person = there and replace(session.person, role=there.role, accounts=there.accounts)
        session.person = person or session.person
        return person is not None

    def _make_room(self, now_s: float) -> None:
        over = [name for name, each in self._open.items() if self._is_over(each, now_s)]
        for name in over:
            del self._open[name]
        if len(self._open) >= _MOST:
            del self._open[min(self._open, key=lambda name: self._open[name].last_s)]


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
