"""Another server that says who people are, where one is set."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from jevons.providers import RemoteIssuer
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from jevons.admin import Desk
    from jevons.admin.groups import Granted
    from jevons.admin.oidc import SingleSignOn
    from jevons.boot.secrets import Secrets
    from jevons.settings import OidcSettings
    from jevons.types.account import PersonChange

__all__ = ("open_single",)


def open_single(
    said: OidcSettings, secrets: Secrets, desk: Desk, *, home: str, closing: AsyncExitStack
) -> SingleSignOn | None:
    """Make ready to have people sign on elsewhere; None in a house that does not.

    Args:
        said: Where, and who may what.
        secrets: Where what we show the server may be.
        desk: The open house, in whose books it is noted who they are.
        home: Where people reach us.
        closing: What to close, and when.

    Raises:
        Misconfigured: A setting cannot be, or the extra is not installed.
    """
    if not said.issuer:
        return None
    if find_spec("joserfc") is None:
        message = "[oidc] issuer is set, and `.venv/bin/pip install -e '.[oidc]'` is missing"
        raise Misconfigured(message)
    # Imported here: the library is an extra, and takes 40 ms to load.
    from jevons.admin.groups import read_roles  # noqa: PLC0415
    from jevons.admin.oidc import Oidc, SingleSignOn  # noqa: PLC0415

    if not said.client_id or not said.roles or "openid" not in said.scopes:
        message = "[oidc] needs client_id, roles, and 'openid' in scopes"
        raise Misconfigured(message)
    server = RemoteIssuer(timeout_s=said.timeout_s)
    closing.callback(server.close)

    async def note(name: str, *, granted: Granted, issuer: str) -> PersonChange:
        people = desk.books.people
        return await people.enter(name, role=granted.role, accounts=granted.accounts, issuer=issuer)

    oidc = Oidc(
        issuer=said.issuer,
        client=said.client_id,
        secret=secrets.read(said.client_secret, what="[oidc] client_secret")
        if said.client_secret
        else "",
        scopes=said.scopes,
        groups=said.groups,
        roles=read_roles(said.roles),
        back=f"{home}/sign-in/oidc/back",
    )
    return SingleSignOn(oidc, ask=server.ask, note=note, clock=desk.clock)
