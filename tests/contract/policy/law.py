"""What each shipped profile is meant to say, a second time, by hand and without Cedar.

Written from the sentences in the profiles' manifests, over what is known of a vendor rather than
over the facts that policies are told. It imports nothing of `jevons.policy`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from jevons.catalog.places import groups
from jevons.types.custody import OWN, Custody, DataClass, Label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("LABELS", "LAWS", "TODAY", "WORLD", "Host", "may_go")

TODAY = "2026-11-23"
INTERNAL, PERSONAL, SPECIAL = 1, 2, 3


class Host(NamedTuple):
    """Somewhere that data could go."""

    place: str
    custody: Custody

    def reach(self) -> set[str]:
        """Name the places outside the house from which somebody can get at it."""
        access = ("unknown",) if self.custody.access is None else self.custody.access
        at = {self.place, self.custody.storage, self.custody.owner, *access}
        return at - {"on-prem", "house", "nowhere"}

    def is_ours(self) -> bool:
        return (self.place, self.custody.owner) == ("on-prem", "house")

    def is_within(self, *names: str) -> bool:
        return self.reach() <= {place for name in names for place in getattr(groups(), name).places}

    def touches(self, name: str) -> bool:
        return bool(self.reach() & (getattr(groups(), name).places | {"unknown"}))

    def basis(self) -> str:
        until = self.custody.basis_until
        return "none" if until is not None and until < TODAY else self.custody.basis

    def may_train(self) -> bool:
        return self.custody.trains in {True, None}

    def keeps_longer_than(self, days: int) -> bool:
        kept = self.custody.retention_days
        return kept is None or kept > days


def air_gapped(label: Label, host: Host) -> bool:
    return host.is_ours()


def gdpr(label: Label, host: Host) -> bool:
    if label.data_class >= INTERNAL and host.may_train():
        return False
    if label.data_class >= SPECIAL:
        return host.is_within("eea") and "unknown" not in {host.place, host.custody.owner}
    if label.data_class < PERSONAL:
        return True
    if "unknown" in {host.place, host.custody.owner}:
        return False
    if host.is_within("eea", "adequate"):
        return True
    return {
        "scc-tia": label.veiled and not label.unread,
        "dpf": host.place == host.custody.owner == "US",
        "none": label.region not in {"EEA", "unknown"},
    }[host.basis()]


def public_sector(label: Label, host: Host) -> bool:
    if host.may_train():
        return False
    if (label.data_class >= INTERNAL or label.unread) and not host.is_within("eea"):
        return False
    if label.data_class >= PERSONAL and host.keeps_longer_than(30):
        return False
    return label.data_class < SPECIAL or host.is_ours()


def health(label: Label, host: Host) -> bool:
    if host.may_train():
        return False
    if label.data_class >= PERSONAL and not host.is_within("eea", "adequate"):
        return False
    if label.data_class >= SPECIAL or label.unread:
        return host.is_ours() or (host.is_within("eea") and not host.keeps_longer_than(0))
    return True


def dsp(label: Label, host: Host) -> bool:
    if label.data_class >= INTERNAL and host.may_train():
        return False
    return not ((label.data_class >= PERSONAL or label.unread) and host.touches("concern"))


LAWS: Mapping[str, Callable[[Label, Host], bool]] = MappingProxyType(
    {
        "open": lambda label, host: True,
        "air-gapped": air_gapped,
        "eu-gdpr": gdpr,
        "eu-public-sector": public_sector,
        "health": health,
        "us-dsp": dsp,
    }
)


def may_go(profile: str, label: Label, host: Host) -> bool:
    """Say whether data may go there under a shipped profile."""
    return LAWS[profile](label, host)


LABELS = tuple(
    Label(data_class=data_class, region=region, unread=unread, veiled=veiled)
    for data_class in DataClass
    for region in ("EEA", "unknown", "US")
    for unread in (False, True)
    for veiled in (False, True)
)


def a_host(place: str, owner: str, access: tuple[str, ...] | None = (), **said: object) -> Host:
    told = {"storage": place, "retention_days": 0, "trains": False, **said}
    return Host(place, Custody(owner=owner, access=access, **told))  # type: ignore[arg-type] the test's own words


WORLD: tuple[Host, ...] = (
    Host("on-prem", OWN),
    Host("on-prem", Custody(owner="DE", storage="on-prem", access=("DE",), trains=False)),
    Host("on-prem", Custody(owner="house", storage="on-prem", access=("US",), trains=False)),
    Host("on-prem", Custody(owner="house", storage="on-prem", access=(), trains=False)),
    Host("unknown", Custody()),
    a_host("DE", "DE"),
    a_host("DE", "house"),
    a_host("FR", "DE", ("IE", "EU"), retention_days=30),
    a_host("FR", "DE", retention_days=1),
    a_host("FR", "DE", retention_days=31),
    a_host("DE", "DE", retention_days=None),
    a_host("DE", "DE", trains=True),
    a_host("DE", "DE", trains=None),
    a_host("DE", "DE", ("CN",)),
    a_host("DE", "DE", ("US",)),
    a_host("DE", "DE", None),
    a_host("DE", "CN"),
    a_host("DE", "US"),
    a_host("DE", "US", basis="dpf"),
    a_host("DE", "US", basis="scc-tia"),
    a_host("DE", "DE", storage="US", basis="scc-tia"),
    a_host("CH", "CH"),
    a_host("CH", "CH", basis="scc-tia"),
    a_host("CH", "CH", basis="dpf"),
    a_host("JP", "JP", trains=True),
    a_host("US", "US"),
    a_host("US", "US", trains=True),
    a_host("US", "US", basis="dpf"),
    a_host("US", "US", basis="dpf", basis_until="2026-11-22"),
    a_host("US", "US", basis="dpf", basis_until=TODAY),
    a_host("US", "US", basis="scc-tia"),
    a_host("US", "US", basis="scc-tia", trains=True),
    a_host("US", "US", None, basis="dpf"),
    a_host("US", "US", ("CN",)),
    a_host("US", "unknown", basis="scc-tia"),
    a_host("unknown", "US", basis="scc-tia"),
    a_host("unknown", "unknown", basis="dpf"),
    a_host("IN", "US", basis="dpf"),
    a_host("US", "IN", basis="dpf"),
    a_host("CN", "CN"),
    a_host("CN", "CN", basis="scc-tia"),
    a_host("CN", "CN", basis="dpf"),
    a_host("HK", "US"),
    a_host("BR", "BR"),
)
"""One of each kind that a profile tells apart."""
