"""What this house shows to outsiders: its log, and its checkpoints to witnesses.

Rule 1: a witness is judged like any endpoint by the profile that is switched on, as one that is
    sent public data; where that is refused the house does not open.
"""

from __future__ import annotations

import asyncio
import hmac
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, NamedTuple, Self

from jevons.boot.egress import check_egress
from jevons.boot.listener import Listener
from jevons.boot.stamping import Stamping, open_stamping
from jevons.cosigning import Cosigning, Known
from jevons.edge import published
from jevons.ledger.note import COSIGNATURE, BadNote, read_vkey
from jevons.providers import RemoteWitness
from jevons.store import Log
from jevons.telemetry import log
from jevons.types.custody import DataClass
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.boot.secrets import Secrets
    from jevons.edge.asgi import Application
    from jevons.policy.egress import Egress
    from jevons.ports import Clock
    from jevons.settings import PublishSettings, ServerSettings, Settings, WitnessSettings
    from jevons.store.where import Where
    from jevons.telemetry import Metrics

__all__ = ("Beside", "Shown", "show")

_SHORTEST_TOKEN = 16


class Shown(NamedTuple):
    """What stands open to outsiders."""

    app: Application | None
    """The log over HTTP; None in a house that publishes nothing."""
    cosigning: Cosigning | None
    """Rounds of the witnesses; None in a house that has none."""
    stamping: Stamping | None = None
    """Rounds of the authority of time; None in a house that has none."""


async def show(
    settings: Settings,
    secrets: Secrets,
    ledger: Where,
    egress: Egress | None,
    *,
    clock: Clock,
    metrics: Metrics,
    closing: AsyncExitStack,
) -> Shown:
    """Open what outsiders see.

    Args:
        settings: What is published, and who cosigns.
        secrets: Where the token may be.
        ledger: Whose log it is; its books are open.
        egress: The profile that is switched on; None where none is.
        clock: Tells as of when the profile is asked.
        metrics: Counts what witnesses say.
        closing: What to close, and when.

    Raises:
        Misconfigured: A setting cannot be, or the profile lets nothing go to a witness.
    """
    is_published = settings.publish.port is not None
    if not is_published and not settings.witness and not settings.stamp.url:
        return Shown(None, None)
    pages = await closing.enter_async_context(Log.open(ledger, is_witnessed=bool(settings.witness)))
    app = published(pages, admits=_admits(settings.publish, secrets)) if is_published else None
    known = [_known(each, egress, clock, closing) for each in settings.witness]
    every_s = settings.ledger.witness_every_s
    cosigning = Cosigning(pages, known, metrics=metrics, every_s=every_s) if known else None
    stamping = open_stamping(settings, egress, pages, clock=clock, metrics=metrics)
    return Shown(app, cosigning, stamping)


class Beside:
    """What runs beside the server while it serves, from entering to leaving.

    Args:
        shown: What stands open.
        publish: Where to listen for those who read the log.
        server: How long they may take.
    """

    def __init__(self, shown: Shown, publish: PublishSettings, server: ServerSettings) -> None:
        self._rounds = [each.run for each in (shown.cosigning, shown.stamping) if each is not None]
        self._closing = AsyncExitStack()
        self._listener = None
        if shown.app is not None and publish.port is not None:
            self._listener = Listener(
                shown.app, "publish", host=publish.host, port=publish.port, server=server
            )

    async def __aenter__(self) -> Self:
        """Listen, and begin the rounds.

        Raises:
            Misconfigured: There is no listening there.
        """
        if self._listener is not None:
            await self._closing.enter_async_context(self._listener)
            log.info("log.published", url=self.url)
        for run in self._rounds:
            self._closing.push_async_callback(_end, asyncio.ensure_future(run()))
        return self

    async def __aexit__(self, *rest: object) -> None:
        await self._closing.aclose()

    @property
    def url(self) -> str | None:
        """Where the log is read; None if it is not."""
        return None if self._listener is None else self._listener.url


async def _end(task: asyncio.Future[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _admits(publish: PublishSettings, secrets: Secrets) -> Callable[[str | None], bool] | None:
    """Tell who may have records.

    Raises:
        Misconfigured: It names no variable, or one that holds no secret.
    """
    said = publish.records
    if not said:
        return None
    if said == "anyone":
        return lambda _: True
    secret = secrets.read(said, what="[publish] records")
    if len(secret) < _SHORTEST_TOKEN:
        message = f"[publish] records must be a token of at least {_SHORTEST_TOKEN} characters"
        raise Misconfigured(message)
    expected = secret.encode()
    return lambda token: token is not None and hmac.compare_digest(token.encode(), expected)


def _known(
    said: WitnessSettings, egress: Egress | None, clock: Clock, closing: AsyncExitStack
) -> Known:
    try:
        key = read_vkey(said.key)
    except BadNote as error:
        message = f"witness {said.url!r}: {error}"
        raise Misconfigured(message) from None
    if key.kind != COSIGNATURE:
        message = f"witness {said.url!r}: its key is that of a log, not of a witness"
        raise Misconfigured(message)
    if egress is not None:
        check_egress(
            egress,
            name=f"witness:{key.name}",
            host=key.name,
            place=said.place,
            data_class=DataClass.PUBLIC,
            clock=clock,
        )
    door = RemoteWitness(said.url, timeout_s=said.timeout_s)
    closing.callback(door.close)
    return Known(key=key, door=door)
