"""Every error is drawn, documented and permanent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from jevons.types import errors
from jevons.types.errors import JevonsError, Retry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conftest import Page

ROW = re.compile(r"[├└]── (\w+) +(\d{3}) +(\w+) +(\w+)$", re.MULTILINE)
FAMILIES = ("CallerError", "PolicyError", "ProviderError", "FlowError", "HouseError")


def below(kind: type[JevonsError]) -> Iterator[type[JevonsError]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


def leaves() -> list[type[JevonsError]]:
    return [each for each in below(JevonsError) if each.__name__ not in FAMILIES]


def test_the_drawing_is_the_tree(pages: Sequence[Page]) -> None:
    assert pages, "importing every module is what makes every subclass known"
    drawn = {
        (name, int(status), code, retry)
        for name, status, code, retry in ROW.findall(errors.__doc__ or "")
    }
    real = {(each.__name__, each.status, each.code, str(each.retry)) for each in leaves()}
    assert drawn == real


def test_each_code_is_stated_by_its_class_and_by_no_other() -> None:
    codes = [each.code for each in leaves()]
    assert sorted(codes) == sorted(set(codes))
    assert [each.__name__ for each in leaves() if "code" not in vars(each)] == []


def test_each_status_is_an_error_and_each_retry_a_word_we_know() -> None:
    for each in leaves():
        assert 400 <= each.status < 600, each.__name__
        assert isinstance(each.retry, Retry), each.__name__


@pytest.mark.parametrize("kind", leaves(), ids=lambda kind: kind.code)
def test_each_code_is_in_the_reference_with_its_status(kind: type[JevonsError], root: Path) -> None:
    page = (root / "docs/reference/http.md").read_text()
    rows = [line for line in page.splitlines() if f"`{kind.code}`" in line]
    assert any(str(kind.status) in row for row in rows), (
        f"docs/reference/http.md lacks `{kind.code}`"
    )
