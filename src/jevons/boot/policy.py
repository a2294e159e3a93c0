"""The house's policy: its rules, and those of the profile that is switched on."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jevons import __version__
from jevons.boot.remote import row_of
from jevons.policy import Rules
from jevons.policy.profile import CLASSES, read_profile
from jevons.types.account import Opened
from jevons.types.custody import OWN, UNLABELLED, Label
from jevons.types.errors import Misconfigured
from jevons.types.model import Endpoint

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from jevons.catalog import Catalog
    from jevons.policy.egress import Egress
    from jevons.policy.profile import Profile
    from jevons.ports import Clock
    from jevons.settings import PolicySettings, Settings

__all__ = (
    "Policed",
    "house_label",
    "known_endpoints",
    "load_profile",
    "open_policy",
    "opened",
    "shipped_profiles",
)

_FOLDER = files("jevons.policy") / "profiles"


class Policed(NamedTuple):
    """The policy, and what the books say of it."""

    rules: Rules
    opened: Opened
    egress: Egress | None = None
    """The profile that is switched on, to be asked of what is no request."""


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


def open_policy(settings: PolicySettings, catalog: Catalog, clock: Clock) -> Policed:
    """Make the policy of a house, and prove what its profile promises.

    Raises:
        Misconfigured: The profile is none, or a promise of it does not hold.
    """
    if settings.profile:
        from jevons.boot.proved import open_profile  # noqa: PLC0415 Cedar takes 6 MB

        profile = load_profile(settings.profile)
        return open_profile(profile, house_label(settings, profile), catalog, clock)
    rules = Rules(catalog, clock=clock)
    return Policed(rules, opened(rules, UNLABELLED, clock))


def opened(rules: Rules, label: Label, clock: Clock) -> Opened:
    """Write for the books under which policy the house opened."""
    return Opened(
        at_ms=clock.now_ms(),
        version=__version__,
        policy=rules.digest,
        rules=rules.asked,
        data_class=label.data_class.word,
        region=label.region,
    )


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
