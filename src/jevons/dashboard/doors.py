"""What a page may ask, and of whom.

These doors are here and not in `jevons.ports`, since what comes through them are the values of
reports, which that page may not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from jevons.budget import Balance, Terms
    from jevons.reports import Saved
    from jevons.reports.tally import Tally
    from jevons.types import review
    from jevons.types.account import Ended, SetAside
    from jevons.types.actor import Actor
    from jevons.types.model import Endpoint
    from jevons.types.person import Person
    from jevons.types.proof import Filed

__all__ = (
    "SYNTHETIC",
    "Found",
    "Head",
    "Reading",
    "Reviewing",
    "Scope",
    "Sees",
    "Serving",
    "Wanted",
    "Weighed",
)

SYNTHETIC = "synthetic."
"""Begins the origin of a log whose records were made up."""


class Scope(NamedTuple):
    """What somebody may see of the books."""

    accounts: frozenset[str] | None
    """Accounts and keys, with all that is below them; None is everything."""

    def sees(self, key: str, line: Sequence[str]) -> bool:
        """Tell whether what was charged so may be seen.

        Args:
            key: With which it was asked.
            line: Accounts that it was charged to besides.
        """
        return self.accounts is None or key in self.accounts or not self.accounts.isdisjoint(line)


class Sees(Protocol):
    """Tells what somebody may see."""

    def __call__(self, person: Person, act: str, /) -> Scope | None:
        """Tell how far somebody reaches with an act, as `receipt.see`; None is not at all."""
        ...


class Head(NamedTuple):
    """How far the log has come."""

    origin: str
    key: str
    """As whoever trusts it writes it down (C2SP signed-note, "Verifier keys")."""
    checkpoint: str | None
    """The newest, signed; None while nothing is signed yet."""

    @property
    def is_synthetic(self) -> bool:
        """Whether its records were made up."""
        return self.origin.startswith(SYNTHETIC)


class Wanted(NamedTuple):
    """Which records, newest first."""

    text: str = ""
    """Stands somewhere in them, in either case."""
    before: int | None = None
    """Where the last look ended; None begins at the newest."""
    most: int = 50
    scope: Scope = Scope(None)


class Found(NamedTuple):
    """Records, newest first."""

    records: tuple[Ended, ...]
    older: int | None
    """What `before` has to be for those that come next; None where there are no more."""


class Weighed(NamedTuple):
    """What the rules say to one request that could be, for one endpoint."""

    endpoint: str
    is_allowed: bool
    says: str
    wants: tuple[str, ...]
    """What would have to be otherwise, where it may not go."""


class Reading(Protocol):
    """What may be asked of the books. Each answer is of one moment, and may take a disk's time.

    Each raises `StoreUnavailable` where they cannot be read.
    """

    def tallies(
        self,
        *,
        by: Collection[str],
        begin_ms: int = 0,
        end_ms: int | None = None,
        step_ms: int | None = None,
    ) -> list[Tally]:
        """Tell what receipts come to, told apart by these fields of their group."""
        ...

    def newest(self, wanted: Wanted) -> Found:
        """List receipts and refusals."""
        ...

    def find(self, request: str) -> Filed | None:
        """Find what a request came to, with its proof once it is under a checkpoint."""
        ...

    def head(self) -> Head:
        """Tell how far the log has come."""
        ...

    def actors(self) -> tuple[Actor, ...]:
        """List the keys, oldest first."""
        ...

    def terms(self) -> Terms:
        """Tell which accounts there are, and what holds for each."""
        ...

    def saved(self, scope: Scope) -> Saved:
        """Tell what became of requests for `auto`, of those that somebody may see."""
        ...

    def balances(self) -> list[Balance]:
        """Tell what is left of every budget."""
        ...


class Reviewing(Protocol):
    """What waits for people to grade it."""

    async def next(self, sees: review.Sees, after: str = "") -> review.Blind | None:
        """Show the next, of those that somebody may see, after one that they passed over.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        ...

    async def judge(
        self, name: str, word: review.Word, sees: review.Sees, *, by: str
    ) -> review.Told:
        """Take what somebody says of one.

        Raises:
            NotFound: None of that name waits, for them.
            StoreUnavailable: It could not be written down.
        """
        ...


class Serving(Protocol):
    """What may be asked of the house that serves."""

    @property
    def in_flight(self) -> int | None:
        """Requests under way; None where none are served by this process."""
        ...

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Those there are."""
        ...

    @property
    def aside(self) -> tuple[SetAside, ...]:
        """Endpoints that are asked last, since they kept failing."""
        ...

    @property
    def profile(self) -> str:
        """The profile that is switched on; empty where none is."""
        ...

    def weigh(self, model: str, data_class: str, region: str, key: str) -> tuple[Weighed, ...]:
        """Tell where a request could go: one for each endpoint, those that it asks for first.

        Args:
            model: A model, an endpoint or an alias; empty is any.
            data_class: Of its data; empty is as the house says.
            region: Where the people live whom it is about; empty likewise.
            key: Whose limits count; empty is nobody's.
        """
        ...
