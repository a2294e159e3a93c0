"""`auto` in a running house: its study, its rows, and what makes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jevons.boot.remote import efforts_told
from jevons.pick import can_draft, read_arms
from jevons.store import Pairs
from jevons.types.custody import DataClass
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jevons.auto import Study
    from jevons.grading import Check, Loop, Reviews
    from jevons.ports import Clock, Pick
    from jevons.settings import AutoSettings, CheckSettings, Settings
    from jevons.store import Archive, Books, PairRow
    from jevons.types.arm import Arm
    from jevons.types.model import Endpoint
    from jevons.types.request import Effort

__all__ = (
    "arms_of",
    "every_row",
    "known_arms",
    "open_auto",
    "open_reviews",
    "pairs_path",
    "study_of",
)


def pairs_path(settings: Settings) -> Path:
    """Where rows are."""
    return settings.data_dir / "auto.db"


def every_row(settings: Settings) -> Iterator[PairRow]:
    """Read all rows there are, oldest first; none in a house that never had `auto`.

    Raises:
        StoreUnavailable: They cannot be read.
    """
    path, number = pairs_path(settings), 0
    while path.exists() and (rows := Pairs(path).after(number)):
        yield from [row for _, row in rows]
        number = rows[-1][0]


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


def study_of(said: AutoSettings) -> Study:
    """Begin a study, knowing nothing.

    Raises:
        Misconfigured: The extra that it takes is not installed.
    """
    try:
        from jevons.auto import Plan, Study, Terms  # noqa: PLC0415 numpy is an extra
    except ModuleNotFoundError as error:
        message = f"[auto] takes `.venv/bin/pip install -e '.[auto]'`: {error}"
        raise Misconfigured(message) from None
    terms = Terms(said.loss, 1.0 - said.confidence, said.days, said.requests)
    return Study(arms_of(said), 0, Plan(terms, said.learn, said.labels))


def open_auto(
    said: AutoSettings, pick: Pick, *, clock: Clock, pairs: Pairs, arms: Sequence[Arm]
) -> tuple[Pick, Loop | None]:
    """Put `auto` before what plans everything else; nothing is changed in a house without it.

    Raises:
        Misconfigured: It cannot be.
    """
    if not arms:
        return pick, None
    study = study_of(said)
    from jevons.auto import Chooser  # noqa: PLC0415 as above
    from jevons.grading import Judge, Loop  # noqa: PLC0415 as above

    judge = Judge(said.judge, said.judge_twice)
    checks = [_check_of(each) for each in said.check]
    loop = Loop(study, pairs, share=said.share, judge=judge, checks=checks, arms=arms)
    chooser = Chooser(
        study,
        pick,
        clock,
        holdout=said.holdout,
        notice=loop.notice,
        arms=arms,
        can_draft=can_draft,
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
        near=said.near,
        command=said.command,
        seconds=said.seconds,
    )
    if check._replace(system=None, prompt=None, seconds=10.0) == Check(said.name):
        message = f"[[auto.check]] {said.name!r} tests nothing; set what a right answer is"
        raise Misconfigured(message)
    return check
