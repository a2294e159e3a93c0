"""Trials of the embedded engine: what its tokens take on this machine.

Rule 1: no prompt begins as another does, so that the engine's cache holds none of it.
Rule 2: the first answer is not counted: it warms the machine up.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import time
import tomllib
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.meter.calibration import Calibration, Trial, calibrate
from jevons.meter.energy import energy
from jevons.types.account import Measured, Usage
from jevons.types.actor import Actor
from jevons.types.decision import Attempt, Candidate
from jevons.types.errors import Misconfigured
from jevons.types.model import Endpoint
from jevons.types.units import Unknown
from jevons.wire.openai_chat import parse_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jevons.engine import Embedded, Weights
    from jevons.ports import Caller
    from jevons.settings import Settings
    from jevons.types.account import Receipt
    from jevons.types.custody import DataClass
    from jevons.types.decision import Outcome
    from jevons.types.event import Event

__all__ = (
    "FULL",
    "SHORT",
    "Found",
    "Plan",
    "Profile",
    "find",
    "profile_of",
    "profile_path",
    "read_profile",
    "write_profile",
)

_IDLE_S = 3.0
_WORDS_A_TOKEN = 0.75
_NOBODY = Actor(key="", name="calibration", salting=b"")


class Plan(NamedTuple):
    """Which trials are made: all combinations."""

    batches: tuple[int, ...]
    prompts: tuple[int, ...]
    """Tokens, about."""
    answers: tuple[int, ...]


FULL = Plan((1, 2, 4), (32, 256, 768), (16, 64))
SHORT = Plan((1, 2), (16, 96), (4, 16))


class Found(NamedTuple):
    """What was found, and where."""

    calibration: Calibration
    trials: tuple[Trial, ...]
    idle_w: float
    """Power that this process is shown to take while nobody asks."""
    method: str
    model: str
    machine: str


def find(
    settings: Settings, weights: Weights, plan: Plan, *, on_trial: Callable[[Trial], None]
) -> Found:
    """Run the trials, and fit.

    Args:
        settings: How the engine is run.
        weights: The model.
        plan: Which trials.
        on_trial: Hears of each as it ends.

    Raises:
        Misconfigured: The engine cannot be opened, or the trials tell too little.
    """
    return asyncio.run(_find(settings, weights, plan, on_trial))


async def _find(
    settings: Settings, weights: Weights, plan: Plan, on_trial: Callable[[Trial], None]
) -> Found:
    from jevons.engine import Embedded  # noqa: PLC0415 an extra that takes 100 ms to load

    async with Embedded.open(
        weights.path,
        name=weights.name,
        slots=max(plan.batches),
        context_tokens=settings.engine.context_tokens,
        threads=settings.engine.threads,
    ) as engine:
        bench = _Bench(engine, weights, settings.house.watts_per_thread)
        await bench.run(1, min(plan.prompts), min(plan.answers))
        idle_w = await bench.idle_w()
        trials: list[Trial] = []
        for batch, prompt, answer in _combinations(plan):
            trials.append(await bench.run(batch, prompt, answer))
            on_trial(trials[-1])
    try:
        calibration = calibrate(trials)
    except ValueError as error:
        raise Misconfigured(str(error)) from None
    return Found(calibration, tuple(trials), idle_w, bench.method, weights.model, _machine())


class _Bench:
    """Asks the engine, and adds up what its answers took."""

    def __init__(self, engine: Embedded, weights: Weights, watts_per_thread: float | None) -> None:
        self._engine = engine
        self._watts = watts_per_thread
        self._asked = 0
        self.method = ""
        self._endpoint = Endpoint(
            name=weights.name,
            model=weights.model,
            provider="engine",
            upstream_model=weights.name,
            host="this machine",
            place="on-prem",
        )

    async def run(self, batch: int, prompt: int, answer: int) -> Trial:
        """Ask for some answers at once."""
        begun_s = time.monotonic()
        outcomes = await asyncio.gather(*[self._ask(prompt, answer) for _ in range(batch)])
        seconds = time.monotonic() - begun_s
        used = [outcome.usage for outcome in outcomes]
        return Trial(
            batch=batch,
            prompt=sum(usage.input for usage in used),
            answer=sum(usage.output for usage in used),
            context=sum(
                usage.output * (usage.input + usage.cache_read + usage.output / 2) for usage in used
            ),
            joules=sum(self._joules(outcome) for outcome in outcomes),
            seconds=seconds,
        )

    async def idle_w(self) -> float:
        """Ask nothing for a while; the next answer looks at what was used meanwhile."""
        before = self._engine.idle
        await asyncio.sleep(_IDLE_S)
        await self._ask(1, 1)
        after = self._engine.idle
        read_mj = (after.counter_mj or 0.0) - (before.counter_mj or 0.0)
        used_s = (after.cpu_s or 0.0) - (before.cpu_s or 0.0)
        found = energy(
            self._endpoint,
            Measured(counter_mj=read_mj, counter=after.counter, cpu_s=used_s),
            _NO_TOKENS,
            watts_per_thread=self._watts,
            model=None,
        )
        return 0.0 if isinstance(found, Unknown) else found.p50 / 1e3 / _IDLE_S

    async def _ask(self, prompt: int, answer: int) -> Outcome:
        self._asked += 1
        body = {
            "model": self._endpoint.name,
            "messages": [{"role": "user", "content": _text(self._asked, prompt)}],
            "max_tokens": answer,
            "temperature": 0,
            "stream": True,
        }
        request = parse_request(
            msgspec.json.encode(body), id=f"req_{self._asked}", at_ms=0, actor=_NOBODY
        )
        candidate = Candidate(endpoint=self._endpoint, why="it is calibrated")
        outcome = await self._engine.serve(
            Attempt(number=1, candidate=candidate), request, _Nobody()
        )
        if outcome.error is not None:
            raise outcome.error
        return outcome

    def _joules(self, outcome: Outcome) -> float:
        found = energy(
            self._endpoint,
            outcome.measured,
            outcome.usage,
            watts_per_thread=self._watts,
            model=None,
        )
        if isinstance(found, Unknown):
            raise Misconfigured(found.why)
        self.method = found.method
        return found.p50 / 1e3


class _Nobody:
    """A caller who listens to nothing."""

    left = False

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        """They stay."""

    def push(self, event: Event) -> bool:
        """Take it."""
        return True

    async def send(self, event: Event) -> None:
        """Take it."""

    def again(self, age_s: int) -> None:
        """No matter: it is asked anew."""

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        """Keep nothing."""

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Seal nothing: nobody settles."""
        return b""

    async def close(self, receipt: Receipt) -> None:
        """There is no receipt."""


