"""The page on which people grade: two answers to one prompt, and nobody is told whose they are.

Rule 1: this is the one page that shows what callers wrote, and the one that changes something. Who may
    do that is an act of its own, `review.grade`.
Rule 2: which answer was whose is told once it is judged, and not before.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, cast, get_args
from urllib.parse import parse_qs, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from jevons.dashboard import words
from jevons.dashboard.blocks import Cell, Head, Section, Table
from jevons.types.review import Word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    from starlette.requests import Request
    from starlette.responses import Response

    from jevons.dashboard.doors import Reviewing, Scope
    from jevons.reports import Differed
    from jevons.types.person import Person
    from jevons.types.review import Told

    class Written(Protocol):
        """Writes a page for somebody."""

        def __call__(self, template: str, request: Request, **said: object) -> Response:
            """Write it."""
            ...


__all__ = ("ReviewPage", "differing")

_FIELDS = 8
_REMEMBERED = 100
"""People of whom it is remembered what they judged last."""
_BY = MappingProxyType(
    {"tests": "tests of yours", "checks": "comparing answers", "judge": "the judge"}
)
_SAID = MappingProxyType(
    {
        "reference": "the reference is better",
        "arm": "the other arm is better",
        "both": "both are as good",
        "neither": "neither is any good",
    }
)


class ReviewPage:
    """The page, and what its buttons do.

    Args:
        reviewing: What waits.
        people: How often people and graders differ, by kind of grader.
        scope: Tells what somebody may see who asks, or that they may not.
        written: Writes pages.
        person: Tells who asks.
    """

    def __init__(
        self,
        reviewing: Reviewing,
        people: Callable[[], Mapping[str, Differed]],
        *,
        scope: Callable[[Request], Scope],
        written: Written,
        person: Callable[[Request], Person],
    ) -> None:
        self._reviewing = reviewing
        self._people = people
        self._scope = scope
        self._written = written
        self._person = person
        self._told: dict[str, Told] = {}

    async def show(self, request: Request) -> Response:
        """Show the next one."""
        scope = await run_in_threadpool(self._scope, request)
        shown = await self._reviewing.next(scope.sees, request.query_params.get("after", ""))
        told = self._told.pop(self._person(request).name, None)
        people = await run_in_threadpool(self._people)
        return await run_in_threadpool(
            self._written,
            "review.html",
            request,
            shown=shown,
            told=told,
            said="" if told is None else _SAID[told.verdict],
            before="" if told is None else _BY.get(told.by, told.by),
            section=differing(people),
        )

    async def judge(self, request: Request) -> Response:
        """Take what somebody says, and go on to the next."""
        scope = await run_in_threadpool(self._scope, request)
        said = _read(await request.body())
        name, word, person = said.get("name", ""), said.get("word", ""), self._person(request)
        if word == "skip":
            return RedirectResponse(f"/review?{urlencode({'after': name})}", 303)
        if word not in get_args(Word):
            raise HTTPException(400, "say which answer is better, or skip it")
        told = await self._reviewing.judge(name, cast("Word", word), scope.sees, by=person.name)
        self._told[person.name] = told
        while len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        return RedirectResponse("/review", 303)


def differing(people: Mapping[str, Differed]) -> Section:
    """Tell how often people say otherwise than who graded before."""
    heads = (
        Head("grader"),
        Head("prompts", is_number=True),
        Head("differ", is_number=True),
        Head("between", is_number=True),
    )
    rows = [
        (
            Cell(_BY.get(kind, kind)),
            Cell(words.count(each.prompts)),
            Cell(words.per_cent(each.share.point)),
            Cell(f"{words.per_cent(each.share.p05)} and {words.per_cent(each.share.p95)}"),
        )
        for kind, each in people.items()
    ]
    says = (
        "On whether the arm was worse than the reference. The interval holds in nine cases of ten."
    )
    table = Table("People beside graders", heads, rows, nothing="Nobody has judged any yet.")
    return Section("People beside graders", says if rows else "", table=table)


def _read(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode(), max_num_fields=_FIELDS, strict_parsing=True)
    except (UnicodeDecodeError, ValueError):
        raise HTTPException(400, "this is no form of ours") from None
    return {name: values[-1] for name, values in fields.items()}
