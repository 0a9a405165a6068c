"""Thumbs up in groups of conversations and in the rest: pure functions, known truth, and the release gate."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from statsmodels.stats.contingency_tables import StratifiedTable

from selfrule.analyses import approval
from selfrule.analyses.approval import approval_of, for_report, public
from selfrule.analyses.approval_strata import alike, logistic, odds_ratio, strata_of
from selfrule.analyses.contrasts import contrast
from selfrule.analyses.mix import LENGTHS
from selfrule.analyses.sample import outcome_of

from .samples import sample_from, samples


def population(
    seed: int, people: int = 500, effect: float = 0.0, *, lean: float = 0.1, mixed: bool = True, gives: float = 0.8
):
    """Conversations of people who lean to praise, in domains and lengths that change both thumbs and what is flagged."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), rng.integers(1, 6, people))
    n = len(person)
    domain, length = rng.integers(0, 3, n), rng.integers(0, 3, n)
    flagged = rng.random(n) < 0.12 * (0.4 + 0.6 * domain if mixed else 1.0)
    up = 0.55 + (0.1 * (domain - 1) + 0.05 * (length - 1) if mixed else 0.0)
    leaning = rng.choice([-lean, lean], people)[person]
    thumb = np.where(rng.random(n) < gives, rng.random(n) < up + leaning + effect * flagged, -1)
    domains = np.eye(3, dtype=bool)[domain]
    turns = np.array([1, 3, 7])[length]
    return sample_from(
        person=person, flagged=flagged.astype(int), thumb=thumb.astype(np.int8), domains=domains, turns=turns
    )


def arms(sample):
    with_thumb = sample.where(sample.thumb >= 0)
    hits, known = with_thumb.reaches(outcome_of())
    return with_thumb, with_thumb.thumb == 1, hits & known, ~hits & known


@given(samples())
@settings(max_examples=60)
def test_every_conversation_is_counted_once_and_every_figure_lies_in_its_interval(sample):
    made = approval_of(sample)
    assert made.conversations + made.unrated == len(sample)
    assert made.baseline.n + made.baseline.missing == made.conversations
    assert made.unrated_thumbs + made.baseline.n == np.count_nonzero(sample.thumb >= 0)
    for group in made.groups:
        hits, known = sample.reaches(outcome_of(group.construct))
        assert group.up.n + group.up.missing == group.given.n == np.count_nonzero(hits & known)
        assert group.rest.n + group.rest.missing == group.given_rest.n == np.count_nonzero(~hits & known)
        for figure in (f for f in msgspec.structs.asdict(group).values() if hasattr(f, "missing")):
            if figure.value is None:
                assert figure.reason is not None
                assert figure.low is None
            elif figure.low is not None:
                assert figure.low <= figure.value <= figure.high


def test_a_conversation_without_a_rating_or_a_thumb_is_in_no_share():
    sample = sample_from(person=range(6), flagged=[1, 1, 0, 0, -1, -1], thumb=np.array([1, -1, 0, 1, 1, -1], np.int8))
    made = approval_of(sample, (outcome_of(),))
    (group,) = made.groups
    assert (group.up.value, group.up.n, group.up.missing) == (1.0, 1, 1)
    assert (group.rest.value, group.rest.n, group.rest.missing) == (0.5, 2, 0)
    assert (made.baseline.n, made.unrated_thumbs, made.unrated) == (3, 1, 2)
    assert group.difference.value == 0.5
    assert group.baseline_difference.value == pytest.approx(1 - 2 / 3)


def test_weights_count_conversations_of_the_population():
    sample = sample_from(
        person=range(4),
        flagged=[1, 0, 0, 0],
        thumb=np.array([1, 1, 0, 0], np.int8),
        weight=np.array([1.0, 6.0, 1.0, 1.0]),
    )
    (group,) = approval_of(sample, (outcome_of(),)).groups
    assert group.rest.value == pytest.approx(0.75)


