"""Share of a domain against its flagged rate over periods: r, its interval where neighbours are alike, and what is refused."""

from __future__ import annotations

from dataclasses import replace as with_

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr

from selfrule.analyses import popularity
from selfrule.analyses.correlating import changed, correlated, reliability
from selfrule.analyses.popularity import for_report, popularity_of, public
from selfrule.analyses.sample import outcome_of
from selfrule.estimate.frame import NO_TIME
from selfrule.estimate.reference import published

from .samples import DAY, DOMAINS, START, sample_from, samples

MONTHS = np.array([np.datetime64("2025-01") + i for i in range(15)]).astype("datetime64[ms]").astype(np.int64)


def months_of(share, rate, n=400, people=None, seed=1, other=0.05):
    """A conversation a row, in months of n each, of which a share are legal and those flagged at a rate; others at their own."""
    rng = np.random.default_rng(seed)
    month = np.repeat(np.arange(len(share)), n)
    legal = rng.random(len(month)) < np.asarray(share)[month]
    flagged = rng.random(len(month)) < np.where(legal, np.asarray(rate)[month], other)
    along = np.tile(np.linspace(0, 0.999, n), len(share))
    at = MONTHS[month] + (along * (MONTHS[month + 1] - MONTHS[month])).astype(np.int64)
    domains = np.stack([legal, ~legal, np.zeros(len(legal), bool)], axis=1)
    person = np.arange(len(month)) if people is None else rng.integers(0, people, len(month))
    return sample_from(person=person, flagged=flagged.astype(int), at=at, domains=domains)


def legal_of(made):
    return next(d for d in made.domains if d.domain == "legal")


def walk(rng, draws, points, like):
    """Series of which each point is `like` times the one before, plus noise; shape (draws, points)."""
    noise = rng.normal(size=(draws, points + 60))
    for i in range(1, points + 60):
        noise[:, i] += like * noise[:, i - 1]
    return noise[:, 60:]


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=6, max_size=30))
def test_r_is_pearsons_and_lies_in_its_interval(pairs):
    x, y = np.array(pairs).T
    got = correlated(x, y)
    if got.r is None:
        assert min(np.ptp(x), np.ptp(y)) < 1e-6
        return
    if min(np.ptp(x), np.ptp(y)) > 1e-3:
        assert got.r == pytest.approx(pearsonr(x, y).statistic, abs=1e-6)
    assert 0 <= got.independent <= len(x)
    if got.interval is not None:
        assert -1 <= got.interval.low <= got.r <= got.interval.high <= 1
        assert 0 <= got.p <= 1


@pytest.mark.parametrize(("like", "least"), [(0.0, 0.99), (0.3, 0.9), (0.6, 0.5)])
@pytest.mark.parametrize("true", [0.0, 0.6])
def test_over_14_months_the_interval_covers_or_is_refused(like, least, true):
    rng = np.random.default_rng(3)
    x, noise = walk(rng, 1500, 14, like), walk(rng, 1500, 14, like)
    y = true * x + np.sqrt(1 - true**2) * noise
    got = [correlated(a, b) for a, b in zip(x, y, strict=True)]
    bounded = [g.interval for g in got if g.interval is not None]
    assert len(bounded) >= least * 1500
    assert 0.93 <= np.mean([low <= true <= high for low, high in bounded]) <= 0.995


@pytest.mark.parametrize("kind", ["random walks", "trends"])
def test_two_series_that_drift_on_their_own_are_hardly_ever_said_to_go_together(kind):
    rng = np.random.default_rng(5)
    x, y = (rng.normal(size=(1500, 14)) for _ in range(2))
    if kind == "random walks":
        x, y = x.cumsum(axis=1), y.cumsum(axis=1)
    else:
        x, y = x + np.linspace(-4, 4, 14), y + np.linspace(-4, 4, 14)
    got = [correlated(a, b) for a, b in zip(x, y, strict=True)]
    apart = [g.interval is not None and not g.interval.low <= 0 <= g.interval.high for g in got]
    assert np.mean(apart) < 0.05
    naive = [pearsonr(a, b).pvalue < 0.05 for a, b in zip(x[:300], y[:300], strict=True)]
    assert np.mean(naive) > 0.3
    steps = [changed(a, b, np.arange(14)) for a, b in zip(x, y, strict=True)]
    held = [s.interval.low <= 0 <= s.interval.high for s in steps if s.interval is not None]
    assert len(held) > 1300
    assert 0.93 <= np.mean(held) <= 0.99


def test_changes_are_taken_between_neighbours_alone():
    x, y = np.arange(8.0) ** 2, np.sin(np.arange(8.0))
    whole = changed(x, y, np.arange(8))
    gap = changed(np.delete(x, 3), np.delete(y, 3), np.delete(np.arange(8), 3))
    assert whole.r == pytest.approx(pearsonr(np.diff(x), np.diff(y)).statistic)
    assert (whole.points, gap.points) == (7, 5)


@pytest.mark.parametrize("series", [[0.3] * 8, [0.1, 0.1 + 1e-17] * 4])
def test_a_flat_series_has_no_correlation(series):
    got = correlated(np.array(series), np.arange(8.0))
    assert (got.r, got.interval, got.p) == (None, None, None)


