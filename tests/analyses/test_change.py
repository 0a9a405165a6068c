"""A difference split into mix and rate: exact sums, Kitagawa's formula, symmetry, groups, intervals and the release gate."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.analyses.change import Change, change_of, for_report, public
from selfrule.analyses.change_groups import ACTIVITY, Dimension, Entries, activity, before, entries_of, joined
from selfrule.analyses.change_records import Slice
from selfrule.analyses.change_sides import Side, halves, period, sides
from selfrule.analyses.change_split import moments, split, told_apart
from selfrule.analyses.sample import FLAGGED_OUTCOME, Sample, outcome_of
from selfrule.errors import UsageError
from selfrule.estimate.frame import NO_TIME, Attribute

from .samples import DAY, DOMAINS, MODELS, START, flagged_of, sample_from, samples

MONTH = 30 * DAY


def made(sample: Sample, first: np.ndarray, second: np.ndarray, least: int = 30, draws: int = 60) -> Change:
    return change_of(sample, Side("first", first), Side("second", second), least=least, draws=draws)


def thirds(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Two sides of a sample that leave some conversations out."""
    at = np.arange(len(sample)) % 3
    return at == 0, at == 1


def people(rates, sizes=(1, 4), count=300, seed=0, **fields) -> Sample:
    """People with some conversations each, on two sides by month: `rates` and mixes are of domains, side by side."""
    rng = np.random.default_rng(seed)
    size = rng.integers(*sizes, count, endpoint=True)
    person = np.repeat(np.arange(count), size)
    n = len(person)
    side = rng.integers(0, 2, n)
    mix = np.asarray(fields.pop("mix", [[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]))
    domain = (rng.random(n)[:, None] > np.cumsum(mix, axis=1)[side][:, :2]).sum(axis=1)
    flagged = rng.random(n) < np.asarray(rates)[side, domain]
    at = START + side * 3 * MONTH + rng.integers(0, 80, n) * DAY
    domains = np.eye(3, dtype=bool)[domain]
    return sample_from(person=person, flagged=flagged.astype(int), at=at, domains=domains,
                       turns=rng.integers(1, 30, n).astype(np.int32), **fields)  # fmt: skip


def by_time(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    later = sample.at >= START + 3 * MONTH
    return ~later, later


def values(change: Change) -> list[float]:
    groups = [g for d in change.dimensions for g in d.groups]
    figures = [change.difference, change.mix, change.rate, *(d.part for d in change.dimensions)]
    return [f.value for f in (*figures, *(f for g in groups for f in (g.mix, g.rate)))]


@given(samples(most=200), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_the_parts_sum_to_the_difference_whatever_the_sample(sample, least):
    change = made(sample, *thirds(sample), least=least)
    if change.difference.value is None:
        assert change.first_share.n == 0 or change.second_share.n == 0
        return
    assert change.difference.value == pytest.approx(change.second_share.value - change.first_share.value, abs=1e-9)
    assert change.mix.value + change.rate.value == pytest.approx(change.difference.value, abs=1e-9)
    assert sum(d.part.value for d in change.dimensions) == pytest.approx(change.mix.value, abs=1e-9)
    for dimension in change.dimensions:
        assert sum(g.mix.value for g in dimension.groups) == pytest.approx(dimension.part.value, abs=1e-9)
        assert sum(g.rate.value for g in dimension.groups) == pytest.approx(change.rate.value, abs=1e-9)
        for side in ("first", "second"):
            traffic = [getattr(g, f"{side}_traffic").value for g in dimension.groups]
            rates = [getattr(g, f"{side}_rate").value for g in dimension.groups]
            assert sum(traffic) == pytest.approx(1.0)
            share = getattr(change, f"{side}_share").value
            assert sum(t * r for t, r in zip(traffic, rates, strict=True)) == pytest.approx(share, abs=1e-9)


@given(samples(most=150), st.integers(1, 8))
@settings(max_examples=30, deadline=None)
def test_swapping_the_sides_flips_every_sign(sample, least):
    first, second = thirds(sample)
    there, back = made(sample, first, second, least=least), made(sample, second, first, least=least)
    if there.difference.value is None:
        assert back.difference.value is None
        return
    assert values(back) == pytest.approx([-v for v in values(there)], abs=1e-9)
    if there.same is not None:
        assert back.same.within.value == pytest.approx(-there.same.within.value, abs=1e-9)


@given(samples(most=150), st.floats(0.01, 100))
@settings(max_examples=30, deadline=None)
def test_scaling_all_weights_changes_nothing(sample, times):
    plain = made(sample, *thirds(sample), least=4)
    scaled = made(replace(sample, weight=sample.weight * times), *thirds(sample), least=4)
    assert [v is None for v in values(plain)] == [v is None for v in values(scaled)]
    assert [v or 0 for v in values(scaled)] == pytest.approx([v or 0 for v in values(plain)], abs=1e-9)


@given(samples(most=80))
@settings(max_examples=30, deadline=None)
def test_no_difference_in_mix_gives_no_part_to_mix(sample):
    n = len(sample)
    twice = np.sort(np.concatenate([np.arange(n)] * 2))
    double = replace(sample.where(twice), person=np.full(2 * n, -1))
    second = np.arange(2 * n) % 2 == 1
    column = {
        name: np.where(second & (v >= 0), 1 - np.minimum(v, 1), v).astype(np.int8) for name, v in double.column.items()
    }
    change = made(replace(double, column=column), ~second, second, least=3)
    if change.difference.value is not None:
        assert change.mix.value == pytest.approx(0.0, abs=1e-9)
        assert change.rate.value == pytest.approx(change.difference.value, abs=1e-9)


def test_rates_that_are_the_same_in_every_group_on_both_sides_give_no_part_to_rates():
    # 100 conversations a domain at fixed rates; the second side has three times the third domain
    counts = {0: (100, 100, 100), 1: (100, 100, 300)}
    rows = [
        (s, d, i * 10 < (1, 2, 5)[d] * counts[s][d] / 10 * 1)
        for s in (0, 1)
        for d in range(3)
        for i in range(counts[s][d])
    ]
    side, domain, flagged = (np.array(a) for a in zip(*rows, strict=True))
    sample = sample_from(
        person=np.arange(len(rows)), flagged=flagged.astype(int), domains=np.eye(3, dtype=bool)[domain]
    )
    change = made(sample, side == 0, side == 1)
    assert change.rate.value == pytest.approx(0.0, abs=1e-12)
    assert change.mix.value == pytest.approx(change.difference.value)
    assert change.mix.value > 0


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_with_one_dimension_it_is_kitagawas_formula(seed):
    rng = np.random.default_rng(seed)
    n = 400
    code, side = rng.integers(0, 4, n), rng.integers(0, 2, n)
    hit, weight = rng.random(n) < 0.3, rng.uniform(0.5, 3, n)
    got = split(moments(Entries(np.arange(n), weight, side, hit), [Dimension("length", tuple("abcd"), code)], None))
    x, r = np.empty((2, 4)), np.empty((2, 4))
    for s in (0, 1):
        for j in range(4):
            mine = (side == s) & (code == j)
            x[s, j] = weight[mine].sum() / weight[side == s].sum()
            r[s, j] = np.average(hit[mine], weights=weight[mine])
    assert got.mix[0] == pytest.approx(((x[1] - x[0]) * (r[0] + r[1]) / 2).sum())
    assert got.rate_of[0][0] == pytest.approx((x[0] + x[1]) / 2 * (r[1] - r[0]))
    assert got.mix_of[0][0] == pytest.approx((x[1] - x[0]) * (r.mean(axis=0) - (x.mean(axis=0) * r.mean(axis=0)).sum()))


def test_no_part_depends_on_which_group_the_model_omits():
    sample = people([[0.1, 0.2, 0.4], [0.2, 0.2, 0.5]], mix=[[0.6, 0.2, 0.2], [0.3, 0.4, 0.3]])
    later = by_time(sample)[1]
    entries, domain = entries_of(sample, later, flagged_of(sample) == 1)
    other = Dimension("length", ("a", "b", "c"), (sample.turns[entries.of] % 3).astype(np.int64))
    domain = joined(domain, entries, sample.cluster, 1)
    turned = [replace(d, code=(d.code + 1) % len(d.names)) for d in (domain, other)]
    plain, moved = split(moments(entries, [domain, other], None)), split(moments(entries, turned, None))
    for one, two in zip((*plain.mix_of, *plain.rate_of), (*moved.mix_of, *moved.rate_of), strict=True):
        assert np.roll(one[0], 1) == pytest.approx(two[0])


def test_a_conversation_of_two_domains_counts_half_in_each():
    domains = np.array([[1, 1, 0]] * 40 + [[1, 0, 0]] * 40, bool)
    n = len(domains)
    sample = sample_from(person=np.arange(n), flagged=(np.arange(n) % 4 == 0).astype(int), domains=domains)
    change = made(sample, np.arange(n) % 2 == 0, np.arange(n) % 2 == 1, least=5)
    traffic = {g.name: g.first_traffic.value for g in change.dimensions[0].groups}
    assert traffic == pytest.approx({DOMAINS[0]: 0.75, DOMAINS[1]: 0.25})


def test_a_drift_in_mix_alone_is_found_in_mix_and_one_in_rates_in_rates():
    low, high = [0.05, 0.15, 0.4], [0.1, 0.25, 0.6]
    moved = people([low, low], mix=[[0.7, 0.2, 0.1], [0.2, 0.3, 0.5]], count=900)
    mix = made(moved, *by_time(moved), draws=300)
    assert mix.dimensions[0].part.low > 0.08
    assert mix.rate.low < 0 < mix.rate.high
    raised = people([low, high], count=900)
    rate = made(raised, *by_time(raised), draws=300)
    assert rate.rate.low > 0.02
    assert rate.mix.low < 0 < rate.mix.high


@pytest.mark.parametrize("rate", [0.03, 0.01])
def test_intervals_hold_the_truth_about_as_often_as_they_say(rate):
    # the truth is that of both sides' models in the whole population: domains alone matter
    rates, mix = np.array([[1, 1, 3], [1.5, 1.5, 4.5]]) * rate, np.array([[0.6, 0.2, 0.2], [0.4, 0.2, 0.4]])
    truth_mix = float(((mix[1] - mix[0]) * rates.mean(axis=0)).sum())
    truth = float((mix[1] * rates[1]).sum() - (mix[0] * rates[0]).sum())
    held = np.zeros(3)
    seeds = 30
    for seed in range(seeds):
        sample = people(rates, mix=mix, count=1000 if rate > 0.01 else 1800, seed=seed)
        got = made(sample, *by_time(sample), draws=150)
        wanted = ((got.difference, truth), (got.mix, truth_mix), (got.rate, truth - truth_mix))
        held += [f.low <= v <= f.high for f, v in wanted]
    assert (held >= 0.86 * seeds).all(), held


def test_few_people_with_the_outcome_give_no_interval_to_parts_and_an_exact_one_to_the_difference():
    sample = people([[0.4, 0.4, 0.4]] * 2)
    flagged = np.zeros(len(sample), int)
    flagged[:3] = 1
    rare = replace(sample, column={**sample.column, "flagged": flagged.astype(np.int8)})
    change = made(rare, *by_time(rare))
    assert change.mix.low is None and "fewer than 10 people" in change.mix.reason
    assert change.difference.low < change.difference.value < change.difference.high
    one = people([[0.4, 0.4, 0.4]] * 2, count=30)
    alone = replace(one, person=np.where(flagged_of(one) == 1, 0, one.person))
    order = np.argsort(alone.person, kind="stable")
    alone = alone.where(order)
    assert made(alone, *by_time(alone)).mix.low is None, "many conversations of one person are one person's"


def test_within_the_same_people_is_the_mean_of_their_own_changes():
    # 40 people with one conversation on each side, half of whom change from no to yes; 40 more on one side alone
    person = np.concatenate([np.repeat(np.arange(40), 2), np.arange(40, 80)])
    side = np.concatenate([np.tile([0, 1], 40), np.tile([0, 1], 20)])
    flagged = np.where((person < 40) & (side == 1) & (person % 2 == 0), 1, 0)
    flagged[(person < 40) & (person % 4 == 1)] = 1
    sample = sample_from(person=person, flagged=flagged, at=START + side * MONTH)
    later = sample.at > START
    same = made(sample, ~later, later).same
    assert same.within.value == pytest.approx(0.5)
    assert same.between.value == pytest.approx(0.0)
    assert same.first.persons == 40
    assert same.first_traffic.value == pytest.approx(40 / 60)


def test_nothing_is_said_of_the_same_people_where_nobody_or_few_are_on_both_sides():
    sample = people([[0.4, 0.4, 0.4]] * 2)
    assert made(replace(sample, person=np.full(len(sample), -1)), *by_time(sample)).same is None
    assert made(sample, sample.person % 2 == 0, sample.person % 2 == 1).same is None


def test_small_groups_are_joined_and_the_name_says_so():
    domains = np.zeros((200, 3), bool)
    domains[:, 0] = True
    domains[:8] = [False, True, False]
    domains[100:109] = [False, False, True]
    sample = sample_from(person=np.arange(200), flagged=(np.arange(200) % 5 == 0).astype(int), domains=domains)
    change = made(sample, np.arange(200) < 100, np.arange(200) >= 100)
    assert "domain" in change.left_out, "two small domains with the smallest other are all there is"
    lengths = Dimension("length", ("a", "b", "c", "d"), np.repeat([0, 1, 2, 3], [90, 25, 25, 60]))
    entries = Entries(np.arange(200), np.ones(200), np.tile([0, 1], 100), np.zeros(200, bool))
    assert joined(lengths, entries, np.arange(200), 10).names == lengths.names
    assert joined(lengths, entries, np.arange(200), 20).names == ("a", "b or c", "d")
    assert joined(lengths, entries, np.arange(200), 40).names == ("a", "b or c or d")


def test_groups_of_few_people_are_joined_however_much_they_talk():
    code = np.repeat([0, 1], 100)
    entries = Entries(np.arange(200), np.ones(200), np.tile([0, 1], 100), np.zeros(200, bool))
    dimension = Dimension("length", ("a", "b"), code)
    assert len(joined(dimension, entries, np.arange(200), 30).names) == 2
    assert len(joined(dimension, entries, np.minimum(np.arange(200), 105), 30).names) == 1


def test_a_dimension_that_another_determines_is_left_out_and_said_to_be():
    sample = people([[0.1, 0.2, 0.4]] * 2)
    domain = sample.domains.argmax(axis=1)
    sample = replace(sample, turns=np.array([1, 4, 10])[domain].astype(np.int32))
    change = made(sample, *by_time(sample))
    assert list(change.left_out) == ["length"]
    assert "cannot be told" in change.left_out["length"]
    assert [d.name for d in change.dimensions] == ["domain", "people"]
    dimension = Dimension("length", ("a", "b"), np.tile([0, 0, 1, 1], 5))
    twice = Entries(np.arange(20), np.ones(20), np.tile([0, 1], 10), np.zeros(20, bool))
    assert not told_apart(moments(twice, [dimension, dimension], None))


def test_how_much_a_person_talks_is_counted_by_calendar_month_over_everything():
    day = np.array([0, 1, 2, 40, 0, NO_TIME, NO_TIME])
    at = np.where(day == NO_TIME, NO_TIME, START + day * DAY)
    sample = sample_from(person=[0, 0, 0, 0, -1, 1, 1], at=at)
    got = dict(zip(zip(sample.person.tolist(), sample.at.tolist(), strict=True), activity(sample), strict=True))
    assert got[0, START] == 1 and ACTIVITY[1][0] == "2-3 conversations"
    assert got[0, START + 40 * DAY] == 0
    assert got[-1, START] == -1
    assert got[1, NO_TIME] == 1


def test_who_was_there_the_month_before_is_known_from_their_own_months():
    at = START + np.array([0, 40, 41, 70, 130, 5]) * DAY
    sample = sample_from(person=[0, 0, 0, 0, 0, -1], at=at)
    assert before(sample).tolist() == [-1, 0, 1, 1, 1, 0]


def test_newcomers_are_a_dimension_only_where_the_logs_reach_back():
    rng = np.random.default_rng(5)
    n = 3000
    person = rng.integers(0, 500, n)
    at = START + rng.integers(0, 180, n) * DAY
    sample = sample_from(person=person, flagged=(rng.random(n) < 0.2).astype(int), at=at)
    asked = {"by": "period", "draws": 50}
    late = change_of(sample, *sides(sample, "period", "2025-03", "2025-04"), **asked)
    assert "before" in [d.name for d in late.dimensions]
    early = change_of(sample, *sides(sample, "period", "2025-01", "2025-02"), **asked)
    assert "whole month before" in early.left_out["before"]


def test_what_is_not_known_is_left_out_and_said():
    sample = people([[0.3, 0.3, 0.3]] * 2)
    unknown = replace(sample, person=np.full(len(sample), -1), turns=np.zeros(len(sample), np.int32))
    change = made(unknown, *by_time(unknown))
    assert set(change.left_out) == {"length", "people"}
    assert change.persons is None
    assert change.mix.low is not None, "conversations are resampled where nobody is known"


def test_conversations_that_could_not_be_rated_are_counted_and_in_no_share():
    sample = people([[0.3, 0.3, 0.3]] * 2)
    lost = np.arange(len(sample)) % 10 == 0
    column = {**sample.column, "flagged": np.where(lost, -1, flagged_of(sample)).astype(np.int8)}
    change = made(replace(sample, column=column), *by_time(sample))
    assert change.unrated == lost.sum()
    assert change.conversations == len(sample) - lost.sum()
    assert change.first_share.missing + change.second_share.missing == lost.sum()


@pytest.mark.parametrize("flag", [0, 1])
def test_a_sample_where_all_or_none_are_flagged_has_a_difference_of_nothing(flag):
    sample = people([[0.3, 0.3, 0.3]] * 2)
    column = {**sample.column, "flagged": np.full(len(sample), flag, np.int8)}
    change = made(replace(sample, column=column), *by_time(sample))
    assert change.difference.value == 0
    assert change.difference.low < 0 < change.difference.high
    assert change.mix.low is None


def test_one_person_alone_gives_no_interval_to_parts():
    sample = people([[0.3, 0.3, 0.3]] * 2)
    alone = replace(sample, person=np.zeros(len(sample), np.int64))
    change = made(alone, *by_time(alone))
    assert change.mix.low is None
    assert change.same is None


def test_an_empty_sample_and_one_month_have_nothing_for_the_report():
    assert for_report(sample_from(person=[])) is None
    assert for_report(sample_from(person=[0, 1], flagged=[0, 1], at=START + np.array([0, 20]) * DAY)) is None
    assert for_report(sample_from(person=[0, 1], flagged=[0, 1])) is None


def test_the_halves_are_equally_long_and_of_whole_months():
    day = np.arange(0, 5 * 31, 1)
    sample = sample_from(person=np.arange(len(day)), flagged=day % 2, at=START + day * DAY)
    first, second = halves(sample)
    assert (first.name, second.name) == ("2025-01..2025-02", "2025-04..2025-05")
    late = sample_from(person=np.arange(len(day)), flagged=day % 2, at=START + (day + 14) * DAY)
    first, second = halves(late)
    assert (first.name, second.name) == ("2025-02..2025-03", "2025-04..2025-05")


@pytest.mark.parametrize(
    ("text", "days"), [("2025-01", 31), ("2025-01..2025-02", 59), ("2025-01-05..2025-01-06", 2), ("2025-02-28", 1)]
)
def test_a_period_holds_both_of_its_ends(text, days):
    sample = sample_from(person=np.arange(90), at=START + np.arange(90) * DAY)
    assert period(sample, text).rows.sum() == days


@pytest.mark.parametrize("text", ["", "soon", "2025-13", "2025-02..2025-01", "2025-02-30", "2025-01.2025-02", "2025"])
def test_what_is_no_period_is_refused_by_name(text):
    with pytest.raises(UsageError, match="period must"):
        period(sample_from(person=[0], at=np.array([START])), text)


def test_sides_that_overlap_or_do_not_exist_are_refused():
    sample = sample_from(person=[0, 1], at=np.array([START, START]), model=Attribute(np.array([0, 1]), MODELS))
    with pytest.raises(UsageError, match="no conversation in common"):
        change_of(sample, *sides(sample, "period", "2025-01", "2025-01..2025-02"))
    with pytest.raises(UsageError, match=r"no model 'delta'.*alpha, beta"):
        sides(sample, "model", "alpha", "delta")
    with pytest.raises(UsageError, match="names its product"):
        sides(sample, "product", "app", "web")
    with pytest.raises(UsageError, match="Two sides are needed"):
        sides(sample, "period", "2025-01")
    with pytest.raises(UsageError, match="two complete months"):
        sides(sample, "period")


def test_models_are_sides_too_and_times_that_do_not_meet_are_noted():
    n = 400
    model = np.repeat([0, 1], n // 2)
    at = START + np.where(model == 0, 0, 200) * DAY + np.arange(n) % 50 * DAY
    flagged = (np.arange(n) % 7 == 0).astype(int)
    sample = sample_from(person=np.arange(n), flagged=flagged, at=at, model=Attribute(model, ("alpha", "beta")))
    change = change_of(sample, *sides(sample, "model", "alpha", "beta"), outcome_of(), by="model", draws=50)
    assert "different times" in change.notes[0]
    assert "before" not in change.left_out


def test_a_side_of_few_is_withheld_name_and_all():
    model = np.repeat([0, 1], [200, 5])
    sample = sample_from(
        person=np.arange(205), flagged=np.arange(205) % 3 == 0, model=Attribute(model, ("large", "SECRET"))
    )
    got = public(change_of(sample, *sides(sample, "model", "large", "SECRET"), by="model", draws=20), 10)
    said = msgspec.json.encode(got).decode()
    assert "SECRET" not in said
    assert got.difference.value is None and got.first_share.n == 0


def test_sides_that_would_give_a_small_third_model_away_are_withheld():
    model = np.repeat([0, 1, 2], [200, 40, 3])
    flagged = (np.arange(243) % 3 == 0).astype(int)
    sample = sample_from(person=np.arange(243), flagged=flagged, model=Attribute(model, MODELS))
    change = change_of(sample, *sides(sample, "model", "alpha", "beta"), by="model", draws=20)
    assert public(change, 10).difference.value is None
    large = replace(sample, model=Attribute(np.where(model == 2, 0, model), MODELS))
    change = change_of(large, *sides(large, "model", "alpha", "beta"), by="model", draws=20)
    shown = public(change, 10)
    assert shown.difference.value is not None
    assert shown.slices == [] and shown.known is None


@pytest.mark.parametrize(("small", "shown"), [(None, True), (1, False), (3, False), (5, False)])
def test_sides_that_would_give_a_small_month_away_are_withheld(small, shown):
    # months 1 and 2 against 3 and 4, two more beside them: a side less its other month, or all less both sides, is the small one
    month = np.concatenate([np.full(4 if i == small else 60, i) for i in range(6)])
    at = START + month * 31 * DAY
    sample = sample_from(person=np.arange(len(month)), flagged=(month % 2 == 0).astype(int), at=at)
    pair = sides(sample, "period", "2025-01..2025-02", "2025-03..2025-04")
    got = public(change_of(sample, *pair, by="period", draws=20), 10)
    assert (got.difference.value is not None) == shown


def test_sides_of_small_months_alone_are_shown_where_they_are_large_together():
    month = np.repeat(np.arange(6), 8)
    at = START + month * 31 * DAY
    sample = sample_from(person=np.arange(len(month)), flagged=(month % 2 == 0).astype(int), at=at)
    pair = sides(sample, "period", "2025-01..2025-03", "2025-04..2025-06")
    assert public(change_of(sample, *pair, by="period", draws=20), 10).difference.value is not None


def test_few_conversations_without_a_time_are_not_counted_in_what_is_released():
    sample = people([[0.1, 0.2, 0.4]] * 2)
    undated = replace(sample, at=np.where(np.arange(len(sample)) % 100 == 0, NO_TIME, sample.at))
    change = change_of(undated, *sides(undated, "period", "2025-01", "2025-04"), by="period", draws=20)
    assert 0 < change.undated < 10
    assert public(change, 10).undated is None
    assert public(change, 2).undated == change.undated


def test_groups_of_fewer_than_k_are_joined_and_the_sums_still_hold():
    sample = people([[0.1, 0.2, 0.4]] * 2, count=400, mix=[[0.5, 0.44, 0.06], [0.5, 0.44, 0.06]])
    change = made(sample, *by_time(sample), least=10)
    few = min(g.first_rate.n for d in change.dimensions for g in d.groups)
    got = public(change, few + 1)
    assert got.withheld > 0
    for dimension in got.dimensions:
        for group in dimension.groups:
            assert min(group.first_rate.n, group.second_rate.n) > few
        if dimension.groups:
            assert sum(g.mix.value for g in dimension.groups) == pytest.approx(dimension.part.value)
            assert sum(g.rate.value for g in dimension.groups) == pytest.approx(change.rate.value)
            share = sum(g.first_rate.value * g.first_traffic.value for g in dimension.groups)
            assert share == pytest.approx(change.first_share.value)


def test_people_of_one_side_alone_who_are_few_withhold_the_same_people():
    person = np.concatenate([np.repeat(np.arange(40), 2), [40, 41]])
    side = np.concatenate([np.tile([0, 1], 40), [0, 0]])
    sample = sample_from(person=person, flagged=person % 2, at=START + side * MONTH)
    later = sample.at > START
    change = made(sample, ~later, later)
    assert change.same is not None
    assert public(change, 10).same is None


def test_slices_count_conversations_and_people_of_each_side_and_of_neither():
    model = Attribute(np.array([0, 0, 1, 2, 2, -1]), MODELS)
    sample = sample_from(person=[0, 0, 1, 2, 3, 4], flagged=[0] * 6, model=model)
    change = change_of(sample, *sides(sample, "model", "alpha", "beta"), FLAGGED_OUTCOME, by="model", draws=5)
    assert sorted(change.slices, key=lambda s: s.side) == [Slice(0, 2, 2), Slice(1, 2, 1), Slice(2, 1, 1)]


def test_the_same_seed_gives_the_same_record():
    sample = people([[0.1, 0.2, 0.4]] * 2)
    assert made(sample, *by_time(sample)) == made(sample, *by_time(sample))