_NO_TOKENS = Usage()


def _combinations(plan: Plan) -> Iterator[tuple[int, int, int]]:
    yield from product(plan.batches, plan.prompts, plan.answers)


def _text(number: int, tokens: int) -> str:
    """Write some words that begin as no others do, and ask for more."""
    words = [f"{number * 7919 + at:x}" for at in range(round(tokens * _WORDS_A_TOKEN / 2))]
    return f"{' '.join(words)} Go on counting, in words, and do not stop."


def _machine() -> str:
    """Name the machine as far as it is the same after a restart."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = list[str]()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.machine()
    return f"{len(os.sched_getaffinity(0))} threads of {name}, {sys.platform}"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A calibration, as it is kept in the data folder."""

    model: str
    machine: str
    date: str
    """Of the trials, `YYYY-MM-DD`."""
    method: str
    """How their energy was got."""
    prompt_j: float
    """Joules of an uncached prompt token, at the wall; the others too."""
    answer_j: dict[str, float]
    """Of an answer token, by how many answers are written at once."""
    context_j: float
    """Of a token of context, for each answer token."""
    idle_w: float
    fold: float
    """Root mean square of measured over fitted, as a factor."""
    prompt_weight: float
    """What a prompt token takes against an answer token that is written alone."""


def profile_path(settings: Settings) -> Path:
    """Where the profile is kept."""
    return settings.data_dir / "energy-profile.toml"


def profile_of(found: Found, *, date: str) -> Profile:
    """Put what was found into the form in which it is kept."""
    told = found.calibration
    return Profile(
        model=found.model,
        machine=found.machine,
        date=date,
        method=found.method,
        prompt_j=told.prompt_j,
        answer_j={str(batch): joules for batch, joules in told.answer_j.items()},
        context_j=told.context_j,
        idle_w=found.idle_w,
        fold=told.fold,
        prompt_weight=told.prompt_weight,
    )


def write_profile(path: Path, profile: Profile) -> None:
    """Write it as TOML."""
    lines = ["# What tokens take on this machine: written by `jevons energy calibrate`."]
    for name, value in msgspec.to_builtins(profile).items():
        if name == "answer_j":
            rows = ", ".join(f'"{batch}" = {joules!r}' for batch, joules in value.items())
            lines.append(f"{name} = {{ {rows} }}")
        else:
            lines.append(f"{name} = {msgspec.json.encode(value).decode()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def read_profile(path: Path) -> Profile | None:
    """Read it; None if there is none.

    Raises:
        Misconfigured: It is not one.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Profile)
    except FileNotFoundError:
        return None
    except (ValueError, msgspec.ValidationError) as error:
        message = f"{path} is not a profile: {error}; `jevons energy calibrate` writes it again"
        raise Misconfigured(message) from None


if TYPE_CHECKING:
    _caller: type[Caller] = _Nobody
