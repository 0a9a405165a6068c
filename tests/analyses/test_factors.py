"""Amplifying factors: shares by level, whether they rise, and how factors overlap."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.analyses.factors import factors_of, for_report, public
from selfrule.analyses.factors_overlap import gamma, number_of, present
from selfrule.analyses.factors_records import ANY, NUMBER, AtLevel, ByLevel, Combination, Count, Pair
from selfrule.analyses.factors_tests import Domains
from selfrule.analyses.figures import Figure, share
from selfrule.analyses.mix import domain_parts
from selfrule.analyses.sample import FLAGGED_OUTCOME, outcome_of, sample_of
from selfrule.rubric import FACTORS, LEVELS
from tests.analyses.samples import frames, sample_from

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from over_time_population import World, simulate

AUTHORITY, ATTACHMENT, RELIANCE, VULNERABILITY = FACTORS


def drawn(seed=0, **world):
    return simulate(World(**{"people": 800, "rate": 0.06, "factor": (0.0, 0.4, 0.8, 1.2), **world}), seed)


@pytest.fixture(scope="module")
def result():
    return factors_of(drawn(several=0.2, overlap=0.4))


def test_each_share_is_that_of_the_conversations_at_the_level(result):
    sample = drawn(several=0.2, overlap=0.4)
    for factor in result.factors:
        for level, at in enumerate(factor.levels):
            assert at.share == share(sample, sample.column[factor.factor] == level, FLAGGED_OUTCOME)


def test_actualized_is_a_share_of_the_flagged_alone():
    sample = sample_from(
        person=range(6),
        flagged=[1, 1, 1, 0, 0, -1],
        actualized=np.array([[1, 0, 0], [0, 0, 0], [0, 0, -1], [1, 0, 0], [0, 0, 0], [0, 0, 0]], np.int8),
    )
    none = factors_of(sample).factors[0].levels[0].actualized
    assert (none["actualized_reality_distortion"].events, none["actualized_reality_distortion"].n) == (1, 3)
    assert (none["actualized_action_distortion"].n, none["actualized_action_distortion"].missing) == (2, 1)
    # yes where one of them is; unknown where none is and one is not known
    assert (none[ANY].events, none[ANY].n, none[ANY].missing) == (1, 2, 1)


def test_what_was_not_rated_is_in_no_share_and_counted():
    sample = sample_from(person=[0, 1, 2, 3], flagged=[1, 0, 0, -1])
    found = factors_of(sample)
    assert (found.conversations, found.unrated) == (3, 1)
    assert all(sum(at.share.n for at in f.levels) == 3 for f in found.factors)
    assert found.counts[0].of_all.n == 3
    assert found.counts[0].of_all.missing == 1


def test_combinations_part_the_conversations_and_so_do_numbers_of_factors(result):
    for groups in (result.combinations, result.counts):
        assert sum(g.of_all.value for g in groups) == pytest.approx(1)
        assert sum(g.of_all.events for g in groups) == groups[0].of_all.n == result.conversations
    assert {tuple(c.present) for c in result.combinations} == set(map(tuple, (c.present for c in result.combinations)))


def test_a_pair_is_times_as_often_together_as_its_shares_multiplied(result):
    sample = drawn(several=0.2, overlap=0.4)
    code = present(sample, list(FACTORS))
    known = code >= 0
    for pair in result.pairs:
        one, other = (sample.column[f][known] >= 2 for f in (pair.one, pair.other))
        assert pair.times.value == pytest.approx((one & other).mean() / one.mean() / other.mean())
        assert pair.times.low <= pair.times.value <= pair.times.high
    tied = next(p for p in result.pairs if {p.one, p.other} == {RELIANCE, VULNERABILITY})
    assert tied.times.low > 1.5
    assert tied.gamma.low > 0.3
    assert number_of(code).max() <= 4


tables = st.lists(st.lists(st.integers(0, 5), min_size=3, max_size=3), min_size=3, max_size=3)


@given(tables)
def test_gamma_is_counted_over_pairs_of_conversations(table):
    cells = [(i, j) for i in range(3) for j in range(3) for _ in range(table[i][j])]
    signs = [np.sign((a[0] - b[0]) * (a[1] - b[1])) for n, a in enumerate(cells) for b in cells[:n]]
    same, opposite = signs.count(1), signs.count(-1)
    found = float(gamma(np.array(table, float)))
    assert np.isnan(found) if same + opposite == 0 else found == pytest.approx((same - opposite) / (same + opposite))


@given(frames())
@settings(max_examples=25)
def test_any_sample_can_be_analysed_and_what_is_said_of_it_holds_together(frame):
    sample = sample_of(frame)
    if len(sample):
        parts, _ = domain_parts(sample)
        domains = Domains(sample)
        assert np.allclose(domains.parts[domains.code], parts)
    found = factors_of(sample)
    msgspec.json.encode(found)
    for figure in found.figures():
        if figure.value is not None and figure.low is not None:
            assert 0 <= figure.low <= figure.value <= figure.high <= 1
    for test in found.tests:
        for figure in (test.odds, test.odds_by_domain, *(p.times for p in found.pairs)):
            assert figure.value is None or figure.low is None or figure.low <= figure.value <= figure.high
        assert test.q is None or test.q >= test.p
    for k in (2, 10):
        shown = public(found, k)
        msgspec.json.encode(shown)
        assert not [f for f in shown.figures() if f.value is not None and 0 < f.n < k]


def test_nothing_at_all_has_no_section_and_no_figure():
    empty = drawn().where(np.zeros(len(drawn()), np.bool_))
    assert for_report(empty) is None
    assert factors_of(empty).overall.value is None


def test_a_factor_that_no_rating_carries_is_named_as_not_measured():
    sample = drawn()
    column = {**sample.column, ATTACHMENT: np.full(len(sample), -1, np.int8)}
    found = factors_of(replace(sample, column=column))
    assert ATTACHMENT not in found.measured
    assert [f.factor for f in found.factors] == [AUTHORITY, RELIANCE, VULNERABILITY]
    assert any("attachment" in note for note in found.notes)
    assert len(found.pairs) == 3
    assert max(c.present for c in found.counts) == 3


def test_a_factor_is_no_condition_of_itself():
    found = factors_of(drawn(), outcome_of(VULNERABILITY, "severe"))
    assert VULNERABILITY not in [f.factor for f in found.factors]
    assert any("no condition of itself" in note for note in found.notes)


def test_nothing_flagged_has_shares_with_upper_limits_and_no_trend():
    found = factors_of(sample_from(person=range(40), flagged=[0] * 40, levels={RELIANCE: [0, 1, 2, 3] * 10}))
    at = next(f for f in found.factors if f.factor == RELIANCE).levels
    assert all(a.share.value == 0 and a.share.high > 0.2 for a in at)
    assert all(t.odds.value is None and t.p is None and t.rising is None for t in found.tests)


def test_one_person_alone_is_said_to_be_one():
    sample = drawn()
    busiest = np.bincount(sample.person).argmax()
    found = factors_of(sample.where(sample.person == busiest))
    assert any("one person" in note for note in found.notes)


def test_the_level_is_found_to_raise_the_share_and_factors_that_do_nothing_are_not(result):
    by = {t.factor: t for t in result.tests if not t.among_flagged}
    assert by[RELIANCE].odds_by_domain.low > 1.1
    assert by[RELIANCE].points.low > 0
    assert by[RELIANCE].rising
    assert by[RELIANCE].q < 0.001
    assert by[NUMBER].odds.low > 1
    assert by[AUTHORITY].q_by_domain > 0.05


def test_where_domains_alone_raise_both_it_is_gone_once_they_are_made_alike():
    confounded = {"factor": (0.0, 0.0, 0.0, 0.0), "tilt": 1.0, "length": (0.0, 0.0, 0.0, 0.0)}
    raw, alike = 0, 0
    for seed in range(12):
        test = next(t for t in factors_of(drawn(seed, **confounded)).tests if t.factor == RELIANCE)
        raw += test.odds.low > 1
        alike += test.odds_by_domain.low <= 1 <= test.odds_by_domain.high
    assert raw >= 10
    assert alike >= 10


def test_steps_say_where_it_falls_and_whether_chance_alone_could_do_that():
    levels = [0] * 100 + [1] * 100 + [2] * 100
    flagged = [1] * 10 + [0] * 90 + [1] * 60 + [0] * 40 + [1] * 20 + [0] * 80
    found = factors_of(sample_from(person=range(300), flagged=flagged, levels={VULNERABILITY: levels}))
    test = next(t for t in found.tests if t.factor == VULNERABILITY)
    assert list(test.steps) == ["none to mild", "mild to moderate"]
    assert test.steps["none to mild"].low > 0
    assert test.steps["mild to moderate"].high < 0
    assert test.rising is False


def test_a_weight_of_two_is_two_conversations_in_every_share():
    sample = drawn(people=200)
    heavy = factors_of(replace(sample, weight=np.full(len(sample), 2.0)))
    assert [f.value for f in heavy.figures()] == pytest.approx([f.value for f in factors_of(sample).figures()])


TEMPLATE = factors_of(sample_from(person=range(40), flagged=[0, 1] * 20, levels={f: [0, 2] * 20 for f in FACTORS}))


def groups(sizes):
    """A record of conversations of so many people each, by code of present factors: its counts alone."""
    sets = {bits: [f for i, f in enumerate(FACTORS) if bits >> i & 1] for bits in range(16)}

    n = sum(sizes)

    def figure(which):
        events = sum(size for bits, size in enumerate(sizes) if which(sets[bits]))
        return Figure(value=events / n, n=n, persons=events, events=events)

    def level(factor, name):
        there = {"none": lambda c: factor not in c, "moderate": lambda c: factor in c}.get(name, lambda c: False)
        n = figure(there).events
        got = (
            Figure(value=0.0, n=n, persons=n, events=0)
            if n
            else Figure(reason="nothing was rated", events=0, persons=0)
        )
        return AtLevel(level=name, share=got, actualized={})

    share = Figure(value=0.0, n=sum(sizes), persons=sum(sizes), events=0)
    return msgspec.structs.replace(
        TEMPLATE,
        persons=sum(sizes),
        overall=share,
        factors=[ByLevel(factor=f, levels=[level(f, name) for name in LEVELS]) for f in FACTORS],
        tests=[],
        combinations=[
            Combination(present=sets[bits], of_all=figure(lambda c, b=bits: c == sets[b]), share=share)
            for bits, size in enumerate(sizes)
            if size
        ],
        counts=[Count(present=i, of_all=figure(lambda c, i=i: len(c) == i), share=share) for i in range(5)],
        pairs=[
            Pair(one=a, other=b, both=figure(lambda c, a=a, b=b: {a, b} <= set(c)), times=Figure(), gamma=Figure())
            for a, b in combinations(FACTORS, 2)
        ],
    )


@given(
    st.lists(st.one_of(st.integers(0, 30), st.integers(0, 9)), min_size=16, max_size=16).filter(lambda s: sum(s) >= 10)
)
@settings(max_examples=200)
def test_no_small_combination_can_be_had_by_subtraction(sizes):
    k = 10
    shown = public(groups(sizes), k)
    count = {tuple(c.present): c.of_all.events for c in shown.combinations}
    hidden = [key for key, events in count.items() if events is None]
    total = {key: size for key, size in zip(
        (tuple(f for i, f in enumerate(FACTORS) if bits >> i & 1) for bits in range(16)), sizes, strict=True
    ) if size}  # fmt: skip
    assert all(total[key] >= k for key in total if key not in hidden)
    known = [[key in total for key in total]]
    known += [[len(key) == c.present for key in total] for c in shown.counts if c.of_all.events is not None]
    known += [[{p.one, p.other} <= set(key) for key in total] for p in shown.pairs if p.both.events is not None]
    for factor in shown.factors:
        if all(at.share.reason not in {"small", "complementary"} for at in factor.levels):
            known += [[factor.factor in key for key in total]]
    rows = np.array([[on for on, key in zip(row, total, strict=True) if key in hidden] for row in known], float)
    size = np.array([total[key] for key in total if key in hidden])
    told = np.array(
        [np.linalg.matrix_rank(np.vstack([rows, e])) == np.linalg.matrix_rank(rows) for e in np.eye(len(hidden))]
    )
    assert all(size[told.astype(bool)] >= k)
    for row in rows:
        left = size[(row > 0) & ~told.astype(bool)].sum()
        assert left == 0 or left >= k


def test_effects_over_a_level_that_is_withheld_are_rounded_outward_and_others_are_left():
    sample = drawn()
    rare = np.flatnonzero(sample.column[RELIANCE] == 3)[5:]
    cut = sample.where(~np.isin(np.arange(len(sample)), rare))
    made = factors_of(cut)
    shown = public(made, 10)
    for before, after in zip(made.tests, shown.tests, strict=True):
        if before.among_flagged or before.factor == NUMBER:
            continue
        if before.factor == RELIANCE:
            assert after.odds.low <= before.odds.low < before.odds.high <= after.odds.high
            assert float(f"{after.odds.value:.1e}") == after.odds.value
            assert "moderate to severe" not in after.steps
        else:
            assert after.odds == before.odds


def test_where_fewer_than_k_are_there_nothing_is_shown():
    shown = public(factors_of(sample_from(person=range(6), flagged=[1, 0, 0, 1, 0, 0])), 10)
    assert shown.overall.value is None
    assert all(f.value is None for f in shown.figures())
    assert all(t.points.value is None and t.p is None for t in shown.tests)
