"""The pages, by their paths.

Rule 1: a page only reads, but for the one on which people grade. What is asked is in its address, so that it can be kept and sent on.
Rule 2: what somebody may not see is not there: it is not counted, not named, and 404.
Rule 3: a page waits for the disk, so it is made on a thread, and never on the loop that serves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from jevons.dashboard.days import days_of
from jevons.dashboard.doors import Wanted
from jevons.dashboard.frame import KINDS, NAV, REVIEW, asset, write
from jevons.dashboard.review import ReviewPage
from jevons.dashboard.view.auto import auto
from jevons.dashboard.view.energy import NEEDS as ENERGY_NEEDS
from jevons.dashboard.view.energy import energy
from jevons.dashboard.view.keys import NEEDS as KEYS_NEEDS
from jevons.dashboard.view.keys import keys
from jevons.dashboard.view.landscape import landscape
from jevons.dashboard.view.models import NEEDS as MODELS_NEEDS
from jevons.dashboard.view.models import models
from jevons.dashboard.view.now import HOURS, now
from jevons.dashboard.view.now import NEEDS as NOW_NEEDS
from jevons.dashboard.view.places import NEEDS as PLACES_NEEDS
from jevons.dashboard.view.places import places
from jevons.dashboard.view.policy import CLASSES, asked_of, policy
from jevons.dashboard.view.records import one, records
from jevons.dashboard.view.spend import BY, by_of, spend
from jevons.dashboard.view.spend import NEEDS as SPEND_NEEDS
from jevons.reports import DAY_MS, HOUR_MS
from jevons.reports.tally import line_of
from jevons.types.account import Ended

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from starlette.requests import Request

    from jevons.dashboard.days import Days
    from jevons.dashboard.doors import Reading, Reviewing, Scope, Sees, Serving
    from jevons.dashboard.frame import Place
    from jevons.ports import Clock
    from jevons.reports import Differed, Landscape
    from jevons.reports.tally import Tally
    from jevons.types.actor import Actor
    from jevons.types.person import Person

__all__ = ("routes",)

_FOREVER = "public, max-age=31536000, immutable"
_NEWEST = 12
_DIGITS = 19
_MOST = 50
_MOST_DAYS_BY_HOUR = 100
_ended = msgspec.json.Decoder(Ended)


def routes(
    reading: Reading,
    serving: Serving,
    *,
    sees: Sees,
    field: Callable[[], Landscape],
    clock: Clock,
    csrf: Callable[[Request], str] = lambda _: "",
    reviewing: Reviewing | None = None,
    people: Callable[[], Mapping[str, Differed]] = dict,
) -> list[Route]:
    """List the pages. Each is asked by somebody: `request.state.person`.

    Args:
        reading: The books.
        serving: The house.
        sees: Tells what somebody may see.
        field: What is known of all models.
        clock: Tells until when a page looks.
        csrf: Gives what a form that signs out has to hold; empty where nobody can sign out.
        reviewing: What waits for people to grade it; None in a house that has nobody do so.
        people: How often they and other graders differ.
    """
    nav = NAV if reviewing is None else (*NAV, REVIEW)
    pages = _Pages(reading, serving, sees, field, clock, csrf, nav)
    graded: list[Route] = []
    if reviewing is not None:
        page = ReviewPage(
            reviewing,
            people,
            scope=lambda request: pages.scope(request, REVIEW.act),
            written=pages.written,
            person=_person,
        )
        graded = [
            Route(REVIEW.path, page.show, methods=["GET"]),
            Route(REVIEW.path, page.judge, methods=["POST"]),
        ]
    return [
        *graded,
        Route("/", pages.now),
        Route("/now", pages.now_alone),
        Route("/spend", pages.spend),
        Route("/energy", pages.energy),
        Route("/places", pages.places),
        Route("/models", pages.models),
        Route("/auto", pages.auto),
        Route("/receipts", pages.receipts),
        Route("/receipts/{request}", pages.receipt),
        Route("/policy", pages.policy),
        Route("/keys", pages.keys),
        Route("/landscape", pages.landscape),
        Route("/dashboard/{name}", _asset),
    ]


class _Pages(NamedTuple):
    reading: Reading
    serving: Serving
    sees: Sees
    field: Callable[[], Landscape]
    clock: Clock
    csrf: Callable[[Request], str]
    nav: tuple[Place, ...]

    def now(self, request: Request) -> Response:
        return self.written("now.html", request, view=self._now(request))

    def now_alone(self, request: Request) -> Response:
        """Write only what changes, for a page that is there already."""
        return HTMLResponse(write("now_alone.html", view=self._now(request), is_file=False))

    def spend(self, request: Request) -> Response:
        days, by = self._days(request), by_of(request.query_params.get("by", ""))
        view = spend(self._tallies(request, days, SPEND_NEEDS), days, by)
        return self.written("spend.html", request, view=view, days=days, by=by, every_by=BY)

    def energy(self, request: Request) -> Response:
        days = self._days(request)
        is_long = days.length > _MOST_DAYS_BY_HOUR
        step_ms = DAY_MS if is_long else HOUR_MS
        view = energy(self._tallies(request, days, ENERGY_NEEDS, step_ms=step_ms), days)
        return self.written("days.html", request, view=view, days=days)

    def places(self, request: Request) -> Response:
        days = self._days(request)
        tallies = self._tallies(request, days, PLACES_NEEDS)
        view = places(tallies, self.serving.endpoints, days)
        return self.written("days.html", request, view=view, days=days)

    def models(self, request: Request) -> Response:
        house = self.scope(request, "endpoint.see")
        scope = self.sees(_person(request), "receipt.see") or house
        days = self._days(request, scope)
        tallies = self._tallies(request, days, MODELS_NEEDS, scope=scope)
        view = models(tallies, self.serving.endpoints, self.serving.aside, days)
        return self.written("days.html", request, view=view, days=days)

    def auto(self, request: Request) -> Response:
        view = auto(self.reading.saved(self.scope(request)), now_ms=self.clock.now_ms())
        return self.written("view.html", request, view=view)

    def receipts(self, request: Request) -> Response:
        text = request.query_params.get("q", "").strip()
        said = request.query_params.get("before", "")
        before = int(said) if said.isascii() and said.isdecimal() and len(said) < _DIGITS else None
        found = self.reading.newest(Wanted(text, before, _MOST, self.scope(request)))
        older = (
            f"/receipts?{urlencode({'q': text, 'before': found.older})}"
            if found.older is not None
            else ""
        )
        return self.written(
            "receipts.html",
            request,
            table=records(found.records, names=self._names()),
            text=text,
            older=older,
            is_first=before is None,
        )

    def receipt(self, request: Request) -> Response:
        filed = self.reading.find(request.path_params["request"])
        ended = None if filed is None else _ended.decode(filed.leaf)
        if filed is None or ended is None or not self._may_see(request, ended):
            raise HTTPException(404, "there is no such receipt")
        view = one(ended, filed, self.reading.head(), names=self._names())
        return self.written("receipt.html", request, view=view)

    def policy(self, request: Request) -> Response:
        self.scope(request, "policy.ask")
        names = {each.key: each.name for each in self._keys_of(request)}
        asked = asked_of(request.query_params)
        if asked.key not in names:  # what a key may do is for whoever may know of it
            asked = asked._replace(key="")
        view = policy(self.serving.profile, asked, self.serving.weigh(*asked))
        return self.written(
            "policy.html", request, view=view, asked=asked, classes=CLASSES, names=names
        )

    def keys(self, request: Request) -> Response:
        now_ms = self.clock.now_ms()
        days = days_of({"days": "1"}, newest_ms=None, now_ms=now_ms)
        month = days._replace(first=days.last.replace(day=1))
        person, accounts_in = _person(request), self.scope(request, "account.see")
        scope = self.sees(person, "receipt.see") or accounts_in
        view = keys(
            self._tallies(request, month, KEYS_NEEDS, scope=scope),
            self.reading.actors(),
            self.reading.terms(),
            self.reading.balances(),
            accounts_in=accounts_in,
            keys_in=self.sees(person, "key.see"),
        )
        return self.written("view.html", request, view=view)

    def landscape(self, request: Request) -> Response:
        self.scope(request, "log.see")
        return self.written("view.html", request, view=landscape(self.field()))

    def _now(self, request: Request) -> object:
        now_ms, scope = self.clock.now_ms(), self.scope(request)
        begin_ms = now_ms - now_ms % HOUR_MS - (HOURS - 1) * HOUR_MS
        return now(
            self._seen(scope, by=NOW_NEEDS, begin_ms=begin_ms, end_ms=None, step_ms=HOUR_MS),
            self.reading.newest(Wanted(most=_NEWEST, scope=scope)).records,
            self.serving.in_flight if scope.accounts is None else None,
            now_ms=now_ms,
            names=self._names(),
        )

    def _days(self, request: Request, scope: Scope | None = None) -> Days:
        scope, query = scope or self.scope(request), request.query_params
        newest_ms = None
        if "to" not in query:
            days = self._seen(scope, by=(), begin_ms=0, end_ms=None, step_ms=DAY_MS)
            newest_ms = max((each.group.hour_ms for each in days), default=None)
        return days_of(query, newest_ms=newest_ms, now_ms=self.clock.now_ms())

    def _tallies(
        self,
        request: Request,
        days: Days,
        needs: Collection[str],
        *,
        step_ms: int = DAY_MS,
        scope: Scope | None = None,
    ) -> list[Tally]:
        begin_ms, end_ms = days.span
        scope = scope or self.scope(request)
        return self._seen(scope, by=needs, begin_ms=begin_ms, end_ms=end_ms, step_ms=step_ms)

    def _seen(
        self, scope: Scope, *, by: Collection[str], begin_ms: int, end_ms: int | None, step_ms: int
    ) -> list[Tally]:
        """Read what somebody may see."""
        whole = scope.accounts is None
        told = self.reading.tallies(
            by={*by} if whole else {*by, "key", "account"},
            begin_ms=begin_ms,
            end_ms=end_ms,
            step_ms=step_ms,
        )
        if whole:
            return told
        return [each for each in told if scope.sees(each.group.key, line_of(each.group.account))]

    def scope(self, request: Request, act: str = "receipt.see") -> Scope:
        """Tell what somebody may see; who may see nothing of that kind is told so."""
        person = _person(request)
        found = self.sees(person, act)
        if found is None:
            raise HTTPException(403, f"{person.name} is {person.role}, and may not see this")
        return found

    def _may_see(self, request: Request, ended: Ended) -> bool:
        line = getattr(ended, "account", ())
        if not line:  # a refusal names its key only, and old receipts do
            line = next(
                (each.account for each in self.reading.actors() if each.key == ended.key), ()
            )
        return self.scope(request).sees(ended.key, line)

    def _keys_of(self, request: Request) -> list[Actor]:
        scope = self.sees(_person(request), "key.see")
        if scope is None:
            return []
        return [each for each in self.reading.actors() if scope.sees(each.key, each.account)]

    def _names(self) -> Mapping[str, str]:
        return {each.key: each.name for each in self.reading.actors()}

    def written(self, template: str, request: Request, **said: object) -> Response:
        person = _person(request)
        query = {name: value for name, value in request.query_params.items() if name != "before"}
        page = write(
            template,
            **said,
            path=request.url.path,
            query=query,
            person=person,
            nav=[place for place in self.nav if self.sees(person, place.act) is not None],
            csrf=self.csrf(request),
            is_synthetic=self.reading.head().is_synthetic,
            is_file=False,
        )
        return HTMLResponse(page, headers={"cache-control": "no-store"})


def _person(request: Request) -> Person:
    """Tell who asks. Without anybody there is no page: the door before it was left out."""
    person: Person | None = getattr(request.state, "person", None)
    if person is None:
        raise HTTPException(401, "sign in first")
    return person


def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    try:
        body = asset(name)
    except FileNotFoundError:
        return PlainTextResponse("there is no such file\n", 404)
    kind = KINDS[name.rpartition(".")[2]]
    return Response(body, media_type=kind, headers={"cache-control": _FOREVER})
