"""What users build on has the types we say: this file must pass pyright in strict mode.

The functions run as tests too, but what they promise is checked before they run.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, assert_type

from jevons.pick.attempts import attempts
from jevons.settings import Settings, load
from jevons.types.account import (
    Certified,
    Erased,
    Expired,
    Feedback,
    Genesis,
    Intent,
    KeyChange,
    Opened,
    PersonChange,
    Receipt,
    Refused,
    Restored,
    Reviewed,
    SecretChange,
    Usage,
)
from jevons.types.budget import Account, Alert, Budget, Limit
from jevons.types.decision import Attempt, Candidate, Outcome, Plan, Verdict
from jevons.types.errors import JevonsError, PolicyError, Retry
from jevons.types.event import (
    Finished,
    Frame,
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    Vector,
)
from jevons.types.units import Estimate, Priced, Unknown

if TYPE_CHECKING:
    from jevons.ports import Caller, Clock, Pick, Provider
    from jevons.types.account import Record
    from jevons.types.event import Event
    from jevons.types.request import Generate
    from jevons.types.units import Cost


class Echo:
    """Somewhere that can serve: anything with this one method fits the door."""

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        event = TextDelta(request.model)
        if not caller.push(event):
            await caller.send(event)
        ended = Finished(reason="stop", usage=Usage(output=1, counted_by="endpoint"))
        return Outcome(attempt=attempt, committed=True, finish="stop", closing=(ended,))


class Dearest:
    """A strategy is one method as well."""

    def plan(self, request: Generate, verdict: Verdict) -> Plan:
        return Plan(candidates=tuple(Candidate(endpoint=e, why="first") for e in verdict.endpoints))


class Stopped:
    """A clock that does not run."""

    def now_ms(self) -> int:
        return 0

    def monotonic_s(self) -> float:
        return 0.0


if TYPE_CHECKING:
    _provider: type[Provider] = Echo
    _pick: type[Pick] = Dearest
    _clock: type[Clock] = Stopped


def spoken(event: Event) -> str:
    """A match over events is exhaustive: pyright says so, or this function returns None."""
    match event:
        case Frame(body):
            return body.decode()
        case TextDelta(text) | ReasoningDelta(text) | RefusalDelta(text):
            return text
        case ToolCallDelta():
            return event.name
        case Started():
            return event.model
        case OpaqueBlock():
            return event.kind
        case Vector() | Finished():
            return "" if isinstance(event, Vector) else event.reason


def priced(cost: Cost) -> int | None:
    """A figure cannot be read without meeting the case in which there is none."""
    match cost:
        case Priced():
            return assert_type(cost.nusd, int)
        case Unknown():
            return assert_type(None, None)


def kind(record: Record) -> str:  # noqa: C901, PLR0911 one for each that has a field of its own
    match record:
        case Genesis():
            return record.origin
        case KeyChange() | PersonChange() | SecretChange():
            return record.act
        case Opened():
            return record.policy
        case Intent() | Receipt() | Refused():
            return record.asked
        case Restored():
            return record.root
        case Erased():
            return record.reason
        case Certified():
            return record.reference
        case Feedback():
            return record.endpoint
        case Reviewed():
            return record.verdict
        case Expired():
            return str(record.answers.special)
        case Account():
            return record.name
        case Budget() | Limit() | Alert():
            return record.account


def test_a_match_over_events_covers_them_all() -> None:
    assert spoken(TextDelta("so")) == "so"
    assert spoken(Frame(b"data: 1")) == "data: 1"
    assert spoken(ToolCallDelta(index=0, name="look")) == "look"
    assert spoken(Finished(reason="stop", usage=Usage())) == "stop"
    assert spoken(Vector(values=b"")) == ""


def test_an_unknown_cost_is_not_a_number() -> None:
    assert priced(Unknown(why="no row")) is None
    assert priced(Priced(nusd=3, method="price-row", source="a row")) == 3


def test_a_record_is_one_of_thirteen() -> None:
    assert kind(Genesis(at_ms=0, origin="a log", public_key="")) == "a log"
    assert kind(KeyChange(at_ms=0, act="revoked", key="key_1", name="n")) == "revoked"


def test_attempts_are_a_generator_of_attempts() -> None:
    walking = attempts(Plan(candidates=()))
    assert_type(walking, Generator[Attempt, Outcome, JevonsError | None])
    walking.close()


def test_settings_are_typed(tmp_path: Path) -> None:
    path = tmp_path / "jevons.toml"
    path.write_text("")
    settings = assert_type(load(path, {}), Settings)
    assert_type(settings.data_dir, Path)
    assert_type(settings.house.watts_per_thread, float | None)


def test_an_error_says_whose_move_it_is() -> None:
    error = PolicyError("no", rule="place")
    assert_type(error.status, int)
    assert_type(error.retry, Retry)
    assert_type(error.rule, str)
    assert isinstance(error, JevonsError)


def test_an_estimate_is_an_interval() -> None:
    estimate = Estimate(p05=1.0, p50=2.0, p95=4.0, method="modelled-cpu", source="a model")
    assert assert_type(estimate.p05, float) < estimate.p95
