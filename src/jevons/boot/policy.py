"""The house's policy: its rules, and those of the profile that is switched on.

Rule 1: what a profile promises is proved before the house opens: over every endpoint that there
    could be, and over those that there are. A promise that fails stops the start.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from jevons.boot.remote import row_of
from jevons.catalog.places import groups
from jevons.policy import RULES, Rules
from jevons.policy.profile import CLASSES, read_profile
from jevons.types.custody import OWN, Label
from jevons.types.errors import Misconfigured
from jevons.types.model import Endpoint

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from jevons.catalog import Catalog
    from jevons.policy.profile import Profile
    from jevons.policy.proof import Proof
    from jevons.policy.rules import Rule
    from jevons.ports import Clock
    from jevons.settings import PolicySettings, Settings

__all__ = ("house_label", "known_endpoints", "load_profile", "open_policy", "shipped_profiles")

_FOLDER = files("jevons.policy") / "profiles"
_LAST_BUT_TWO = -2  # what an endpoint can do is asked after what may go there


def shipped_profiles() -> tuple[str, ...]:
    """Name the profiles that ship with the package."""
    names = [each.name for each in _FOLDER.iterdir()]
    return tuple(sorted([name.removesuffix(".toml") for name in names if name.endswith(".toml")]))


def load_profile(name: str) -> Profile:
    """Load a profile.

    Args:
        name: Of one that ships with the package, or path of a `.toml` of one's own, with a
            `.cedar` of the same name beside it.

    Raises:
        Misconfigured: There is none, or it is not one.
    """
    if name.endswith(".toml"):
        return _load(Path(name).parent, Path(name).stem)
    if name not in shipped_profiles():
        accepted = ", ".join(shipped_profiles())
        message = f"profile {name!r} is not one of {accepted}, nor the path of a .toml"
        raise Misconfigured(message)
    return _load(_FOLDER, name)


def known_endpoints(settings: Settings) -> tuple[Endpoint, ...]:
    """List what would be there, without opening it: the embedded engine, and what is set.

    Raises:
        Misconfigured: A setting cannot be.
    """
    engine = Endpoint(
        name="local",
        model="local",
        provider="local",
        upstream_model="local",
        host="this machine",
        place="on-prem",
        custody=OWN,
    )
    own = (engine,) if settings.engine.enabled else ()
    return (*own, *[row_of(each) for each in settings.endpoint])


def open_policy(settings: PolicySettings, catalog: Catalog, clock: Clock) -> Rules:
    """Make the policy of a house, and prove what its profile promises.

    Raises:
        Misconfigured: The profile is none, or a promise of it does not hold.
    """
    if not settings.profile:
        return Rules(catalog, clock=clock)
    profile = load_profile(settings.profile)
    rule = _proved(profile, catalog, clock)
    rules = (*RULES[:_LAST_BUT_TWO], rule, *RULES[_LAST_BUT_TWO:])
    return Rules(catalog, clock=clock, rules=rules, label=house_label(settings, profile))


def _proved(profile: Profile, catalog: Catalog, clock: Clock) -> Rule:
    from jevons.policy.egress import Egress, egress_rule  # noqa: PLC0415 Cedar takes 6 MB
    from jevons.policy.live import broken_promises  # noqa: PLC0415 as above
    from jevons.policy.proof import proof_digest  # noqa: PLC0415 as above

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
        proofs = child.submit(_prove, profile).result()
    failed = [proof for proof in proofs if not proof.holds]
    if failed:
        message = f"profile {profile.name!r} does not keep {failed[0].name!r}: {failed[0].case}"
        raise Misconfigured(message)
    egress = Egress(profile, groups())
    broken = broken_promises(egress, catalog.endpoints, clock.now_ms())
    if broken:
        message = f"profile {profile.name!r}: {broken[0]}"
        raise Misconfigured(message)
    return egress_rule(egress, catalog.endpoints, proof=proof_digest(proofs))


def _prove(profile: Profile) -> tuple[Proof, ...]:
    """Prove what a profile promises; in a process of its own, since the prover keeps 40 MB."""
    from jevons.policy.proof import Prover  # noqa: PLC0415 only here

    return Prover(profile, groups()).invariants()


def house_label(settings: PolicySettings, profile: Profile) -> Label:
    """Tell what data is taken to be where neither key nor request says."""
    label = profile.label
    return Label(
        data_class=CLASSES[settings.data_class] if settings.data_class else label.data_class,
        region=settings.region or label.region,
    )


def _load(folder: Traversable, name: str) -> Profile:
    try:
        policies = (folder / f"{name}.cedar").read_text(encoding="utf-8")
        manifest = (folder / f"{name}.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"profile {name!r}: {error}"
        raise Misconfigured(message) from None
    return read_profile(name, policies=policies, manifest=manifest)
