"""Arms are read in the one way in which all their endpoints are there."""

from __future__ import annotations

import pytest

from jevons.pick.arms import EFFORTS, read_arms
from jevons.types.arm import Arm, Step
from jevons.types.errors import Misconfigured

ALL = frozenset(EFFORTS)
NAMES = {"dear": ALL, "cheap": ALL, "local": frozenset[str](), "odd+name": ALL, "odd@low": ALL}


def read(*words: str, **more: frozenset[str]) -> tuple[Arm, ...]:
    return read_arms(words, {**NAMES, **more})  # type: ignore[arg-type] efforts are words


def test_arms_are_endpoints_efforts_and_cascades() -> None:
    assert read("dear@high", "cheap", "dear@low", "cheap+local", "cheap@none+local") == (
        Arm("dear@high", (Step("dear", "high"),)),
        Arm("cheap", (Step("cheap"),)),
        Arm("dear@low", (Step("dear", "low"),)),
        Arm("cheap+local", (Step("cheap"), Step("local"))),
        Arm("cheap@none+local", (Step("cheap", "none"), Step("local"))),
    )
    assert [each.is_cascade for each in read("dear", "cheap+local")] == [False, True]


def test_no_words_are_no_arms() -> None:
    assert read() == ()


def test_a_name_with_our_signs_in_it_is_still_a_name() -> None:
    assert read("dear", "odd+name", "odd@low@high", "cheap+odd+name")[1:] == (
        Arm("odd+name", (Step("odd+name"),)),
        Arm("odd@low@high", (Step("odd@low", "high"),)),
        Arm("cheap+odd+name", (Step("cheap"), Step("odd+name"))),
    )


@pytest.mark.parametrize(
    ("words", "more", "says"),
    [
        (("dear", "chaep"), {}, "names 'chaep', and no endpoint is called so"),
        (("dear", "chaep@low"), {}, "names 'chaep', and no endpoint is called so"),
        (("dear", "cheap+lokal"), {}, "names 'lokal', and no endpoint is called so"),
        (("dear", "cheap@much"), {}, "names 'cheap@much'; an effort is one of none, minimal"),
        (("dear", "cheap+"), {}, "a cascade has an endpoint on each side"),
        (("dear", "+cheap"), {}, "a cascade has an endpoint on each side"),
        (("dear", "cheap+cheap"), {}, "asks 'cheap' twice"),
        (("dear", "local@low"), {}, "endpoint 'local' can be told no effort at all"),
        (("dear", "some@max"), {"some": frozenset({"low", "none"})}, "can be told none, low"),
        (("dear", "cheap+dear"), {}, "asks the reference 'dear'"),
        (("cheap+local", "dear"), {}, "reference is 'cheap\\+local'; it must be one endpoint"),
        (("dear", "odd@low"), {"odd": ALL}, "may be 'odd' with effort 'low' or 'odd@low'"),
        (
            ("dear", "odd+name"),
            {"odd": ALL, "name": ALL},
            "may be 'odd' and 'name' or 'odd\\+name'; give one of them another name",
        ),
    ],
)
def test_what_is_no_arm_says_why(
    words: tuple[str, ...], more: dict[str, frozenset[str]], says: str
) -> None:
    with pytest.raises(Misconfigured, match=says):
        read(*words, **more)


def test_the_reference_with_another_effort_may_draft() -> None:
    (_, arm) = read("dear", "dear@none+cheap")
    assert arm.steps == (Step("dear", "none"), Step("cheap"))
