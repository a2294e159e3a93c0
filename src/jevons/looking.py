"""Looking a request through on its way, and veiling it where that is asked for.

Rule 1: what could not be looked through, where that must be done, does not leave; and nobody is
    told a word of what was looked at.
Rule 2: what takes time is done beside the loop: others are not to wait for it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import msgspec

from jevons.types.errors import Bug, InspectionFailed, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.ports import Caller, Privacy, Veiled
    from jevons.types.decision import Verdict
    from jevons.types.request import Generate

__all__ = ("inspect", "veil")

T = TypeVar("T")


async def inspect(request: Generate, privacy: Privacy | None) -> Generate:
    """Have a request looked through; the rules refuse whoever has no key, looked through or not.

    Raises:
        InspectionFailed: That could not be done.
        Unsupported: Nobody looks, and the caller named what is to be found.
    """
    if request.actor is None:
        return request
    if privacy is None:
        if request.identifiers:
            message = (
                "identifiers were named, and this house looks no request through (privacy.look)"
            )
            raise Unsupported(message)
        return request
    inspected = await _looked(partial(privacy.inspect, request), request, privacy)
    return msgspec.structs.replace(request, inspected=inspected)


async def veil(
    request: Generate, verdict: Verdict, caller: Caller, privacy: Privacy | None
) -> Veiled | None:
    """Veil a request if an endpoint may have it only so.

    Raises:
        InspectionFailed: That could not be done.
    """
    if not verdict.veiled:
        return None
    if privacy is None:
        message = "a policy asks for a veil in a house without one"
        raise Bug(message)
    return await _looked(partial(privacy.veil, request, caller), request, privacy)


async def _looked(looking: Callable[[], T], request: Generate, privacy: Privacy) -> T:
    try:
        if request.source.size_bytes > privacy.quick_bytes:
            return await asyncio.to_thread(looking)
        return looking()
    except Exception as error:
        message = (
            f"this could not be looked through for what identifies people: {type(error).__name__}"
        )
        raise InspectionFailed(message, rule="inspection") from error
