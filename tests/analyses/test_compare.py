"""Comparison: groups side by side, as they are and made alike."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.analyses.compare import OUTCOMES, compare_of, for_report, public
from selfrule.analyses.compare_alike import masses, standard, strata_of
from selfrule.analyses.joining import APART, joined
from selfrule.analyses.sample import FLAGGED_OUTCOME, sample_of
from selfrule.errors import UsageError
from selfrule.estimate.frame import Attribute

from .samples import DAY, DOMAINS, MODELS, START, frames, sample_from

ONE = (FLAGGED_OUTCOME,)


def made(model, flagged, *, domain=None, person=None, names=MODELS, opening=None, **fields):
    """A sample by hand with models, one domain each, and nobody's or somebody's conversations, sorted by person."""
    n = len(model)
    person = np.full(n, -1) if person is None else np.asarray(person)
    order = np.argsort(person, kind="stable")
    domains = np.zeros((n, len(DOMAINS)), np.bool_)
    domains[np.arange(n), np.zeros(n, int) if domain is None else domain] = True
    fields = {name: np.asarray(values)[order] for name, values in fields.items()}
    sample = sample_from(
        person=person[order],
        flagged=np.asarray(flagged)[order],
        domains=domains[order],
        model=Attribute(np.asarray(model)[order], names),
        **fields,
    )
    return sample if opening is None else replace(sample, opening=np.asarray(opening, np.int64)[order])


def only(sample, **choices):
    (pair,) = compare_of(sample, outcomes=ONE, **choices).pairs
    return pair, pair.differences[0]


def simpson():
    """Beta is flagged more often in each domain, and less often overall: it answers more of the quiet domain."""
    counts = {(0, 0): (20, 2), (0, 1): (180, 72), (1, 0): (180, 27), (1, 1): (20, 10)}
    model, domain, flagged = [], [], []
    for (m, d), (n, hits) in counts.items():
        model += [m] * n
        domain += [d] * n
        flagged += [1] * hits + [0] * (n - hits)
    return made(model, flagged, domain=domain)


def test_a_paradox_of_simpson_is_turned_round_by_weighting_and_by_matching():
    for how in ("weighted", "matched"):
        pair, d = only(simpson(), how=how)
        sign = 1 if pair.first == "beta" else -1
        assert sign * d.plain.value < -0.1
        assert sign * d.alike.value == pytest.approx(0.5 * 0.05 + 0.5 * 0.10)
        assert pair.kept_first == pair.kept_second == pytest.approx(1.0)


def test_weighting_to_its_own_mix_returns_the_plain_share():
    pair, d = only(simpson(), to="alpha")
    assert (pair.first, pair.second) == ("beta", "alpha")
    assert d.second.value == pytest.approx(74 / 200)
    assert d.first.value == pytest.approx(0.1 * 27 / 180 + 0.9 * 0.5)


def test_a_conversation_of_two_domains_counts_half_in_each():
    sample = made([0, 0, 0, 1, 1, 1], [1, 0, 1, 0, 1, 1], domain=[0, 1, 0, 0, 1, 0])
    both = sample.domains.copy()
    both[[2, 5]] = [True, True, False]
    sample = replace(sample, domains=both)
    strata = strata_of(sample, "weighted", ["domain"])
    mass = masses(strata, sample.weight, sample.model.codes, 2, sample.rated)
    assert mass.weighted[0, :2].tolist() == [1.5, 1.5]
    _, d = only(sample, on=["domain"], least=1)
    assert d.second.value == pytest.approx(0.5 * (1.5 / 1.5) + 0.5 * (0.5 / 1.5))


def test_groups_of_the_same_conversations_differ_by_nothing():
    rng = np.random.default_rng(5)
    flagged, domain = rng.random(300) < 0.2, rng.integers(0, 3, 300)
    sample = made(np.repeat([0, 1], 300), np.tile(flagged, 2), domain=np.tile(domain, 2))
    for how in ("weighted", "matched"):
        _, d = only(sample, how=how)
        assert d.plain.value == pytest.approx(0.0, abs=1e-12)
        assert d.alike.value == pytest.approx(0.0, abs=1e-12)
        assert d.alike.low < 0 < d.alike.high
        assert not d.stands_out


@given(frames(most=80), st.sampled_from(["weighted", "matched"]))
@settings(deadline=None, max_examples=30)
def test_any_sample_is_compared_with_limits_in_order_and_shares_in_range(frame, how):
    sample = sample_of(frame)
    if sample.model is None:
        return
    result = compare_of(sample, how=how, least=1, outcomes=OUTCOMES[::3])
    assert sum(s.conversations for s in result.sides) + result.unknown + sum(result.left_out) == len(sample)
    for pair in result.pairs:
        assert 0 <= pair.kept_first <= 1 + 1e-9
        assert len(pair.differences) == len(OUTCOMES[::3])
        for d in pair.differences:
            for figure in (d.plain, d.alike):
                if figure.value is None:
                    assert figure.reason
                    assert figure.low is None
                else:
                    assert -1 <= figure.low <= figure.value <= figure.high <= 1
            assert d.p is None or 0 <= d.p <= 1
            assert d.adjusted is None or d.adjusted >= d.p
    assert msgspec.json.decode(msgspec.json.encode(public(result, 10)))["analysis"] == "compare"


@given(st.integers(0, 1000), st.sampled_from([0.02, 0.3]))
@settings(deadline=None, max_examples=20)
def test_swapping_two_groups_turns_the_sign_and_the_limits(seed, rate):
    rng = np.random.default_rng(seed)
    sample = made(rng.integers(0, 2, 200), rng.random(200) < rate, domain=rng.integers(0, 3, 200),
                  person=rng.integers(0, 60, 200))  # fmt: skip
    turned = replace(sample, model=Attribute(1 - sample.model.codes, ("beta", "alpha")))
    swapped = replace(sample, model=Attribute(1 - sample.model.codes, MODELS))
    (_, d), (_, same), (_, other) = (only(one, to="alpha", how="matched") for one in (sample, turned, swapped))
    assert same == d
    assert other.plain.value == pytest.approx(-d.plain.value)
    assert (other.plain.low, other.plain.high) == pytest.approx((-d.plain.high, -d.plain.low))


@given(st.integers(0, 1000), st.floats(0.1, 50))
@settings(deadline=None, max_examples=20)
def test_scaling_all_weights_changes_nothing(seed, factor):
    rng = np.random.default_rng(seed)
    sample = made(rng.integers(0, 2, 200), rng.random(200) < 0.3, domain=rng.integers(0, 3, 200),
                  person=rng.integers(0, 60, 200), weight=rng.choice([1.0, 3.0], 200))  # fmt: skip
    _, d = only(sample)
    _, again = only(replace(sample, weight=sample.weight * factor))
    assert again.alike.value == pytest.approx(d.alike.value)
    assert again.alike.high == pytest.approx(d.alike.high)


def test_what_only_one_group_talks_about_is_left_out_and_said():
    model = np.repeat([0, 1], 100)
    domain = np.where(model == 0, np.arange(200) % 2, 0)
    pair, _ = only(made(model, np.arange(200) % 5 == 0, domain=domain), on=["domain"])
    kept = dict(zip((pair.first, pair.second), (pair.kept_first, pair.kept_second), strict=True))
    assert kept == {"alpha": pytest.approx(0.5), "beta": pytest.approx(1.0)}
    result = compare_of(made(model, np.arange(200) % 5 == 0, domain=domain), on=["domain"])
    assert "more than a fifth of a group has no like in the other" in result.notes[0]


def test_groups_with_nothing_in_common_have_a_reason_and_no_figure():
    model = np.repeat([0, 1], 50)
    _, d = only(made(model, np.arange(100) % 2, domain=model), on=["domain"])
    assert d.plain.value is not None
    assert d.alike.value is None
    assert d.alike.reason == "no conversation of one has a like in the other"


def test_lengths_with_few_conversations_are_joined_with_their_neighbours():
    turns = np.tile([1, 4, 8, 30], 25)
    turns[:100:4][:24] = 4  # model alpha has one short conversation
    sample = made(np.repeat([0, 1], 100), np.arange(200) % 4 == 0, turns=np.r_[turns, np.tile([1, 4, 8, 30], 25)])
    strata = strata_of(sample, "weighted", ["domain", "length"])
    mass = masses(strata, sample.weight, sample.model.codes, 2, sample.rated)
    found = standard(strata, mass, sample.weight, sample.model.codes, (0, 1), sample.rated, None)
    assert found.strata == 3
    assert found.kept == (pytest.approx(1.0), pytest.approx(1.0))


def test_pairs_are_of_the_same_opening_and_each_opening_counts_once():
    model = [0, 0, 0, 1, 1, 1, 1, 1]
    flagged = [1, 0, 1, 0, 0, 0, 1, 1]
    opening = [7, 8, 9, 7, 8, 8, 8, -1]
    pair, d = only(made(model, flagged, opening=opening), how="paired", least=1)
    shares = dict(zip((pair.first, pair.second), (d.first.value, d.second.value), strict=True))
    assert pair.strata == 2
    assert shares == {"alpha": pytest.approx(0.5), "beta": pytest.approx((0 + 1 / 3) / 2)}
    assert d.alike.persons is None


def test_pairing_tells_apart_what_scenarios_hide():
    rng = np.random.default_rng(3)
    hard = rng.random(60) < 0.5
    other = np.where(rng.random(60) < 0.2, True, hard)
    sample = made(np.repeat([0, 1], 60), np.r_[hard, other], opening=np.tile(np.arange(60), 2))
    _, plain = only(sample)
    _, paired = only(sample, how="paired")
    assert paired.alike.high - paired.alike.low < 0.7 * (plain.plain.high - plain.plain.low)
    assert paired.p < plain.p


def test_pairs_without_openings_are_refused():
    with pytest.raises(UsageError, match="opening"):
        compare_of(simpson(), how="paired")


def test_people_in_both_groups_are_one_person():
    person = np.repeat(np.arange(80), 20)
    heavy = np.repeat(np.random.default_rng(1).random(80) < 0.2, 20)
    flagged = heavy & (np.random.default_rng(2).random(1600) < 0.5)
    shared = made(np.tile([0, 1], 800), flagged, person=person)
    apart = made((np.arange(1600) // 20) % 2, flagged, person=person)
    _, alike = only(shared)
    _, other = only(apart)
    assert alike.alike.high - alike.alike.low < 0.6 * (other.alike.high - other.alike.low)
    assert compare_of(shared).shared == 80
    assert compare_of(apart).shared == 0


def test_more_than_four_groups_are_compared_with_the_largest_or_with_the_one_asked_for():
    names = tuple("abcdef")
    model = np.r_[np.repeat(np.arange(6), 20), np.full(5, 3)]
    sample = made(model, np.arange(125) % 3 == 0, names=names)
    assert {pair.second for pair in compare_of(sample, outcomes=ONE).pairs} == {"d"}
    assert {pair.second for pair in compare_of(sample, to="b", outcomes=ONE).pairs} == {"b"}
    assert len(compare_of(sample, to="b", outcomes=ONE).pairs) == 5


def test_what_was_not_rated_is_missing_and_never_negative():
    _, d = only(made(np.repeat([0, 1], 30), np.tile([1, 0, -1], 20)))
    assert (d.plain.n, d.plain.missing) == (40, 20)
    assert d.first.value == pytest.approx(0.5)


def test_nothing_flagged_has_an_interval_and_no_test():
    _, d = only(made(np.repeat([0, 1], 40), np.zeros(80, int)))
    assert d.alike.value == 0
    assert d.alike.low < 0 < d.alike.high
    assert d.p is None


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"by": "product"}, "has a product"),
        ({"by": "study"}, "two or more"),
        ({"to": "delta"}, "no model 'delta'"),
        ({"to": "gamma"}, "fewer than 10"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_reason(choices, message):
    with pytest.raises(UsageError, match=message):
        compare_of(simpson(), **choices)


def test_an_empty_sample_or_one_model_has_no_comparison_and_the_report_leaves_it_out():
    empty = simpson().where(np.zeros(400, np.bool_))
    assert compare_of(empty).pairs == []
    assert for_report(empty) is None
    assert for_report(simpson().where(simpson().model.codes == 0)) is None
    assert for_report(replace(simpson(), model=None)) is None
    assert for_report(simpson()).by == "model"


def test_the_report_compares_products_where_no_model_is_known():
    sample = simpson()
    assert for_report(replace(sample, model=None, product=sample.model)).by == "product"


def test_studies_are_compared_by_their_names_and_numbered_in_public():
    first, second = (made(np.zeros(50, int), np.arange(50) % 4 == at, at=START + np.arange(50) * DAY) for at in (0, 1))
    result = compare_of(joined([first, second], ["my-secret", "other"]), "study", outcomes=ONE)
    assert [side.name for side in result.sides] == ["my-secret", "other"]
    assert (result.pairs[0].first, result.pairs[0].second) == ("other", "my-secret")
    assert APART in result.notes
    gated = public(result, 10)
    assert [side.name for side in gated.sides] == ["study 1", "study 2"]
    assert (gated.pairs[0].first, gated.pairs[0].second) == ("study 2", "study 1")
    assert b"secret" not in msgspec.json.encode(gated)


def test_small_groups_are_withheld_unnamed_with_another_that_subtraction_would_give_away():
    model = np.repeat([0, 1, 2], [200, 60, 7])
    result = compare_of(made(model, np.arange(267) % 4 == 0), least=1, outcomes=ONE)
    gated = public(result, 10)
    assert [side.name for side in gated.sides] == ["alpha"]
    assert gated.pairs == []
    assert gated.withheld == 2 + 3
    said = msgspec.json.encode(gated)
    assert b"gamma" not in said
    assert b"beta" not in said


def test_a_group_too_small_to_be_compared_hides_the_smallest_that_is_too():
    model = np.repeat([0, 1, 2], [200, 60, 7])
    result = compare_of(made(model, np.arange(267) % 4 == 0), least=10, outcomes=ONE)
    assert result.left_out == [7]
    gated = public(result, 10)
    assert [side.name for side in gated.sides] == ["alpha"]
    assert gated.left_out == []


def test_a_few_conversations_of_no_known_model_are_counted_only_in_private():
    model = np.repeat([0, 1, -1], [200, 60, 7])
    result = compare_of(made(model, np.arange(267) % 4 == 0), outcomes=ONE)
    assert result.unknown == 7
    assert (public(result, 10).unknown, len(public(result, 10).sides)) == (0, 2)


def test_groups_of_few_people_are_withheld_where_the_study_has_many():
    model = np.repeat([0, 1, 2], [300, 300, 50])
    person = np.r_[np.arange(300), np.arange(300), np.full(50, 7)]
    gated = public(compare_of(made(model, np.arange(650) % 4 == 0, person=person), outcomes=ONE), 10)
    assert [side.name for side in gated.sides] in (["alpha"], ["beta"])


def test_a_known_difference_is_inside_its_interval_in_most_draws():
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        person = np.repeat(np.arange(150), rng.geometric(0.4, 150))
        n = len(person)
        domain = rng.integers(0, 3, n)
        model = (rng.random(n) < np.array([0.3, 0.5, 0.7])[domain]).astype(int)
        rate = np.array([0.05, 0.1, 0.25])[domain] + 0.1 * model
        flagged = rng.random(n) < rate * (0.5 + rng.random(150))[person]
        pair, d = only(made(model, flagged, domain=domain, person=person))
        sign = 1 if pair.first == "beta" else -1
        low, high = sorted((sign * d.alike.low, sign * d.alike.high))
        held += low <= 0.1 <= high
    assert held >= 53  # P(53 or fewer of 60 at 95 %) is below 3 %


def test_heaps_of_people_give_the_width_that_people_do(monkeypatch):
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(6000), 3)
    flagged = (rng.random(6000) < 0.2)[person] & (rng.random(18000) < 0.6)
    sample = made(rng.integers(0, 2, 18000), flagged, domain=rng.integers(0, 3, 18000), person=person)
    _, heaped = only(sample)
    monkeypatch.setattr("selfrule.analyses.compare_between.HEAPS", 100_000)
    _, alone = only(sample)
    assert heaped.alike.value == pytest.approx(alone.alike.value)
    assert heaped.alike.high - heaped.alike.low == pytest.approx(alone.alike.high - alone.alike.low, rel=0.04)
