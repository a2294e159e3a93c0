"""`auto` in a running house: its study, its rows, and what makes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from jevons.boot.remote import efforts_told
from jevons.pick import can_draft, read_arms
from jevons.store import Setup
from jevons.types.actor import Actor
from jevons.types.custody import DataClass
from jevons.types.errors import Malformed, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType

    from jevons.auto import Traffic
    from jevons.grading import Check, Loop, Reviews
    from jevons.ports import Clock, Pick
    from jevons.settings import AutoSettings, CheckSettings, Settings
    from jevons.store import Archive, Books, Pairs
    from jevons.types.arm import Arm
    from jevons.types.model import Endpoint
    from jevons.types.request import Effort

__all__ = (
    "arms_of",
    "bring_pairs",
    "class_of",
    "known_arms",
    "open_auto",
    "open_reviews",
    "usual_traffic",
)

_KINDS = ("text", "json", "tools")
_FORMER = "auto.db"
"""Where earlier versions had rows: in the data folder."""


def arms_of(said: AutoSettings) -> tuple[str, ...]:
    """Name the arms, the reference first; none in a house without `auto`.

    Raises:
        Misconfigured: There are arms and no reference.
    """
    if said.reference:
        return tuple(dict.fromkeys((said.reference, *said.arms)))
    if said.arms:
        message = "[auto] names arms and no reference to hold them against"
        raise Misconfigured(message)
    return ()


def known_arms(settings: Settings, endpoints: Sequence[Endpoint]) -> tuple[Arm, ...]:
    """Read the arms, the reference first; none in a house without `auto`.

    Args:
        settings: What names them.
        endpoints: What there is; none but those that are set can be told how hard to think.

    Raises:
        Misconfigured: One is none.
    """
    words = arms_of(settings.auto)
    if not words:
        return ()
    told: dict[str, frozenset[Effort]] = {each.name: frozenset() for each in endpoints}
    told |= {each.name: efforts_told(each) for each in settings.endpoint}
    return read_arms(words, told)


def class_of(said: AutoSettings, name: str) -> str:
    """Hold the name of a class of traffic against those that there are.

    Raises:
        Malformed: It is none.
    """
    kind, colon, called = name.partition(":")
    if kind not in _KINDS or (colon and called not in said.classes):
        told = ", ".join([*_KINDS, *[f"text:{each}" for each in said.classes]])
        message = f"no class of traffic {name!r}; there are {told}"
        raise Malformed(message)
    return name


def usual_traffic(said: AutoSettings, *, tenant: str = "", name: str = "text") -> Traffic:
    """Name traffic of whoever is named, else of a key that names no account."""
    auto = _auto()
    if not tenant and said.tenant not in {"house", "key"}:
        nobody = Actor(key="", name="", salting=b"")
        tenant = auto.tenant_of(nobody, said.tenant)
    return auto.Traffic(tenant, name)


def bring_pairs(settings: Settings, pairs: Pairs) -> int:
    """Take over rows that an earlier version had in a file of their own; say how many."""
    traffic = usual_traffic(settings.auto)
    return pairs.bring(settings.data_dir / _FORMER, traffic.tenant)


def open_auto(
    said: AutoSettings,
    pick: Pick,
    *,
    clock: Clock,
    pairs: Pairs,
    arms: Sequence[Arm],
    endpoints: Iterable[Endpoint],
) -> tuple[Pick, Loop | None]:
    """Put `auto` before what plans everything else; nothing is changed in a house without it.

    Raises:
        Misconfigured: It cannot be.
    """
    if not arms:
        return pick, None
    auto = _auto()
    from jevons.grading import Judge, Loop, Studies, can_grade  # noqa: PLC0415 numpy is an extra

    terms = auto.Terms(said.loss, 1.0 - said.confidence, said.days, said.requests)
    setup = Setup(
        arms=tuple([each.name for each in arms]),
        models=_models_of(arms, endpoints, said.ignore),
        spend=said.spend,
        plan=msgspec.json.encode(auto.Plan(terms, said.learn, said.labels)).decode(),
    )
    studies = Studies(setup, tenant=said.tenant, names=said.classes)
    judge = Judge(said.judge, said.judge_twice)
    checks = [_check_of(each) for each in said.check]
    ignore = frozenset(said.ignore)
    loop = Loop(
        studies, pairs, share=said.share, judge=judge, checks=checks, arms=arms, ignore=ignore
    )
    chooser = auto.Chooser(
        studies.find,
        pick,
        clock,
        holdout=said.holdout,
        arms=arms,
        spend=said.spend,
        notice=loop.notice,
        can_grade=can_grade,
        can_draft=can_draft,
        ignore=ignore,
    )
    return chooser, loop


def open_reviews(
    said: AutoSettings, archive: Archive | None, books: Books, *, clock: Clock, pairs: Pairs
) -> Reviews | None:
    """Have people look at grades again; None in a house that does not.

    Raises:
        Misconfigured: There is nowhere to keep what they look at.
    """
    if not said.review:
        return None
    if archive is None:
        message = '[auto] review keeps texts until somebody has looked at them, and [answers] keep is "never"'
        raise Misconfigured(message)
    from jevons.grading import Reviews  # noqa: PLC0415 as above

    worst = DataClass[said.review_class.upper()]
    return Reviews(archive, pairs, books, share=said.review, worst=worst, clock=clock)


def _check_of(said: CheckSettings) -> Check:
    """Read a test.

    Raises:
        Misconfigured: A pattern is none, or it tests nothing.
    """
    from jevons.grading import Check  # noqa: PLC0415 as above

    patterns: dict[str, re.Pattern[str] | None] = {}
    for name in ("system", "prompt", "matches"):
        try:
            patterns[name] = re.compile(getattr(said, name)) if getattr(said, name) else None
        except (re.error, RecursionError) as error:
            message = f"[[auto.check]] {said.name!r}: {name} is no regular expression: {error}"
            raise Misconfigured(message) from None
    check = Check(
        said.name,
        **patterns,
        contains=said.contains,
        lacks=said.lacks,
        max_chars=said.max_chars,
        is_json=said.json,
        fits_schema=said.schema,
        near=said.near,
        command=said.command,
        seconds=said.seconds,
    )
    if check._replace(system=None, prompt=None, seconds=10.0) == Check(said.name):
        message = f"[[auto.check]] {said.name!r} tests nothing; set what a right answer is"
        raise Misconfigured(message)
    return check


def _models_of(
    arms: Sequence[Arm], endpoints: Iterable[Endpoint], ignore: Sequence[str]
) -> tuple[str, ...]:
    """Say what each arm is: a name may stand for another model tomorrow, or agree on less."""
    models = {each.name: each.model for each in endpoints}
    without = f" without {', '.join(sorted(ignore))}" if ignore else ""
    return tuple(
        [
            "+".join([models[step.endpoint] for step in arm.steps]) + without * arm.is_cascade
            for arm in arms
        ]
    )


def _auto() -> ModuleType:
    """Load the room.

    Raises:
        Misconfigured: The extra that it takes is not installed.
    """
    try:
        from jevons import auto  # noqa: PLC0415 numpy is an extra
    except ModuleNotFoundError as error:
        message = f"[auto] takes `.venv/bin/pip install -e '.[auto]'`: {error}"
        raise Misconfigured(message) from None
    return auto
