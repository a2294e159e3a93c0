"""Rows multiply as the full matrix would, however many at once."""

import numpy as np
import pytest

from jevons.auto import rows as rows_module
from jevons.auto.features import BUCKETS, read
from jevons.auto.rows import Rows, rows_of

TEXTS = ["one two three", "two three four", "four five", "", "six"]


def some_rows() -> Rows:
    place = np.arange(BUCKETS, dtype=np.int32) % 50
    return rows_of([read(text) for text in TEXTS], place, np.ones(50, dtype=np.float32))


def full(rows: Rows) -> np.ndarray:
    out = np.zeros((len(rows.starts) - 1, rows.width))
    for row, (first, last) in enumerate(zip(rows.starts[:-1], rows.starts[1:], strict=True)):
        np.add.at(out[row], rows.columns[first:last], rows.values[first:last])
    return out


def test_multiplies_as_the_full_matrix_does() -> None:
    rows, weights = some_rows(), np.random.default_rng(1).normal(size=(50, 3))
    assert np.allclose(rows.times(weights), full(rows) @ weights, atol=1e-5)


def test_multiplies_transposed_as_the_full_matrix_does() -> None:
    rows, figures = some_rows(), np.random.default_rng(1).normal(size=(len(TEXTS), 2))
    assert np.allclose(rows.turned().times(figures), full(rows).T @ figures, atol=1e-5)


def test_pieces_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, weights = some_rows(), np.random.default_rng(1).normal(size=(50, 40))
    whole = rows.times(weights)
    monkeypatch.setattr(rows_module, "_AT_ONCE", 160)
    assert np.allclose(rows.times(weights), whole)
    assert np.allclose(whole, full(rows) @ weights, atol=1e-5)


def test_some_rows_are_held_against_each_other() -> None:
    columns = np.array([0, 1, 4, 0, 2, 0, 1, 2, 0, 1, 2, 3])  # each once in a row, as buckets are
    rows = Rows(np.array([0, 3, 5, 8, 12]), columns, np.arange(12, dtype=np.float32), 5)
    of = np.array([0, 1, 3])
    wanted = full(rows)[of]
    assert np.allclose(full(rows.only(of)), wanted)
    assert np.allclose(rows.likeness(of), wanted @ wanted.T, atol=1e-5)


def test_rows_have_length_one_or_nothing_in_them() -> None:
    squares = (full(some_rows()) ** 2).sum(axis=1)
    assert ((squares < 1e-9) | (squares > 0.2)).all()
