"""Signing in at another server: OpenID Connect, the authorization code flow with PKCE.

Rule 1: a code is taken only back from where a sign-in of ours was sent, at the browser that began it,
    once, within ten minutes.
Rule 2: what the server says of itself is asked of the issuer that is set, and must name that issuer.
Rule 3: whoever is in no group that the settings name is refused, and so is whoever was removed here.
Rule 4: the first sign-in of somebody, and each after which they may do something else, is a record.

Source: OpenID Connect Core 1.0 and Discovery 1.0; RFC 7636 (PKCE); RFC 9207 (`iss`); RFC 9700, all
read 2026-11.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import quote, urlencode

import msgspec

from jevons.admin.groups import granted, groups_in
from jevons.admin.idtoken import UnknownKey, keys_in, verified
from jevons.types.errors import Forbidden, ProviderUnavailable, Unauthenticated
from jevons.types.person import Person

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence
    from typing import Protocol

    from joserfc.jwk import Key

    from jevons.admin.groups import Granted
    from jevons.ports import Clock, Told
    from jevons.types.account import PersonChange

    class Ask(Protocol):
        """Asks the server for a URL; with a form, sends it there."""

        def __call__(
            self, url: str, *, form: str | None = None, authorization: str | None = None
        ) -> Awaitable[Told]:
            """Give its answer."""
            ...

    class Note(Protocol):
        """Writes in the books that somebody signed in, if that is news."""

        def __call__(self, name: str, *, granted: Granted, issuer: str) -> Awaitable[PersonChange]:
            """Give what stands of them."""
            ...


__all__ = ("Begun", "Entered", "Oidc", "SingleSignOn")

_KNOWN_FOR_S = 3600.0
"""How long what the server says of itself is believed."""
_ASK_AGAIN_S = 60.0
"""How long after its keys were asked for they are not asked for again."""
_PENDING_S = 600.0
_MOST_PENDING = 1000
_OK = 200


class Oidc(NamedTuple):
    """What is set."""

    issuer: str
    client: str
    secret: str
    """Empty for a client that has none, and is known by PKCE alone."""
    scopes: tuple[str, ...]
    groups: str
    """Claim that lists somebody's groups."""
    roles: Mapping[str, Granted]
    back: str
    """Where the server sends people back to."""


