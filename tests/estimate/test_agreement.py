from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import cohen_kappa_score, confusion_matrix, roc_auc_score

from selfrule.errors import UsageError
from selfrule.estimate.agreement import agreement, auroc, krippendorff

LEVELS = st.integers(-1, 3)
PAIRS = st.integers(1, 60).flatmap(lambda n: hnp.arrays(np.int8, (2, n), elements=LEVELS))

# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section C: four observers, twelve units, values 1-5.
PUBLISHED = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""


def published():
    return np.array([[-1 if v == "." else int(v) - 1 for v in line.split()] for line in PUBLISHED.split("\n") if line])


def test_alpha_is_that_of_krippendorffs_own_example():
    assert krippendorff(published(), levels=5, draws=50).value == pytest.approx(0.815, abs=5e-4)


def slow_alpha(values, levels):
    """The definition, pair by pair, with the ordinal distance summed level by level."""
    pairs, weights = [], []
    for unit in values.T:
        there = [int(v) for v in unit if v >= 0]
        for i, a in enumerate(there):
            for j, b in enumerate(there):
                if i != j:
                    pairs.append((a, b))
                    weights.append(1 / (len(there) - 1))
    n = np.zeros(levels)
    for (a, _), w in zip(pairs, weights, strict=True):
        n[a] += w

    def distance(a, b):
        a, b = min(a, b), max(a, b)
        return (n[a : b + 1].sum() - (n[a] + n[b]) / 2) ** 2

    seen = sum(w * distance(a, b) for (a, b), w in zip(pairs, weights, strict=True)) / n.sum()
    chance = sum(n[a] * n[b] * distance(a, b) for a in range(levels) for b in range(levels)) / n.sum() / (n.sum() - 1)
    return 1 - seen / chance if chance else None


@given(st.tuples(st.integers(2, 4), st.integers(2, 15)).flatmap(lambda s: hnp.arrays(np.int8, s, elements=LEVELS)))
@settings(deadline=None)
def test_alpha_is_its_definition_pair_by_pair(values):
    if ((values >= 0).sum(axis=0) > 1).any():
        expected = slow_alpha(values, 4)
        got = krippendorff(values, draws=5).value
        assert got is expected is None or got == pytest.approx(expected, abs=1e-9)


@given(PAIRS)
@settings(deadline=None)
def test_figures_are_those_of_scikit_learn(pair):
    labels, ratings = pair
    found = agreement(labels, ratings, draws=20)
    both = (labels >= 0) & (ratings >= 0)
    assert (found.n, found.dropped) == (both.sum(), (~both).sum())
    if not both.any():
        assert found.exact.value is found.kappa.value is None
        return
    a, b = labels[both], ratings[both]
    assert found.confusion == tuple(map(tuple, confusion_matrix(a, b, labels=range(4)).tolist()))
    assert found.exact.value == pytest.approx((a == b).mean())
    assert found.within_one.value == pytest.approx((abs(a - b) <= 1).mean())
    if found.kappa.value is not None:
        assert found.kappa.value == pytest.approx(
            cohen_kappa_score(a, b, weights="quadratic", labels=range(4)), abs=1e-9
        )
    else:
        assert len({*a, *b}) == 1


@given(PAIRS)
@settings(deadline=None)
def test_swapping_the_two_sides_changes_nothing_but_the_table(pair):
    here, there = agreement(*pair, draws=5), agreement(*pair[::-1], draws=5)
    assert here.alpha.value == pytest.approx(there.alpha.value) if here.alpha.value is not None else True
    assert here.exact.value == there.exact.value
    assert np.array_equal(np.array(here.confusion), np.array(there.confusion).T)


@given(PAIRS)
@settings(deadline=None)
def test_every_figure_lies_in_its_interval_or_says_why_it_has_none(pair):
    found = agreement(*pair, draws=50)
    for measure in (found.exact, found.within_one, found.kappa, found.alpha):
        if measure.low is None:
            assert measure.reason
        else:
            assert measure.low <= measure.value <= measure.high


def test_the_same_seed_gives_the_same_interval():
    rng = np.random.default_rng(0)
    labels, ratings = rng.integers(0, 4, (2, 100))
    assert agreement(labels, ratings, seed=4) == agreement(labels, ratings, seed=4)
    assert agreement(labels, ratings, seed=4).kappa != agreement(labels, ratings, seed=5).kappa


def test_copies_within_a_group_do_not_narrow_the_interval():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 60)
    ratings = np.clip(labels + rng.integers(-1, 2, 60), 0, 3)
    plain = agreement(labels, ratings)
    copied = agreement(np.tile(labels, 5), np.tile(ratings, 5), np.tile(np.arange(60), 5))
    assert copied.groups == 60
    assert copied.exact.high - copied.exact.low == pytest.approx(plain.exact.high - plain.exact.low, rel=0.05)


def test_perfect_agreement_still_has_a_lower_limit():
    same = np.array([0, 1, 2, 3] * 10)
    found = agreement(same, same)
    assert found.exact.value == 1
    assert 0.9 < found.exact.low < 0.95
    assert (found.kappa.value, found.kappa.low) == (1, None)
    assert "no variation" in found.kappa.reason


def test_a_handful_of_groups_has_no_interval_and_says_so():
    found = agreement(np.array([0, 1, 2]), np.array([0, 1, 1]))
    assert found.kappa.value is not None
    assert "fewer than 5 groups" in found.kappa.reason


def test_one_constant_level_has_no_kappa():
    found = agreement(np.zeros(20, dtype=int), np.zeros(20, dtype=int))
    assert (found.exact.value, found.kappa.value, found.alpha.value) == (1, None, None)
    assert "undefined" in found.kappa.reason


@given(st.integers(2, 60).flatmap(lambda n: st.tuples(
    hnp.arrays(np.bool_, n), hnp.arrays(np.float64, n, elements=st.integers(0, 5) | st.just(float("nan"))))))  # fmt: skip
@settings(deadline=None)
def test_the_area_is_that_of_scikit_learn_and_ignores_what_has_no_score(case):
    truth, score = case
    there = ~np.isnan(score)
    found = auroc(truth, score, draws=20)
    if len(set(truth[there])) < 2:
        assert found.value is None
        assert "undefined" in found.reason
    else:
        assert found.value == pytest.approx(roc_auc_score(truth[there], score[there]))


def test_the_area_has_an_interval_that_holds_it():
    rng = np.random.default_rng(8)
    truth = rng.random(300) < 0.2
    found = auroc(truth, rng.normal(truth * 1.0), np.arange(300) // 3)
    assert 0.5 < found.low < found.value < found.high < 1


def test_no_items_at_all_are_undefined_not_an_error():
    empty = np.empty(0, dtype=int)
    assert agreement(empty, empty).kappa.value is None
    assert auroc(empty.astype(bool), empty.astype(float)).value is None
    assert krippendorff(np.empty((2, 0), dtype=int)).value is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: agreement(np.zeros(3, dtype=int), np.zeros(4, dtype=int)),
        lambda: agreement(np.array([4]), np.array([0])),
        lambda: agreement(np.zeros(3, dtype=int), np.zeros(3, dtype=int), np.zeros(2, dtype=int)),
        lambda: krippendorff(np.zeros(3, dtype=int)),
        lambda: auroc(np.zeros(3, dtype=bool), np.zeros(2)),
    ],
    ids=["lengths", "level", "groups", "one rater", "scores"],
)
def test_shapes_and_levels_that_do_not_fit_are_refused(call):
    with pytest.raises(UsageError):
        call()
