"""People: added once, their tokens shown once and hashed at rest, found without touching the disk.

Rule 1: each change of a person is a leaf, and the last one of a name is what stands.
Rule 2: memory is only ever a copy of what stands, taken by the thread that writes it.
Rule 3: a row is changed only if it is still as it was read: else somebody whom another process
    removed could be there again.
Rule 4: a name is one person's for ever: records say who did what.
"""

from __future__ import annotations

import secrets
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from jevons.store.standing import people, put
from jevons.types.account import PersonChange
from jevons.types.errors import Forbidden, Malformed, NotFound, StoreUnavailable
from jevons.types.person import Person

if TYPE_CHECKING:
    from jevons import ports
    from jevons.store.door import Connection
    from jevons.store.keys import Write
    from jevons.types.person import Role

__all__ = ("Admitted", "People")

_SECRET_BYTES = 32


class Admitted(NamedTuple):
    """A person with a new token: what is stored of them, and the token, which is not."""

    change: PersonChange
    token: str


class People:
    """Those who may sign in with a token, in memory, as the books have them.

    Args:
        write: Commits a record together with rows, and has `load` called before it returns.
        clock: Dates the changes.
    """

    def __init__(self, write: Write, *, clock: ports.Clock) -> None:
        self._write = write
        self._clock = clock
        self._named: dict[str, PersonChange] = {}
        self._found: dict[str, Person] = {}

    def find(self, token: str) -> Person | None:
        """Look up whose token this is. None if it is nobody's, or is not any more."""
        return self.holder(sha256(token.encode("utf-8", "surrogatepass")).hexdigest())

    def holder(self, digest: str) -> Person | None:
        """Look up whose token has this SHA-256, hex."""
        return self._found.get(digest)

    def standing(self, name: str) -> PersonChange | None:
        """Look up somebody who may sign in; None if there is nobody of this name, or not any more."""
        there = self._named.get(name)
        return None if there is None or there.act == "removed" else there

    def list(self) -> tuple[PersonChange, ...]:
        """List everybody by name, also who was removed: the last that was said of each."""
        return tuple([change for _, change in sorted(self._named.items())])

    async def add(self, name: str, *, role: Role, accounts: tuple[str, ...], by: str) -> Admitted:
        """Let somebody sign in.

        Raises:
            Malformed: There is, or was, somebody of this name.
            StoreUnavailable: It could not be written; they may not.
        """
        if name in self._named:
            message = (
                f"there is, or was, a person {name!r}; records name people, so names stand once"
            )
            raise Malformed(message)
        added = PersonChange(
            at_ms=self._clock.now_ms(), act="added", name=name, role=role, accounts=accounts, by=by
        )
        return await self._with_token(added)

    async def rotate(self, name: str, *, by: str) -> Admitted:
        """Give somebody another token; the one before, and what it opened, ends.

        Raises:
            NotFound: There is nobody of this name.
            Malformed: They sign in elsewhere.
            StoreUnavailable: It could not be written; the token that they have is still good.
        """
        there = self.named(name)
        if there.issuer:
            message = f"{name!r} signs in at {there.issuer}, and has no token"
            raise Malformed(message)
        return await self._with_token(
            replace(there, act="rotated", at_ms=self._clock.now_ms(), by=by)
        )

    async def enter(
        self, name: str, *, role: Role, accounts: tuple[str, ...], issuer: str
    ) -> PersonChange:
        """Take over what a sign-on server says of somebody; a record only if it is news.

        Raises:
            Forbidden: They were removed here, or are of another server.
            StoreUnavailable: It could not be written; they may not.
        """
        there = self._named.get(name)
        if there is not None and (there.act == "removed" or there.issuer != issuer):
            message = f"{name!r} was removed here, or is somebody of another sign-on server"
            raise Forbidden(message, rule="oidc")
        if there is not None and (there.role, there.accounts) == (role, accounts):
            return there
        entered = PersonChange(
            at_ms=self._clock.now_ms(),
            act="signed_in",
            name=name,
            role=role,
            accounts=accounts,
            issuer=issuer,
            by=name,
        )
        await self._stand(entered)
        return entered

    async def remove(self, name: str, *, by: str) -> PersonChange:
        """Refuse somebody from now on.

        Raises:
            NotFound: There is nobody of this name.
            StoreUnavailable: It could not be written; they may still sign in.
        """
        there = self.named(name)
        gone = replace(there, act="removed", at_ms=self._clock.now_ms(), token="", by=by)
        await self._stand(gone)
        return gone

    def named(self, name: str) -> PersonChange:
        """Look somebody up who may sign in.

        Raises:
            NotFound: There is nobody of this name.
        """
        there = self.standing(name)
        if there is None:
            message = f"nobody is called {name!r}; `jevons people list` lists them"
            raise NotFound(message)
        return there

    def load(self, connection: Connection) -> None:
        """Read what stands again; on the thread that writes it."""
        self._named = people(connection)
        self._found = {
            each.token: Person(name=each.name, role=each.role, accounts=each.accounts)
            for each in self._named.values()
            if each.token
        }

    async def _with_token(self, change: PersonChange) -> Admitted:
        token = "jvp_" + secrets.token_urlsafe(_SECRET_BYTES)
        change = replace(change, token=sha256(token.encode()).hexdigest())
        await self._stand(change)
        return Admitted(change, token)

    async def _stand(self, change: PersonChange) -> None:
        within = partial(_expect, change.name, self._named.get(change.name))
        await self._write(change, [put(change)], within)


def _expect(name: str, read: PersonChange | None, connection: Connection) -> None:
    """Hold what stands of a person against what was read of them.

    Raises:
        StoreUnavailable: It has changed.
    """
    if people(connection).get(name) != read:
        message = f"another process has just changed the person {name!r}; do it again"
        raise StoreUnavailable(message)