class _Server(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(msgspec.Struct, frozen=True, kw_only=True):
    id_token: str
    access_token: str = ""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A sign-in that somebody was sent away for."""

    browser: bytes
    nonce: str
    verifier: str
    then: str
    until_s: float


class Begun(NamedTuple):
    """A sign-in that has begun."""

    url: str
    """Where the browser goes."""
    browser: str
    """What its cookie holds meanwhile."""


class Entered(NamedTuple):
    """A sign-in that has ended well."""

    person: Person
    then: str
    """Where they wanted to go."""


class SingleSignOn:
    """Another server, that says who people are.

    Args:
        said: What is set.
        ask: Asks it.
        note: Writes in the books who signed in.
        clock: Tells the time.
    """

    def __init__(self, said: Oidc, *, ask: Ask, note: Note, clock: Clock) -> None:
        self._said = said
        self._ask = ask
        self._note = note
        self._clock = clock
        self._server: _Server | None = None
        self._server_until_s = 0.0
        self._keys: Sequence[Key] = ()
        self._keys_at_s: float | None = None
        self._pending: dict[str, _Pending] = {}

    async def begin(self, then: str) -> Begun:
        """Send somebody to the server.

        Raises:
            ProviderUnavailable: It does not say how.
        """
        server = await self._described()
        state, nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(4))
        self._make_room()
        self._pending[state] = _Pending(
            browser=sha256(browser.encode()).digest(),
            nonce=nonce,
            verifier=verifier,
            then=then,
            until_s=self._clock.monotonic_s() + _PENDING_S,
        )
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = urlencode(
            {
                "response_type": "code",
                "client_id": self._said.client,
                "redirect_uri": self._said.back,
                "scope": " ".join(self._said.scopes),
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        mark = "&" if "?" in server.authorization_endpoint else "?"
        return Begun(f"{server.authorization_endpoint}{mark}{asked}", browser)

    async def end(self, query: Mapping[str, str], browser: str) -> Entered:
        """Take somebody back from it.

        Args:
            query: What it sent them back with.
            browser: What the cookie of `begin` holds.

        Raises:
            Unauthenticated: It does not say, and prove, who they are.
            Forbidden: They may not sign in here.
            ProviderUnavailable: It does not answer.
        """
        pending = self._pending.pop(query.get("state", ""), None)
        shown = sha256(browser.encode("utf-8", "surrogatepass")).digest()
        if pending is None or not hmac.compare_digest(pending.browser, shown):
            _refuse("no sign-in of this browser waits for this; begin again")
        if self._clock.monotonic_s() >= pending.until_s:
            _refuse("it took longer than ten minutes; begin again")
        server = await self._described()
        self._check_issuer(query, server)
        if "error" in query or not query.get("code"):
            _refuse(f"the sign-on server said {query.get('error', 'nothing')!r}")
        tokens = await self._exchange(server, query["code"], pending.verifier)
        claims = await self._verified(server, tokens.id_token, pending.nonce)
        found = granted(self._said.roles, await self._groups(server, claims, tokens))
        if found is None:
            message = "you are in no group that may sign in here; [oidc] roles names those that may"
            raise Forbidden(message, rule="oidc")
        name = f"oidc:{claims['sub']}"
        stands = await self._note(name, granted=found, issuer=self._said.issuer)
        return Entered(
            Person(
                name=name,
                role=stands.role,
                accounts=stands.accounts,
                shown=_shown(claims),
                how="oidc",
            ),
            pending.then,
        )

    async def leaving(self, home: str) -> str | None:
        """Say where somebody ends their session at the server too; None if it has no such place.

        Args:
            home: Where it sends them back to.
        """
        try:
            server = await self._described()
        except ProviderUnavailable:
            return None
        if server.end_session_endpoint is None:
            return None
        asked = urlencode({"client_id": self._said.client, "post_logout_redirect_uri": home})
        return f"{server.end_session_endpoint}?{asked}"

    async def _described(self) -> _Server:
        """Ask what the server says of itself, once an hour."""
        now_s = self._clock.monotonic_s()
        if self._server is None or now_s >= self._server_until_s:
            issuer = self._said.issuer
            url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            server: _Server = self._read(await self._ask(url), _Server)
            if server.issuer != issuer:
                message = (
                    f"[oidc] issuer is {issuer!r}; the server there calls itself {server.issuer!r}"
                )
                raise ProviderUnavailable(message)
            self._server, self._server_until_s = server, now_s + _KNOWN_FOR_S
            return server
        return self._server

    def _check_issuer(self, query: Mapping[str, str], server: _Server) -> None:
        """Hold who sent somebody back against whom they were sent to (RFC 9207)."""
        said = query.get("iss")
        is_due = server.authorization_response_iss_parameter_supported
        if (said is not None or is_due) and said != self._said.issuer:
            _refuse("another server sent you back than you were sent to")

    async def _exchange(self, server: _Server, code: str, verifier: str) -> _Tokens:
        """Give the code back for tokens."""
        said = self._said
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": said.back,
            "code_verifier": verifier,
        }
        authorization = None
        if said.secret and "client_secret_basic" in server.token_endpoint_auth_methods_supported:
            # RFC 6749, section 2.3.1: both are form-encoded before they are joined.
            pair = f"{quote(said.client, safe='')}:{quote(said.secret, safe='')}"
            authorization = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = said.client
            if said.secret:
                form["client_secret"] = said.secret
        told = await self._ask(
            server.token_endpoint, form=urlencode(form), authorization=authorization
        )
        if 400 <= told.status < 500:  # noqa: PLR2004 HTTP
            _refuse("the sign-on server does not take the code that you came back with")
        return self._read(told, _Tokens)

    async def _verified(self, server: _Server, token: str, nonce: str) -> dict[str, Any]:
        """Verify a token; if its key is not known, with the server's newest keys."""
        read = partial(
            verified,
            token,
            issuer=self._said.issuer,
            client=self._said.client,
            nonce=nonce,
            now_s=self._clock.now_ms() / 1e3,
        )
        try:
            return read(keys=await self._known_keys(server, _KNOWN_FOR_S))
        except UnknownKey:
            keys = await self._known_keys(server, _ASK_AGAIN_S)
        try:
            return read(keys=keys)
        except UnknownKey as error:
            message = f"the ID token is refused: {error}"
            raise Unauthenticated(message, rule="oidc") from None

    async def _known_keys(self, server: _Server, for_s: float) -> Sequence[Key]:
        """Give the server's keys, asked for again where they are known for so long."""
        now_s, at_s = self._clock.monotonic_s(), self._keys_at_s
        if at_s is None or now_s >= at_s + for_s:
            told = await self._ask(server.jwks_uri)
            if told.status != _OK:
                message = f"the sign-on server answers {told.status} where its keys should be"
                raise ProviderUnavailable(message)
            self._keys, self._keys_at_s = keys_in(told.text), now_s
        return self._keys

    async def _groups(
        self, server: _Server, claims: dict[str, Any], tokens: _Tokens
    ) -> frozenset[str]:
        """Read somebody's groups in the token; a server may have them at its userinfo only."""
        found = groups_in(claims, self._said.groups)
        if found or server.userinfo_endpoint is None or not tokens.access_token:
            return found
        told = await self._ask(
            server.userinfo_endpoint, authorization=f"Bearer {tokens.access_token}"
        )
        more = self._read(told, dict[str, Any])
        if more.get("sub") != claims["sub"]:
            _refuse("the sign-on server tells of somebody else than its token")
        claims.update({name: said for name, said in more.items() if name not in claims})
        return groups_in(claims, self._said.groups)

    def _read(self, told: Told, kind: type[Any]) -> Any:
        """Read an answer.

        Raises:
            ProviderUnavailable: It is not what it should be.
        """
        try:
            if told.status == _OK:
                return msgspec.json.decode(told.text, type=kind)
            why = f"answers {told.status}"
        except msgspec.DecodeError as error:
            why = f"says something else than it should: {error}"
        message = f"the sign-on server {self._said.issuer} {why}"
        raise ProviderUnavailable(message)

    def _make_room(self) -> None:
        now_s = self._clock.monotonic_s()
        for state in [each for each, is_ in self._pending.items() if is_.until_s <= now_s]:
            del self._pending[state]
        while len(self._pending) >= _MOST_PENDING:
            del self._pending[next(iter(self._pending))]


def _shown(claims: Mapping[str, Any]) -> str:
    """Find what somebody is called."""
    for name in ("name", "preferred_username", "email"):
        said = claims.get(name)
        if isinstance(said, str) and said.strip():
            return said.strip()[:100]
    return ""


def _refuse(why: str) -> NoReturn:
    raise Unauthenticated(why, rule="oidc")
