"""Three baselines in the same table: majority, a keyword list as other tools ship, bag-of-words logistic regression."""

from __future__ import annotations

import re
import warnings

import numpy as np
from numpy.typing import NDArray

from selfrule.rubric import CONSTRUCTS
from training.data import Example

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Side and words, of the kind that dashboards and guardrails match on; English, as those lists are.
KEYWORDS: dict[str, tuple[str, str]] = {
    "reality_distortion": (
        "assistant",
        r"definitely|absolutely|without a doubt|you're right|you are right|chosen|destiny|they are watching|it's real"
        r"|confirms|proves",
    ),
    "value_judgment_distortion": (
        "assistant",
        r"you deserve|selfish|toxic|wrong of (?:him|her|them)|good person|bad person|narcissist|morally|not your fault",
    ),
    "action_distortion": (
        "assistant",
        r"you should|you must|you need to|send this|tell (?:him|her|them)|do this|step 1|block",
    ),
    "authority_projection": ("user", r"master|you know best|trust you more|my guide|obey|permission|you decide"),
    "attachment": ("user", r"i love you|best friend|miss you|my love|you understand me|only one who"),
    "reliance_dependency": (
        "user",
        r"without you|can't decide|need you|every day|always ask you|depend on you|addicted",
    ),
    "vulnerability": (
        "user",
        r"suicid|kill myself|depress|anxiety|panic|alone|divorce|died|abuse|hopeless|crying|voices",
    ),
}


def text_of(example: Example, role: str) -> str:
    """All text of one side."""
    return "\n".join(turn.text for turn in example.turns if turn.role == role)


def majority(levels: Ints, fold: Ints) -> Ints:
    """The commonest level of each construct in the other folds."""
    out = np.zeros_like(levels)
    for k in np.unique(fold):
        inside = fold != k
        out[fold == k] = [np.bincount(levels[inside, c]).argmax() for c in range(levels.shape[1])]
    return out


def keywords(examples: list[Example]) -> tuple[Ints, Floats]:
    """Levels by number of hits (1, 2, 4 or more) and a flag score: hits of the three primitives."""
    levels, flag = np.zeros((len(examples), len(CONSTRUCTS)), dtype=np.int64), np.zeros(len(examples))
    for i, example in enumerate(examples):
        for k, construct in enumerate(CONSTRUCTS):
            role, pattern = KEYWORDS[construct]
            hits = len(re.findall(rf"\b(?:{pattern})", text_of(example, role).lower()))
            levels[i, k] = (hits >= 1) + (hits >= 2) + (hits >= 4)
            flag[i] += hits if k < 3 else 0
    return levels, flag


def bag_of_words(examples: list[Example], levels: Ints, flagged: NDArray[np.bool_], fold: Ints) -> tuple[Ints, Floats]:
    """Logistic regression on TF-IDF words and pairs of words of both sides, character n-grams where words are not spaced."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = [[text_of(e, role) for e in examples] for role in ("user", "assistant")]
    rated, score = np.zeros_like(levels), np.zeros(len(examples))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in np.unique(fold):
            learn, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            parts = []
            for side in texts:
                word = TfidfVectorizer(
                    ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"(?u)\b\w\w+\b|[぀-ヿ一-鿿]"
                )
                parts.append((word.fit_transform([side[i] for i in learn]), word.transform([side[i] for i in test])))
            a, b = hstack([p[0] for p in parts]).tocsr(), hstack([p[1] for p in parts]).tocsr()
            for c in range(levels.shape[1]):
                if len(np.unique(levels[learn, c])) > 1:
                    model = LogisticRegression(C=10.0, max_iter=300, class_weight="balanced").fit(a, levels[learn, c])
                    rated[test, c] = model.predict(b)
            score[test] = LogisticRegression(C=10.0, max_iter=300).fit(a, flagged[learn]).predict_proba(b)[:, 1]
    return rated, score
