"""What pages are told: the books on the disk, and the house that serves.

Rule 1: pages read beside the books and not through them: no page waits for a batch, and no batch
    for a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jevons.admin import csrf_of
from jevons.admin.roles import Reach, reach
from jevons.boot.landscape import open_landscape
from jevons.boot.weigh import would
from jevons.dashboard import Found, Head, Scope, Weighed
from jevons.reports import DAY_MS, HOUSE_KEY, labels, saved
from jevons.store import (
    balances,
    chosen_records,
    every_row,
    head_of,
    keys_in,
    look_through,
    look_up,
    spending,
    tallies,
)
from jevons.types.account import Certified, Receipt

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.routing import Route

    from jevons.admin.roles import Act
    from jevons.budget import Balance, Terms
    from jevons.dashboard import Reviewing, Sees, Wanted
    from jevons.pick import Resting
    from jevons.ports import Clock
    from jevons.reports import Landscape, Saved
    from jevons.reports.tally import Tally
    from jevons.settings import Settings
    from jevons.store.where import Where
    from jevons.telemetry import Metrics
    from jevons.types.account import Ended, Feedback, KeyChange, SetAside
    from jevons.types.actor import Actor
    from jevons.types.model import Endpoint
    from jevons.types.person import Person
    from jevons.types.proof import Filed

__all__ = ("BooksOnDisk", "Field", "ServingHouse", "open_pages", "sees_of")


def open_pages(
    settings: Settings,
    ledger: Where,
    *,
    endpoints: tuple[Endpoint, ...],
    clock: Clock,
    metrics: Metrics,
    resting: Resting | None,
    reviewing: Reviewing | None = None,
) -> list[Route]:
    """Make the pages of a house that serves; none where nobody can sign in.

    Args:
        settings: Whose house it is.
        ledger: Its books.
        endpoints: Those there are.
        clock: Tells until when pages look.
        metrics: Counts what is under way.
        resting: Remembers who kept failing; None in a house that sets none aside.
        reviewing: What waits for people to grade it; None in a house that has nobody do so.
    """
    if settings.admin.port is None:
        return []
    from jevons.dashboard import routes  # noqa: PLC0415 templates that only a page needs

    books = BooksOnDisk(ledger, clock)
    house = ServingHouse(
        settings, books, endpoints=endpoints, clock=clock, metrics=metrics, resting=resting
    )
    return routes(
        books,
        house,
        sees=sees_of(books),
        field=Field(settings, clock),
        clock=clock,
        csrf=csrf_of,
        reviewing=reviewing,
        people=lambda: labels(every_row(ledger)).people,
    )


class BooksOnDisk:
    """A ledger, read beside whoever writes it.

    Args:
        where: The file, or the database that replicas share.
        clock: Tells which budgets are of now.
    """

    def __init__(self, where: Where, clock: Clock) -> None:
        self._where = where
        self._clock = clock

    def tallies(
        self,
        *,
        by: Collection[str],
        begin_ms: int = 0,
        end_ms: int | None = None,
        step_ms: int | None = None,
    ) -> list[Tally]:
        """Tell what receipts come to."""
        return tallies(self._where, by=by, begin_ms=begin_ms, end_ms=end_ms, step_ms=step_ms)

    def newest(self, wanted: Wanted) -> Found:
        """List receipts and refusals."""
        lines: dict[str, tuple[str, ...]] = {}
        if wanted.scope.accounts is not None:
            lines = {each.key: each.account for each in self.actors()}

        def admits(ended: Ended) -> bool:
            line = getattr(ended, "account", ()) or lines.get(ended.key, ())
            return wanted.scope.sees(ended.key, line)

        looked = look_through(
            self._where, text=wanted.text, before=wanted.before, most=wanted.most, wanted=admits
        )
        return Found(looked.found, looked.before)

    def find(self, request: str) -> Filed | None:
        """Find what a request came to."""
        return look_up(self._where, request)

    def head(self) -> Head:
        """Tell how far the log has come."""
        key, checkpoint = head_of(self._where)
        return Head(key.name, key.render(), checkpoint)

    def actors(self) -> tuple[Actor, ...]:
        """List the keys."""
        return keys_in(self._where)

    def terms(self) -> Terms:
        """Tell which accounts there are."""
        return spending(self._where, now_ms=self._clock.now_ms()).terms

    def saved(self, scope: Scope) -> Saved:
        """Tell what became of requests for `auto`, of those that somebody may see."""
        records = chosen_records(self._where)
        return saved([each for each in records if _may_see(scope, each)], house=HOUSE_KEY)

    def balances(self) -> list[Balance]:
        """Tell what is left of every budget."""
        return balances(self._where, now_ms=self._clock.now_ms())


def _may_see(scope: Scope, record: Receipt | Certified | Feedback | KeyChange) -> bool:
    """Tell whether a record is of what somebody may see; what holds for all, all may see."""
    match record:
        case Receipt():
            return scope.sees(record.key, record.account)
        case Certified():
            return not record.tenant or scope.sees(record.tenant, (record.tenant,))
        case _:
            return True


def sees_of(books: BooksOnDisk) -> Sees:
    """Tell what somebody may see by the one table of roles that there is.

    Args:
        books: For which keys are somebody's own.
    """

    def sees(person: Person, act: str, /) -> Scope | None:
        match reach(person.role, cast("Act", act)):
            case Reach.ALL:
                return Scope(None)
            case Reach.WITHIN | Reach.BELOW:
                return Scope(frozenset(person.accounts))
            case Reach.OWN:
                owned = [each.key for each in books.actors() if each.owner == person.name]
                return Scope(frozenset(owned))
            case None:
                return None

    return sees


class ServingHouse:
    """The house whose settings these are, and what it does where it runs in this process.

    Args:
        settings: What there is.
        books: For what keys may do.
        endpoints: Those there are.
        clock: Tells who is set aside until when.
        metrics: Counts what is under way; None where nothing is served by this process.
        resting: Remembers who kept failing; None likewise.
    """

    def __init__(
        self,
        settings: Settings,
        books: BooksOnDisk,
        *,
        endpoints: tuple[Endpoint, ...],
        clock: Clock,
        metrics: Metrics | None = None,
        resting: Resting | None = None,
    ) -> None:
        self._settings = settings
        self._books = books
        self._clock = clock
        self._metrics = metrics
        self._resting = resting
        self.endpoints = endpoints

    @property
    def in_flight(self) -> int | None:
        """Requests under way."""
        return None if self._metrics is None else self._metrics.in_flight

    @property
    def aside(self) -> tuple[SetAside, ...]:
        """Endpoints that are asked last."""
        if self._resting is None:
            return ()
        now_s, now_ms = self._clock.monotonic_s(), self._clock.now_ms()
        failing = self._resting.failing(now_s=now_s, now_ms=now_ms)
        return tuple([each for each in failing.values() if each.until_ms > now_ms])

    @property
    def profile(self) -> str:
        """The profile that is switched on."""
        return self._settings.policy.profile

    def weigh(self, model: str, data_class: str, region: str, key: str) -> tuple[Weighed, ...]:
        """Tell where a request could go."""
        actor = next((each for each in self._books.actors() if each.key == key), None)
        asked = [each for each in self.endpoints if model in {each.name, each.model, *each.aliases}]
        others = [each for each in self.endpoints if each not in asked]
        return tuple(
            [
                _weighed(
                    would(
                        self._settings,
                        each.name,
                        actor,
                        data_class=data_class or None,
                        region=region or None,
                    ),
                    each.name,
                )
                for each in (*asked, *others)
            ]
        )


def _weighed(told: dict[str, Any], name: str) -> Weighed:
    """Take what is told of one endpoint; others may have its name as theirs too."""
    (said,) = [each for each in told["endpoints"] if each["endpoint"] == name]
    wants = [want for each in told["refused"] if each["endpoint"] == name for want in each["wants"]]
    return Weighed(name, said["is_allowed"], said["says"], tuple(wants))


class Field:
    """What is known of all models; put together once a day, since it changes with releases.

    Args:
        settings: What other currencies are worth.
        clock: Tells which prices hold.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._day = -1
        self._found: Landscape | None = None

    def __call__(self) -> Landscape:
        """Tell it."""
        at_ms = self._clock.now_ms()
        if self._found is None or self._day != at_ms // DAY_MS:
            self._found, self._day = open_landscape(self._settings, at_ms=at_ms), at_ms // DAY_MS
        return self._found