def test_mantel_and_haenszel_are_those_of_statsmodels():
    with_thumb, up, one, other = arms(population(5, effect=0.1))
    strata = strata_of(with_thumb)
    tables = []
    for cell in range(strata.count):
        rows = strata.row[strata.stratum == cell]
        tables.append([[np.sum(up[rows] & arm[rows]), np.sum(~up[rows] & arm[rows])] for arm in (one, other)])
    expected = StratifiedTable([np.array(t, float) for t in tables])
    assert odds_ratio(with_thumb, strata, up, one, other).value == pytest.approx(expected.oddsratio_pooled)
    weights = [(t[0][0] + t[0][1], t[1][0] + t[1][1]) for t in tables]
    w = [a * b / (a + b) for a, b in weights]
    apart = [t[0][0] / a - t[1][0] / b for t, (a, b) in zip(tables, weights, strict=True)]
    got = contrast(with_thumb, up, one, other, alike(with_thumb, strata, one, other))
    assert got.difference == pytest.approx(np.dot(w, apart) / sum(w))


def test_without_clusters_the_odds_ratio_has_the_interval_of_statsmodels():
    rng = np.random.default_rng(2)
    n = 3000
    flagged, domain = rng.random(n) < 0.3, np.eye(3, dtype=bool)[rng.integers(0, 3, n)]
    thumb = (rng.random(n) < 0.6 + 0.1 * flagged).astype(np.int8)
    sample = sample_from(person=range(n), flagged=flagged.astype(int), thumb=thumb, domains=domain)
    strata = strata_of(sample)
    up = thumb == 1
    got = odds_ratio(sample, strata, up, flagged, ~flagged)
    tables = [
        np.array([[np.sum(up & d & a), np.sum(~up & d & a)] for a in (flagged, ~flagged)], float) for d in domain.T
    ]
    low, high = StratifiedTable(tables).oddsratio_pooled_confint()
    assert (got.low, got.high) == pytest.approx((low, high), rel=0.01)


def test_the_regression_is_that_of_statsmodels_with_people_as_clusters():
    import statsmodels.api as sm

    with_thumb, up, one, other = arms(population(7, effect=0.1))
    got = logistic(with_thumb, strata_of(with_thumb), up, one, other)
    length = np.searchsorted([least for _, least in LENGTHS], with_thumb.turns, side="right") - 1
    design = np.column_stack([one, np.ones(len(one)), with_thumb.domains[:, 1:], length == 1, length == 2]).astype(
        float
    )
    model = sm.GLM(up.astype(float), design, family=sm.families.Binomial())
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": with_thumb.cluster, "use_correction": False})
    assert got.value == pytest.approx(np.exp(fit.params[0]), rel=1e-6)
    low, high = np.exp(fit.conf_int()[0])
    assert np.log(got.high / got.low) == pytest.approx(np.log(high / low), rel=0.03)


def test_a_difference_that_domain_and_length_make_is_gone_once_they_are_alike():
    raw, adjusted = [], []
    for seed in range(20):
        (group,) = approval_of(population(seed), (outcome_of(),)).groups
        raw.append(group.difference.value)
        adjusted.append(group.adjusted.value)
    assert np.mean(raw) > 0.015
    assert abs(np.mean(adjusted)) < 0.012


def test_an_effect_on_approval_is_inside_the_intervals_about_as_often_as_it_should():
    inside = np.zeros(2)
    for seed in range(80):
        (group,) = approval_of(population(seed, people=250, effect=0.1, mixed=False), (outcome_of(),)).groups
        inside += [f.low <= 0.1 <= f.high for f in (group.difference, group.adjusted)]
    assert np.all(inside >= 72)


def test_the_study_is_agreed_with_only_where_the_interval_leaves_nought_out():
    up, down, flat = (population(11, 900, effect, mixed=False) for effect in (0.2, -0.3, 0.0))
    got = [approval_of(sample, (outcome_of(),)).groups[0] for sample in (up, down)]
    assert [group.verdict for group in got] == ["as in the study", "the other way"]
    near = approval_of(flat, (outcome_of(),)).groups[0]
    assert (near.verdict == "cannot tell") == (near.difference.low <= 0 <= near.difference.high)
    marker = approval_of(up, (outcome_of("actualized_action_distortion"),)).groups[0]
    assert (marker.published, marker.verdict) == ("below", "cannot tell")


