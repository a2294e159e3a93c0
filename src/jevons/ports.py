"""The doors between rooms: every protocol, on one page.

Rule 1: a door is named for what it does, never for who does it.
Rule 2: every door has at least two things behind it, the real one and the one in
    `jevons.testing`; a protocol with one implementation is a function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jevons.types.account import Charge, Receipt, Record, Veil
    from jevons.types.actor import Actor
    from jevons.types.budget import Amounts
    from jevons.types.custody import DataClass
    from jevons.types.decision import Attempt, Outcome, Plan, Verdict
    from jevons.types.event import Event
    from jevons.types.kept import Kept
    from jevons.types.model import Endpoint
    from jevons.types.pace import Room
    from jevons.types.proof import Filed
    from jevons.types.request import Generate, Inspected

__all__ = (
    "Answers",
    "Caller",
    "Clock",
    "Ids",
    "Keys",
    "Ledger",
    "Limits",
    "Log",
    "Meter",
    "Pick",
    "Policy",
    "Privacy",
    "Provider",
    "Recall",
    "Told",
    "Trace",
    "Traces",
    "Veiled",
    "Witness",
)


class Clock(Protocol):
    """What time it is."""

    def now_ms(self) -> int:
        """Unix milliseconds, UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since some moment; never goes back."""
        ...


class Ids(Protocol):
    """Names for new things."""

    def new(self, prefix: str) -> str:
        """Make `prefix_` and a ULID: sortable by time, unique across processes."""
        ...


class Keys(Protocol):
    """Whose key is this?"""

    def find(self, presented: str) -> Actor | None:
        """Look a presented key up by its hash. None if it is not one of ours.

        A revoked or expired key is found: a rule refuses it, and says so.
        """
        ...


class Caller(Protocol):
    """Whoever asked, at the far end of the line."""

    @property
    def left(self) -> bool:
        """Whether they have closed the connection."""
        ...

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called once, on the loop, if they leave; None forgets it.

        Called at once if they have left already.
        """
        ...

    def push(self, event: Event) -> bool:
        """Give an event without waiting.

        Returns:
            False if they have no room (or have left): nothing was taken, use `send`.
        """
        ...

    async def send(self, event: Event) -> None:
        """Give an event, waiting until they have room.

        Raises:
            CallerLeft: They have gone.
        """
        ...

    def again(self, age_s: int) -> None:
        """Say, before anything of it, that an answer is given again, and how old it is."""
        ...

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        """Have the answer kept, with what `seal` is going to seal; only if that was asked.

        Args:
            closing: What ends it.
            data_class: What the rules took the data in it to be: so long it is kept.

        Raises:
            StoreUnavailable: It is not kept.
        """
        ...

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Render what ends the answer, and hold it for `close`.

        Returns:
            SHA-256 of every byte of the answer, what was sealed included.
        """
        ...

    async def close(self, receipt: Receipt) -> None:
        """Send what was sealed, and the receipt with it.

        A caller that has left is not an error here: the books are already right.
        """
        ...


class Policy(Protocol):
    """May this go, and where?"""

    def judge(self, request: Generate) -> Verdict:
        """Judge one request. Pure: the same request and moment, the same verdict.

        Raises:
            PolicyError: A rule refused every endpoint; the message names it.
            UnknownModel: No endpoint has this name.
            Unsupported: No endpoint of this model can do what was asked.
        """
        ...

    def visible(self, actor: Actor | None) -> tuple[Endpoint, ...]:
        """List the endpoints that this actor may use.

        Raises:
            Unauthenticated: No key, or one that is not valid.
        """
        ...


class Veiled(NamedTuple):
    """A request with tokens for what identifies people in it."""

    request: Generate
    caller: Caller
    """Gives the caller the answer with the identifiers put back."""
    tally: Callable[[], Veil]
    """What became of them so far."""


class Privacy(Protocol):
    """What identifies people in it? May be asked in several threads at once."""

    @property
    def quick_bytes(self) -> int:
        """Length of a request up to which both take a millisecond or two."""
        ...

    def inspect(self, request: Generate) -> Inspected:
        """Look a request through.

        Raises:
            Exception: It cannot be, so it may not leave.
        """
        ...

    def veil(self, request: Generate, caller: Caller) -> Veiled:
        """Put a token for each identifier, the same in every turn of one conversation.

        Raises:
            Exception: Not all of them could be hidden, so it may not leave.
        """
        ...


class Pick(Protocol):
    """Which endpoints, in which order?"""

    def plan(self, request: Generate, verdict: Verdict) -> Plan:
        """Order what policy left standing. Pure: same verdict, same plan."""
        ...


class Provider(Protocol):
    """Somewhere that can serve an attempt: a vendor, or our own engine."""

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        """Serve one attempt, pushing events as they come, but not those that end it.

        A caller that leaves stops the work upstream; the outcome then carries
        `CallerLeft` and what was used until then.

        Returns:
            What became of it. An upstream failure is returned in `Outcome.error`, not
            raised: it is a fact for the plan, not an accident.
        """
        ...


class Meter(Protocol):
    """What did it use, cost and burn?"""

    def charge(self, endpoint: Endpoint, outcome: Outcome, *, at_ms: int | None = None) -> Charge:
        """Price one outcome. Pure.

        Args:
            endpoint: Who answered.
            outcome: What it used.
            at_ms: When its answer ended, Unix milliseconds; None charges the most that it may cost.
        """
        ...

    def worst(self, endpoint: Endpoint, request: Generate) -> Amounts:
        """Say what an attempt could come to at most, as far as that is known. Pure."""
        ...


class Limits(Protocol):
    """How fast?"""

    def enter(self, request: Generate) -> bool | Awaitable[bool]:
        """Let a request begin.

        Returns:
            Whether `leave` must be called when it ends; where others have to be asked, what says so
            once they were. Who has nobody to ask makes nobody wait.

        Raises:
            RateLimited: There is no room for it now; also when it is awaited.
        """
        ...

    def leave(self, request: str, *, tokens: int | None) -> None:
        """Have a request end, by its id; None for tokens is not known."""
        ...

    def rooms(self, actor: Actor) -> tuple[Room, ...]:
        """Tell what is left for a key; nothing if nothing limits it."""
        ...


class Ledger(Protocol):
    """The books."""

    async def record(self, record: Record) -> None:
        """Write one record; return when it is durable, at the level the house chose.

        Records become durable in the order of the calls. Whoever stops waiting takes
        nothing back: the record is written all the same.

        What an intent says is held is set aside from every budget of its line before it is
        written, and given back if it is not. A receipt that is durable settles it.

        Raises:
            BudgetExceeded: A budget does not carry an intent; nothing was written.
            StoreUnavailable: It could not be written; nothing may leave.
        """
        ...

    def covers(self, actor: Actor) -> bool:
        """Whether anything that a key is charged to has a budget: then intents say what to hold."""
        ...

    async def widen(self, request: str, by: Amounts) -> None:
        """Set more aside for a request that is under way.

        Raises:
            BudgetExceeded: A budget does not carry that.
            StoreUnavailable: The books, which several processes share, cannot be written.
        """
        ...

    async def find(self, request: str) -> Filed | None:
        """Find the receipt of a request by its `req_` id, with its proof if it has one.

        Raises:
            StoreUnavailable: The books could not be read.
        """
        ...


class Trace(Protocol):
    """What somebody elsewhere is told of one request, as it goes on. Nothing here waits."""

    def attempt(self, attempt: Attempt) -> str:
        """Begin an attempt.

        Returns:
            The `traceparent` (W3C Trace Context) that its endpoint is to be given; empty for none.
        """
        ...

    def attempted(self, outcome: Outcome) -> None:
        """End the attempt that was begun last."""
        ...

    def booked(self, receipt: Receipt) -> None:
        """Take what the books say of it."""
        ...

    def end(self, error: BaseException | None) -> None:
        """End it; None if it was answered. Also ends an attempt that was cut off."""
        ...


class Traces(Protocol):
    """Somebody who is told how requests went."""

    def begin(self, request: Generate) -> Trace:
        """Begin with a request."""
        ...


class Recall(NamedTuple):
    """What is remembered of a request; or, if nothing is, what will remember."""

    plan: Plan
    """To give the answer again; as it was, if there is none."""
    caller: Caller
    """Given the answer in the caller's place, and gives it to them."""
    keep: Callable[[Outcome, Receipt], None]
    """Told how it ended, once the receipt is durable."""
    is_found: bool
    """Whether an answer is given again: then nobody is asked."""


