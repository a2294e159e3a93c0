"""`jevons bench`: a short load on the running server. The source's `bench/` has the whole one.

Rule 1: every answer is read to its end and counted only if it is whole.
Rule 2: what the server took comes from its own metrics, so it holds for a server on another
    machine. What they do not say, or say of another process since, is not known.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import click

from jevons.cli.options import example, reaching, read_settings, shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from jevons.cli.client import Client

__all__ = ("bench", "process", "taken")

_BYTES_PER_MB = 1e6


class _Answer(NamedTuple):
    """One answer, whole."""

    first_s: float
    whole_s: float
    pieces: int


@click.command(
    epilog=example("jevons bench", "jevons bench --callers 8 --requests 64 --max-tokens 32")
)
@click.option(
    "--callers", type=click.IntRange(1, 64), default=4, show_default=True, help="At once."
)
@click.option(
    "--requests", type=click.IntRange(1, 10_000), default=16, show_default=True, help="In all."
)
@click.option(
    "--max-tokens",
    type=click.IntRange(1, 4096),
    default=16,
    show_default=True,
    help="Of each answer.",
)
@click.option(
    "--model", "-m", metavar="NAME", help="Endpoint, model or alias. Without it: the first."
)
@reaching
@shared
def bench(
    *,
    callers: int,
    requests: int,
    max_tokens: int,
    model: str | None,
    url: str | None,
    api_key: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Put a short load on the running server, and say what came of it.

    The requests are real, and are in the ledger. What the gateway itself costs is measured by
    `python bench/gateway.py` in the source, against nginx and a static upstream.
    """
    from concurrent.futures import ThreadPoolExecutor

    from jevons.cli.ask import default_model
    from jevons.cli.client import locate
    from jevons.cli.screen import emit

    client = locate(read_settings(config), url=url, api_key=api_key)
    name = model or default_model(client)
    before, begun = process(client.text("/metrics")), time.monotonic()
    with ThreadPoolExecutor(callers) as pool:
        tasks = (pool.submit(_ask, client, name, max_tokens) for _ in range(requests))
        answers = [task.result() for task in list(tasks)]
    seconds, after = time.monotonic() - begun, process(client.text("/metrics"))
    figures = {**_figures(answers, seconds), **taken(before, after, answers=len(answers))}
    if as_json:
        emit(figures)
        return
    for what, value in figures.items():
        click.echo(
            f"{what.replace('_', ' '):28} {'not known' if value is None else f'{value:,.6g}'}"
        )
    click.echo("\nThe gateway alone, against nginx: python bench/gateway.py, in the source.")


def _ask(client: Client, model: str, max_tokens: int) -> _Answer:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "Count from one to fifty, in words."}],
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": True,
    }
    heard_s = list[float]()
    begun_s = time.monotonic()
    client.chat(body, lambda _: heard_s.append(time.monotonic() - begun_s))
    return _Answer(heard_s[0] if heard_s else 0.0, time.monotonic() - begun_s, len(heard_s))


def process(metrics: str) -> Mapping[str, float]:
    """Read what a scrape says of the process: Prometheus' `process_` metrics, which have no labels.

    Args:
        metrics: Prometheus' text format.
    """
    lines = (line.split() for line in metrics.splitlines() if line.startswith("process_"))
    return {name: float(value) for name, value in lines}


def taken(
    before: Mapping[str, float], after: Mapping[str, float], *, answers: int
) -> dict[str, float | None]:
    """Tell what the server took between two scrapes; None is not known.

    Args:
        before: From `process`.
        after: From `process`.
        answers: How many it gave meanwhile.
    """
    cpu, born = "process_cpu_seconds_total", "process_start_time_seconds"
    is_same = before.get(born) == after.get(born)
    has_cpu = is_same and cpu in before and cpu in after
    resident = after.get("process_resident_memory_bytes")
    return {
        "server_cpu_s_an_answer": (after[cpu] - before[cpu]) / answers if has_cpu else None,
        "server_resident_mb": None if resident is None else resident / _BYTES_PER_MB,
    }


def _figures(answers: Sequence[_Answer], seconds: float) -> dict[str, float]:
    from statistics import median

    return {
        "answers": len(answers),
        "seconds": seconds,
        "answers_a_second": len(answers) / seconds,
        "pieces_a_second": sum(answer.pieces for answer in answers) / seconds,
        "first_piece_median_s": median(answer.first_s for answer in answers),
        "whole_answer_median_s": median(answer.whole_s for answer in answers),
        "slowest_answer_s": max(answer.whole_s for answer in answers),
    }
