"""What a plan expects is what simulated studies find, and more of anything never makes it worse."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.errors import UsageError
from selfrule.estimate import allotting, planning
from selfrule.estimate.cells import FLAGGED_OUTCOME, Outcome
from selfrule.estimate.confirmed import among_flagged, missed_at_most
from selfrule.estimate.corrected import stratified
from selfrule.estimate.design import design_of
from selfrule.estimate.expecting import Below, confirm, miss, rate
from selfrule.estimate.frame import Frame
from selfrule.estimate.groups import everything, table_of
from selfrule.estimate.labelled import Labelled, sides
from selfrule.estimate.planning import Cheap, Prior, Rate, worlds
from selfrule.estimate.table import figure
from selfrule.rubric import CONSTRUCTS

SEVERE = Outcome("reality_distortion", "severe", 3, 3)
CHEAP = Cheap(
    share=np.array([0.02, 0.08, 0.2, 0.7]),
    positives=np.array([200.0, 50.0, 20.0, 5.0]),
    alike=np.array([60.0, 80.0, 50.0, 20.0]),
    kept=2,
)


def prior(**more):
    known = {"conversations": 20_000, "prevalence": (0.01, 0.01), "sensitivity": Rate(0.8), "specificity": Rate(0.995)}
    return Prior(**{**known, "cheap": CHEAP, **more})


@lru_cache
def made(together=1.0, simulations=400, conversations=20_000):
    return worlds(prior(together=together, conversations=conversations), simulations)


def mean(values):
    return float(np.mean(values))


# studies simulated conversation by conversation, and estimated as a study is


def study(rng, w, each=1):
    """Strata, truth and the judge's word on every conversation of one world; persons of `each`, alike by 0.1."""
    n = w.n
    world = rng.integers(len(w.true))
    person = np.arange(n) // each
    # score and luck are the person's own in a share 0.1 ** 0.5 of their conversations, so that any two are alike by 0.1
    own = rng.random(n) < 0.1**0.5
    scores = (rng.choice(len(w.share), person[-1] + 1, p=w.share)[person], rng.choice(len(w.share), n, p=w.share))
    stratum = np.where(own, *scores)
    number = np.where(own, rng.random(person[-1] + 1)[person], rng.random(n))
    found = number < w.found[world][stratum]
    judged = number < w.judged[world][stratum]
    lost = rng.random(n) < ((w.true - w.found)[world] / (1 - w.judged[world]))[stratum]
    return stratum, person, judged, found | (lost & ~judged)


def frame_of(person, judged, *, screened_in=None, drawn=None, inclusion=None):
    n = len(judged)
    levels = np.zeros((n, len(CONSTRUCTS)), dtype=np.int8)
    levels[:, CONSTRUCTS.index("reality_distortion")] = np.where(judged, 3, 0)
    drawn = np.ones(n, dtype=bool) if drawn is None else drawn
    return Frame(
        person=person,
        screened_in=np.ones(n, dtype=bool) if screened_in is None else screened_in,
        drawn=drawn,
        inclusion=np.ones(n) if inclusion is None else inclusion,
        rated=drawn.copy(),
        levels=levels,
        actualized=np.zeros((n, 3), dtype=np.int8),
        domains=np.zeros((n, 1), dtype=bool),
        domain_names=("other",),
    )


def estimated(frame):
    table, _ = table_of(frame)
    group = everything(table)
    found = figure(table, group, design_of(table, group), SEVERE)
    return found.high - found.low


def labelled(stratum, names, judged, truth, row, person=None):
    n = len(stratum)
    levels = np.zeros((n, len(CONSTRUCTS)), dtype=np.int8)
    levels[judged, 0] = 3
    given_ = np.zeros((len(row), len(CONSTRUCTS)), dtype=np.int8)
    given_[truth[row], 0] = 3
    reached = np.bincount(stratum[row], minlength=len(names)) / np.maximum(
        np.bincount(stratum, minlength=len(names)), 1
    )
    return Labelled(
        person=np.full(n, -1) if person is None else person,
        weight=np.ones(n),
        levels=levels,
        stratum=stratum,
        strata=names,
        row=row,
        given=given_,
        inclusion=reached[stratum[row]],
    )


@pytest.mark.parametrize(("each", "tolerance"), [(1, 0.05), (20, 0.12)])
def test_a_random_sample_comes_out_as_wide_as_planned(each, tolerance):
    rng, w = np.random.default_rng(1), made(float(each))
    planned = mean(rate(w, "random", [6_000]).rated.width)
    seen = []
    for _ in range(60):
        _, person, judged, _ = study(rng, w, each)
        row = np.sort(rng.choice(w.n, 6_000, replace=False))
        seen.append(estimated(frame_of(person[row], judged[row])))
    assert mean(seen) == pytest.approx(planned, rel=tolerance)


