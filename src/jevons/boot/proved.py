"""A profile, switched on: its rule among the house's own.

Rule 1: what a profile promises is proved before the house opens: over every endpoint that there
    could be, and over those that there are. A promise that fails stops the start.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from typing import TYPE_CHECKING

import msgspec

from jevons.boot.policy import Policed, opened
from jevons.catalog.places import groups
from jevons.policy import RULES, Rules
from jevons.policy.cedar import SCHEMA
from jevons.policy.egress import Egress, egress_rule
from jevons.policy.live import broken_promises
from jevons.policy.proof import Prover, proof_digest
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from jevons.catalog import Catalog
    from jevons.policy.profile import Profile
    from jevons.policy.proof import Proof
    from jevons.ports import Clock
    from jevons.types.custody import Label

__all__ = ("open_profile",)

_LAST_BUT_TWO = -2  # what an endpoint can do is asked after what may go there


def open_profile(profile: Profile, label: Label, catalog: Catalog, clock: Clock) -> Policed:
    """Prove a profile, and put its rule among the others.

    Args:
        profile: Which.
        label: What data is taken to be where neither key nor request says.
        catalog: What there is to allow.
        clock: Dates what the books say of it.

    Raises:
        Misconfigured: A promise of it does not hold.
    """
    egress = Egress(profile, groups())
    proofs = _proved(profile)
    broken = broken_promises(egress, catalog.endpoints, clock.now_ms())
    if broken:
        message = f"profile {profile.name!r}: {broken[0]}"
        raise Misconfigured(message)
    proof = proof_digest(proofs)
    rule = egress_rule(egress, catalog.endpoints, proof=proof)
    asked = (*RULES[:_LAST_BUT_TWO], rule, *RULES[_LAST_BUT_TWO:])
    rules = Rules(catalog, clock=clock, rules=asked, label=label)
    said = msgspec.structs.replace(
        opened(rules, label, clock),
        profile=profile.name,
        policies=_sha256(profile.policies),
        schema=_sha256(SCHEMA),
        proof=proof,
        proved=tuple([each.name for each in proofs]),
    )
    return Policed(rules, said, egress)


def _proved(profile: Profile) -> tuple[Proof, ...]:
    """Prove what a profile promises; in a process of its own, since the prover keeps 40 MB."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
        proofs = child.submit(_prove, profile).result()
    failed = [proof for proof in proofs if not proof.holds]
    if failed:
        message = f"profile {profile.name!r} does not keep {failed[0].name!r}: {failed[0].case}"
        raise Misconfigured(message)
    return proofs


def _prove(profile: Profile) -> tuple[Proof, ...]:
    return Prover(profile, groups()).invariants()


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()
