"""The sample: sorted, weighted, and never a missing level taken for none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.analyses.sample import FLAGGED_OUTCOME, Sample, outcome_of, sample_of
from selfrule.errors import UsageError
from selfrule.estimate.cells import ACTUALIZED
from selfrule.estimate.frame import NO_TIME, Attribute, Frame
from selfrule.rubric import CONSTRUCTS, LEVELS, PRIMITIVES
from tests.analyses.samples import frames, sample_from, samples


@given(frames())
def test_only_what_was_drawn_is_in_the_sample(frame: Frame) -> None:
    assert len(sample_of(frame)) == int(frame.drawn.sum())


@given(frames())
def test_weights_of_each_side_of_the_screen_sum_to_its_size_where_some_of_it_was_drawn(frame: Frame) -> None:
    sample = sample_of(frame)
    base = np.ones(len(frame.person)) if frame.weight is None else frame.weight
    expected = sum(
        float(base[frame.screened_in == side].sum())
        for side in (True, False)
        if (frame.drawn & (frame.screened_in == side)).any()
    )
    assert sample.weight.sum() == pytest.approx(expected)
    assert (sample.weight > 0).all()


@given(samples())
def test_rows_of_one_person_stand_together_earliest_first(sample: Sample) -> None:
    assert (np.diff(sample.person) >= 0).all()
    when = np.where(sample.at == NO_TIME, np.iinfo(np.int64).max, sample.at)
    same = sample.person[1:] == sample.person[:-1]
    assert (when[1:][same] >= when[:-1][same]).all()


@given(samples())
def test_clusters_are_people_and_each_conversation_of_nobody_known_alone(sample: Sample) -> None:
    known = sample.person[sample.person >= 0]
    assert sample.clusters == len(set(known.tolist())) + int((sample.person < 0).sum())
    assert sample.persons == (len(set(known.tolist())) or None)
    if len(sample):
        assert set(np.diff(sample.cluster)) <= {0, 1}
        for code in set(known.tolist()):
            assert len(set(sample.cluster[sample.person == code])) == 1


@given(samples())
def test_what_was_not_rated_reaches_no_outcome_and_is_known_of_none(sample: Sample) -> None:
    for outcome in (FLAGGED_OUTCOME, outcome_of("attachment", "mild+"), outcome_of(ACTUALIZED[0])):
        hits, known = sample.reaches(outcome)
        assert not (hits & ~known).any()
        assert not known[~sample.rated].any()


@given(samples(), st.data())
def test_taking_rows_takes_every_column(sample: Sample, data: st.DataObject) -> None:
    rows = np.array(data.draw(st.lists(st.booleans(), min_size=len(sample), max_size=len(sample))), np.bool_)
    part = sample.where(rows)
    assert len(part) == int(rows.sum())
    for name in sample.column:
        assert (part.column[name] == sample.column[name][rows]).all()
    for mine, all_ in ((part.at, sample.at), (part.thumb, sample.thumb), (part.weight, sample.weight)):
        assert (mine == all_[rows]).all()
    if sample.model is not None:
        assert part.model is not None
        assert part.model.names == sample.model.names
        assert (part.model.codes == sample.model.codes[rows]).all()
    assert sample.people_in(rows) == (part.persons or (None if sample.persons is None else 0))


@given(samples(), st.integers(0, 2**32 - 1))
def test_the_order_of_the_log_does_not_change_the_sample(sample: Sample, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(sample))
    frame = Frame(
        person=sample.person[order],
        screened_in=np.ones(len(order), np.bool_),
        drawn=np.ones(len(order), np.bool_),
        inclusion=np.ones(len(order)),
        rated=np.ones(len(order), np.bool_),
        levels=np.maximum(np.stack([sample.column[c] for c in CONSTRUCTS], axis=1)[order], 0),
        actualized=np.zeros((len(order), len(PRIMITIVES)), np.int8),
        domains=sample.domains[order],
        domain_names=sample.domain_names,
        at=sample.at[order],
    )
    assert (sample_of(frame).person == sample.person).all()
    assert (sample_of(frame).at == sample.at).all()


def test_flagged_is_unknown_where_a_primitive_is_and_none_reaches_moderate() -> None:
    sample = sample_from(person=[0, 1, 2], levels={PRIMITIVES[0]: [-1, -1, 0], PRIMITIVES[1]: [0, 2, 0]})
    assert sample.column["flagged"].tolist() == [-1, 1, 0]


def test_those_of_unknown_person_come_first_and_of_unknown_time_last() -> None:
    sample = sample_from(person=[3, -1, 3, 3], at=np.array([NO_TIME, 5, 9, 2]))
    assert sample.person.tolist() == [-1, 3, 3, 3]
    assert sample.at.tolist() == [5, 2, 9, NO_TIME]


def test_a_sample_of_nothing_has_nobody() -> None:
    sample = sample_from(person=[])
    assert (len(sample), sample.clusters, sample.persons, len(sample.rated)) == (0, 0, None, 0)


def test_an_attribute_is_taken_with_its_names() -> None:
    sample = sample_from(person=[2, 1], model=Attribute(np.array([0, 1]), ("a", "b")))
    assert sample.model is not None
    assert sample.model.codes.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("construct", "level", "first", "last"),
    [
        ("flagged", None, 1, 1),
        ("flagged", "moderate+", 1, 1),
        ("attachment", None, 2, 3),
        ("attachment", "mild", 1, 1),
        ("attachment", "mild+", 1, 3),
        ("attachment", "severe+", 3, 3),
        ("attachment", "none", 0, 0),
        ("actualized_reality_distortion", None, 1, 1),
    ],
)
def test_outcomes_are_named_as_on_the_command_line(construct: str, level: str | None, first: int, last: int) -> None:
    outcome = outcome_of(construct, level)
    assert (outcome.construct, outcome.first, outcome.last) == (construct, first, last)


@pytest.mark.parametrize(
    ("construct", "level"),
    [("flagged", "severe"), ("actualized_reality_distortion", "mild"), ("sickness", None), ("attachment", "huge")],
)
def test_an_outcome_that_is_none_is_refused_by_name(construct: str, level: str | None) -> None:
    with pytest.raises(UsageError, match=level or construct):
        outcome_of(construct, level)


@given(st.sampled_from(CONSTRUCTS), st.sampled_from(LEVELS[1:]))
def test_a_level_and_above_holds_at_least_the_level(construct: str, level: str) -> None:
    exact, above = outcome_of(construct, level), outcome_of(construct, f"{level}+")
    assert exact.first == exact.last == above.first <= above.last == len(LEVELS) - 1
