"""Descriptions as vectors: built in from their words, or by a sentence-transformers model that is already on this machine."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError

BUILT_IN = "built-in"
DIMENSIONS = 128
_VERSION = 1
_MOST_TERMS = 50_000
_OFTEN = 50  # descriptions from which a term must occur twice to count
_LONGEST = 4_000  # characters of a description that are read
# scripts written without spaces: pairs of characters stand for words
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+", re.UNICODE)
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Vectors:
    """Descriptions as points.

    Attributes:
        matrix: One row a description, of length 1, or all 0 where nothing is in it; float32, shape (n, d).
        label: What made them, with version and parameters.
    """

    matrix: NDArray[np.float32]
    label: str


class Encoder(Protocol):
    """What is used of a sentence-transformers model."""

    def encode(self, sentences: list[str]) -> NDArray[np.float32]:
        """One row a sentence; shape (n, d)."""
        ...


def terms(text: str) -> list[str]:
    """The words of a description in lower case, and their neighbouring pairs; pairs of characters where words have no spaces.

    Example:
        >>> terms("Asks, again")
        ['asks', 'again', 'asks again']
    """
    folded = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold()
    words: list[str] = []
    for run in _RUN.findall(folded):
        if _IS_UNSPACED.match(run) and len(run) > 1:
            words += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            words.append(run)
    return words + [f"{a} {b}" for a, b in pairwise(words)]


def embed(descriptions: Sequence[str], how: str = BUILT_IN, *, seed: int = 0, dimensions: int = DIMENSIONS) -> Vectors:
    """Descriptions as vectors of length 1.

    Built in: TF-IDF of words and pairs of words (Salton and Buckley 1988), then truncated SVD (latent semantic analysis,
    Deerwester et al. 1990), by scikit-learn. It knows words, not meaning.

    Args:
        descriptions: One a conversation.
        how: "built-in", or the path of a sentence-transformers model on this machine. Nothing is ever downloaded.
        seed: Of the randomised SVD.
        dimensions: Of the built-in vectors, at most.

    Raises:
        UsageError: the model is not there, or sentence-transformers is not installed.
    """
    if how != BUILT_IN:
        return encoded(descriptions, _model(how), f"sentence-transformers@{Path(how).name}")
    label = f"tfidf-svd-{_VERSION}@{dimensions}"
    return Vectors(_built_in(descriptions, seed, dimensions), label)


def encoded(descriptions: Sequence[str], encoder: Encoder, label: str) -> Vectors:
    """Descriptions as vectors of an encoder, brought to length 1."""
    if not descriptions:
        return Vectors(np.zeros((0, 1), np.float32), label)
    made = np.asarray(encoder.encode([_clean(d) for d in descriptions]), dtype=np.float32)
    if made.ndim != 2 or len(made) != len(descriptions) or not np.isfinite(made).all():
        raise UsageError(f"The embedding {label!r} must give one finite vector a text. Got shape {made.shape} instead.")
    return Vectors(_unit(made), label)


def _clean(text: str) -> str:
    return text[:_LONGEST].encode("utf-8", "replace").decode().replace("\0", " ")


def _model(path: str) -> Encoder:
    if not Path(path).is_dir():
        raise UsageError(
            f"There is no embedding model at {path!r}: give the folder of a sentence-transformers model on this machine "
            f"(nothing is downloaded), or {BUILT_IN!r}."
        )
    try:
        from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise UsageError(
            "Embedding with a model needs sentence-transformers. Install it with: pip install 'selfrule[embeddings]'"
        ) from error
    return cast("Encoder", SentenceTransformer(path, device="cpu", local_files_only=True))


def _built_in(descriptions: Sequence[str], seed: int, dimensions: int) -> NDArray[np.float32]:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    n = len(descriptions)
    if not any(map(terms, descriptions[:1000])) and not any(map(terms, descriptions)):
        return np.zeros((n, 1), np.float32)
    weigh = TfidfVectorizer(
        analyzer=terms,
        min_df=2 if n >= _OFTEN else 1,
        max_features=_MOST_TERMS,
        sublinear_tf=True,
        dtype=np.float32,
    )
    try:
        table = weigh.fit_transform(descriptions)
    except ValueError:  # no term occurs twice
        table = weigh.set_params(min_df=1).fit_transform(descriptions)
    room = min(dimensions, table.shape[1] - 1, n - 1)
    if room < 2:
        return _unit(np.asarray(table.todense(), dtype=np.float32))
    svd = TruncatedSVD(n_components=room, random_state=seed, n_iter=4)
    with np.errstate(invalid="ignore", divide="ignore"):  # its share of variance, where all descriptions are alike
        return _unit(np.asarray(svd.fit_transform(table), dtype=np.float32))


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.where(length > 1e-6, rows / np.maximum(length, 1e-6), 0.0), dtype=np.float32)
