"""The listener for whoever looks after the house.

Rule 1: it is off until a port is set, and has no password: the first admin is made on the machine.
Rule 2: it listens to others only where people reach it by https, through a proxy that ends TLS:
    tokens and cookies are not sent in the clear.
"""

from __future__ import annotations

import ipaddress
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jevons.boot.listener import Listener
from jevons.boot.secrets import Secrets
from jevons.telemetry import log
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from contextlib import AsyncExitStack

    from starlette.routing import BaseRoute

    from jevons.admin import Desk
    from jevons.edge.asgi import Application
    from jevons.settings import AdminSettings, Settings

__all__ = ("listening", "open_admin")

_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_S_PER_MINUTE, _S_PER_HOUR = 60, 3600


def open_admin(
    settings: Settings,
    desk: Desk,
    *,
    closing: AsyncExitStack,
    pages: Sequence[BaseRoute] = (),
) -> Application | None:
    """Make what people are answered by; None in a house that has no such listener.

    Args:
        settings: Where it listens, and how long a session is.
        desk: The open house.
        closing: What to close, and when.
        pages: Routes of others that stand behind the same sign-in.

    Raises:
        Misconfigured: It would send tokens in the clear, or cannot have people sign on elsewhere.
    """
    said = settings.admin
    if said.port is None:
        return None
    from jevons.admin import Sessions, make_app  # noqa: PLC0415 as in `jevons.boot.house`
    from jevons.boot.single import open_single  # noqa: PLC0415

    url = _reached_at(said)
    home = url or f"http://{said.host}:{said.port}"
    secrets, single = Secrets(settings.data_dir), None
    if url or said.port:
        single = open_single(settings.oidc, secrets, desk, home=home, closing=closing)
    if single is None and settings.oidc.issuer:
        message = "[oidc] needs [admin] url, or a port that is not 0: people are sent back there"
        raise Misconfigured(message)
    sessions = Sessions(
        desk.clock,
        desk.books.people,
        idle_s=said.idle_minutes * _S_PER_MINUTE,
        longest_s=said.session_hours * _S_PER_HOUR,
    )
    return make_app(  # type: ignore[return-value] Starlette's types name each message
        desk=desk,
        sessions=sessions,
        hosts=_hosts(said, url),
        secure=url.startswith("https:"),
        pages=pages,
        single=single,
        home=home,
    )


@asynccontextmanager
async def listening(
    application: Application | None, settings: Settings
) -> AsyncGenerator[Listener | None]:
    """Listen for people from entering to leaving, in a house that does.

    Raises:
        Misconfigured: There is no listening there.
    """
    said = settings.admin
    if application is None or said.port is None:
        yield None
        return
    listener = Listener(
        application, "admin", host=said.host, port=said.port, server=settings.server
    )
    async with listener:
        log.info("admin.listening", url=listener.url)
        yield listener


def _reached_at(said: AdminSettings) -> str:
    """Read by which address people reach it; empty for that at which it listens.

    Raises:
        Misconfigured: It is none, or what is sent there is not secret.
    """
    parts = urlsplit(said.url)
    is_whole = parts.scheme in {"http", "https"} and parts.hostname and not parts.path.strip("/")
    if said.url and (not is_whole or "@" in parts.netloc or parts.query or parts.fragment):
        message = f"[admin] url is {said.url!r}; it must look like https://jevons.example"
        raise Misconfigured(message)
    is_local = _is_loopback(said.host) and (not said.url or _is_loopback(parts.hostname or ""))
    if not is_local and parts.scheme != "https":
        message = (
            f"[admin] host is {said.host!r}, where tokens would be sent in the clear: listen on "
            "127.0.0.1, or set [admin] url to the https address of a proxy before it"
        )
        raise Misconfigured(message)
    return said.url.rstrip("/")


def _hosts(said: AdminSettings, url: str) -> frozenset[str]:
    """Name what we answer to: the name that is set; on this machine, its own names."""
    name = urlsplit(url).netloc.lower().rsplit("@", 1)[-1]
    own = name.rsplit(":", 1)[0] if name and not name.endswith("]") else name
    return frozenset({own, *_LOCAL, said.host.lower()} - {"", "0.0.0.0", "::"})  # noqa: S104 no names


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
