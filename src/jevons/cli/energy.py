"""`jevons energy`: what an answer would take, and how it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jevons.cli.defer import when
from jevons.cli.options import Listed, example, shared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.table import Table

    from jevons.boot.calibrate import Found
    from jevons.cli.opinion import Opinion
    from jevons.types.model import Footprint, Precision, Serving
    from jevons.types.units import Estimate

__all__ = ("calibrate", "energy", "estimate")


@click.group(
    cls=Listed,
    epilog=example(
        "jevons energy estimate --params 671:37 --precision fp8 --input 500 --output 400",
        "jevons energy estimate --clip 13 --size 1280x720 --frames 129",
        "jevons energy calibrate",
    ),
)
def energy() -> None:
    """What an answer would take in energy, and how that is known."""


energy.add_command(when)


@energy.command(
    epilog=example(
        "jevons energy estimate --params 70 --batch 64 --output 600",
        "jevons energy estimate --params 671:37 --precision fp8 --output 400 \\",
        "    --second-opinion deepseek-ai/DeepSeek-R1",
        "jevons energy estimate --picture 12",
    )
)
@click.option(
    "--params",
    metavar="TOTAL[:ACTIVE]",
    help="Of a language model: its parameters, 1e9, and those used for each token, if fewer.",
)
@click.option(
    "--precision",
    type=click.Choice(("bf16", "fp8", "fp4")),
    default="bf16",
    show_default=True,
    help="How its weights are held.",
)
@click.option("--batch", type=click.FloatRange(min=1), help="Answers written at once, if known.")
@click.option(
    "--serving",
    type=click.Choice(("one-node", "many-nodes", "unknown")),
    default="unknown",
    show_default=True,
    help="How a mixture of experts is spread.",
)
@click.option("--input", "prompt", type=click.IntRange(min=0), default=0, help="Prompt tokens.")
@click.option("--cached", type=click.IntRange(min=0), default=0, help="Of them, from a cache.")
@click.option(
    "--output",
    "answer",
    type=click.IntRange(min=0),
    default=400,
    show_default=True,
    help="Answer tokens, reasoning included.",
)
@click.option(
    "--picture", type=click.FloatRange(min=0.01), help="Parameters, 1e9, of a model of pictures."
)
@click.option(
    "--clip", type=click.FloatRange(min=0.01), help="Parameters, 1e9, of a model of clips."
)
@click.option(
    "--size", metavar="WxH", default="1280x720", show_default=True, help="Of a clip, pixels."
)
@click.option(
    "--frames", type=click.IntRange(min=1), default=81, show_default=True, help="Of a clip."
)
@click.option(
    "--steps", type=click.IntRange(min=1), default=50, show_default=True, help="Of a clip."
)
@click.option(
    "--second-opinion",
    metavar="PROVIDER/MODEL",
    help="What EcoLogits says of a model of its table, where it is installed.",
)
@shared
def estimate(
    *,
    params: str | None,
    precision: Precision,
    batch: float | None,
    serving: Serving,
    prompt: int,
    cached: int,
    answer: int,
    picture: float | None,
    clip: float | None,
    size: str,
    frames: int,
    steps: int,
    second_opinion: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Estimate one answer, picture or clip of a hosted model, at the wall.

    Every figure is a median with the interval in which it lies in nine cases of ten.
    What the formulas rest on is in the explanation of energy and carbon.
    """
    del config  # as every command takes it; no setting changes an estimate
    from jevons import figures
    from jevons.cli.opinion import opinion
    from jevons.cli.screen import emit

    said: dict[str, Estimate] = {}
    if params is not None:
        footprint = _footprint(params, precision, batch, serving)
        said["answer"] = _answer(footprint, prompt=prompt, cached=cached, answer=answer)
    if picture is not None:
        from jevons.meter.media import picture as of_picture

        said["picture"] = of_picture(picture)
    if clip is not None:
        said["clip"] = _clip(clip, size, frames, steps)
    other = None if second_opinion is None else opinion(second_opinion, answer)
    if not said and other is None:
        message = "say --params, --picture or --clip; or --second-opinion"
        raise click.UsageError(message)
    if as_json:
        emit(_plain(said, other))
    else:
        for name, amount in said.items():
            click.echo(f"{name}: {figures.energy(amount)}, {amount.method}, {amount.source}")
        if other is not None:
            click.echo(f"EcoLogits: {other.says}")


