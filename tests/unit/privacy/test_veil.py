"""Of what is hidden nothing is left in a request, in neither form, and all of it comes back."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.privacy import Detector, Finding, veil
from jevons.privacy.literal import Literal
from jevons.privacy.pseudonym import Pseudonyms
from jevons.privacy.veil import NotHidden, hide
from jevons.testing.make import an_actor
from jevons.types.request import Generate, Tool
from jevons.wire import messages, openai_chat, responses

if TYPE_CHECKING:
    from jevons.privacy.veil import Hidden

SALT = bytes(32)
MAIL, PHONE, CARD, NAME = (
    "anna.berg@example.org",
    "+49 30 901820",
    "4111111111111111",
    "Ada Lovelace",
)
DETECTOR = Detector(dictionary=[NAME])


class Names:
    """A finder of names, which finds them only where they are introduced."""

    def find(self, text: str) -> list[Finding]:
        at = text.find("I am ")
        return [Finding(at + 5, at + 8, "term")] if at >= 0 else []


def chat(*said: Any, **fields: Any) -> Generate:
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": each} for each in said],
        **fields,
    }
    raw = json.dumps(body).encode()
    return openai_chat.parse_request(raw, id="req_1", at_ms=0, actor=an_actor())


def hidden(request: Generate, *finders: Names) -> Hidden:
    return hide(request, SALT, DETECTOR, finders)


def fields(veiled: Hidden) -> Any:
    return json.loads(msgspec.json.encode(veiled.request.source.fields))


def sent(request: Generate) -> str:
    """All of it, in both forms, without escapes."""
    fields = json.loads(msgspec.json.encode(request.source.fields))
    ours = json.loads(msgspec.json.encode((request.messages, request.tools, request.output)))
    return json.dumps([fields, ours, [*request.sampling.stop]], ensure_ascii=False)


def test_everything_that_is_found_is_replaced_in_both_forms() -> None:
    request = chat(
        f"{MAIL} and {PHONE}",
        user=MAIL,
        stop=[PHONE],
        odd={"deep": [{MAIL: [CARD, int(CARD)]}]},
        tools=[
            {
                "type": "function",
                "function": {
                    "name": "send",
                    "description": f"to {NAME}",
                    "parameters": {"type": "object", "default": MAIL},
                },
            }
        ],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "a", "schema": {"const": PHONE}},
        },
    )
    veiled = hidden(request).request
    assert [value for value in (MAIL, PHONE, CARD, NAME) if value in sent(veiled)] == []
    assert veiled.inspected is not None
    assert veiled.inspected.is_veiled
    assert veiled.source.fields["model"] == request.source.fields["model"]
    assert veiled.source.size_bytes == len(msgspec.json.encode(veiled.source.fields))
    (tool,) = veiled.tools
    assert isinstance(tool, Tool)
    assert tool.name == "send"


def test_what_shows_once_its_neighbour_is_hidden_is_hidden_too() -> None:
    said = f'{PHONE} 4111 1111 1111 1111 \u200b" 203.0.113.7  x@ x@" 12,  call'
    veiled = hidden(chat(said))
    text = fields(veiled)["messages"][0]["content"]
    assert not any(part in text for part in ("901820", "1111", "203.0"))
    for token in re.findall("⟦[^⟧]+⟧", text):
        text = text.replace(token, veiled.pseudonyms.value(token[-8:-1]) or "?")
    assert text == said


def test_what_is_found_around_a_token_takes_it_in_and_comes_back_whole() -> None:
    class Growing:
        """Finds the first letter, and then one more each time."""

        def find(self, text: str) -> list[Finding]:
            return [Finding(0, 2 if "\ue000" in text else 1, "term")]

    pseudonyms = Pseudonyms(bytes(32))
    hiding = veil._Hiding(Growing(), pseudonyms)  # pyright: ignore[reportPrivateUsage, reportArgumentType] no detector grows so
    token, rest = hiding.bare(Literal("abcdefgh"))[:-4], hiding.bare(Literal("abcdefgh"))[-4:]
    assert (pseudonyms.value(token[-8:-1]), rest) == ("abcd", "efgh")


def test_what_looks_like_a_mark_of_ours_is_let_be() -> None:
    with pytest.raises(NotHidden):
        hidden(chat(f"\ue000 {MAIL}"))
    veiled = hidden(chat("\ue000", f"{MAIL} and {PHONE}"))
    assert MAIL not in sent(veiled.request)


def test_the_name_of_a_field_can_tell_too() -> None:
    veiled = hidden(chat("Hi", **{MAIL: 1}))
    assert MAIL not in sent(veiled.request)
    assert fields(veiled)["model"] == "m"


def test_what_is_hidden_comes_back_letter_by_letter() -> None:
    said = f"{MAIL}, {MAIL.upper()} and ada LOVELACE"
    veiled = hidden(chat(said))
    text = fields(veiled)["messages"][0]["content"]
    for token in text.replace(",", "").replace(" and", "").split():
        text = text.replace(token, veiled.pseudonyms.value(token[-8:-1]) or "?")
    assert text == said


def test_what_is_found_once_is_replaced_everywhere() -> None:
    veiled = hidden(chat("My tel: 5550100 22", "So 5550100 22 it is, or 555010022?"))
    assert "5550100" not in sent(veiled.request).replace("555010022", "")
    assert len(veiled.pseudonyms) == 1
    named = hidden(chat("Hello, I am Bob.", "BOB, bobby and Bob's"), Names())
    said = sent(named.request)
    assert "Bob" not in said
    assert '"BOB,' not in said
    assert "bobby" in said


def test_a_name_that_is_a_word_as_well_is_a_name_in_capitals_only() -> None:
    class Will:
        def find(self, text: str) -> list[Finding]:
            at = text.find("Will Smith will")
            return [Finding(at, at + 4, "term"), Finding(at + 5, at + 10, "term")] * (at >= 0)

    veiled = hide(chat("Will Smith will ask WILL, a smith."), SALT, DETECTOR, (Will(),))
    text = fields(veiled)["messages"][0]["content"]
    assert len(veiled.pseudonyms) == 3
    assert " will ask " in text
    assert text.endswith(", a smith.")
    own = hide(chat("Will Smith will ask."), SALT, Detector(dictionary=["will"]), (Will(),))
    assert "will" not in fields(own)["messages"][0]["content"].lower()


def test_what_others_find_within_a_word_cannot_be_hidden_and_is_not_sent() -> None:
    class Half:
        def find(self, text: str) -> list[Finding]:
            at = text.find("Bergstrasse")
            return [Finding(at, at + 4, "term")]

    with pytest.raises(NotHidden):
        hide(chat("Bergstrasse"), SALT, DETECTOR, (Half(),))


def test_a_value_is_known_by_the_name_that_it_stands_behind() -> None:
    request = chat("x", odd={"ssn": "078051120", "n": 12})
    veiled = hidden(request)
    assert len(veiled.pseudonyms) == 1
    assert fields(veiled)["odd"]["ssn"].startswith("⟦SSN_")


def test_names_of_ours_tell_nothing() -> None:
    body = {
        "model": "m",
        "messages": [
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "0123456789",
                        "type": "function",
                        "function": {"name": "send", "arguments": '{"to": "x"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "0123456789", "content": f"sent to {MAIL}"},
        ],
    }
    request = openai_chat.parse_request(
        json.dumps(body).encode(), id="req_1", at_ms=0, actor=an_actor()
    )
    assert sent(hidden(request).request).count("0123456789") == 4


def test_tokens_in_the_dictionary_s_own_words_hide_them_all_the_same() -> None:
    veiled = hide(chat("a term of the email"), SALT, Detector(dictionary=["term", "email"]), ())
    assert fields(veiled)["messages"][0]["content"].count("⟦TERM_") == 2


def test_a_mark_of_an_endpoint_stays_as_it_is() -> None:
    body = {
        "model": "m",
        "max_tokens": 9,
        "messages": [
            {"role": "user", "content": MAIL},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": MAIL, "signature": "4111111111111111"}
                ],
            },
        ],
    }
    request = messages.parse_request(
        json.dumps(body).encode(), id="req_1", at_ms=0, actor=an_actor()
    )
    veiled = hidden(request).request
    assert sent(veiled).count("4111111111111111") == 2
    assert MAIL not in sent(veiled)


def test_what_would_not_be_hidden_is_not_sent() -> None:
    request = chat("Hi")
    source = msgspec.structs.replace(request.source, headers=(("anthropic-beta", MAIL),))
    with pytest.raises(NotHidden) as refused:
        hidden(msgspec.structs.replace(request, source=source))
    assert MAIL not in str(refused.value)


def test_tokens_hold_through_a_conversation_and_no_longer() -> None:
    first, second = chat("Hi", MAIL), chat("Hi", MAIL, "and?", PHONE)
    other = chat("Hello", MAIL)
    token = hidden(first).pseudonyms.token("email", MAIL)
    assert hidden(second).pseudonyms.token("email", MAIL) == token
    assert hidden(other).pseudonyms.token("email", MAIL) != token
    of_another_key = hide(first, b"o" * 32, DETECTOR, ()).pseudonyms
    assert of_another_key.token("email", MAIL) != token


def test_a_conversation_that_no_user_began_has_tokens_too() -> None:
    body = {"model": "m", "input": [{"role": "assistant", "content": MAIL}]}
    request = responses.parse_request(
        json.dumps(body).encode(), id="req_1", at_ms=0, actor=an_actor()
    )
    assert MAIL not in sent(hidden(request).request)


def test_a_token_that_was_said_is_not_given_again() -> None:
    token = hidden(chat("Hi", MAIL)).pseudonyms.token("email", MAIL)
    again = hidden(chat("Hi", f"{MAIL} was {token}")).pseudonyms
    assert isinstance(again, Pseudonyms)
    assert again.token("email", MAIL) != token


PLANTED = st.sampled_from(
    [MAIL, PHONE, CARD, NAME, "anna%2Eberg%40example.org", "\uff21\uff24\uff21 Lovelace"]
)
AROUND = st.text(st.characters(codec="utf-8", exclude_categories=("L", "N")), max_size=8)
SAID = st.builds("{} {} {}".format, AROUND, PLANTED, AROUND)
NESTED = st.recursive(
    SAID | st.booleans() | st.integers(0, 99),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(SAID | st.text(max_size=4), inner, max_size=3)
        | inner.map(json.dumps)
    ),
    max_leaves=8,
)


@given(NESTED, SAID)
def test_wherever_it_is_planted_nothing_is_left(planted: Any, said: str) -> None:
    try:
        veiled = hidden(chat(said, odd=planted))
    except NotHidden:
        return  # not sent: nothing is left where it should not be
    left = veiled.pseudonyms.without(sent(veiled.request))
    for _ in range(4):
        left = left.replace("\\\\", "\\")
    assert [value for value in (MAIL, PHONE, CARD, NAME) if value in left] == []