def test_levels_that_the_study_does_not_speak_of_are_held_against_nothing():
    (group,) = approval_of(population(1), (outcome_of("reality_distortion", "severe"),)).groups
    assert (group.published, group.verdict) == (None, None)


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(sample_from(person=[]), id="nothing"),
        pytest.param(sample_from(person=[0] * 30, thumb=np.tile([1, 0], 15).astype(np.int8)), id="one person, none flagged"),
        pytest.param(sample_from(person=[-1] * 9, flagged=[-1] * 9, thumb=np.ones(9, np.int8)), id="nothing rated"),
        pytest.param(sample_from(person=[-1] * 40, flagged=[1, 0] * 20, thumb=np.ones(40, np.int8)), id="all up, unknown people"),
        pytest.param(
            sample_from(person=[0] * 40, flagged=[1, 0] * 20, thumb=np.repeat([1, 0], 20).astype(np.int8)), id="one person"
        ),
        pytest.param(sample_from(person=range(40), flagged=[1] * 40, thumb=np.ones(40, np.int8)), id="everything flagged"),
    ],
)  # fmt: skip
def test_degenerate_data_give_a_reason_and_no_figure_made_up(sample):
    made = approval_of(sample)
    for group in made.groups:
        for figure in (group.adjusted, group.odds_ratio, group.logistic):
            assert figure.low is not None or figure.reason is not None
    assert msgspec.json.decode(msgspec.json.encode(made), type=approval.Approval) == made


def test_thumbs_that_a_domain_decides_alone_stop_neither_regression_nor_page():
    n = 400
    flagged, domain = np.arange(n) % 2, np.eye(3, dtype=bool)[np.arange(n) // 200]
    sample = sample_from(person=range(n), flagged=flagged, domains=domain, thumb=domain[:, 0].astype(np.int8))
    (group,) = approval_of(sample, (outcome_of(),)).groups
    assert group.adjusted.value == pytest.approx(0.0)
    assert group.logistic.value == pytest.approx(1.0, abs=1e-6)


def test_a_group_of_one_person_alone_has_a_difference_without_an_interval():
    rng = np.random.default_rng(4)
    person = np.r_[np.zeros(400, int), np.arange(1, 101)]
    flagged, thumb = (person == 0).astype(int), (rng.random(500) < 0.6).astype(np.int8)
    (group,) = approval_of(sample_from(person=person, flagged=flagged, thumb=thumb), (outcome_of(),)).groups
    assert group.difference.value is not None
    assert (group.difference.low, group.q, group.verdict) == (None, None, "cannot tell")


def test_one_person_with_most_conversations_makes_the_intervals_wide():
    rng = np.random.default_rng(4)
    person = np.r_[np.zeros(400, int), np.arange(1, 201)]
    flagged, thumb = (person < 50).astype(int), (rng.random(600) < 0.6).astype(np.int8)
    skewed = approval_of(sample_from(person=person, flagged=flagged, thumb=thumb), (outcome_of(),)).groups[0]
    alone = approval_of(sample_from(person=range(600), flagged=flagged, thumb=thumb), (outcome_of(),)).groups[0]
    assert skewed.difference.value == pytest.approx(alone.difference.value)
    for name in ("difference", "adjusted", "logistic"):
        one, other = getattr(skewed, name), getattr(alone, name)
        assert one.high - one.low > 2 * (other.high - other.low)


def test_a_report_without_thumbs_has_no_such_section():
    assert for_report(sample_from(person=range(5), flagged=[1, 0, 0, 0, 0])) is None
    assert for_report(sample_from(person=[0], flagged=[-1], thumb=np.ones(1, np.int8))) is None
    assert for_report(population(1)) is not None


@given(samples(most=120))
@settings(max_examples=60)
def test_no_group_smaller_than_k_is_let_out_nor_can_be_had_by_subtraction(sample):
    k = 5
    made = public(approval_of(sample), k)
    people = (sample.people_in(sample.rated) or 0) >= k
    for group in made.groups:
        for pair in ((group.up, group.rest), (group.given, group.given_rest)):
            for figure in pair:
                assert figure.n == 0 or figure.n >= k
                assert not (people and figure.n and 0 < (figure.persons or 0) < k)
            assert (pair[0].reason in {"small", "complementary"}) <= (pair[1].n == 0)
        if group.up.reason in {"small", "complementary"}:
            assert group.up.missing == 0
            for figure in (
                group.difference,
                group.baseline_difference,
                group.adjusted,
                group.odds_ratio,
                group.logistic,
            ):
                assert (figure.value, figure.low, figure.n, figure.events) == (None, None, 0, None)
            assert (group.q, group.verdict, group.adjusted_verdict) == (None, None, None)


def test_what_is_large_enough_is_let_out_as_it_is():
    made = approval_of(population(1), (outcome_of(),))
    assert public(made, 10) == made
    assert public(approval_of(population(1, people=3), (outcome_of(),)), 10).withheld > 0