@energy.command(
    epilog=example(
        "jevons energy calibrate", "jevons energy calibrate --short --model smollm2-135m"
    )
)
@click.option("--model", metavar="NAME", help="As `jevons serve` takes it; without it, the same.")
@click.option(
    "--short", "is_short", is_flag=True, help="Fewer and shorter trials, and a wider miss."
)
@shared
def calibrate(*, model: str | None, is_short: bool, config: Path | None, as_json: bool) -> None:
    """Find what tokens take on this machine, with the embedded engine.

    Asks it at several lengths, alone and several at once, fits joules a token,
    and keeps them in the data folder with the date and the machine. A server
    shares out what requests at once took by them, from its next start on. Best
    on a quiet machine: what others use of it is not told apart everywhere.
    """
    from datetime import UTC, datetime

    from msgspec.structs import replace

    from jevons.boot.calibrate import (
        FULL,
        SHORT,
        find,
        profile_of,
        profile_path,
        write_profile,
    )
    from jevons.cli.options import read_settings
    from jevons.cli.screen import console, emit
    from jevons.cli.serve import engine_weights
    from jevons.clock import SystemClock

    settings = read_settings(config)
    if model is not None:
        settings = replace(settings, engine=replace(settings.engine, model=model))
    found = find(
        settings,
        engine_weights(settings),
        SHORT if is_short else FULL,
        on_trial=lambda trial: click.echo(f"{trial.name}: {trial.joules:.2f} J", err=True),
    )
    today = f"{datetime.fromtimestamp(SystemClock().now_ms() / 1e3, UTC):%Y-%m-%d}"
    profile, path = profile_of(found, date=today), profile_path(settings)
    write_profile(path, profile)
    if as_json:
        from msgspec import to_builtins

        emit({"profile": to_builtins(profile), "trials": [each._asdict() for each in found.trials]})
        return
    console().print(_trials(found))
    for line in _told(found, path):
        click.echo(line)


def _trials(found: Found) -> Table:
    from jevons.cli.screen import table

    right = ("joules", "fitted", "measured over fitted", "seconds")
    shown = table("at once x prompt + answer", *right, right=right)
    for trial, residual in zip(found.trials, found.calibration.residuals, strict=True):
        joules = trial.joules
        shown.add_row(
            trial.name,
            f"{joules:.2f}",
            f"{joules / residual:.2f}",
            f"{residual:.2f}",
            f"{trial.seconds:.1f}",
        )
    return shown


def _told(found: Found, path: Path) -> Iterator[str]:
    from jevons import figures

    told = found.calibration
    yield f"{found.model} on {found.machine}, {found.method}"
    yield f"prompt   {figures.plain(told.prompt_j)} J a token"
    for batch, joules in told.answer_j.items():
        yield f"answer   {figures.plain(joules)} J a token, {batch} at once"
    yield f"context  {figures.plain(told.context_j)} J a token of it and of the answer"
    yield f"idle     {figures.plain(found.idle_w)} W of this process"
    yield f"the fit misses by a factor of {told.fold:.2f}, root mean square"
    yield f"kept in {path}"


def _footprint(
    params: str, precision: Precision, batch: float | None, serving: Serving
) -> Footprint:
    from jevons.types.model import Footprint

    total, _, active = params.partition(":")
    try:
        sizes = float(total), float(active or total)
    except ValueError:
        message = f"{params!r} is not TOTAL or TOTAL:ACTIVE, as 70 or 671:37"
        raise click.BadParameter(message, param_hint="--params") from None
    if not 0 < sizes[1] <= sizes[0] < 1e6:  # noqa: PLR2004 a thousand times the largest
        message = f"{params!r}: both are above 0, and no more are used than there are"
        raise click.BadParameter(message, param_hint="--params")
    return Footprint(
        active_params_b=sizes[1],
        total_params_b=sizes[0],
        precision=precision,
        batch=batch,
        serving=serving,
        source="as given",
    )


def _answer(footprint: Footprint, *, prompt: int, cached: int, answer: int) -> Estimate:
    from jevons.meter.energy import modelled
    from jevons.types.account import Usage

    if cached > prompt or not prompt + answer:
        message = "no more can be cached than there is, and there must be a token"
        raise click.BadParameter(message, param_hint="--input")
    return modelled(footprint, Usage(input=prompt - cached, cache_read=cached, output=answer))


def _clip(params: float, size: str, frames: int, steps: int) -> Estimate:
    from jevons.meter.media import clip

    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) * int(height)):
        message = f"{size!r} is not WIDTHxHEIGHT, as 1280x720"
        raise click.BadParameter(message, param_hint="--size")
    return clip(params, megapixels=int(width) * int(height) / 1e6, frames=frames, steps=steps)


def _plain(said: dict[str, Estimate], other: Opinion | None) -> dict[str, Any]:
    from msgspec import to_builtins

    told: dict[str, Any] = {name: to_builtins(amount) for name, amount in said.items()}
    if other is not None:
        told["second_opinion"] = other._asdict()
    return told
