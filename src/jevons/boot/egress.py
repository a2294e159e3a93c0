"""Those who are sent something that is no request: judged as endpoints are.

Rule 1: where the profile that is switched on refuses it, the house does not open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.policy.egress import sentence
from jevons.types.custody import OWN, Custody, DataClass, Label
from jevons.types.errors import Misconfigured
from jevons.types.model import Endpoint

if TYPE_CHECKING:
    from jevons.policy.egress import Egress
    from jevons.ports import Clock

__all__ = ("check_egress",)


def check_egress(
    egress: Egress,
    *,
    name: str,
    host: str,
    place: str | None,
    custody: Custody | None = None,
    data_class: DataClass,
    clock: Clock,
) -> None:
    """Ask a profile whether somebody may be sent something.

    Args:
        egress: The profile that is switched on.
        name: What they are called in the message.
        host: Who they are.
        place: Where they are; None is not known.
        custody: Who could get at what they are sent; None is not known, or only the house on its own
            premises.
        data_class: Of what they are sent.
        clock: Tells as of when it is asked.

    Raises:
        Misconfigured: They may not.
    """
    kind, _, _ = name.partition(":")
    row = Endpoint(
        name=name,
        model=kind,
        provider=kind,
        upstream_model=kind,
        host=host,
        place=place or "unknown",
        custody=custody or (OWN if place == "on-prem" else Custody()),
    )
    label = Label(data_class=data_class)
    decision = egress.decide(label, row, clock.now_ms())
    if not decision.is_allowed:
        message = f"profile {egress.profile.name!r}: {sentence(label, row, decision)}"
        raise Misconfigured(message)
