"""Several studies as one series: joined, refused where judges differ, or carried over by conversations that both judges rated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from selfrule.analyses.bridging import bridge_of
from selfrule.analyses.joining import joined, refuse_mixed, refuse_unlike
from selfrule.analyses.trend import trend_of
from selfrule.errors import UsageError
from selfrule.estimate.frame import Attribute

from .samples import DAY, START, sample_from, samples


def said(n, seed=0, rate=0.2, sees=0.8, errs=0.05, people=400):
    """What judge A and judge B say of n conversations; B says yes where A does in `sees` of cases, and in `errs` of others."""
    rng = np.random.default_rng(seed)
    a = rng.random(n) < rate
    b = np.where(a, rng.random(n) < sees, rng.random(n) < errs)
    return a.astype(np.int8), b.astype(np.int8), rng.integers(0, people, n)


def months(hits, start, judge, person=None):
    """A study of three months by a judge, each conversation of its own person unless told."""
    n = len(hits)
    at = START + (start * 30 + np.arange(n) * 85 // n) * DAY
    made = sample_from(person=np.arange(n) if person is None else person, flagged=hits, at=at)
    return replace(made, judge=judge)


@given(samples(), samples())
@settings(deadline=None, max_examples=40)
def test_joined_studies_hold_every_conversation_and_share_no_person(one, other):
    got = joined([one, other], ["one", "other"])
    assert len(got) == len(one) + len(other)
    for place, study in enumerate((one, other)):
        rows = got.source == place
        assert sorted(got.at[rows]) == sorted(study.at)
        assert got.weight[rows].sum() == pytest.approx(study.weight.sum())
        assert got.people_in(rows) == (None if got.persons is None else study.persons or 0)
    both = set(got.person[(got.source == 0) & (got.person >= 0)]) & set(
        got.person[(got.source == 1) & (got.person >= 0)]
    )
    assert not both
    assert got.clusters == one.clusters + other.clusters


def test_joined_studies_keep_what_each_conversation_was_of():
    model = Attribute(np.array([0, 1, -1]), ("b", "c"))
    one = sample_from(person=[0, 1, -1], model=model, domains=np.eye(3, dtype=bool))
    other = replace(sample_from(person=[5], model=Attribute(np.array([0]), ("a",))), domain_names=("new", "other", "legal"),
                    domains=np.array([[True, False, True]]))  # fmt: skip
    got = joined([one, other], ["one", "other"])
    names = [None if code < 0 else got.model.names[code] for code in got.model.codes]
    assert dict(zip(got.source.tolist(), names, strict=True))[1] == "a"
    assert sorted(n for n in names if n) == ["a", "b", "c"]
    row = int(np.flatnonzero(got.source == 1)[0])
    assert {got.domain_names[d] for d in np.flatnonzero(got.domains[row])} == {"new", "legal"}


def test_studies_of_one_judge_and_rubric_are_not_refused():
    one = sample_from(person=[0, 1])
    refuse_unlike([one, one], ["one", "other"])


@pytest.mark.parametrize("what", ["judge", "rubric"])
def test_studies_of_different_judges_or_rubrics_are_refused_with_names_and_remedy(what):
    one = sample_from(person=[0, 1])
    with pytest.raises(UsageError, match=rf"different {what}s.*first: a-{what}; second: new.*selfrule rate.*a remedy"):
        refuse_unlike([one, replace(one, **{what: "new"})], ["first", "second"], "a remedy")


def test_a_study_of_two_rubrics_is_refused():
    one = replace(sample_from(person=[0, 1]), rubric="1.0@a and 1.1@b")
    with pytest.raises(UsageError, match="several rubrics"):
        refuse_mixed([one], ["first"])
    with pytest.raises(UsageError, match="several rubrics"):
        trend_of(one)


def test_joined_studies_of_two_judges_need_a_bridge():
    a, b, _ = said(300)
    series = joined([months(a, 0, "A"), months(b, 3, "B")], ["one", "other"])
    with pytest.raises(UsageError, match="no bridge"):
        trend_of(series)


def test_a_bridge_is_the_law_of_total_probability():
    a, b, person = said(5000)
    bridge = bridge_of(a, b, person, to="A", of="B")
    assert bridge.yes.value == pytest.approx(a[b == 1].mean()) and bridge.no.value == pytest.approx(a[b == 0].mean())
    assert bridge.share(float(b.mean())) == pytest.approx(float(a.mean()))
    assert bridge.yes.n + bridge.no.n == bridge.anchors == 5000


def test_anchors_that_one_judge_did_not_rate_are_none():
    a, b, person = said(500)
    a[:100] = -1
    b[100:200] = -1
    assert bridge_of(a, b, person, to="A", of="B").anchors == 300


@pytest.mark.parametrize("rate", [0.0, 0.005], ids=["none", "few"])
def test_anchors_of_too_few_of_a_kind_are_refused(rate):
    a, b, person = said(800, rate=rate, errs=0.0)
    with pytest.raises(UsageError, match=r"says yes of .* needs 10 of either"):
        bridge_of(a, b, person, to="A", of="B")


def test_a_kind_that_was_never_seen_is_still_uncertain():
    a, b, person = said(600, errs=0.0, sees=1.0)
    bridge = bridge_of(a, b, person, to="A", of="B")
    assert bridge.no.value == 0 and bridge.no.high > 0 and np.quantile(bridge.draws[:, 1], 0.9) > 0


def test_judges_that_always_agree_leave_shares_as_they_are():
    a, _, _ = said(3000)
    bridge = bridge_of(a, a, np.arange(3000), to="A", of="B")
    plain = trend_of(months(a[:900], 0, "A"))
    over = trend_of(
        replace(months(a[:900], 0, "B"), source=np.zeros(900, np.int16), studies=("x",)), bridges={0: bridge}
    )
    for one, other in zip(plain.overall.points, over.overall.points, strict=True):
        assert other.value == pytest.approx(one.value, abs=1e-9)


def test_a_bridged_series_holds_the_share_on_the_wanted_scale_and_the_plain_one_does_not():
    held, missed = [], []
    for seed in range(20):
        a, b, person = said(1200, seed, sees=0.6, errs=0.2)
        bridge = bridge_of(a, b, person, to="A", of="B", seed=seed)
        _, later, people = said(1500, seed + 1000, sees=0.6, errs=0.2)
        study = replace(months(later, 0, "B", people), source=np.zeros(1500, np.int16), studies=("x",))
        over, plain = trend_of(study, bridges={0: bridge}).overall.points, trend_of(study).overall.points
        held += [p.low <= 0.2 <= p.high for p in over]
        missed += [p.low > 0.2 for p in plain]
    assert 0.88 <= np.mean(held) <= 1.0 and np.mean(missed) > 0.8  # B says yes of 0.2 x 0.6 + 0.8 x 0.2 = 0.28


def test_the_change_of_judge_is_a_step_that_the_bridge_takes_away():
    a, _, _ = said(1500, 1, rate=0.2)
    _, b, _ = said(1500, 2, rate=0.2, sees=1.0, errs=0.15)
    both = joined([months(a, 0, "A"), months(b, 3, "B")], ["one", "other"])
    x, y, person = said(3000, 3, rate=0.2, sees=1.0, errs=0.15)
    over = trend_of(both, bridges={1: bridge_of(x, y, person, to="A", of="B")})
    mixed = trend_of(replace(both, judge="A"))
    assert mixed.overall.effect.difference.low > 0.03
    assert over.overall.effect.difference.low <= 0 <= over.overall.effect.difference.high
    assert over.judge == "A" and over.bridges[0].of == "B" and over.overall.finding in {"none", "too few"}
    assert any("anchors are like" in note for note in over.notes)
