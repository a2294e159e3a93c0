"""Hostile or broken text gives an error that names the line, and good text gives plain values."""

from __future__ import annotations

import pytest

from jevons.imports.read import DEEPEST, LONGEST_CHARS, MOST_VALUES, read_json, read_yaml
from jevons.types.errors import Malformed


def test_reads_what_people_write() -> None:
    text = """
    base: &base {timeout: 5, drop: true}
    more: &more {timeout: 9}
    one:
      <<: *base
      timeout: 7
    two:
      <<: [*more, *base]
    list: [*base, null, 1e-6, 0x10, 1.5]
    version: 2024-02-01
    1: number
    """
    assert read_yaml(text) == {
        "base": {"timeout": 5, "drop": True},
        "more": {"timeout": 9},
        "one": {"timeout": 7, "drop": True},
        "two": {"timeout": 9, "drop": True},
        "list": [{"timeout": 5, "drop": True}, None, "1e-6", 16, 1.5],
        "version": "2024-02-01",
        "1": "number",
    }


def test_a_bomb_of_aliases_is_refused_before_it_goes_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(Malformed, match=rf"^line \d+: more than {MOST_VALUES} values"):
        read_yaml("\n".join(lines))


def test_a_list_that_holds_itself_is_refused() -> None:
    with pytest.raises(Malformed, match=rf"^line 2: more than {DEEPEST} levels"):
        read_yaml("a: 1\nb: &b [*b]")


@pytest.mark.parametrize("read", [read_yaml, read_json])
def test_what_is_too_deep_is_refused_with_its_line(read: object) -> None:
    assert callable(read)
    with pytest.raises(Malformed, match=f"^line 2: more than {DEEPEST} levels deep"):
        read('{"a":\n' + "[" * 100_000)


@pytest.mark.parametrize("read", [read_yaml, read_json])
def test_what_is_too_long_is_refused(read: object) -> None:
    assert callable(read)
    with pytest.raises(Malformed, match="1048577 characters"):
        read(" " * (LONGEST_CHARS + 1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: .* it is empty"),
        ("# nothing", "line 1: .* it is empty"),
        ("{}", "line 1: .* it is empty"),
        ("- a\n- b", "line 1: .* it is a list"),
        ("just text", "line 1: .* it is a str"),
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' is there twice"),
        ("a: 1\nb: [", "line 2: "),
        ("a: 1\n\tb: 2", "line 2: "),
        ("a: 1\n--- \nb: 2", "line 2: "),
        ("a: *nowhere", "line 1: "),
        ("a: 1\nb: \x00", "line 2: "),
        ("a: 1\nb: !!python/object/apply:os.system [ls]", "line 2: the tag .* is not taken"),
        ("a: 1\nb: !!python/name:os.system", "line 2: "),
        ("a: !!binary aGVsbG8=", "line 1: the tag .* is not taken"),
        ("a: !!set {x}", "line 1: the tag .* is not taken"),
        ("a: !!int text", "line 1: a number that cannot be one"),
        ("a: 1\n? [x]\n: y", "line 2: a key must be text"),
        ("a: 1\n<<: text", "line 2: `<<` takes mappings"),
        ("a: 1\n<<: [text]", "line 2: `<<` takes mappings"),
    ],
)
def test_what_is_not_a_mapping_of_plain_values_is_refused(text: str, says: str) -> None:
    with pytest.raises(Malformed, match=f"^{says}"):
        read_yaml(text)


def test_reads_json() -> None:
    assert read_json('{"a": ["]", "\\"[", {}], "b": "\\ud83d\\ude00"}') == {
        "a": ["]", '"[', {}],
        "b": "😀",
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: expecting value"),
        ('{"a": 1,\n"b": }', "line 2: expecting value"),
        ('{"a": 1,\n"b": "never ends \\" [', "line 2: unterminated string"),
        ("[]", "line 1: .* it is empty"),
        ("[1]", "line 1: .* it is a list"),
        ('{"a": 1,\n"b": 2,\n"a" : 3}', "line 1 and 3: the key 'a' is there twice"),
        ('{"a": 1,\n"\\u0061": 3}', "line 1: the key 'a' is there twice"),
        ('{"a": "\\ud83d"}', "line 1: an escape that is half a character"),
        ('{"a": ' + "9" * 5000 + "}", "line 1: a number is too long"),
    ],
)
def test_what_is_not_a_json_object_is_refused(text: str, says: str) -> None:
    with pytest.raises(Malformed, match=f"^{says}"):
        read_json(text)
