"""Shares over time: figures of periods, how much they changed, where, partial periods, and what may be released."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.analyses import figures
from selfrule.analyses.changes import changes
from selfrule.analyses.effect import effect_of
from selfrule.analyses.partial import BEGIN, END, FEW, partial_of
from selfrule.analyses.periods import periods_of
from selfrule.analyses.resampling import Resampler
from selfrule.analyses.sample import FLAGGED_OUTCOME, outcome_of
from selfrule.analyses.series import Shares, expanded
from selfrule.analyses.trend import for_report, public, trend_of
from selfrule.errors import UsageError
from selfrule.estimate.bootstrap import percentile
from selfrule.estimate.frame import NO_TIME, Attribute

from .samples import DAY, START, sample_from, samples
from .test_population import population

World, simulate, cells = population.World, population.simulate, population.cells


def monthly(flagged, each, seed=0, people=400, **fields):
    """`each` conversations in every 30 days, flagged with the given probabilities, of people with many or few."""
    rng = np.random.default_rng(seed)
    month = np.repeat(np.arange(len(flagged)), each)
    n = len(month)
    at = START + (month * 30 + rng.integers(0, 28, n)) * DAY
    hits = (rng.random(n) < np.asarray(flagged)[month]).astype(int)
    return sample_from(person=rng.integers(0, people, n), flagged=hits, at=at, **fields)


def steps(shares, n=400, seed=0):
    """A series of independent shares as `changes` takes it."""
    rng = np.random.default_rng(seed)
    p = len(shares)
    value = rng.binomial(n, shares) / n
    draws = rng.binomial(n, value, (500, p)) / n
    return value, draws, np.full(p, float(n)), np.full(p, 1 / n), np.full(p, float(n))


@given(samples())
@settings(deadline=None, max_examples=60)
def test_every_conversation_is_in_one_period_or_without_a_time(sample):
    if not (sample.at != NO_TIME).any():
        assert for_report(sample) is None
        with pytest.raises(UsageError, match="has a time"):
            trend_of(sample)
        return
    got = trend_of(sample, by=("domain",))
    assert sum(p.n + p.missing for p in got.overall.points) + got.untimed == len(sample)
    for point in (p for s in (got.overall, *got.breakdowns[0].series) for p in s.points):
        assert (point.value is None) == (point.n == 0)
        if point.value is not None:
            assert 0 <= point.low <= point.value <= point.high <= 1


@given(samples())
@settings(deadline=None, max_examples=40)
def test_a_point_is_the_share_that_any_analysis_gives(sample):
    periods = periods_of(sample.at)
    if not len(periods):
        return
    got = trend_of(sample)
    for i, point in enumerate(got.overall.points):
        want = figures.share(sample, periods.code == i, FLAGGED_OUTCOME)
        assert (point.n, point.events, point.missing) == (want.n, want.events, want.missing)
        assert point.value == (None if want.value is None else pytest.approx(want.value))


@pytest.mark.parametrize("by", [3.0, 0.01])
def test_weights_count_by_their_ratios_alone(by):
    sample = monthly([0.1, 0.3, 0.2, 0.2], 100)
    sample = replace(sample, weight=1.0 + np.arange(len(sample)) % 3)
    one, other = (trend_of(s).overall.points for s in (sample, replace(sample, weight=sample.weight * by)))
    assert [p.value for p in one] == pytest.approx([p.value for p in other])
    assert [p.low for p in one] == pytest.approx([p.low for p in other])


def test_heavy_conversations_pull_the_share():
    sample = monthly([0.5, 0.5], 200)
    heavy = replace(sample, weight=np.where(sample.column["flagged"] == 1, 3.0, 1.0))
    assert trend_of(heavy).overall.points[0].value > trend_of(sample).overall.points[0].value + 0.15


def test_a_month_without_conversations_is_a_gap_and_no_zero():
    sample = monthly([0.2, 0.2, 0.2, 0.2], 60)
    code = periods_of(sample.at).code
    points = trend_of(sample.where(code != 1)).overall.points
    assert points[1].value is None and points[1].reason == "no conversation"


def test_what_was_not_rated_is_missing_and_never_unflagged():
    sample = monthly([0.5, 0.5], 100)
    code = periods_of(sample.at).code
    column = {name: np.where(code == 0, np.int8(-1), values) for name, values in sample.column.items()}
    points = trend_of(replace(sample, column=column)).overall.points
    assert points[0].value is None and points[0].reason == "nothing was rated"
    assert points[0].missing == np.count_nonzero(code == 0)


def test_nothing_flagged_has_an_exact_upper_limit_in_every_period_and_no_change():
    got = trend_of(monthly([0.0] * 8, 80))
    assert all(p.value == 0 and 0 < p.high < 0.1 for p in got.overall.points)
    assert set(got.overall.intervals) == {"exact"} and got.overall.finding == "too few"
    assert got.overall.effect.slope.low is None and got.overall.effect.difference.high > 0


def test_everything_flagged_is_as_sure_as_nothing_flagged():
    got = trend_of(monthly([1.0] * 8, 80))
    assert all(p.value == 1 and 0.9 < p.low < 1 for p in got.overall.points) and not got.overall.changes


def test_one_person_has_no_resampled_interval():
    got = trend_of(monthly([0.5] * 4, 60, people=1))
    assert "resampled" not in got.overall.intervals
    assert got.overall.effect.slope.low is None


def test_one_month_has_a_share_and_nothing_to_compare():
    got = trend_of(monthly([0.2], 100))
    assert got.overall.points[0].value is not None
    assert got.overall.effect is None and got.overall.finding == "too few"


def test_unknown_people_are_each_their_own_and_the_record_says_so():
    got = trend_of(replace(monthly([0.2] * 6, 100), person=np.full(600, -1)))
    assert got.persons is None and any("name nobody" in note for note in got.notes)


def test_people_with_many_conversations_widen_every_interval():
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(60), 20)
    hits = rng.random(60)[person] < 0.3  # a person's conversations are all alike
    at = START + rng.integers(0, 58, 1200) * DAY
    alike = sample_from(person=person, flagged=hits.astype(int), at=at)
    alone = replace(alike, person=np.arange(1200))
    widths = [[p.high - p.low for p in trend_of(s).overall.points] for s in (alike, alone)]
    assert all(a > 1.7 * b for a, b in zip(*widths, strict=True))


def series_of(world, seed):
    """The flagged share of a simulated sample by month, quickly."""
    sample = simulate(world, seed)
    shares = Shares(sample, FLAGGED_OUTCOME, periods_of(sample.at), resampler=Resampler(sample, draws=300))
    rows = np.arange(len(sample))
    return shares, shares.line(rows), rows


def search(line):
    """The search for change points of a line of whole periods."""
    return changes(line.value, line.draws, line.weight, line.noise, line.worth)


def truth_of(world):
    """The flagged share of each month of a world."""
    kinds = cells(world)
    return np.array([kinds.share(kinds.month == m) for m in range(world.months)])


def test_intervals_of_months_hold_the_truth_as_often_as_they_say():
    truth = truth_of(World())
    held = [
        p.low <= t <= p.high
        for seed in range(25)
        for p, t in zip(series_of(World(), seed)[1].figures, truth, strict=True)
    ]
    assert 0.925 <= np.mean(held) <= 0.99


def test_slope_difference_and_ratio_hold_the_truth_of_a_drift():
    truth = truth_of(World(drift=1.0))
    slope, (first, last) = float(np.polyfit(np.arange(14), truth, 1)[0]), (truth[:4].mean(), truth[-4:].mean())
    held = []
    for seed in range(25):
        got = effect_of(*series_of(World(drift=1.0), seed), np.ones(14, bool))
        held.append([got.slope.low <= slope <= got.slope.high,
                     got.difference.low <= last - first <= got.difference.high,
                     got.ratio.low <= last / first <= got.ratio.high])  # fmt: skip
    assert np.all(np.mean(held, axis=0) >= 0.84)


def test_a_step_is_found_where_it_was_and_its_interval_holds_it():
    found = [search(series_of(World(step=(8, 1.0)), seed)[1]) for seed in range(12)]
    assert sum(one.finding == "located" for one in found) >= 11
    assert all(c.first <= 8 <= c.last and c.support > 0.3 for one in found for c in one.places[:1])


def test_series_without_a_change_seldom_seem_to_have_one():
    found = [search(series_of(World(), seed)[1]).finding for seed in range(30)]
    assert sum(one in {"located", "gradual"} for one in found) <= 4


def test_a_steady_drift_is_given_no_place():
    found = [changes(*steps(np.linspace(0.1, 0.3, 14), 1500, seed)).finding for seed in range(20)]
    assert found.count("gradual") >= 17


def test_months_that_jump_about_more_than_people_explain_are_no_changes():
    rng = np.random.default_rng(5)
    found = []
    for seed in range(25):
        wobbling = np.clip(0.2 + 0.04 * rng.standard_normal(14), 0.01, 1)  # five times what 2,500 conversations explain
        found.append(changes(*steps(wobbling, 2500, seed)).finding)
    assert found.count("located") <= 4


def test_two_steps_are_both_found():
    got = changes(*steps(np.repeat([0.1, 0.3, 0.1], 6), 400))
    assert [place.at for place in got.places] == [6, 12]
    up, down = got.places
    assert up.low > 0 > down.high and up.before < up.after


@pytest.mark.parametrize(("shares", "n"), [([0.2] * 5, 400), ([0.01] * 14, 60)], ids=["few periods", "few events"])
def test_no_change_is_looked_for_in_too_little(shares, n):
    assert changes(*steps(np.array(shares), n)).finding == "too few"


def test_a_stricter_search_finds_no_more():
    series = [steps(np.repeat([0.1, 0.14], 7), 400, seed) for seed in range(20)]
    plain, strict = ([changes(*s, alpha=a).finding != "none" for s in series] for a in (0.05, 0.005))
    assert sum(strict) < sum(plain) and not any(b and not a for a, b in zip(plain, strict, strict=True))


def test_few_people_push_a_percentile_interval_out():
    draws = np.random.default_rng(0).standard_normal(4000)
    (low, high), (lower, higher), plain = expanded(draws, 1000), expanded(draws, 12), percentile(draws)
    assert lower < low < 0 < high < higher
    assert low == pytest.approx(plain.low, abs=0.05)


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        (range(90), None, None),
        (range(12, 90), BEGIN, None),
        (range(75), None, END),
        ([*range(0, 90, 11), 88], None, None),
        ([5, 35, 65, 85], None, None),
    ],
    ids=["whole", "begins inside", "ends inside", "seldom", "very seldom"],
)
def test_first_and_last_period_are_partial_where_data_begin_or_end_inside(days, first, last):
    at = START + np.repeat(np.array(list(days)), 3) * DAY
    got = partial_of(periods_of(at), at, np.ones(len(at)))
    assert (got[0], got[-1], set(got[1:-1])) == (first, last, {None})


def test_a_period_with_far_fewer_conversations_than_around_it_is_partial():
    at = START + np.repeat(np.arange(181), 4) * DAY
    code = periods_of(at).code
    keep = (code != 3) | (np.arange(len(at)) % 8 == 0)
    assert partial_of(periods_of(at[keep]), at[keep], np.ones(keep.sum())) == [None, None, None, FEW, None, None]


def test_partial_periods_are_in_no_slope_and_no_search():
    sample = monthly([0.9, *[0.1] * 8], 200)
    cut = sample.where(sample.at >= START + 20 * DAY)  # of the first month eleven days are left
    got = trend_of(cut)
    assert got.periods[0].partial == BEGIN and got.overall.points[0].value > 0.5
    assert got.overall.effect.first.value < 0.2 and not got.overall.changes


def test_weeks_begin_on_monday_and_are_searched_too():
    got = trend_of(simulate(World(people=800, step=(8, 1.5)), 1), every="week")
    assert got.periods[1].name == "2025-01-06" and len(got.periods) > 55
    assert got.overall.finding == "located"


def test_a_change_of_mix_alone_moves_the_whole_and_not_the_domains_within():
    world = World(people=6000, mix_end=(0.05, 0.1, 0.15, 0.2, 0.25, 0.25), favourite=0.0, tilt=0.0, spread=0.3)
    got = trend_of(simulate(world, 3), by=("domain",))
    assert got.overall.effect.difference.low > 0
    inside = [s.effect.difference for s in got.breakdowns[0].series]
    assert sum(d.low <= 0 <= d.high for d in inside) >= 5
    assert got.highest[0] == "personal_relationships_social" and len(got.highest) == 3


def test_a_breakdown_holds_every_conversation_of_a_period_once():
    sample = simulate(World(people=300), 2)
    model = Attribute(np.where(np.arange(len(sample)) % 7 == 0, -1, sample.model.codes), sample.model.names)
    got = trend_of(replace(sample, model=model), by=("model",))
    assert [s.role for s in got.breakdowns[0].series] == ["group", "group", "others"]
    for i, whole in enumerate(got.overall.points):
        assert sum(s.points[i].n for s in got.breakdowns[0].series) == whole.n


def test_any_construct_and_level_can_be_followed():
    rng = np.random.default_rng(0)
    sample = sample_from(person=np.arange(300), levels={"vulnerability": rng.integers(0, 4, 300)},
                         at=START + rng.integers(0, 80, 300) * DAY)  # fmt: skip
    got = trend_of(sample, outcome_of("vulnerability", "severe"))
    assert (got.construct, got.level) == ("vulnerability", "severe")
    assert 0.1 < got.overall.points[0].value < 0.4


def test_there_is_no_breakdown_by_what_logs_do_not_name():
    with pytest.raises(UsageError, match="has a product"):
        trend_of(monthly([0.2, 0.2], 50), by=("product",))


def test_the_same_sample_gives_the_same_record():
    sample = simulate(World(people=300), 4)
    assert msgspec.json.encode(for_report(sample)) == msgspec.json.encode(for_report(sample))


def small_month(**fields):
    """Six months with one conversation of each person, the third with six conversations."""
    sizes = [60, 60, 6, 60, 60, 60]
    month = np.repeat(np.arange(6), sizes)
    at = START + (month * 30 + np.arange(len(month)) % 28) * DAY
    return sample_from(
        person=np.arange(len(month)), flagged=(np.arange(len(month)) % 4 == 0).astype(int), at=at, **fields
    )


def test_a_small_month_is_withheld_with_one_more_and_with_what_rests_on_both():
    whole = trend_of(small_month())
    got = public(whole, 10)
    reasons = [p.reason for p in got.overall.points if p.reason]
    assert sorted(reasons) == ["complementary", "small"] and got.withheld == 2
    assert all(p.value is None and not p.n and not p.missing for p in got.overall.points if p.reason)
    assert got.overall.effect is None and got.overall.finding is None
    assert public(whole, 2) == msgspec.structs.replace(whole, studies=[])


def test_a_group_of_few_is_not_named_and_does_not_follow_by_subtraction():
    n = 306
    rare = np.where(np.arange(n) % 60 == 7, 1, np.where(np.arange(n) % 2 == 0, 0, 2))
    got = public(trend_of(small_month(model=Attribute(rare, ("common", "secret", "usual"))), by=("model",)), 10)
    assert "secret" not in msgspec.json.encode(got).decode()
    shown = got.breakdowns[0]
    assert shown.unnamed == 1
    for i in range(6):  # of each month, more than one group is hidden or none of those with conversations
        hidden = sum(s.points[i].value is None for s in shown.series) + shown.unnamed
        assert hidden != 1 or got.overall.points[i].value is None


@given(samples(most=200, people=40), st.sampled_from([2, 5, 10]))
@settings(deadline=None, max_examples=40)
def test_no_released_point_is_smaller_than_k(sample, k):
    got = for_report(sample)
    if got is None:
        return
    made = public(got, k)
    every = [made.overall, *made.within, *(s for b in made.breakdowns for s in b.series)]
    assert all(p.n == 0 or p.n >= k for s in every for p in s.points)
