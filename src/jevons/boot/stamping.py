"""Having checkpoints stamped by an authority of time, where one is set.

Rule 1: it is off the request path. An authority that is away stops nothing; it is logged when that
    begins and when it ends, and asked again in the next round.
"""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jevons.boot.egress import check_egress
from jevons.ledger.note import parse
from jevons.providers.authority import RemoteAuthority
from jevons.telemetry import log
from jevons.types.custody import DataClass
from jevons.types.errors import JevonsError, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jevons.policy.egress import Egress
    from jevons.ports import Clock, Log
    from jevons.settings import Settings
    from jevons.store.stamps import Stamps
    from jevons.telemetry import Metrics

__all__ = ("Stamping", "open_stamping")

_AGAIN_S = 60.0
"""Until an authority that did not answer is asked again; also until there is something to stamp."""


class Stamping:
    """The rounds of one house.

    Args:
        pages: Whose newest checkpoint is stamped.
        stamps: Where stamps are kept.
        ask: Has an authority answer a question.
        every_s: Time between two rounds.
        metrics: Says how far stamps go.
    """

    def __init__(
        self,
        pages: Log,
        stamps: Stamps,
        ask: Callable[[bytes], Awaitable[bytes]],
        *,
        every_s: float,
        metrics: Metrics,
    ) -> None:
        self._pages = pages
        self._stamps = stamps
        self._ask = ask
        self._every_s = every_s
        self._metrics = metrics
        self._is_troubled = False

    async def run(self) -> None:
        """Go round after round until cancelled."""
        while True:
            pause_s = min(_AGAIN_S, self._every_s)
            try:
                if await self.round():
                    pause_s = self._every_s
            except JevonsError as error:
                if not self._is_troubled:
                    log.error("stamp.none", cause=str(error))
                self._is_troubled = True
            except Exception:  # noqa: BLE001 a worker loop: without it nothing is stamped any more
                log.exception("stamp.bug")
            await asyncio.sleep(pause_s)

    async def round(self) -> bool:
        """Have the newest checkpoint stamped; say whether it is.

        Raises:
            StoreUnavailable: It cannot be read, or the authority does not answer.
            Malformed: What it answers is no stamp of this.
        """
        note = await self._pages.newest()
        if note is None:
            return False
        if parse(note).size > await asyncio.to_thread(self._stamps.newest):
            ask = self._stamps.ask(note)
            answer = await self._ask(ask.body)
            stamped = await asyncio.to_thread(self._stamps.keep, ask, answer)
            self._metrics.stamped = stamped.size
        if self._is_troubled:
            log.info("stamp.recovered")
        self._is_troubled = False
        return True


def open_stamping(
    settings: Settings, egress: Egress | None, pages: Log, *, clock: Clock, metrics: Metrics
) -> Stamping | None:
    """Open what has checkpoints stamped; None in a house that has none.

    Args:
        settings: By whom, and how often.
        egress: The profile that is switched on; None where none is.
        pages: Whose checkpoints.
        clock: Tells as of when the profile is asked.
        metrics: Says how far stamps go.

    Raises:
        Misconfigured: A setting cannot be, the extra is not installed, or the profile lets nothing go
            to the authority.
    """
    said = settings.stamp
    if not said.url:
        return None
    host = urlsplit(said.url).hostname
    if not said.url.startswith(("http://", "https://")) or not host:
        message = f"[stamp] url is {said.url!r}; http:// or https:// and a host is accepted"
        raise Misconfigured(message)
    if find_spec("rfc3161_client") is None:
        message = "[stamp] url is set, and what reads stamps is not there: .venv/bin/pip install -e '.[stamp]'"
        raise Misconfigured(message)
    if egress is not None:
        check_egress(
            egress,
            name=f"stamp:{host}",
            host=host,
            place=said.place,
            data_class=DataClass.PUBLIC,
            clock=clock,
        )
    # Imported here: the library is an extra.
    from jevons.store.stamps import Stamps, read_roots  # noqa: PLC0415

    stamps = Stamps(settings.data_dir / "stamps", read_roots(said.roots))
    ask = RemoteAuthority(said.url, timeout_s=said.timeout_s).stamp
    return Stamping(pages, stamps, ask, every_s=said.every_s, metrics=metrics)
