"""What the answer cache takes of a request, in microseconds of processor time.

python bench/cache.py

`miss` is all that it does for a request that is answered anew in one piece: the key, the look, hearing and
remembering it. `key` is the first of that; `piece` is each further one of a stream. `hit` finds an answer and plans to give it.
`like` is what `semantic` adds where 200 questions of one kind are remembered (numpy). Medians and
95th percentiles.
"""

from __future__ import annotations

import time
from statistics import quantiles
from typing import TYPE_CHECKING

from msgspec.structs import replace

from jevons.auto import Nearest
from jevons.cache import AnswerCache, Memory, meaning
from jevons.testing import Clock, InOrder, Listener
from jevons.testing.make import a_receipt, a_request, an_actor, an_endpoint, an_outcome
from jevons.types.decision import Verdict
from jevons.types.event import Frame
from jevons.types.message import Message, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.ports import Recall
    from jevons.types.event import Event
    from jevons.types.request import Generate

ROUNDS = 200
TIMES = 20
PIECE = Frame(b'data: {"choices":[{"index":0,"delta":{"content":" word"}}]}\n\n')
VERDICT = Verdict(endpoints=(an_endpoint(),), rules=("allow",), policy="00" * 32)
WORDS = "what the answer to a question of this length comes to in the end "


def asked(turns: int, chars: int) -> Generate:
    """Make a conversation of so many turns of so many characters."""
    text = (WORDS * (chars // len(WORDS) + 1))[:chars]
    said = [
        Message(role="user" if number % 2 == 0 else "assistant", parts=(Text(text=text),))
        for number in range(turns)
    ]
    return a_request(actor=an_actor(), messages=tuple(said), stream=True)


def shown(act: Callable[[], object], parts: int = 1) -> str:
    """Measure, and say the median and the 95th percentile of each part of it."""
    figures: list[float] = []
    for _ in range(ROUNDS):
        began_s = time.thread_time()
        for _ in range(TIMES):
            act()
        figures.append((time.thread_time() - began_s) / TIMES / parts * 1e6)
    cuts = quantiles(figures, n=20)
    return f"{cuts[9]:7.1f} {cuts[18]:7.1f}"


class Street:
    """A cache, and who stands before and behind it."""

    def __init__(self, request: Generate) -> None:
        self.request = request
        self.plan = InOrder().plan(request, VERDICT)
        self.cache = AnswerCache(
            Memory(most_bytes=64_000_000, longest_s=3600), clock=Clock(), is_good=lambda _: True
        )
        self.outcome, self.receipt = an_outcome(), a_receipt()
        self.listener = Deaf()

    def recall(self) -> Recall:
        """Look for an answer."""
        found = self.cache.recall(self.request, VERDICT, self.plan, self.listener)
        assert found is not None  # noqa: S101 it is made so that it may be
        return found

    def miss(self) -> None:
        """Be answered anew, in one piece, and have that remembered."""
        recall = self.recall()
        recall.caller.push(PIECE)
        recall.caller.seal(())
        recall.keep(self.outcome, self.receipt)


class Deaf(Listener):
    """A caller that takes no time."""

    def push(self, event: Event) -> bool:
        """Take it."""
        return True

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Seal nothing."""
        return b""


def main() -> None:
    """Measure three lengths of requests."""
    print("median and p95, microseconds of processor time\n")
    for name, turns, chars in (("200 B", 1, 200), ("4 kB", 4, 1000), ("100 kB", 20, 5000)):
        request = asked(turns, chars)
        anew = Street(replace(request, cache="renew"))
        again = Street(request)
        again.miss()
        print(f"{name:>7}  key  {shown(lambda: meaning(request, VERDICT))}")  # noqa: B023 called at once
        print(f"{'':>7}  miss {shown(anew.miss)}")
        print(f"{'':>7}  hit  {shown(again.recall)}")
    pushing = Street(asked(1, 200)).recall().caller.push
    print(f"\n  piece  {shown(lambda: [pushing(PIECE) for _ in range(100)], 100)}")
    nearest, frame = Nearest(), bytes(32)
    for number in range(200):
        nearest.add(
            frame, f"{WORDS} {'very ' * (number % 7)} {chr(97 + number % 26)}?", bytes([number])
        )
    print(f"   like  {shown(lambda: nearest.find(frame, WORDS))}")


if __name__ == "__main__":
    main()
