"""An authority of time elsewhere (RFC 3161), asked over HTTP. It is sent a hash, and nothing else.

Rule 1: no redirect is followed, no proxy is asked, and an answer is read no further than one is long.

Source: RFC 3161 §3.4, read 2026-11.
"""

from __future__ import annotations

import asyncio

import httpx2

from jevons.types.errors import StoreUnavailable

__all__ = ("RemoteAuthority",)

_LONGEST_BYTES = 256 * 1024
_OK = 200


class RemoteAuthority:
    """One authority.

    Args:
        url: Where it takes questions.
        timeout_s: Longest wait for its answer, whole.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s

    async def stamp(self, body: bytes) -> bytes:
        """Ask for a stamp.

        Raises:
            StoreUnavailable: There is no answer, or not one of its kind.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._asked(body)
        except TimeoutError:
            why = f"not within {self._timeout_s:g} s"
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            why = str(error) or type(error).__name__
        message = f"{self._url} gives no stamp: {why}"
        raise StoreUnavailable(message)

    async def _asked(self, body: bytes) -> bytes:
        headers = {"content-type": "application/timestamp-query", "user-agent": "jevons"}
        async with (
            httpx2.AsyncClient(trust_env=False, timeout=self._timeout_s) as client,
            client.stream("POST", self._url, content=body, headers=headers) as answer,
        ):
            if answer.status_code != _OK:
                message = f"it answers {answer.status_code}"
                raise ValueError(message)
            found = bytearray()
            async for piece in answer.aiter_raw():
                found += piece
                if len(found) > _LONGEST_BYTES:
                    message = "its answer has no end"
                    raise ValueError(message)
            return bytes(found)
