"""ID tokens: what a sign-on server says of somebody, believed only as far as it is proved.

Rule 1: only signatures that nobody can make who can check them: no `none`, and no HMAC, for which a
    public key could be taken as the secret.
Rule 2: the key is the one that the token names, for an algorithm that is the key's own.
Rule 3: the token is of our issuer, for us, of this sign-in, and of now.

Source: OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725, both read 2026-11.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any, NoReturn, cast

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from jevons.types.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joserfc.jwk import Key

__all__ = ("ALGORITHMS", "UnknownKey", "keys_in", "verified")

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
)  # fmt: skip

SKEW_S = 60
"""How far the server's clock may be from ours."""
_OLDEST_S = 600
"""Age of a token that was asked for just now, at most."""
_SUBJECT = re.compile(r"[!-~]{1,255}")
_SHORTEST_RSA = "n" * 342
"""As long as a modulus of 2048 bits in base64; others are too short to be safe."""


class UnknownKey(Exception):
    """The token is signed by a key that is not among those that we know."""


def keys_in(said: bytes | str) -> tuple[Key, ...]:
    """Read the server's keys, of those kinds that only sign.

    What cannot be read is passed over: a server may have keys of kinds that are not invented yet.
    """
    try:
        found = msgspec.json.decode(said, type=dict[str, Any]).get("keys")
    except msgspec.DecodeError:
        return ()
    entries = cast("list[Any]", found) if isinstance(found, list) else []
    return tuple([key for each in entries if (key := _key(each)) is not None])


def verified(
    token: str, keys: Sequence[Key], *, issuer: str, client: str, nonce: str, now_s: float
) -> dict[str, Any]:
    """Read what a token says, once all of it is proved.

    Args:
        token: As the server gave it.
        keys: The server's.
        issuer: Who must have made it.
        client: For whom.
        nonce: Of the sign-in that it answers.
        now_s: Unix seconds.

    Raises:
        UnknownKey: Its key is not among these; there may be newer ones.
        Unauthenticated: Anything else is not as it must be.
    """
    registry = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = _named(keys, header.get("kid"), header.get("alg"))
        key.check_alg(str(header.get("alg")))
        claims = jwt.decode(token, key, algorithms=ALGORITHMS, registry=registry).claims
    except (JoseError, ValueError, TypeError) as error:
        _refuse(f"its signature does not hold ({type(error).__name__})")
    _check_whose(claims, issuer, client)
    _check_when(claims, now_s)
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        _refuse("it answers another sign-in")
    return claims


def _key(said: Any) -> Key | None:
    try:
        if len(said.get("n", _SHORTEST_RSA)) < len(_SHORTEST_RSA):
            return None
        key = JWKRegistry.import_key(said)
    except (JoseError, ValueError, TypeError, AttributeError, KeyError):
        return None
    is_for_signing = isinstance(key, RSAKey | ECKey | OKPKey) and key.get("use", "sig") == "sig"
    return key if is_for_signing else None


def _named(keys: Sequence[Key], kid: Any, alg: Any) -> Key:
    """Find the key that a token names; one that names none is of the only key, if there is one."""
    if alg not in ALGORITHMS:
        _refuse(f"its algorithm is {alg!r}, which is not accepted")
    found = [key for key in keys if kid is None or key.get("kid") == kid]
    if len(found) != 1:
        message = f"{len(found)} keys of the server are called {kid!r}"
        raise UnknownKey(message)
    return found[0]


def _check_whose(claims: dict[str, Any], issuer: str, client: str) -> None:
    if claims.get("iss") != issuer:
        _refuse("it is of another issuer")
    said = claims.get("aud")
    audience = cast("list[Any]", said) if isinstance(said, list) else [said]
    if client not in audience:
        _refuse("it is for somebody else")
    party = claims.get("azp")
    if (len(audience) > 1 or party is not None) and party != client:
        _refuse("it was given to somebody else")
    if not _SUBJECT.fullmatch(str(claims.get("sub", ""))):
        _refuse("it does not say who it is of")


def _check_when(claims: dict[str, Any], now_s: float) -> None:
    ends_s, made_s = _moment(claims, "exp"), _moment(claims, "iat")
    begins_s = _moment(claims, "nbf") if "nbf" in claims else made_s
    if now_s >= ends_s + SKEW_S:
        _refuse("it has expired")
    if max(made_s, begins_s) > now_s + SKEW_S:
        _refuse("it is of the future")
    if made_s < now_s - _OLDEST_S:
        _refuse("it was not made just now")


def _moment(claims: dict[str, Any], name: str) -> float:
    said = claims.get(name)
    if isinstance(said, bool) or not isinstance(said, int | float):
        _refuse(f"its {name} is not a moment")
    return said


def _refuse(why: str) -> NoReturn:
    message = f"the ID token is refused: {why}"
    raise Unauthenticated(message, rule="oidc") from None
