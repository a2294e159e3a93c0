"""`jevons report auto`: what `auto` promised, what it saved, and what finding out cost."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import example, existing_ledger, read_settings, shared

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jevons.reports import Differed, Labels, Opinion, Saved
    from jevons.store import Progress
    from jevons.types.account import Certified

__all__ = ("auto",)

_NUSD = 1e9
_GRADERS = MappingProxyType(
    {
        "tests": "by tests of yours",
        "checks": "by comparing answers",
        "judge": "by a judge",
        "human": "by a person",
        "import": "by `jevons label`",
        "unknown": "before it was asked by whom",
    }
)
_MJ_PER_WH = 3.6e6

_WHO = MappingProxyType(
    {"tests": "tests of yours", "checks": "comparing answers", "judge": "the judge"}
)


@click.command(
    epilog=example("jevons report auto", "jevons report auto --tenant search --class text --json")
)
@click.option("--tenant", metavar="NAME", help="Only of this account or key.")
@click.option("--class", "traffic", metavar="CLASS", help="Only of this class, as text or json.")
@shared
def auto(*, tenant: str | None, traffic: str | None, config: Path | None, as_json: bool) -> None:
    """Tell what `auto` promised and saved, and what finding out cost.

    First comes how each tenant's traffic of each class stands. The saving is measured beside requests that were drawn to get the reference
    all the same; the interval holds in nine cases of ten.
    """
    from msgspec import to_builtins

    from jevons.cli.screen import emit
    from jevons.reports import HOUSE_KEY, labels, of_traffic, opinions, saved
    from jevons.store import chosen_records, every_row, progress_of

    ledger = existing_ledger(read_settings(config))
    records = [*of_traffic(chosen_records(ledger), tenant=tenant, traffic=traffic)]
    told, said = saved(records, house=HOUSE_KEY), opinions(records)
    graded = labels(
        each
        for each in every_row(ledger)
        if tenant in {None, each.tenant} and traffic in {None, each.traffic}
    )
    stands = [
        each
        for each in progress_of(ledger)
        if tenant in {None, each.tenant} and traffic in {None, each.traffic}
    ]
    if as_json:
        feedback = {endpoint: _opinion(each) for endpoint, each in said.items()}
        emit(
            {
                "classes": to_builtins(stands),
                **_plain(told),
                "labels": _labels(graded),
                "feedback": feedback,
            }
        )
        return
    if not told.chosen and not told.turns and not graded.by and not said:
        click.echo("nobody has asked for `auto`; `[auto] reference` in jevons.toml switches it on")
        return
    standing = [_standing(each) for each in stands]
    for line in (*standing, "", *_lines(told), *_graded(graded), *_said(said)):
        click.echo(line)


def _plain(told: Saved) -> dict[str, Any]:
    from msgspec import to_builtins

    shares = {name: getattr(told, name)._asdict() for name in ("share", "energy", "carbon")}
    return {**told._asdict(), **shares, "turns": to_builtins(told.turns)}


def _standing(told: Progress) -> str:
    """Say how one class stands, and how far it still is to a certificate."""
    whose = f"{told.tenant or 'the house'}, {told.traffic}: "
    if told.certificate:
        return (
            f"{whose}{told.certificate} until {_day(told.until_ms)}, tested on {told.tested}; "
            f"{told.decided} requests under it"
        )
    state = (
        f"tested on {told.tested} of {told.labels}"
        if told.is_testing
        else f"learned from {told.learned} of {told.learn}"
    )
    ended = f"; the last certificate ended: {told.ended}" if told.ended else ""
    return f"{whose}{state}; nothing is certified before about {told.fewest} more{ended}"


def _labels(told: Labels) -> dict[str, Any]:
    people = {kind: _apart(each) for kind, each in told.people.items()}
    return {**told._asdict(), "users": _apart(told.users), "people": people}


def _apart(differed: Differed | None) -> dict[str, Any] | None:
    if differed is None:
        return None
    return {"prompts": differed.prompts, "share": differed.share._asdict()}


def _opinion(said: Opinion) -> dict[str, Any]:
    return {**said._asdict(), "mean": said.mean._asdict()}


def _said(told: Mapping[str, Opinion]) -> list[str]:
    lines = [
        f"{each.answers:8}  judged by who asked {endpoint}: {each.mean.point:.2f} in the mean, "
        f"between {each.mean.p05:.2f} and {each.mean.p95:.2f}"
        for endpoint, each in told.items()
    ]
    return ["", *lines] if lines else []


def _differing(who: str, told: Differed | None) -> list[str]:
    if told is None:
        return []
    low, point, high = told.share
    return [
        f"{who} differ on {point:.0%} of {told.prompts} prompts (between {low:.0%} and {high:.0%})"
    ]


def _graded(told: Labels) -> list[str]:
    lines = ["", *_counts({_GRADERS.get(by, by): n for by, n in told.by.items()}, "graded ")]
    lines += [f"{told.aimed:8}  of those likelier drawn than by lot, and weighed less by as much"]
    lines += _counts({_GRADERS.get(by, by): n for by, n in told.failed.items()}, "not graded ")
    lines += [f"the judge {each!r} graded answers of its own too" for each in told.own]
    lines += _differing("those who asked and graders", told.users)
    for kind, each in told.people.items():
        lines += _differing(f"people and {_WHO.get(kind, kind)}", each)
    return lines if told.by or told.failed else []


def _counts(counts: Mapping[str, int], before: str) -> list[str]:
    return [f"{count:8}  {before}{what}" for what, count in sorted(counts.items())]


def _lines(told: Saved) -> list[str]:
    from jevons.reports import REASONS, Interval

    lines = [f"{count:8}  {REASONS.get(why, why)}" for why, count in sorted(told.chosen.items())]
    lines += ["", *[f"{count:8}  answered by {arm}" for arm, count in sorted(told.arms.items())]]
    lines += ["", *[_turn(each) for each in told.turns], ""]
    if isinstance(told.share, Interval):
        low, point, high = told.share
        lines.append(
            f"saved {point:.1%} of what the reference would have cost (between {low:.1%} and "
            f"{high:.1%}), about ${told.saved_nusd / _NUSD:.4f}"
        )
    else:
        lines.append(f"no figure of what was saved: {told.share.why}")
    for name, share in (("energy", told.energy), ("carbon", told.carbon)):
        if isinstance(share, Interval):
            low, point, high = share
            lines.append(f"{name}: {point:.1%} less (between {low:.1%} and {high:.1%})")
    lines.append(f"spent ${told.graded_nusd / _NUSD:.4f} on answers that were only graded")
    if told.repeated:
        lines.append(
            f"answered {told.repeated} requests from memory: that spared ${told.spared_nusd / _NUSD:.4f} "
            f"and {told.spared_mj / _MJ_PER_WH:.3f} Wh, as the answers first took them"
        )
    if told.unknown:
        lines.append(f"{told.unknown} requests are of unknown cost, and in no sum")
    return lines


def _turn(turn: Certified) -> str:
    day = _day(turn.at_ms)
    if turn.ended:
        return f"{day}  {turn.id} ended: {turn.ended}"
    if turn.of == "cache":
        return (
            f"{day}  {turn.id} began: what is {turn.likeness:.3f} like or more has the answer given "
            f"again, at most {turn.loss:.1%} of which are wrong, {turn.confidence:.0%} sure; "
            f"{turn.labels} labels, wrong {turn.estimate:.1%} on them, at most {turn.bound:.1%}"
        )
    of = f", of {turn.tenant or 'the house'}, {turn.traffic}" if turn.traffic else ""
    return (
        f"{day}  {turn.id}{of} began: at most {turn.loss:.1%} worse than {turn.reference}, "
        f"{turn.confidence:.0%} sure; {turn.labels} labels, lost {turn.estimate:+.1%} on them, "
        f"at most {turn.bound:.1%}"
    )


def _day(at_ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
