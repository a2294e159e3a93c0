"""The API does what its document says, for whom the roles let it, and the books say who did it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, get_args

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cluster import both
from tests.contract.admin.conftest import Front, front

from jevons.admin.api import OPERATIONS
from jevons.admin.said import API
from jevons.admin.shapes import ErrorTold
from jevons.budget.period import day_of
from jevons.ledger.record import decode, unpack
from jevons.store import verify
from jevons.testing.make import a_receipt, an_intent
from jevons.types.account import KeyChange, PersonChange
from jevons.types.budget import Account, Amounts, Budget, Limit
from jevons.types.person import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

    from jevons.admin.operation import Operation
    from jevons.store.where import Where
    from jevons.types.account import Record

pytestmark = pytest.mark.anyio

ROLES: tuple[Role, ...] = get_args(Role)


class Program:
    """A program that asks in somebody's name."""

    def __init__(self, browser: httpx2.AsyncClient, token: str) -> None:
        self._browser = browser
        self.headers = {"authorization": f"Bearer {token}"}

    async def __call__(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx2.Response:
        sent: dict[str, Any] = {} if body is None else {"json": body}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self._browser.request(
            method, API + path, headers={**self.headers, **named}, **sent
        )
        check_shape(method, path.partition("?")[0], answer)
        return answer


def check_shape(method: str, path: str, answer: httpx2.Response) -> None:
    """Hold an answer against the type that the document says it has."""
    if answer.is_error:
        msgspec.json.decode(answer.content, type=ErrorTold)
        return
    (operation,) = [each for each in OPERATIONS if each.method == method and fits(each.path, path)]
    msgspec.json.decode(answer.content, type=operation.gives)


def fits(pattern: str, path: str) -> bool:
    parts, said = pattern.split("/"), path.split("/")
    return len(parts) == len(said) and all(
        one == two or one.startswith("{") for one, two in zip(parts, said, strict=True)
    )


async def admitted(at: Front, role: Role = "admin", *accounts: str) -> Program:
    name = f"{role}-{len(at.books.people.list())}"
    token = (await at.acts.add_person(name, role=role, accounts=accounts)).token
    return Program(at.browser, token)


async def two_teams(at: Front) -> dict[str, str]:
    """Make a team that is ours and one that is not, each with a project and a key."""
    for team, project in (("research", "search"), ("sales", "leads")):
        await at.acts.make_account(team, level="team", under=None)
        await at.acts.make_account(project, level="project", under=team)
    return {
        project: (await at.acts.make_key(project, project=project)).actor.key
        for project in ("search", "leads")
    }


def records(path: Path) -> Iterator[Record]:
    with closing(sqlite3.connect(path)) as connection:
        for (body,) in connection.execute("SELECT body FROM segment ORDER BY id"):
            yield from map(decode, unpack(body))


async def test_the_document_is_openapi_and_has_every_route(path: Path) -> None:
    async with front(path) as at:
        ask = await admitted(at)
        answer = await at.browser.get(f"{API}/openapi.json", headers=ask.headers)
    said = answer.json()
    assert said["openapi"] == "3.1.0"
    shown = {
        (method.upper(), name) for name, methods in said["paths"].items() for method in methods
    }
    assert shown == {(each.method, API + each.path) for each in OPERATIONS}
    for schema in said["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for reference in references(said):
        assert reference.removeprefix("#/components/schemas/") in said["components"]["schemas"]
    names = [one["operationId"] for methods in said["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))


def references(said: Any) -> Iterator[str]:
    if isinstance(said, dict):
        for name, value in said.items():  # pyright: ignore[reportUnknownVariableType]
            yield from [value] if name == "$ref" else references(value)
    elif isinstance(said, list):
        for value in said:  # pyright: ignore[reportUnknownVariableType]
            yield from references(value)


async def test_a_key_is_made_used_rotated_and_revoked(path: Path) -> None:
    async with front(path) as at:
        ask = await admitted(at)
        made = await ask("POST", "/keys", {"name": "invoices", "places": ["CH"], "days": 30})
        assert made.status_code == 201
        key, secret = made.json()["key"], made.json()["secret"]
        actor = at.books.keys.find(secret)
        assert actor is not None
        assert (actor.key, actor.places) == (key, frozenset({"CH"}))
        assert (await ask("GET", f"/keys/{key}")).json()["expires_ms"] == actor.expires_ms
        again = await ask("POST", f"/keys/{key}/rotate", {"grace_hours": 0})
        assert at.books.keys.find(secret) is None
        assert at.books.keys.find(again.json()["secret"]) is not None
        assert (await ask("POST", f"/keys/{key}/revoke")).json()["revoked"] is True
        listed = (await ask("GET", "/keys")).json()
        assert [each["revoked"] for each in listed if each["key"] == key] == [True]
        assert "secret" not in listed[0]


async def test_each_act_is_a_record_that_names_who_did_it(path: Path) -> None:
    async with front(path) as at:
        ask = await admitted(at)
        await ask("POST", "/accounts", {"name": "research", "level": "team"})
        await ask("POST", "/accounts", {"name": "search", "under": "research"})
        key = (await ask("POST", "/keys", {"name": "k", "project": "search"})).json()["key"]
        await ask("POST", f"/keys/{key}/rotate")
        await ask("POST", f"/keys/{key}/hold", {"reason": "a case"})
        await ask("POST", f"/keys/{key}/release")
        await ask("PUT", "/budgets/search/day", {"cost_nusd": 5})
        await ask("DELETE", "/budgets/search/day")
        await ask("PUT", f"/limits/{key}", {"requests": 5})
        await ask("DELETE", f"/limits/{key}")
        await ask("POST", "/people", {"name": "grace", "role": "auditor"})
        await ask("POST", "/people/grace/rotate")
        await ask("DELETE", "/people/grace")
        await ask("POST", f"/keys/{key}/erase", {"confirm": key})
        did = [each for each in records(path) if getattr(each, "by", "cli") == "admin-0"]
    assert [type(each).__name__ for each in did] == [
        *["Account"] * 2, *["KeyChange"] * 4, *["Budget"] * 2, *["Limit"] * 2, *["PersonChange"] * 3,
        "KeyChange", "Erased",
    ]  # fmt: skip
    assert verify(path).findings == ()


async def test_whoever_audits_sees_who_did_what(path: Path) -> None:
    async with front(path) as at:
        keys, ask, auditor = (
            await two_teams(at),
            await admitted(at),
            await admitted(at, "auditor"),
        )
        await ask("POST", f"/keys/{keys['search']}/revoke")
        await ask("PUT", "/limits/house", {"requests": 5})
        await answered(at, "req_1", keys["leads"], "leads")
        await in_order(at, "req_1")
        shown = (await auditor("GET", "/deeds?by=admin-0")).json()
        assert [(each["kind"], each["by"]) for each in shown["found"]] == [
            ("limit", "admin-0"),
            ("key", "admin-0"),
        ]
        first = (await auditor("GET", "/deeds?limit=3")).json()
        rest = (await auditor("GET", f"/deeds?cursor={first['next']}")).json()
        kinds = [each["kind"] for each in first["found"] + rest["found"]]
        assert kinds == ["limit", "key", *["person"] * 2, *["key"] * 2, *["account"] * 4]


async def test_what_is_refused_leaves_no_record(path: Path) -> None:
    async with front(path) as at:
        keys = await two_teams(at)
        ask = await admitted(at, "auditor")
        before = len([*records(path)])
        changing = [
            ("POST", "/accounts", {"name": "new"}),
            ("POST", "/keys", {"name": "k", "project": "search"}),
            *[
                ("POST", f"/keys/{keys['search']}/{act}", None)
                for act in ("rotate", "revoke", "hold", "release")
            ],
            ("POST", f"/keys/{keys['search']}/erase", {"confirm": keys["search"]}),
            ("PUT", "/budgets/house/day", {"cost_nusd": 1}),
            ("DELETE", "/budgets/house/day", None),
            ("PUT", "/limits/house", {"requests": 1}),
            ("DELETE", "/limits/house", None),
            ("POST", "/people", {"name": "eve", "role": "admin"}),
            ("POST", "/people/auditor-0/rotate", None),
            ("DELETE", "/people/auditor-0", None),
        ]
        asked = {(method, path) for method, path, _ in changing}
        changes = [e for e in OPERATIONS if e.method != "GET" and e.name != "explain"]
        assert len(asked) == len(changes)
        for method, where, body in changing:
            answer = await ask(method, where, body)
            assert answer.status_code == 403, (method, where)
            assert answer.json()["error"]["rule"] == "role"
        assert len([*records(path)]) == before


# What each role hears of what is its own, and of what is not: admin, operator, auditor, manager of
# `research`, member of it. `{own}` and `{foreign}` are keys of projects below `research` and beside.
HEARD = {
    ("GET", "/accounts/search"): (200, 200, 200, 200, 200),
    ("GET", "/accounts/leads"): (200, 200, 200, 404, 404),
    ("GET", "/keys"): (200, 403, 200, 200, 200),
    ("GET", "/keys/{own}"): (200, 404, 200, 200, 404),
    ("GET", "/keys/{foreign}"): (200, 404, 200, 404, 404),
    ("POST", "/keys/{own}/rotate"): (200, 404, 403, 200, 404),
    ("POST", "/keys/{foreign}/rotate"): (200, 404, 403, 404, 404),
    ("POST", "/keys/{foreign}/revoke"): (200, 404, 403, 404, 404),
    ("POST", "/keys/{own}/hold"): (200, 404, 403, 403, 404),
    ("PUT", "/budgets/search/day"): (200, 403, 403, 200, 403),
    ("PUT", "/budgets/research/day"): (200, 403, 403, 403, 403),
    ("PUT", "/budgets/leads/day"): (200, 403, 403, 404, 404),
    ("PUT", "/budgets/house/day"): (200, 403, 403, 404, 404),
    ("PUT", "/budgets/{foreign}/day"): (200, 404, 403, 404, 404),
    ("PUT", "/limits/search"): (200, 200, 403, 200, 403),
    ("PUT", "/limits/leads"): (200, 200, 403, 404, 404),
    ("GET", "/people"): (200, 403, 200, 403, 403),
    ("GET", "/receipts"): (200, 403, 200, 200, 200),
    ("GET", "/receipts/req_own"): (200, 404, 200, 200, 404),
    ("GET", "/receipts/req_foreign"): (200, 404, 200, 404, 404),
    ("GET", "/receipts/req_foreign/why"): (200, 404, 200, 404, 404),
    ("POST", "/explain"): (404, 404, 404, 404, 403),
    ("GET", "/deeds"): (200, 403, 200, 403, 403),
    ("GET", "/endpoints"): (200, 200, 200, 200, 403),
    ("GET", "/checkpoint"): (200, 200, 200, 200, 200),
    ("GET", "/me"): (200, 200, 200, 200, 200),
}
BODIES: dict[tuple[str, str], Any] = {
    ("PUT", "budgets"): {"cost_nusd": 7},
    ("PUT", "limits"): {"requests": 7},
    ("POST", "explain"): {"model": "none"},
}


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_foreign_is_not_there(path: Path, role: Role) -> None:
    async with front(path) as at:
        keys = await two_teams(at)
        for name, project in (("own", "search"), ("foreign", "leads")):
            await answered(at, f"req_{name}", keys[project], project)
        of = ("research",) if role in {"manager", "member"} else ()
        ask = await admitted(at, role, *of)
        for (method, where), statuses in HEARD.items():
            named = where.format(own=keys["search"], foreign=keys["leads"])
            body = BODIES.get((method, where.split("/")[1]))
            answer = await ask(method, named, body)
            assert answer.status_code == statuses[ROLES.index(role)], (method, where)
            if answer.status_code == 404 and where.count("/") > 1:
                noun, name = named.split("/")[1:3]
                nothing = await ask(method, named.replace(f"/{name}", f"/{name}x"), body)
                assert nothing.status_code == 404
                said = [each.json()["error"]["message"] for each in (answer, nothing)]
                assert said[0].replace(name, "") == said[1].replace(f"{name}x", ""), noun


async def answered(at: Front, name: str, key: str, project: str) -> None:
    """Put a request and what it came to into the books."""
    line = at.books.terms.line(project)
    now_ms = at.clock.now_ms()
    await at.books.record(an_intent(id=name, at_ms=now_ms, key=key, account=line))
    nothing = Amounts(cost_nusd=0, energy_mj=0, carbon_ug=0)
    await at.books.record(
        a_receipt(id=name, at_ms=now_ms, key=key, account=line, day=day_of(now_ms), charged=nothing)
    )


async def test_a_member_has_keys_of_their_own_and_sees_no_others(path: Path) -> None:
    async with front(path) as at:
        keys = await two_teams(at)
        ask, other = await admitted(at, "member", "search"), await admitted(at, "member", "search")
        made = (await ask("POST", "/keys", {"name": "mine", "project": "search"})).json()
        assert made["owner"] == "member-0"
        assert [each["key"] for each in (await ask("GET", "/keys")).json()] == [made["key"]]
        assert (await other("GET", "/keys")).json() == []
        assert (await other("POST", f"/keys/{made['key']}/rotate")).status_code == 404
        assert (await ask("POST", f"/keys/{made['key']}/rotate")).status_code == 200
        assert (await ask("POST", f"/keys/{keys['search']}/revoke")).status_code == 404
        foreign = await ask("POST", "/keys", {"name": "theirs", "project": "leads"})
        assert foreign.status_code == 404
        await answered(at, "req_mine", made["key"], "search")
        await answered(at, "req_other", keys["search"], "search")
        await in_order(at, "req_other")
        found = (await ask("GET", "/receipts")).json()["found"]
        assert [each["id"] for each in found] == ["req_mine"]


async def in_order(at: Front, request: str) -> None:
    """Wait until a receipt has its place in the tree."""
    async with asyncio.timeout(30):
        while True:
            filed = await at.books.find(request)
            if filed is not None and filed.inclusion is not None:
                return
            await asyncio.sleep(0.05)


@both
async def test_pages_of_receipts_hold_each_once_the_newest_first(path: Where) -> None:
    async with front(path) as at:
        keys = await two_teams(at)
        names = [f"req_{number:02}" for number in range(23)]
        for name in names:
            await answered(at, name, keys["search" if int(name[-1]) % 2 else "leads"], "search")
        await in_order(at, names[-1])
        ask = await admitted(at)
        assert await paged(ask, "limit=5") == names[::-1]
        of_one = await paged(ask, f"limit=3&key={keys['leads']}")
        assert of_one == [name for name in names[::-1] if int(name[-1]) % 2 == 0]
        assert await paged(ask, "account=leads") == []
        for query in ("limit=0", "limit=201", "limit=x", "cursor=-1", "cursor=" + "9" * 30):
            assert (await ask("GET", f"/receipts?{query}")).status_code == 400


async def paged(ask: Program, query: str) -> list[str]:
    names, then = list[str](), ""
    while True:
        page = (await ask("GET", f"/receipts?{query}{then}")).json()
        names += [each["id"] for each in page["found"]]
        if page["next"] is None:
            return names
        then = f"&cursor={page['next']}"


async def test_a_creation_that_is_asked_for_twice_is_done_once(path: Path) -> None:
    async with front(path) as at:
        ask, other = await admitted(at), await admitted(at)
        body = {"name": "k"}
        first, second = await asyncio.gather(
            ask("POST", "/keys", body, idempotency_key="a"),
            ask("POST", "/keys", body, idempotency_key="a"),
        )
        assert first.json() == second.json()
        later = await ask("POST", "/keys", body, idempotency_key="a")
        assert later.json() == first.json()
        assert len(at.books.keys.list()) == 1
        changed = await ask("POST", "/keys", {"name": "l"}, idempotency_key="a")
        assert changed.status_code == 400
        theirs = await other("POST", "/keys", body, idempotency_key="a")
        assert theirs.json()["key"] != first.json()["key"]
        at.clock.move(3600)
        again = await ask("POST", "/keys", body, idempotency_key="a")
        assert again.json()["key"] != first.json()["key"]


async def test_a_path_knows_all_of_its_methods(path: Path) -> None:
    async with front(path) as at:
        ask = await admitted(at)
        answer = await ask("PATCH", "/keys")
        assert answer.status_code == 405
        assert set(answer.headers["allow"].split(", ")) >= {"GET", "POST"}
        answer = await ask("PATCH", "/limits/house")
        assert set(answer.headers["allow"].split(", ")) == {"DELETE", "PUT"}


async def test_a_creation_that_failed_may_be_tried_again(path: Path) -> None:
    async with front(path) as at:
        ask = await admitted(at)
        body = {"name": "k", "project": "search"}
        failed = await ask("POST", "/keys", body, idempotency_key="a")
        assert failed.status_code == 404
        await at.acts.make_account("search", level="project", under=None)
        assert (await ask("POST", "/keys", body, idempotency_key="a")).status_code == 201


async def test_nothing_is_erased_unless_it_is_said_twice_nor_while_it_is_held(path: Path) -> None:
    async with front(path) as at:
        keys, ask = await two_teams(at), await admitted(at)
        where = f"/keys/{keys['search']}/erase"
        assert (await ask("POST", where, {"confirm": keys["leads"]})).status_code == 400
        await ask("POST", f"/keys/{keys['search']}/hold")
        held = await ask("POST", where, {"confirm": keys["search"]})
        assert (held.status_code, held.json()["error"]["code"]) == (403, "on_hold")
        await ask("POST", f"/keys/{keys['search']}/release")
        assert (await ask("POST", where, {"confirm": keys["search"]})).status_code == 200
        assert (await ask("POST", where, {"confirm": keys["search"]})).status_code == 200
        assert (await ask("GET", f"/keys/{keys['search']}")).status_code == 404


async def test_a_persons_token_is_no_key_and_a_key_no_token(path: Path) -> None:
    async with front(path) as at:
        token = (await at.acts.add_person("ada", role="admin", accounts=())).token
        secret = (await at.acts.make_key("k", project="default")).secret
        assert at.books.keys.find(token) is None
        answer = await Program(at.browser, secret)("GET", "/me")
        assert answer.status_code == 401


async def test_the_last_checkpoint_and_a_proof_are_read(path: Path) -> None:
    async with front(path) as at:
        keys, ask = await two_teams(at), await admitted(at, "auditor")
        await answered(at, "req_1", keys["search"], "search")
        await in_order(at, "req_1")
        note = (await ask("GET", "/checkpoint")).json()["note"]
        assert note.startswith("a/log\n")
        told = (await ask("GET", "/receipts/req_1")).json()
        assert told["record"]["id"] == "req_1"
        assert told["inclusion"]["checkpoint"].startswith("a/log\n")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"name": "k"}', "text/plain"),
        (b"{", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 10_000, "application/json"),
        (b'{"name": "k", "is_admin": true}', "application/json"),
        (b'{"name": 5}', "application/json"),
        (b'{"name": ""}', "application/json"),
        (b'{"name": "k", "days": 0}', "application/json"),
        (b'{"name": "k", "places": ["China"]}', "application/json"),
        (b"", "application/json"),
    ],
)
async def test_a_body_that_is_not_what_it_should_be_is_refused(
    path: Path, content: bytes, kind: str
) -> None:
    async with front(path) as at:
        ask = await admitted(at)
        headers = {**ask.headers, "content-type": kind}
        answer = await at.browser.post(f"{API}/keys", content=content, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
        assert at.books.keys.list() == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
WORDS = st.sampled_from(["house", "default", "research", "key_1", "day", "%00", "ä", "a" * 300])


def bodies(kind: type[Any] | None) -> st.SearchStrategy[Any]:
    """Draw bodies that have the right fields, and anything in them."""
    if kind is None:
        return st.none()
    names = [field.name for field in msgspec.structs.fields(kind)]
    likely = JSON | st.sampled_from(["house", "default", "admin", "team", 1, 0, -1, 2**63, ["CH"]])
    return st.dictionaries(st.sampled_from(names), likely) | JSON


@st.composite
def requests(draw: st.DrawFn) -> tuple[Operation, str, bytes]:
    operation = draw(st.sampled_from(OPERATIONS))
    path = operation.path
    while "{" in path:
        path = path.replace(path[path.index("{") : path.index("}") + 1], draw(WORDS))
    return operation, path, msgspec.json.encode(draw(bodies(operation.takes)))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.lists(requests(), min_size=5, max_size=20),
    role=st.sampled_from(["admin", "operator", "auditor"]),
)
async def test_whatever_is_asked_is_answered_as_the_document_says(
    tmp_path_factory: pytest.TempPathFactory,
    asked: list[tuple[Operation, str, bytes]],
    role: Role,
) -> None:
    async with front(tmp_path_factory.mktemp("ledger") / "ledger.db") as at:
        ask = await admitted(at, role)
        headers = {**ask.headers, "content-type": "application/json"}
        for operation, path, body in asked:
            answer = await at.browser.request(
                operation.method, API + path, content=body, headers=headers
            )
            assert answer.status_code < 500, (operation.name, body)
            kind = ErrorTold if answer.is_error else operation.gives
            msgspec.json.decode(answer.content, type=kind)


def test_a_record_of_each_act_says_by_whom() -> None:
    """A record without the field would leave an act of nobody."""
    for kind in (Account, Budget, Limit, KeyChange, PersonChange):
        assert "by" in kind.__struct_fields__
