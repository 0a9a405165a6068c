"""A labelled study cut into cells by stratum and by the judge's word."""

from __future__ import annotations

import numpy as np
import pytest

from selfrule.errors import UsageError
from selfrule.estimate.cells import FLAGGED_OUTCOME
from selfrule.estimate.labelled import OUTCOMES, reaches, sides
from selfrule.rubric import CONSTRUCTS

from .studies import SEVERE, study


def test_cells_hold_every_conversation_once_and_flagged_ones_come_first():
    s = sides(study((50, 20, 15), (900, 100, 1), unrated=(50, 10, 2)), SEVERE)
    assert [(c.name, c.flagged, c.of, c.labels, c.events) for c in s.cells] == [
        ("severe", True, 50, 20, 15),
        ("none", False, 900, 100, 1),
        ("unrated", False, 50, 10, 2),
    ]
    assert sum(c.weight for c in s.cells) == pytest.approx(1)
    assert np.bincount(s.code).tolist() == [50, 900, 50]
    assert s.flagged.share == pytest.approx(0.05)


def test_what_the_judge_could_not_rate_is_on_the_side_it_did_not_flag():
    s = sides(study((10, 5, 5), (10, 5, 0), unrated=(80, 5, 1)), SEVERE)
    assert [c.name for c in s.side(False)] == ["none", "unrated"]


def test_a_skipped_label_is_reached_and_lost_and_never_a_no():
    cell = sides(study((50, 20, 15), (950, 100, 0), skipped=2), SEVERE).side(True)[0]
    assert (cell.reached, cell.labels, cell.events) == (20, 18, 15)
    assert cell.lost == pytest.approx(2 / 20)
    assert cell.part.share == pytest.approx(15 / 18)


def test_base_weights_move_shares_and_sizes():
    plain = study((50, 20, 15), (950, 100, 0))
    weight = np.ones(1000)
    weight[:15] = 3  # the confirmed ones stand for three each
    weighted = sides(study((50, 20, 15), (950, 100, 0), weight=weight), SEVERE).side(True)[0]
    assert weighted.weight == pytest.approx((15 * 3 + 35) / weight.sum())
    assert weighted.part.share == pytest.approx(45 / 50)
    assert weighted.part.n_effective < sides(plain, SEVERE).side(True)[0].part.n_effective


def test_a_group_of_a_study_is_a_study_of_its_own():
    whole = study((50, 20, 15), (950, 100, 3))
    members = np.arange(1000) % 2 == 0
    part = whole.within(members)
    assert len(part.person) == 500
    assert [(c.of, c.labels, c.events) for c in sides(part, SEVERE).cells] == [(25, 10, 8), (475, 50, 2)]


def test_labels_in_proportion_to_the_strata_are_at_random_and_others_are_not():
    assert study((50, 5, 5), (950, 95, 0)).at_random
    assert not study((50, 20, 15), (950, 100, 0)).at_random
    assert not study((50, 0, 0), (950, 0, 0)).at_random


def test_flagged_is_known_where_one_primitive_reaches_it_or_all_are_known():
    levels = np.zeros((4, len(CONSTRUCTS)), dtype=np.int8)
    levels[0, 1] = 2
    levels[1, 0] = -1
    levels[2, :3] = (-1, 3, -1)
    levels[3, 3] = 3  # a factor is no primitive
    assert reaches(levels, FLAGGED_OUTCOME).tolist() == [1, -1, 1, 0]


def test_outcomes_are_flagged_and_three_levels_of_each_construct():
    assert len(OUTCOMES) == 1 + 3 * len(CONSTRUCTS)
    assert len(set(OUTCOMES)) == len(OUTCOMES)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"weight": np.zeros(1000)}, "'weight' of a conversation must be finite and above 0"),
        ({"weight": np.ones(3)}, "must have shape"),
        ({"inclusion": np.zeros(120)}, r"'inclusion' of a label must be in \(0, 1\]"),
        ({"row": np.zeros(120, dtype=int)}, "each conversation once"),
        ({"row": np.arange(120) + 950}, "each conversation once"),
        ({"stratum": np.full(1000, 9)}, "'stratum' of a labelled study must be in"),
    ],
)
def test_what_does_not_fit_is_named(fields, says):
    with pytest.raises(UsageError, match=says):
        study((50, 20, 15), (950, 100, 0), **fields)
