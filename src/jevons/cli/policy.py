"""`jevons policy`: which data may go where, proved ahead of time and explained.

Reads settings, profiles and the books on this machine; no server is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jevons.cli.explain import explain
from jevons.cli.options import Listed, example, read_settings, shared

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.policy.profile import Profile
    from jevons.policy.proof import Case, Prover
    from jevons.settings import Settings

__all__ = ("diff", "listing", "policy", "prove")

_CLASSES = ("public", "internal", "personal", "special")


@click.group(
    cls=Listed,
    epilog=example(
        "jevons policy list",
        "jevons policy prove eu-gdpr",
        "jevons policy explain qwen --class personal",
        "jevons policy explain req_01KASC0YVJ8J3Q5M9W8T2Z4X6B",
    ),
)
def policy() -> None:
    """Which data may go where: profiles, their proofs, and why."""


@policy.command("list", epilog=example("jevons policy list"))
@shared
def listing(*, config: Path | None, as_json: bool) -> None:
    """List the profiles that ship with jevons; `[policy] profile` switches one on."""
    from jevons.boot.policy import load_profile, shipped_profiles
    from jevons.cli.screen import console, emit, table

    chosen = read_settings(config).policy.profile
    found = [load_profile(name) for name in shipped_profiles()]
    if as_json:
        emit([_plain(each) | {"is_on": each.name == chosen} for each in found])
        return
    shown = table("profile", "data is", "what it says", "")
    for each in found:
        mark = "on" if each.name == chosen else ""
        shown.add_row(each.name, each.label.data_class.name.lower(), each.says, mark)
    console().print(shown)


@policy.command(epilog=example("jevons policy prove", "jevons policy prove my/house.toml --json"))
@click.argument("profiles", nargs=-1, metavar="[PROFILE]...")
@shared
def prove(*, profiles: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Prove what PROFILE promises, over every endpoint that there could be.

    Without PROFILE: the one that is switched on, else all that ship. Each promise is proved, or
    the endpoint and the data that break it are shown; each `forbid` must forbid something that
    no other does; and what is promised is held against the endpoints in the settings. Status 1
    if anything fails.
    """
    from jevons.boot.policy import load_profile, shipped_profiles
    from jevons.cli.screen import emit

    settings = read_settings(config)
    chosen = (settings.policy.profile,) if settings.policy.profile else shipped_profiles()
    reports = [_report(load_profile(name), settings) for name in profiles or chosen]
    if as_json:
        emit(reports)
    else:
        _show_reports(reports)
    if not all(each["holds"] for each in reports):
        raise click.exceptions.Exit(1)


@policy.command(epilog=example("jevons policy diff eu-gdpr my/house.toml"))
@click.argument("old")
@click.argument("new")
@shared
def diff(*, old: str, new: str, config: Path | None, as_json: bool) -> None:
    """Say what profile NEW newly lets through that OLD did not, and the reverse, with an example."""
    from jevons.cli.screen import emit

    read_settings(config)
    before, after = _prover(old), _prover(new)
    found = {
        "newly_allowed": after.newly_allows(before),
        "newly_refused": before.newly_allows(after),
    }
    if as_json:
        emit(found)
        return
    for what, case in found.items():
        says = "nothing" if case is None else f"for one, {_spoken(case)}"
        click.echo(f"{what.replace('_', ' ')}: {says}")


policy.add_command(explain)


def _report(profile: Profile, settings: Settings) -> dict[str, Any]:
    """Prove one profile, and hold it against the live table."""
    from jevons.boot.policy import known_endpoints
    from jevons.catalog.places import groups
    from jevons.clock import SystemClock
    from jevons.policy.egress import Egress
    from jevons.policy.live import broken_promises
    from jevons.policy.proof import Prover

    prover = Prover(profile, groups())
    proofs, idle = prover.invariants(), prover.idle()
    endpoints = known_endpoints(settings)
    broken = broken_promises(Egress(profile, groups()), endpoints, SystemClock().now_ms())
    return {
        "profile": profile.name,
        "holds": all(proof.holds for proof in proofs) and not idle and not broken,
        "invariants": [proof._asdict() for proof in proofs],
        "idle": idle,
        "endpoints": [each.name for each in endpoints],
        "broken": broken,
    }


def _show_reports(reports: list[dict[str, Any]]) -> None:
    from jevons.cli.screen import console, say

    terminal = console()
    for report in reports:
        terminal.print(report["profile"], style="bold")
        for proof in report["invariants"]:
            say(terminal, _proof_line(proof), indent=2, style="" if proof["holds"] else "red")
        for name in report["idle"]:
            say(terminal, f"idle    {name}: other rules forbid all that it does", indent=2)
        for each in report["broken"]:
            say(terminal, f"BROKEN  {each}", indent=2, style="red")
        count = len(report["endpoints"])
        say(
            terminal, f"held against {count} endpoint{'s' * (count != 1)} in the settings", indent=2
        )


def _proof_line(proof: dict[str, Any]) -> str:
    if proof["holds"]:
        return f"proved  {proof['name']}: {proof['says']} ({proof['took_ms']:.1f} ms)"
    return f"BROKEN  {proof['name']}: {proof['says']}; for one, {_spoken(proof['case'])}"


def _spoken(case: Case) -> str:
    """Say a case as a person would: what is sent, then where."""
    parts = {"context": "", "resource": ""}
    for name, value in case.items():
        where, _, what = name.partition(".")
        said = _CLASSES[value] if what == "data_class" and isinstance(value, int) else value
        shown = str(said).lower() if isinstance(said, bool) else str(said)
        parts[where] += f", {what} {shown}" if parts[where] else f"{what} {shown}"
    return f"data with {parts['context']} to an endpoint with {parts['resource']}"


def _prover(name: str) -> Prover:
    from jevons.boot.policy import load_profile
    from jevons.catalog.places import groups
    from jevons.policy.proof import Prover

    return Prover(load_profile(name), groups())


def _plain(profile: Profile) -> dict[str, Any]:
    return {
        "profile": profile.name,
        "says": profile.says,
        "label": {"data_class": profile.label.data_class.word, "region": profile.label.region},
        "rules": [each._asdict() for each in profile.statements],
        "invariants": [{"name": each.name, "says": each.says} for each in profile.invariants],
    }
