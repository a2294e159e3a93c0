"""What `auto` is worth on graded answers of real models, beside what others reached.

python -m bench.auto [--splits 200] [--only SOURCE ...] [--answers ZeroEval/result_dirs]

Reads `items.parquet` and `outcomes.parquet` of the folder that `JEVONS_ROUTING_CORPUS` names. Every
source in them is measured in the same way, with the same settings. A source of two arms is a pair,
one with more a pool; where a table has no costs, a call of the reference costs 1 and any other
nothing, so that a saving is the share of calls that it is spared.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.auto.cascades import cascade_lines
from bench.auto.pairs import pair_lines
from bench.auto.pools import pool_lines, split
from bench.auto.speed import speed_lines
from bench.auto.unseen import unseen, unseen_lines
from bench.auto.world import worlds

if TYPE_CHECKING:
    from bench.auto.world import World


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", nargs="*", default=(), metavar="SOURCE")
    parser.add_argument("--answers", type=Path, help="ZeroEval's, for cascades")
    said = parser.parse_args()
    folder = os.environ.get("JEVONS_ROUTING_CORPUS", "")
    if not (Path(folder) / "items.parquet").is_file():
        print("JEVONS_ROUTING_CORPUS names no folder with items.parquet and outcomes.parquet in it")
        sys.exit(1)
    found = worlds(Path(folder))
    print("speed", *speed_lines(max(found, key=lambda each: len(each.prompts))), sep="\n")
    with ProcessPoolExecutor(said.jobs) as pool:
        for world in [each for each in found if not said.only or each.name in said.only]:
            _measure(world, pool, said.splits, max(said.splits // (8 * said.jobs), 1), said.answers)


def _measure(
    world: World, pool: ProcessPoolExecutor, splits: int, chunk: int, answers: Path | None
) -> None:
    count, arms = len(world.prompts), len(world.arms)
    print(f"\n{world.name}: {count} prompts, {arms} arms", flush=True)
    if arms == 2:
        print(*pair_lines(world), sep="\n", flush=True)
    world = world._replace(texts=())  # nobody else reads them, and they need not travel
    seeds = range(splits)
    print(*pool_lines(world, [*pool.map(partial(split, world), seeds, chunksize=chunk)]), sep="\n")
    if any("high_school_" in each for each in world.tasks):
        told = [*pool.map(partial(unseen, world), seeds, chunksize=chunk)]
        print(*unseen_lines(told), sep="\n", flush=True)
    if world.name == "zeroeval":
        print(*cascade_lines(world, splits, answers, pool), sep="\n", flush=True)


if __name__ == "__main__":
    main()
