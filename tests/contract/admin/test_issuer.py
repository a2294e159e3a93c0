"""A sign-on server that errs, lies, changes its keys or is away lets nobody in who should not be."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from jevons.admin.groups import Granted
from jevons.admin.oidc import Entered, Oidc, SingleSignOn
from jevons.boot.listener import Listener
from jevons.clock import SystemClock
from jevons.providers import RemoteIssuer
from jevons.settings import ServerSettings
from jevons.testing import Clock
from jevons.types.account import PersonChange
from jevons.types.errors import Forbidden, JevonsError, ProviderUnavailable, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request
    from starlette.responses import Response

pytestmark = pytest.mark.anyio

NOW_S = SystemClock().now_ms() // 1000


class Server:
    """A sign-on server that says what a test has it say."""

    def __init__(self) -> None:
        self.url = ""
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.shown = [self.key]
        self.described: dict[str, Any] = {}
        self.claims: dict[str, Any] = {"groups": ["admins"]}
        self.userinfo: dict[str, Any] = {}
        self.statuses: dict[str, int] = {}
        self.forms: list[dict[str, list[str]]] = []
        self.asked: list[str] = []
        self.nonce = ""
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> Response:
        path = request.path_params["path"]
        self.asked.append(path)
        status = self.statuses.get(path, 200)
        if status != 200:
            return PlainTextResponse("no", status)
        match path:
            case ".well-known/openid-configuration":
                return JSONResponse(self._description() | self.described)
            case "jwks":
                return JSONResponse({"keys": [key.as_dict(private=False) for key in self.shown]})
            case "token":
                self.forms.append(parse_qs((await request.body()).decode()))
                return JSONResponse({"id_token": self._token(), "access_token": "a"})
            case _:
                assert request.headers["authorization"] == "Bearer a"
                return JSONResponse(self.userinfo)

    def _description(self) -> dict[str, Any]:
        ends = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "jwks"}
        return {"issuer": self.url, **{name: f"{self.url}/{end}" for name, end in ends.items()}}

    def _token(self) -> str:
        good = {
            "iss": self.url, "aud": "jevons", "sub": "ada", "nonce": self.nonce,
            "iat": NOW_S, "exp": NOW_S + 300,
        }  # fmt: skip
        header = {"alg": "ES256", "kid": self.key.get("kid")}
        return jwt.encode(header, {**good, **self.claims}, self.key)


class At:
    """A server, and us before it."""

    def __init__(self, server: Server, single: SingleSignOn, clock: Clock) -> None:
        self.server, self.single, self.clock = server, single, clock

    async def sign_in(self) -> Entered:
        """Sign in, as if the server had sent the browser back at once."""
        begun = await self.single.begin("/")
        query = parse_qs(urlsplit(begun.url).query)
        (state,), (self.server.nonce,) = query["state"], query["nonce"]
        return await self.single.end({"state": state, "code": "c"}, begun.browser)


@asynccontextmanager
async def standing(*, secret: str = "", timeout_s: float = 5.0) -> AsyncGenerator[At]:
    server, clock, remote = Server(), Clock(NOW_S * 1000), RemoteIssuer(timeout_s=timeout_s)

    async def note(name: str, *, granted: Granted, issuer: str) -> PersonChange:
        return PersonChange(
            at_ms=0, act="signed_in", name=name, role=granted.role, accounts=granted.accounts
        )

    listener = Listener(server.app, "test", host="127.0.0.1", port=0, server=ServerSettings())  # type: ignore[arg-type] Starlette's types name each message
    async with listener:
        server.url = listener.url or ""
        said = Oidc(
            issuer=server.url,
            client="jevons",
            secret=secret,
            scopes=("openid",),
            groups="groups",
            roles={"admins": Granted("admin")},
            back="https://jevons.example/sign-in/oidc/back",
        )
        try:
            yield At(server, SingleSignOn(said, ask=remote.ask, note=note, clock=clock), clock)
        finally:
            remote.close()


async def test_a_good_server_lets_a_good_person_in() -> None:
    async with standing() as at:
        entered = await at.sign_in()
        assert (entered.person.name, entered.person.role) == ("oidc:ada", "admin")
        (form,) = at.server.forms
        assert form["grant_type"] == ["authorization_code"]
        assert len(form["code_verifier"][0]) >= 43
        assert form["client_id"] == ["jevons"]
        assert "client_secret" not in form


async def test_a_secret_is_shown_as_the_server_wants_it() -> None:
    async with standing(secret="s") as at:
        await at.sign_in()
        assert "client_secret" not in at.server.forms[0]  # it is in the header, the usual way
    async with standing(secret="s") as at:
        at.server.described["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
        await at.sign_in()
        assert at.server.forms[0]["client_secret"] == ["s"]


async def test_keys_and_description_are_asked_for_once_an_hour() -> None:
    async with standing() as at:
        for _ in range(3):
            await at.sign_in()
        assert at.server.asked.count("jwks") == 1
        assert at.server.asked.count(".well-known/openid-configuration") == 1
        at.clock.move(3600)
        at.server.claims |= {"iat": NOW_S + 3600, "exp": NOW_S + 3900}
        await at.sign_in()
        assert at.server.asked.count("jwks") == 2


async def test_new_keys_are_taken_up_and_old_ones_let_go() -> None:
    async with standing() as at:
        await at.sign_in()
        first = at.server.key
        at.server.key = ECKey.generate_key("P-256", {"kid": "two"})
        at.server.shown = [at.server.key]
        at.clock.move(60)
        await at.sign_in()
        at.server.key = first
        at.clock.move(60)
        with pytest.raises(Unauthenticated):
            await at.sign_in()


async def test_tokens_of_unknown_keys_do_not_make_us_ask_all_the_time() -> None:
    async with standing() as at:
        await at.sign_in()
        at.server.key = ECKey.generate_key("P-256", {"kid": "made-up"})
        for _ in range(5):
            with pytest.raises(Unauthenticated, match="made-up"):
                await at.sign_in()
        assert at.server.asked.count("jwks") == 1
        at.clock.move(60)
        for _ in range(5):
            with pytest.raises(Unauthenticated):
                await at.sign_in()
        assert at.server.asked.count("jwks") == 2


async def test_a_key_swapped_under_the_same_name_does_not_verify() -> None:
    async with standing() as at:
        at.server.key = ECKey.generate_key("P-256", {"kid": "one"})
        with pytest.raises(Unauthenticated, match="signature"):
            await at.sign_in()


@pytest.mark.parametrize(
    "claims",
    [{"iss": "https://evil.example"}, {"aud": "other"}, {"nonce": "other"}, {"exp": 1_700_000_000}],
    ids=str,
)
async def test_a_token_that_is_not_for_this_sign_in_opens_nothing(claims: dict[str, Any]) -> None:
    async with standing() as at:
        at.server.claims |= claims
        with pytest.raises(Unauthenticated):
            await at.sign_in()


async def test_groups_may_be_at_userinfo_of_the_same_person_only() -> None:
    async with standing() as at:
        at.server.claims = {}
        at.server.described["userinfo_endpoint"] = f"{at.server.url}/me"
        at.server.userinfo = {"sub": "ada", "groups": ["admins"], "iss": "x", "name": "Ada"}
        entered = await at.sign_in()
        assert (entered.person.role, entered.person.shown) == ("admin", "Ada")
        at.server.userinfo = {"sub": "eve", "groups": ["admins"]}
        with pytest.raises(Unauthenticated, match="somebody else"):
            await at.sign_in()
        at.server.userinfo = {"sub": "ada", "groups": []}
        with pytest.raises(Forbidden):
            await at.sign_in()


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": 5},
        {"jwks_uri": None},
        {"token_endpoint": "http://login.example/token"},
        {"jwks_uri": "ftp://login.example/jwks"},
        {"jwks_uri": "nothing"},
    ],
    ids=str,
)
async def test_a_server_that_describes_itself_wrongly_is_not_believed(
    described: dict[str, Any],
) -> None:
    async with standing() as at:
        at.server.described = described
        with pytest.raises(JevonsError):
            await at.sign_in()


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        (".well-known/openid-configuration", 500, ProviderUnavailable),
        (".well-known/openid-configuration", 302, ProviderUnavailable),
        ("jwks", 404, ProviderUnavailable),
        ("token", 400, Unauthenticated),
        ("token", 503, ProviderUnavailable),
        ("token", 302, ProviderUnavailable),
    ],
)
async def test_a_server_that_is_out_of_order_lets_nobody_in(
    path: str, status: int, kind: type[JevonsError]
) -> None:
    async with standing() as at:
        at.server.statuses[path] = status
        with pytest.raises(kind):
            await at.sign_in()


async def test_a_sign_in_that_takes_too_long_or_comes_twice_is_refused() -> None:
    async with standing() as at:
        begun = await at.single.begin("/")
        (state,) = parse_qs(urlsplit(begun.url).query)["state"]
        at.clock.move(600)
        with pytest.raises(Unauthenticated, match="ten minutes"):
            await at.single.end({"state": state, "code": "c"}, begun.browser)
        with pytest.raises(Unauthenticated, match="begin again"):
            await at.single.end({"state": state, "code": "c"}, begun.browser)


async def test_begun_sign_ins_are_bounded() -> None:
    async with standing() as at:
        first = await at.single.begin("/")
        for _ in range(1000):
            await at.single.begin("/")
        (state,) = parse_qs(urlsplit(first.url).query)["state"]
        with pytest.raises(Unauthenticated, match="begin again"):
            await at.single.end({"state": state, "code": "c"}, first.browser)


async def test_a_server_elsewhere_is_asked_by_https_only() -> None:
    remote = RemoteIssuer(timeout_s=1.0)
    with pytest.raises(ProviderUnavailable, match="not https"):
        await remote.ask("http://login.example/.well-known/openid-configuration")
