"""A witness elsewhere, asked over HTTP. It is sent checkpoints of the ledger, and nothing else.

Rule 1: no redirect is followed, no proxy is asked, nothing is decompressed.
Rule 2: an answer is read no further than a witness has anything to say, and no longer than it
    may take.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jevons.providers.hearing import hear
from jevons.providers.pool import Pool
from jevons.providers.target import read_target
from jevons.types.errors import JevonsError, StoreUnavailable

if TYPE_CHECKING:
    from jevons import ports
    from jevons.ports import Told

__all__ = ("RemoteWitness",)

_LONGEST_BYTES = 64 * 1024


class RemoteWitness:
    """One witness.

    Args:
        url: Its submission prefix: what `/add-checkpoint` follows.
        timeout_s: Longest wait for its answer, whole.

    Raises:
        Misconfigured: The URL is not one.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        address, host, path = read_target(url, what="witness")
        self._url = url
        self._timeout_s = timeout_s
        self._pool = Pool(address, limit=1, connect_timeout_s=timeout_s, line_timeout_s=timeout_s)
        self._head = (
            f"POST {path}/add-checkpoint HTTP/1.1\r\nhost: {host}\r\nuser-agent: jevons\r\n"
            "content-type: text/plain; charset=utf-8\r\naccept-encoding: identity\r\n"
            "content-length: "
        ).encode()

    async def add(self, body: bytes) -> Told:
        """Ask to cosign a checkpoint."""
        request = b"%b%d\r\n\r\n%b" % (self._head, len(body), body)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await hear(self._pool, request, most_bytes=_LONGEST_BYTES)
        except TimeoutError:
            why = f"not within {self._timeout_s:g} s"
        except JevonsError as error:
            why = str(error)
        message = f"{self._url} gives no answer: {why}"
        raise StoreUnavailable(message)

    def close(self) -> None:
        """Drop its connection."""
        self._pool.close()


if TYPE_CHECKING:
    _witness: type[ports.Witness] = RemoteWitness
