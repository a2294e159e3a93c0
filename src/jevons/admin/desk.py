"""What the API has before it: the open house, and one request of one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from jevons.admin.roles import At, admit
from jevons.types.errors import Malformed, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jevons.acts import Acts
    from jevons.admin.roles import Act
    from jevons.ports import Clock
    from jevons.store import Archive, Books
    from jevons.types.account import Ended, SetAside
    from jevons.types.actor import Actor
    from jevons.types.model import Endpoint
    from jevons.types.person import Person

__all__ = (
    "Asked",
    "Desk",
    "Page",
    "find_actor",
    "where_account",
    "where_ended",
    "where_key",
    "where_named",
)

B = TypeVar("B")

_PAGE, _LONGEST_PAGE = 50, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The house, as far as it is looked after here."""

    books: Books
    archive: Archive | None
    """Kept answers; None in a house that keeps none."""
    clock: Clock
    would: Callable[..., dict[str, Any]]
    """Says what would be decided about data; see `jevons.boot.weigh`. It may take a while."""
    became: Callable[[Ended, Actor | None], dict[str, Any]]
    """Says what was decided about a request."""
    endpoints: tuple[Endpoint, ...] = ()
    failing: Callable[[], Mapping[str, SetAside]] = dict
    """Endpoints that failed when they were asked last, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[B]):
    """One request."""

    desk: Desk
    person: Person
    acts: Acts
    path: Mapping[str, str]
    """What stands in the places of the path."""
    query: Mapping[str, str]
    body: B

    def number(self, name: str, *, usual: int | None, most: int) -> int | None:
        """Read a number of the query.

        Raises:
            Malformed: It is none, or too large.
        """
        said = self.query.get(name)
        if said is None:
            return usual
        if not (said.isascii() and said.isdecimal()) or not 0 < int(said[:20]) <= most:
            message = f"{name} is {said!r}; it must be a number from 1 to {most}"
            raise Malformed(message, param=name)
        return int(said)

    def page(self) -> Page:
        """Read where a page begins, and how long it is.

        Raises:
            Malformed: It says neither.
        """
        before = self.number("cursor", usual=None, most=2**62)
        return Page(before, self.number("limit", usual=_PAGE, most=_LONGEST_PAGE) or _PAGE)


class Page(NamedTuple):
    """A part of a long list."""

    before: int | None
    """Leaf before which it begins; None is the newest."""
    most: int


def where_account(books: Books, name: str) -> At:
    """Tell where an account is; an account that is not there is nowhere."""
    line: list[str] = []
    found = books.terms.accounts.get(name)
    while found is not None:
        line.append(found.name)
        found = books.terms.accounts.get(found.under)
    return At(tuple(line))


def where_key(actor: Actor) -> At:
    """Tell where a key is."""
    return At((actor.key, *actor.account), actor.owner)


def where_named(books: Books, name: str) -> At:
    """Tell where a key, by its id, or an account is.

    Raises:
        NotFound: There is neither.
    """
    if name in books.terms.accounts:
        return where_account(books, name)
    return where_key(books.keys.named(name))


def where_ended(ended: Ended, keys: Mapping[str, Actor]) -> At:
    """Tell where what a request came to is: with its key.

    Of a key that was erased nobody knows any more whose it was; what its records say of accounts
    stays.
    """
    actor = keys.get(ended.key)
    owner = "" if actor is None else actor.owner
    account: tuple[str, ...] = getattr(ended, "account", ()) or (actor.account if actor else ())
    return At((ended.key, *account), owner)


def find_actor(asked: Asked[Any], name: str, act: Act) -> Actor:
    """Find a key by its id, if this person may do that to it.

    Raises:
        NotFound: There is none that they may see.
        Forbidden: They see it, and may not do that.
    """
    try:
        actor = asked.desk.books.keys.named(name)
    except NotFound:
        message = f"there is no key {name!r}"
        raise NotFound(message) from None
    admit(asked.person, act, where_key(actor), sees="key.see", what=f"key {name!r}")
    return actor
