"""A draft is held back whole, up to a bound, and given to nobody before its time."""

from __future__ import annotations

import threading

import pytest

from jevons import drafting
from jevons.drafting import Draft
from jevons.testing import Listener
from jevons.testing.make import a_receipt, a_request, an_outcome
from jevons.types.custody import DataClass
from jevons.types.errors import Bug, CallerLeft, ProviderTruncated
from jevons.types.event import Frame, RefusalDelta, TextDelta, Vector

pytestmark = pytest.mark.anyio


async def test_what_is_pushed_or_sent_is_held_and_given_in_order() -> None:
    listener = Listener()
    draft = Draft(listener)
    assert draft.push(TextDelta("4"))
    await draft.send(TextDelta("2"))
    assert listener.heard == []
    outcome = await draft.weigh(an_outcome(committed=True), a_request())
    assert (outcome.committed, outcome.form) == (False, ("number", "42", ""))
    released = await draft.release(outcome, now_s=3.0)
    assert (released.committed, released.first_byte_s) == (True, 3.0)
    assert listener.heard == [TextDelta("4"), TextDelta("2")]


async def test_beyond_its_bound_it_lets_go_of_all_and_has_its_endpoint_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drafting, "_MOST_BYTES", 350)
    draft = Draft(Listener())
    assert draft.push(Frame(b"x" * 50))
    assert draft.push(RefusalDelta("x"))
    assert draft.push(Vector(values=b"", said=None))
    assert not draft.left
    with pytest.raises(CallerLeft, match="too long"):
        await draft.send(TextDelta("4"))
    assert draft.left
    cut = await draft.weigh(an_outcome(error=CallerLeft("the draft is too long")), a_request())
    assert (cut.error, cut.form) == (None, None)
    failed = ProviderTruncated("it broke off besides")
    assert (await draft.weigh(an_outcome(error=failed), a_request())).error is failed


async def test_it_is_no_answer_to_be_kept_sealed_or_closed() -> None:
    draft = Draft(Listener())
    with pytest.raises(Bug):
        await draft.keep((), data_class=DataClass.PUBLIC)
    with pytest.raises(Bug):
        draft.seal(())
    with pytest.raises(Bug):
        await draft.close(a_receipt())


def test_a_caller_that_leaves_is_told_to_the_endpoint() -> None:
    listener = Listener()
    draft = Draft(listener)
    told: list[bool] = []
    draft.on_leave(lambda: told.append(draft.left))
    listener.leave()
    assert told == [True]


async def test_a_long_one_is_read_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def form_of(*_: object) -> None:
        threads.append(threading.get_ident())

    monkeypatch.setattr(drafting, "form_of", form_of)
    for said in ("42", "x" * 200_000):
        draft = Draft(Listener())
        draft.push(TextDelta(said))
        await draft.weigh(an_outcome(), a_request())
    assert threads[0] == threading.get_ident() != threads[1]
