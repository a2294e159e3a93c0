"""What counts how fast everybody asks: this process, or several together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.boot.egress import check_egress
from jevons.budget import Pace
from jevons.providers.shared_pace import SharedPace
from jevons.providers.valkey import read_where
from jevons.types.custody import DataClass
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AsyncExitStack

    from jevons.boot.secrets import Secrets
    from jevons.budget import Terms
    from jevons.policy.egress import Egress
    from jevons.ports import Clock, Limits
    from jevons.settings import LimitsSettings
    from jevons.telemetry import Metrics

__all__ = ("open_limits",)


async def open_limits(
    said: LimitsSettings,
    secrets: Secrets,
    egress: Egress | None,
    *,
    terms: Callable[[], Terms],
    clock: Clock,
    metrics: Metrics,
    closing: AsyncExitStack,
) -> Limits:
    """Open what lets requests begin.

    Args:
        said: Where it is counted.
        secrets: Where the server's address may be.
        egress: The profile that is switched on; None where none is.
        terms: What stands now.
        clock: Fills buckets, and tells as of when the profile is asked.
        metrics: Says whether replicas count together.
        closing: What to close, and when.

    Raises:
        Misconfigured: A setting cannot be, or the profile lets nothing go to the server.
    """
    if not said.valkey:
        return Pace(terms, clock)
    where = read_where(_address(said.valkey, secrets))
    if egress is not None:
        check_egress(
            egress,
            name=f"valkey:{where.host}",
            host=where.host,
            place=said.place,
            custody=said.custody,
            data_class=DataClass.INTERNAL,
            clock=clock,
        )
    shared = SharedPace(
        where,
        terms=terms,
        clock=clock,
        metrics=metrics,
        prefix=said.prefix,
        replicas=said.replicas,
        timeout_s=said.timeout_ms / 1e3,
        lease_s=said.lease_s,
    )
    return await closing.enter_async_context(shared)


def _address(said: str, secrets: Secrets) -> str:
    """Read the address; one with a password is never a setting.

    Raises:
        Misconfigured: It names nothing that is there, or has a password in it.
    """
    if said.startswith(("env:", "secret:")):
        return secrets.read(said, what="[limits] valkey")
    if "@" in said:
        message = (
            "[limits] valkey has a password in the file; keep the address elsewhere: secret:NAME "
            "or env:NAME"
        )
        raise Misconfigured(message)
    return said