@pytest.mark.parametrize(("each", "tolerance"), [(1, 0.05), (20, 0.15)])
def test_what_the_screen_keeps_and_a_part_of_the_rest_come_out_as_wide_as_planned(each, tolerance):
    rng, w = np.random.default_rng(2), made(float(each))
    planned = mean(rate(w, "screened", [2_000, 3_000]).rated.width)
    seen = []
    for _ in range(40):
        stratum, person, judged, _ = study(rng, w, each)
        kept = stratum < w.kept
        share = 3_000 / 18_000
        drawn = kept | (rng.random(w.n) < share)
        seen.append(
            estimated(frame_of(person, judged, screened_in=kept, drawn=drawn, inclusion=np.where(kept, 1.0, share)))
        )
    assert mean(seen) == pytest.approx(planned, rel=tolerance)


def test_two_judges_come_out_as_wide_as_planned():
    rng, w = np.random.default_rng(3), made()
    drawn = allotting.neyman(w, 3_000, 0.3)
    planned = mean(rate(w, "two judges", drawn.tolist()).rated.width)
    seen = []
    for _ in range(60):
        stratum, _, judged, _ = study(rng, w)
        row = np.concatenate(
            [rng.choice(np.flatnonzero(stratum == k), int(n), replace=False) for k, n in enumerate(drawn.tolist())]
        )
        # the strong judge's word stands where a person's would; the cheap one parts strata and says no more
        found = stratified(sides(labelled(stratum, ("a", "b", "c", "d"), np.zeros(w.n, bool), judged, row), SEVERE))
        seen.append(found.interval.high - found.interval.low)
    assert mean(seen) == pytest.approx(planned, rel=0.05)


def test_labels_come_out_as_narrow_as_planned():
    rng, w = np.random.default_rng(4), made()
    seen = rate(w, "random", [w.n])
    expected = confirm(w, 80, seen.flagged.sum(axis=1), np.ones(len(w.true)))
    judged_share = mean(w.total(w.judged))
    lost = w.total(w.true) - w.total(w.found)
    bound = miss(w, [Below(1 - judged_share, 400, 1.0, lost)])
    widths, bounds = [], []
    for _ in range(60):
        _, _, judged, truth = study(rng, w)
        stratum = np.where(judged, 0, 1)
        row = np.concatenate(
            [
                rng.choice(np.flatnonzero(judged), 80, replace=False),
                rng.choice(np.flatnonzero(~judged), 400, replace=False),
            ]
        )
        s = sides(labelled(stratum, ("severe", "none"), judged, truth, row), SEVERE)
        found = among_flagged(s)
        widths.append(found.interval.high - found.interval.low)
        bounds.append(missed_at_most(s).interval.high)
    assert mean(widths) == pytest.approx(mean(expected.width), rel=0.05)
    assert mean(bounds) == pytest.approx(mean(bound.high), rel=0.12)
    assert FLAGGED_OUTCOME.construct == "flagged"


# laws


@settings(max_examples=15)
@given(st.sampled_from(["two judges", "random", "screened"]), st.integers(20, 30_000), st.integers(1, 5_000))
def test_more_ratings_never_widen_the_expected_interval(way, few, more):
    w = made(simulations=100)

    def score(seen):
        return mean(seen.rated.width)

    first, second = (score(allotting.narrowest(w, way, n, score).seen) for n in (few, few + more))
    assert second <= first * (1 + 1e-3)


@settings(max_examples=40)
@given(st.integers(1, 60_000), st.sampled_from([0.0, 0.1, 0.6, 1.0]))
def test_a_sample_is_dealt_out_whole_and_no_stratum_gets_more_than_it_has(n, blend):
    w = made(simulations=100)
    got = allotting.neyman(w, n, blend)
    size = np.floor(w.share * w.n)
    assert (got == np.round(got)).all() and (got >= 1).all() and (got <= size).all()
    assert got.sum() == min(max(n, len(size)), size.sum())


@given(st.integers(1, 10_000_000))
def test_the_grid_is_round_numbers_up_to_the_most_of_which_a_larger_one_has_all(most):
    steps = allotting.grid(most)
    assert steps[-1] == most and steps == sorted(set(steps)) and steps[0] >= 1
    assert set(steps[:-1]) <= set(allotting.grid(most * 2))
    assert all(b <= a * 1.2 for a, b in pairwise(steps) if a >= 10)


def test_the_fewest_ratings_reach_the_target_and_a_step_less_does_not():
    w = made(simulations=100)

    def score(seen):
        return mean(seen.rated.width)

    found = allotting.fewest(w, "random", w.n, score, 0.006)
    steps = allotting.grid(w.n)
    assert score(found.seen) <= 0.006
    assert score(allotting.best(w, "random", steps[steps.index(found.total) - 1], score).seen) > 0.006


