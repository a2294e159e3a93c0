"""A plain recipe to hold ours against: the libraries' own table, logistic model and ridge, averaged.

A table of k-means groups of static word vectors, each drawn to the group around it; a logistic model
of the vectors' 24 main axes and of how a prompt looks; and a ridge of hashed words and pairs, all of
scikit-learn. It needs that, `tokenizers`, `safetensors`, and the weights in the wheel of `wordllama`
(MIT), installed without what it asks for:

    pip install scikit-learn tokenizers safetensors && pip install --no-deps wordllama
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jevons.auto.table import fit_level

if TYPE_CHECKING:
    from bench.auto.world import World

    from jevons.auto.rows import Floats, Ints

__all__ = ("is_there", "recipe")

NEEDS = ("sklearn", "tokenizers", "safetensors", "wordllama")
END_CHARS = 1000
AXES = 24
LEVELS = (4, 12, 36, 100)
FEWEST = 8
TRUST = 0.02
"""Of scikit-learn's logistic model: .1 ranks worse on either pair."""
PENALTY = 2.0
"""Of its ridge: 1 ranks worse on either pair."""


def is_there() -> bool:
    """Whether all that it needs is installed."""
    return all(find_spec(each) is not None for each in NEEDS)


def recipe(world: World, taught: Ints, served: Ints) -> Floats:
    """Say of each prompt how much the stronger arm is worth there."""
    strong = int(world.grades.mean(axis=0).argmax())
    vectors, words = _read(tuple(world.texts))
    apart = world.grades[taught][:, [1 - strong]] - world.grades[taught][:, [strong]]
    looks = np.stack([each.looks for each in world.prompts])
    right = world.grades[taught] > 0.5
    table = _table(vectors[taught], vectors[served], apart)
    logistic = _logistic(vectors, looks, right, taught, served)
    ridge = _ridge(words[taught], words[served], apart[:, 0])
    return -(table + logistic[:, 1 - strong] - logistic[:, strong] + ridge) / 3.0


def _table(taught: Floats, served: Floats, apart: Floats) -> Floats:
    cluster: Any = import_module("sklearn.cluster")
    told, rest = np.zeros(len(served)), apart - apart.mean(axis=0)
    for count in LEVELS:
        if count * FEWEST > len(taught):
            break
        groups = cluster.KMeans(count, n_init=1, random_state=0).fit(taught)
        worth = fit_level(groups.labels_, rest, count)
        rest = rest - worth[groups.labels_]
        told += worth[groups.predict(served), 0]
    return told


def _logistic(vectors: Floats, looks: Floats, right: Floats, taught: Ints, served: Ints) -> Floats:
    linear: Any = import_module("sklearn.linear_model")
    pca = import_module("sklearn.decomposition").PCA(AXES, random_state=0).fit(vectors[taught])
    figures = np.concatenate((pca.transform(vectors), looks), axis=1)
    figures = (figures - figures[taught].mean(axis=0)) / (figures[taught].std(axis=0) + 1e-9)
    columns = [
        linear.LogisticRegression(C=TRUST, max_iter=500)
        .fit(figures[taught], column)
        .predict_proba(figures[served])[:, 1]
        for column in right.T
    ]
    return np.stack(columns, axis=1)


def _ridge(taught: Any, served: Any, apart: Floats) -> Floats:
    text: Any = import_module("sklearn.feature_extraction.text")
    rarity = text.TfidfTransformer(sublinear_tf=True).fit(taught)
    ridge = import_module("sklearn.linear_model").Ridge(alpha=PENALTY)
    return ridge.fit(rarity.transform(taught), apart).predict(rarity.transform(served))


@cache
def _read(texts: tuple[str, ...]) -> tuple[Floats, Any]:
    """Read texts as the mean of their words' vectors, and as hashed words and pairs."""
    text: Any = import_module("sklearn.feature_extraction.text")
    found: Any = find_spec("wordllama")
    folder = Path(found.origin).parent
    tokens: Any = import_module("tokenizers").Tokenizer.from_file(
        str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")
    )
    weights: Any = import_module("safetensors.numpy").load_file(
        folder / "weights" / "l2_supercat_256.safetensors"
    )
    rows = next(iter(weights.values())).astype(np.float32)
    vectors = np.zeros((len(texts), rows.shape[1]), dtype=np.float32)
    for at, each in enumerate(texts):
        both = each if len(each) <= 2 * END_CHARS else each[:END_CHARS] + "\n" + each[-END_CHARS:]
        own = [i for i in tokens.encode(both, add_special_tokens=False).ids if i < len(rows)]
        if own:
            mean = rows[own].mean(axis=0)
            vectors[at] = mean / (np.linalg.norm(mean) + 1e-9)
    hashing = text.HashingVectorizer(
        n_features=1 << 18, ngram_range=(1, 2), alternate_sign=False, norm=None
    )
    return vectors, hashing.transform(texts)
