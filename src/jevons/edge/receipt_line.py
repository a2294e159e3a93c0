"""The line about its receipt that comes with every answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from jevons.types.units import Estimate, Priced

if TYPE_CHECKING:
    from jevons.edge.asgi import Headers
    from jevons.types.account import Receipt
    from jevons.types.units import Quantity

__all__ = ("again_headers", "chosen_headers", "receipt_line")

_MJ_PER_MWH = 3600.0  # 1 Wh is 3600 J, by definition
_encode = msgspec.json.Encoder().encode


class _Line(msgspec.Struct):
    receipt: str
    cost_nusd: int | None
    energy_mwh: float | None
    carbon_mg: float | None
    place: str | None
    model: str | None
    endpoint: str | None


class _Chosen(_Line):
    """The same where `auto` was asked for."""

    arm: str
    chosen: str
    why: str
    certificate: str | None
    tenant: str | None
    traffic: str | None


def receipt_line(receipt: Receipt) -> bytes:
    """Say in one line of ASCII JSON what an answer came to.

    Energy (milliwatt-hours) and carbon (milligrams) are medians. What is not known is
    null; the receipt says why.
    """
    energy_mj = _median(receipt.energy_mj)
    said = _Line(
        receipt=receipt.id,
        cost_nusd=receipt.cost.nusd if isinstance(receipt.cost, Priced) else None,
        energy_mwh=None if energy_mj is None else round(energy_mj / _MJ_PER_MWH, 6),
        carbon_mg=_median(receipt.carbon_mg),
        place=receipt.place,
        model=receipt.model,
        endpoint=receipt.endpoint,
    )
    if receipt.chosen:
        said = _Chosen(
            **msgspec.structs.asdict(said),
            arm=receipt.arm or receipt.endpoint or "",
            chosen=receipt.chosen,
            why=receipt.why,
            certificate=receipt.certificate or None,
            tenant=receipt.tenant or None,
            traffic=receipt.traffic or None,
        )
    line = _encode(said)
    # A header has no agreed encoding beyond ASCII (RFC 9110 §5.5).
    return line if line.isascii() else json.dumps(json.loads(line)).encode()


def chosen_headers(receipt: Receipt) -> Headers:
    """Say which arm answered where `auto` was asked for, how it was chosen, and what is promised."""
    if not receipt.chosen:
        return []
    headers = [
        (b"x-jevons-arm", (receipt.arm or receipt.endpoint or "").encode("ascii", "replace")),
        (b"x-jevons-chosen", receipt.chosen.encode()),
    ]
    if receipt.certificate:
        headers.append((b"x-jevons-certificate", receipt.certificate.encode()))
    if receipt.tenant:
        headers.append((b"x-jevons-tenant", receipt.tenant.encode("ascii", "replace")))
    if receipt.traffic:
        headers.append((b"x-jevons-class", receipt.traffic.encode("ascii", "replace")))
    return headers


def again_headers(age_s: int | None) -> Headers:
    """Say that an answer is given again, and how old it is (RFC 9111 §5.1); None: it is not."""
    return [] if age_s is None else [(b"x-jevons-cache", b"hit"), (b"age", b"%d" % age_s)]


def _median(quantity: Quantity) -> float | None:
    return quantity.p50 if isinstance(quantity, Estimate) else None
