"""What training rests on: folds that never split a group, figures that agree with a reference, conversations that load."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from training import calibrate, data, measure

LEVELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=4, max_size=60)


@given(LEVELS)
def test_kappa_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    truth, rated = (np.array(side) for side in zip(*pairs, strict=True))
    if len(set(truth.tolist()) | set(rated.tolist())) < 2:
        return
    expected = cohen_kappa_score(truth, rated, weights="quadratic", labels=[0, 1, 2, 3])
    assert measure.quadratic_kappa(truth, rated) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=2, max_size=60))
def test_auroc_agrees_with_scikit_learn(pairs: list[tuple[bool, int]]) -> None:
    from sklearn.metrics import roc_auc_score

    truth = np.array([p[0] for p in pairs])
    score = np.array([float(p[1]) for p in pairs])
    if truth.all() or not truth.any():
        assert np.isnan(measure.auroc(truth, score))
    else:
        assert measure.auroc(truth, score) == pytest.approx(roc_auc_score(truth, score), abs=1e-9)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=80), st.integers(2, 5), st.integers(0, 9))
def test_a_group_is_never_on_both_sides(groups: list[str], parts: int, seed: int) -> None:
    fold = data.folds(groups, parts, seed)
    assert all(len({int(f) for g, f in zip(groups, fold, strict=True) if g == name}) == 1 for name in set(groups))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_level_probabilities_sum_to_one_and_rise_with_the_score(seed: int) -> None:
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 4, 80)
    score = level + rng.normal(0, 1.0, 80)
    slope, cut = calibrate.ordinal(score, level, np.ones(80))
    spread = calibrate.level_probabilities(np.sort(score), slope, cut)
    assert np.allclose(spread.sum(axis=1), 1.0) and (spread >= 0).all()
    assert (np.diff(spread @ np.arange(4)) >= -1e-12).all()


def test_thresholds_rise_and_beat_calling_everything_none() -> None:
    rng = np.random.default_rng(5)
    level = rng.integers(0, 4, 300)
    score = level + rng.normal(0, 0.7, 300)
    at = calibrate.level_thresholds(score, level, np.ones(300))
    assert (np.diff(at) >= 0).all()
    assert measure.quadratic_kappa(level, (score[:, None] >= at).sum(axis=1)) > 0.7


def test_every_written_conversation_loads_and_cites_turns_that_exist() -> None:
    examples = data.project_written()
    assert len(examples) >= 200
    assert len({e.id for e in examples}) == len(examples)
    for example in examples:
        assert example.turns and all(0 <= level <= 3 for level in example.levels)
        assert all(0 <= i < len(example.turns) for cited in example.evidence.values() for i in cited), example.id


def test_twins_share_a_group() -> None:
    examples = data.project_written()
    for twin in {e.twin for e in examples if e.twin}:
        assert len({e.group for e in examples if e.twin == twin}) == 1


def test_shared_and_project_conversations_share_no_group(shared_data: Path) -> None:
    given = {e.group for e in data.shared_real() + data.shared_written()}
    assert not given & {e.group for e in data.project_written()}