class Answers(Protocol):
    """The answers that callers asked to have kept.

    An answer belongs to a key. To every other key, and once it was dropped or has expired,
    there is no such answer.
    """

    def check(self) -> None:
        """Find out beforehand whether one more could be kept.

        Raises:
            StoreUnavailable: There is no room.
        """
        ...

    async def keep(self, kept: Kept) -> None:
        """Keep one; return when it is durable.

        Raises:
            StoreUnavailable: It could not be kept.
        """
        ...

    async def find(self, name: str, *, key: str) -> Kept | None:
        """Find one by its id.

        Raises:
            StoreUnavailable: It could not be looked for.
        """
        ...

    async def trace(self, name: str, *, key: str, max_bytes: int) -> tuple[Kept, ...]:
        """Find one and those that it goes on from.

        Returns:
            Oldest first, `name` last. Nothing if it is not kept; if one before it is not,
            those after that one.

        Raises:
            TooLarge: All of them together are longer than `max_bytes`.
            StoreUnavailable: They could not be looked for.
        """
        ...

    async def drop(self, name: str, *, key: str) -> bool:
        """Destroy one; return when nothing of it can be read any more.

        Returns:
            Whether there was one.

        Raises:
            StoreUnavailable: It could not be destroyed.
            OnHold: The key is on legal hold.
        """
        ...


class Log(Protocol):
    """The log that the books are, as outsiders may read it."""

    async def newest(self) -> str | None:
        """Give the newest checkpoint, with its signatures; None if nothing is signed yet.

        Raises:
            StoreUnavailable: It cannot be read; also each of the others.
        """
        ...

    async def published(self) -> str | None:
        """Give the newest checkpoint that a witness cosigned; the newest, if there is none."""
        ...

    async def tile(self, level: int, number: int, width: int) -> bytes | None:
        """Give the first `width` hashes of a tile; None if no checkpoint covers as many."""
        ...

    async def bundle(self, number: int, width: int) -> bytes | None:
        """Give the first `width` leaves of a bundle; None if no checkpoint covers as many."""
        ...

    async def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Prove that the tree of `new` leaves goes on from that of `old` (RFC 6962 §2.1.2)."""
        ...

    async def keep(self, note: str, line: str) -> None:
        """Keep a cosignature with the checkpoint that it is of."""
        ...


class Told(NamedTuple):
    """What a witness answers."""

    status: int
    """HTTP's, as tlog-witness gives it a meaning."""
    text: str
    """Cosignatures with 200, the size that it knows with 409, else why not."""


class Witness(Protocol):
    """Somebody else who remembers how far a log has come."""

    async def add(self, body: bytes) -> Told:
        """Ask to cosign a checkpoint: `add-checkpoint` of C2SP tlog-witness.

        Raises:
            StoreUnavailable: It cannot be reached, or cannot remember anything now.
        """
        ...
