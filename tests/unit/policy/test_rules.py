"""Each rule refuses exactly what its name says, and the refusal told is that of the last cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.catalog import Catalog
from jevons.policy import RULES, Rules
from jevons.testing import Clock
from jevons.testing.make import a_request, an_actor, an_endpoint
from jevons.types.errors import (
    Forbidden,
    JevonsError,
    ResidencyRefused,
    Unauthenticated,
    UnknownModel,
    Unsupported,
)
from jevons.types.message import Image, Message, Reasoning, Text
from jevons.types.request import Need, Source

if TYPE_CHECKING:
    from jevons.types.actor import Actor
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

NOW_MS = a_request().at_ms

HERE = an_endpoint("here", can=frozenset({"text", "tools"}))
BERLIN = an_endpoint("berlin", place="DE", can=frozenset({"text", "image"}))
NOWHERE = an_endpoint("nowhere", place="unknown", can=frozenset({"text", "json"}))


def house(*endpoints: Endpoint) -> Rules:
    return Rules(Catalog(endpoints or (HERE, BERLIN, NOWHERE)), clock=Clock(NOW_MS))


def names(request: Generate, *endpoints: Endpoint) -> list[str]:
    return [endpoint.name for endpoint in house(*endpoints).judge(request).endpoints]


def refused(kind: type[JevonsError], request: Generate, *endpoints: Endpoint) -> str:
    with pytest.raises(kind) as caught:
        house(*endpoints).judge(request)
    assert type(caught.value) is kind
    return str(caught.value)


def by(**fields: Any) -> Generate:
    return a_request(actor=an_actor(**fields))


def saying(*messages: Message, size_bytes: int = 1_000_000, **fields: Any) -> Generate:
    source = Source(dialect="openai-chat", fields={}, digest=b"", size_bytes=size_bytes)
    return a_request(messages=messages, source=source, **fields)


def user(text: str) -> Message:
    return Message(role="user", parts=(Text(text=text),))


def test_a_key_without_limits_may_use_everything() -> None:
    assert names(a_request()) == ["here", "berlin", "nowhere"]


def test_names_are_permanent() -> None:
    assert [(rule.name, rule.version) for rule in RULES] == [
        ("key-valid", 1),
        ("model-known", 1),
        ("endpoint-allowed", 1),
        ("place-allowed", 1),
        ("modality-supported", 1),
        ("size-fits", 1),
    ]


def test_every_rule_says_what_it_means() -> None:
    assert all(rule.judge.__doc__ for rule in RULES)


# key-valid


def test_no_key_is_refused() -> None:
    assert refused(Unauthenticated, a_request(actor=None)) == (
        "no valid key came with the request; send `Authorization: Bearer jv_…`"
    )


def test_a_revoked_key_is_refused() -> None:
    assert refused(Unauthenticated, by(revoked=True)) == "key 'key_1' was revoked; use another"


def test_a_key_holds_until_the_very_moment_it_expires() -> None:
    assert names(by(expires_ms=NOW_MS))
    assert refused(Unauthenticated, by(expires_ms=NOW_MS - 1)) == (
        "key 'key_1' has expired; use another"
    )


def test_a_key_is_judged_as_of_the_arrival_of_the_request() -> None:
    clock = Clock(NOW_MS)
    rules = Rules(Catalog((HERE,)), clock=clock)
    clock.move(3600)
    assert rules.judge(by(expires_ms=NOW_MS + 1)).endpoints == (HERE,)


def test_whoever_has_no_key_does_not_learn_which_models_there_are() -> None:
    refused(Unauthenticated, a_request(actor=None, model="nobody/knows"))


def test_key_valid_names_itself() -> None:
    with pytest.raises(Unauthenticated) as caught:
        house().judge(a_request(actor=None))
    assert (caught.value.rule, caught.value.status) == ("key-valid", 401)


# model-known


def test_a_name_nobody_has_is_an_unknown_model() -> None:
    with pytest.raises(UnknownModel) as caught:
        house().judge(a_request(model="a/modle"))
    assert str(caught.value) == (
        "no model is called 'a/modle'; GET /v1/models lists those this key may use"
    )
    assert caught.value.param == "model"


# endpoint-allowed


def test_a_key_with_a_list_of_endpoints_may_use_those() -> None:
    assert names(by(endpoints=frozenset({"berlin", "elsewhere"}))) == ["berlin"]


def test_a_key_that_may_use_none_of_them_is_told_which_it_may() -> None:
    with pytest.raises(Forbidden) as caught:
        house().judge(by(endpoints=frozenset({"y", "x"})))
    assert str(caught.value) == "this key may not use 'a/model'; it may use 'x', 'y'"
    assert (caught.value.rule, caught.value.param) == ("endpoint-allowed", "model")


def test_an_empty_list_is_nothing_and_not_everything() -> None:
    assert refused(Forbidden, by(endpoints=frozenset[str]())).endswith("it may use nothing")
    refused(ResidencyRefused, by(places=frozenset[str]()))


# place-allowed


def test_a_key_with_a_list_of_places_reaches_those() -> None:
    assert names(by(places=frozenset({"DE", "on-prem"}))) == ["here", "berlin"]


def test_a_key_that_may_go_to_none_of_them_is_told_where_they_are() -> None:
    with pytest.raises(ResidencyRefused) as caught:
        house(BERLIN, NOWHERE).judge(by(places=frozenset({"on-prem", "FR"})))
    assert str(caught.value) == (
        "'a/model' is processed in 'DE', 'unknown'; this key may reach 'FR', 'on-prem'"
    )
    assert (caught.value.rule, caught.value.param) == ("place-allowed", "model")


def test_an_unknown_place_is_anywhere_so_no_list_allows_it() -> None:
    refused(ResidencyRefused, by(places=frozenset({"unknown", "DE"})), NOWHERE)
    assert names(by(places=None), NOWHERE) == ["nowhere"]


# modality-supported


def test_only_endpoints_that_can_do_everything_are_left() -> None:
    assert names(a_request(needs=frozenset({"text", "image"}))) == ["berlin"]


def test_what_is_missing_is_named_for_each_endpoint() -> None:
    needs = frozenset({"text", "image", "audio"})
    told = refused(Unsupported, a_request(needs=needs), HERE, BERLIN)
    assert told == (
        "'a/model' cannot serve this (rule modality-supported): "
        "'here' cannot do 'audio', 'image'; 'berlin' cannot do 'audio'"
    )


@pytest.mark.parametrize(
    ("needs", "param"),
    [
        ({"n"}, "n"),
        ({"speech"}, "modalities"),
        ({"search"}, "web_search_options"),
        ({"audio"}, None),
        ({"n", "speech"}, None),
    ],
)
def test_the_field_that_asks_for_what_is_missing_is_named(
    needs: set[Need], param: str | None
) -> None:
    with pytest.raises(Unsupported) as caught:
        house(HERE).judge(a_request(needs=frozenset(needs)))
    assert caught.value.param == param


# size-fits


def test_what_certainly_overflows_is_refused_with_both_figures() -> None:
    small = an_endpoint(context_tokens=10)
    large = an_endpoint("large", context_tokens=11)
    request = saying(user("x" * 256 * 12))
    told = refused(Unsupported, request, small, large)
    assert told == (
        "the prompt is at least 12 tokens (rule size-fits); the longest context of 'a/model' is 11"
    )


def test_what_overflows_names_the_field_at_fault() -> None:
    with pytest.raises(Unsupported) as caught:
        house(an_endpoint(context_tokens=10)).judge(saying(user("x" * 256 * 11)))
    assert caught.value.param == "messages"


def test_what_might_just_fit_passes() -> None:
    small = an_endpoint(context_tokens=10)
    assert names(saying(user("x" * (256 * 11 - 1))), small) == ["here"]
    assert names(saying(user("x" * (256 * 11))), an_endpoint(context_tokens=11)) == ["here"]


def test_the_endpoint_with_room_is_left() -> None:
    small, large = an_endpoint(context_tokens=10), an_endpoint("large", context_tokens=11)
    assert names(saying(user("x" * 256 * 11)), small, large) == ["large"]


def test_an_unknown_context_is_never_refused() -> None:
    small, unknown = an_endpoint(context_tokens=10), an_endpoint("unknown")
    assert names(saying(user("x" * 256 * 99)), small, unknown) == ["unknown"]


def test_the_refusal_skips_no_endpoint_when_it_names_the_longest_context() -> None:
    small, large = an_endpoint(context_tokens=12), an_endpoint("large", context_tokens=3)
    assert refused(Unsupported, saying(user("x" * 256 * 13)), small, large).endswith("is 12")


def test_texts_to_embed_have_to_fit_one_by_one() -> None:
    needs = frozenset({"embedding"})
    small = an_endpoint(context_tokens=10, can=needs)
    text = user("x" * 256 * 10)
    assert names(saying(text, text, needs=needs), small) == ["here"]
    told = refused(Unsupported, saying(text, user("x" * 256 * 11), needs=needs), small)
    assert told.startswith("the prompt is at least 11 tokens")


def test_a_short_body_is_not_even_counted() -> None:
    # The body's length bounds the prompt's: nothing below it needs to be looked at.
    request = saying(user("x" * 256 * 99), size_bytes=256 * 11 - 1)
    assert names(request, an_endpoint(context_tokens=10)) == ["here"]


@pytest.mark.parametrize(
    "message",
    [
        Message(role="assistant", parts=(Text(text="x" * 9999),)),
        Message(role="tool", parts=(Text(text="x" * 9999),)),
        Message(role="user", parts=(Image(url="data:" + "x" * 9999),)),
        Message(role="user", parts=(Reasoning(text="x" * 9999),)),
        user(" \n" * 9999),
    ],
)
def test_what_a_template_may_drop_or_a_tokenizer_may_merge_is_not_counted(message: Message) -> None:
    assert names(saying(message), an_endpoint(context_tokens=1)) == ["here"]


@pytest.mark.parametrize("role", ["system", "developer", "user"])
def test_what_every_template_keeps_is_counted(role: str) -> None:
    message = Message(role=role, parts=(Text(text="x" * 256), Text(text="x" * 256)))  # type: ignore[arg-type]
    refused(Unsupported, saying(message), an_endpoint(context_tokens=1))


def test_what_is_not_counted_adds_nothing() -> None:
    """Not even one character: the prompt fits to the last."""
    dropped = Message(role="assistant", parts=(Text(text="x"),))
    request = saying(user("x" * (256 * 11 - 1)), dropped)
    assert names(request, an_endpoint(context_tokens=10)) == ["here"]


def test_a_long_body_without_a_text_to_embed_is_not_refused() -> None:
    needs = frozenset({"embedding"})
    assert names(saying(needs=needs), an_endpoint(context_tokens=1, can=needs)) == ["here"]


def test_messages_add_up() -> None:
    refused(Unsupported, saying(user("x" * 256), user("x" * 256)), an_endpoint(context_tokens=1))


# together


def test_the_refusal_told_is_that_of_the_rule_that_removed_the_last_endpoint() -> None:
    request = a_request(
        actor=an_actor(endpoints=frozenset({"here", "berlin"}), places=frozenset({"on-prem"})),
        needs=frozenset({"image"}),
    )
    refused(Unsupported, request)


ACTORS = st.builds(
    an_actor,
    endpoints=st.none() | st.frozensets(st.sampled_from(["here", "berlin", "nowhere"])),
    places=st.none() | st.frozensets(st.sampled_from(["on-prem", "DE", "unknown"])),
    expires_ms=st.none() | st.sampled_from([NOW_MS - 1, NOW_MS, NOW_MS + 1]),
    revoked=st.booleans(),
)
NEEDS = st.frozensets(st.sampled_from(["text", "tools", "image", "json"]))


@given(st.none() | ACTORS, NEEDS)
def test_whatever_is_let_through_is_allowed_in_every_respect(
    actor: Actor | None, needs: frozenset[str]
) -> None:
    try:
        verdict = house().judge(a_request(actor=actor, needs=needs))
    except JevonsError:
        return
    assert verdict.endpoints
    assert actor is not None
    assert not actor.revoked
    assert actor.expires_ms is None or actor.expires_ms >= NOW_MS
    for endpoint in verdict.endpoints:
        assert actor.endpoints is None or endpoint.name in actor.endpoints
        assert actor.places is None or endpoint.place in actor.places - {"unknown"}
        assert needs <= endpoint.can


@given(ACTORS, NEEDS)
def test_taking_a_right_away_never_opens_anything(actor: Actor, needs: frozenset[str]) -> None:
    free = an_actor(expires_ms=actor.expires_ms, revoked=actor.revoked)

    def left(who: Actor) -> set[str]:
        try:
            return set(names(a_request(actor=who, needs=needs)))
        except JevonsError:
            return set()

    assert left(actor) <= left(free)