def test_reliability_is_the_part_of_the_variance_that_is_not_noise():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=4000)
    assert reliability(truth + rng.normal(size=4000), np.ones(4000)) == pytest.approx(0.5, abs=0.03)
    assert reliability(truth, np.zeros(4000)) == 1.0
    assert reliability(truth, np.full(4000, 9.0)) == 0.0
    assert reliability(np.ones(3), np.zeros(3)) == 0.0


def test_a_domain_that_is_flagged_more_when_it_is_more_of_the_traffic_has_an_r_near_one():
    share = np.array([0.2, 0.5, 0.6, 0.3, 0.2, 0.4, 0.6, 0.5, 0.2, 0.3, 0.5, 0.6])
    up, down = (legal_of(popularity_of(months_of(share, rate))) for rate in (share / 2, 0.4 - share / 2))
    assert up.r.low > 0.5
    assert down.r.high < -0.5
    assert up.changes.value > 0.8
    assert up.noise_ceiling > 0.9
    assert (up.published, up.published_inside) == (0.190, False)
    assert up.q <= 0.05


def test_months_that_only_sampling_noise_moves_have_a_low_ceiling_and_hold_nothing_against_the_study():
    got = [legal_of(popularity_of(months_of([0.3] * 12, [0.1] * 12, n=200, seed=seed))) for seed in range(12)]
    assert np.mean([d.noise_ceiling for d in got]) < 0.4
    assert all(d.published_inside is None for d in got if d.noise_ceiling < 0.5)
    assert sum(d.r.low is not None and not d.r.low <= 0 <= d.r.high for d in got) <= 3


def test_shares_and_rates_are_those_of_complete_months_alone():
    sample = months_of([0.3] * 8, [0.2] * 8, n=60)
    early = sample.at < MONTHS[7] + 5 * DAY
    made = popularity_of(sample.where(early))
    assert made.periods == [f"2025-{m:02d}" for m in range(1, 8)]
    assert list(made.partial) == ["2025-08"]
    assert made.conversations == 7 * 60
    got = legal_of(made)
    inside = sample.at < MONTHS[7]
    assert got.share.value == pytest.approx(sample.domains[inside, 0].mean())
    assert "2025-08" in " ".join(made.notes)


def test_fewer_than_six_complete_months_are_refused_and_said():
    made = popularity_of(months_of([0.3, 0.4, 0.5], [0.2, 0.3, 0.3]))
    assert made.domains == []
    assert "at least 6 complete months" in made.reason
    assert for_report(months_of([0.3, 0.4, 0.5], [0.2, 0.3, 0.3])) is None


def test_too_few_flagged_is_a_reason_and_no_r():
    got = legal_of(popularity_of(months_of([0.3] * 8, [0.0] * 8, n=50)))
    assert (got.r.value, got.changes.value, got.q) == (None, None, None)
    assert got.r.reason == "fewer than 20 flagged"


def test_weeks_and_other_outcomes_are_not_held_against_the_studys_months():
    sample = months_of([0.3, 0.4] * 4, [0.2, 0.3] * 4)
    assert all(d.published is None for d in popularity_of(sample, every="week").domains)
    assert all(d.published is None for d in popularity_of(sample, outcome=outcome_of("reality_distortion")).domains)
    assert set(published()["popularity_r"]) >= {"legal", "software_development", "other"}


def test_conversations_without_a_time_are_counted_and_said():
    sample = months_of([0.3, 0.4] * 4, [0.2, 0.3] * 4)
    at = sample.at.copy()
    at[:5] = NO_TIME
    made = popularity_of(with_(sample, at=at))
    assert made.untimed == 5
    assert "5 rated conversations have no time" in " ".join(made.notes)


@given(samples(most=80), st.sampled_from(["month", "week"]))
@settings(max_examples=60)
def test_any_sample_gives_a_record_that_survives_json_and_its_gate(sample, every):
    made = popularity_of(sample, every=every)
    assert msgspec.json.decode(msgspec.json.encode(made), type=popularity.Popularity) == made
    gated = public(made, 5)
    for domain in gated.domains:
        assert domain.r.n == 0 or domain.r.n >= 5
        if domain.r.reason == "small":
            assert domain.share.value is None
            assert (domain.periods, domain.noise_ceiling, domain.q) == (0, None, None)


def test_a_domain_of_few_people_is_withheld_and_its_name_kept():
    sample = months_of([0.3, 0.4] * 4, [0.2, 0.3] * 4, people=6)
    rng = np.random.default_rng(1)
    spread = np.where(sample.domains[:, 0], sample.person, 10 + rng.integers(0, 50, len(sample)))
    order = np.argsort(spread, kind="stable")
    made = public(popularity_of(with_(sample, person=spread).where(order)), 10)
    got = legal_of(made)
    assert (got.r.reason, got.r.value, got.share.value) == ("small", None, None)
    assert made.withheld == 4
    assert any(d.r.n > 0 for d in made.domains if d.domain != "legal")
    assert {d.domain for d in made.domains} <= set(DOMAINS)


def test_times_before_1970_and_one_moment_for_all_are_no_trouble():
    for at in (np.full(30, -5 * DAY), np.full(30, START)):
        made = popularity_of(sample_from(person=range(30), flagged=[1, 0] * 15, at=at))
        assert made.domains == []