def test_a_target_that_all_conversations_do_not_reach_is_refused():
    w = made(simulations=100)
    assert allotting.fewest(w, "random", w.n, lambda seen: mean(seen.rated.width), 1e-5) is None


def test_a_cheap_judge_that_tells_conversations_apart_saves_ratings_and_one_that_does_not_saves_none():
    blind = replace(CHEAP, positives=1e6 * CHEAP.share, alike=1e6 * CHEAP.share)
    for cheap, least, most in ((CHEAP, 1.5, 50.0), (blind, 0.6, 1.1)):
        w = worlds(prior(cheap=cheap, prevalence=(0.001, 0.001), specificity=Rate(0.9999), conversations=200_000), 100)

        def score(seen):
            return mean(seen.rated.width)

        alone = allotting.fewest(w, "random", w.n, score, 8e-4).total
        both = allotting.fewest(w, "two judges", w.n, score, 8e-4).total
        assert least < alone / both < most


def test_people_with_many_conversations_make_ratings_worth_less_and_a_small_part_of_them_hardly_so():
    alone, many = made(), made(20.0)
    for n, least, most in ((20_000, 1.5, 1.8), (200, 0.9, 1.1)):
        ratio = mean(rate(many, "random", [n]).rated.width) / mean(rate(alone, "random", [n]).rated.width)
        assert least < ratio < most


def test_the_studys_way_is_narrow_for_it_does_not_know_what_it_dropped():
    w = made()
    blind, honest = rate(w, "study", [2_000, 0]).rated, rate(w, "screened", [2_000, 500]).rated
    judged = w.total(w.judged)
    assert mean(blind.width) < mean(honest.width) / 3
    covered = [mean((f.low <= judged) & (judged <= f.high)) for f in (blind, honest)]
    assert covered[0] < 0.6
    assert covered[1] > 0.9


def test_a_few_labels_of_the_judge_leave_its_rates_open_and_a_given_rate_does_not():
    known, few = (worlds(prior(sensitivity=Rate(r, of)), 300) for r, of in ((0.8, None), (8.0, 10.0)))
    spread = [np.std(w.total(w.found) / w.total(w.true)) for w in (known, few)]
    assert spread[0] < 0.01
    assert spread[1] > 0.08


def test_the_same_seed_gives_the_same_worlds_and_another_others():
    first, same, other = (worlds(prior(), 50, seed) for seed in (1, 1, 2))
    assert (first.luck == same.luck).all() and (first.true == same.true).all()
    assert not (first.luck == other.luck).all()


def test_prevalence_is_spread_over_its_range_evenly_in_orders_of_magnitude():
    w = worlds(prior(prevalence=(1e-4, 1e-2)), 2_000)
    p = w.total(w.true)
    assert p.min() > 0.9e-4 and p.max() < 1.1e-2
    assert mean(p < 1e-3) == pytest.approx(0.5, abs=0.05)


def test_with_nothing_flagged_there_is_no_share_to_confirm_and_its_width_counts_as_everything():
    w = made(simulations=100)
    found = confirm(w, 50, np.zeros(100), np.ones(100))
    assert np.isnan(found.high).all() and (found.width == 1).all()


def test_a_cell_without_labels_may_be_missed_altogether():
    w = made(simulations=100)
    cells = [Below(0.6, 300, 1.0, np.full(100, 1e-4)), Below(0.4, 0, 1.0, np.zeros(100))]
    assert (miss(w, cells).high > 0.4).all()
    assert mean(miss(w, cells[:1]).high) < 0.02


def test_nothing_found_among_n_labels_leaves_three_in_n():
    w = made(simulations=100)
    assert miss(w, [Below(1.0, 1_000, 1.0, np.zeros(100))]).high == pytest.approx(3 / 1_000, rel=0.01)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"conversations": 0}, "conversations"),
        ({"prevalence": (0.2, 0.1)}, "prevalence"),
        ({"prevalence": (0.0, 0.1)}, "prevalence"),
        ({"sensitivity": Rate(1.2)}, "sensitivity"),
        ({"specificity": Rate(5, 4)}, "specificity"),
        ({"together": 0.5}, "together"),
        ({"together": float("nan")}, "together"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(change, named):
    with pytest.raises(UsageError, match=f"'{named}'"):
        prior(**change)


@pytest.mark.parametrize(
    ("change", "named"),
    [({"share": np.array([0.5, 0.5])}, "positives"), ({"share": CHEAP.share * 2}, "share"), ({"kept": 5}, "kept")],
)
def test_a_cheap_judge_that_makes_no_sense_is_refused_by_name(change, named):
    with pytest.raises(UsageError, match=f"'{named}'"):
        replace(CHEAP, **change)


def test_no_simulations_are_refused():
    with pytest.raises(UsageError, match="'simulations'"):
        planning.worlds(prior(), 0)
