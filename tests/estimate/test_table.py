from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from selfrule.errors import UsageError
from selfrule.estimate.cells import ACTUALIZED
from selfrule.estimate.frame import Attribute, Frame
from selfrule.estimate.intervals import wilson
from selfrule.estimate.table import GROUPS, estimates
from selfrule.rubric import CONSTRUCTS, FACTORS, LEVELS, PRIMITIVES, is_flagged

from .frames import DOMAINS, frame_of, one

REALITY, ATTACHMENT, VULNERABILITY = "reality_distortion", "attachment", "vulnerability"


@st.composite
def frames(draw):
    """Any frame at all: several persons, strata, sampling, failures, attributes."""
    n = draw(st.integers(1, 40))

    def values(dtype, low, high, *shape):
        return draw(hnp.arrays(dtype, (n, *shape), elements=st.integers(low, high)))

    inside, sampled = values(np.int8, 0, 1) == 1, values(np.int8, 0, 1) == 1
    drawn = sampled if draw(st.booleans()) else np.ones(n, dtype=bool)
    return Frame(
        person=values(np.int32, -1, 6),
        screened_in=inside,
        drawn=drawn,
        inclusion=np.where(inside, 1.0, draw(st.sampled_from([0.1, 0.5, 1.0]))),
        rated=drawn & (values(np.int8, 0, 3) > 0),
        levels=values(np.int8, -1, 3, len(CONSTRUCTS)),
        actualized=values(np.int8, -1, 1, 3),
        domains=values(np.int8, 0, 1, len(DOMAINS)) == 1,
        domain_names=DOMAINS,
        model=Attribute(values(np.int16, -1, 1), ("a", "b")),
    )


@given(frames())
@settings(deadline=None, max_examples=60)
def test_every_figure_of_any_frame_is_ordered_and_possible(frame):
    for e in estimates(frame):
        assert e.n >= 0
        assert e.missing >= 0
        assert e.method
        if e.share is None:
            assert (e.low, e.high, e.n, e.count) == (None, None, 0, 0)
            continue
        assert 0 <= e.low_if_missing_none <= e.low <= e.share + 1e-12, e
        assert e.share - 1e-12 <= e.high <= e.high_if_missing_all <= 1, e
        assert e.count == pytest.approx(e.share * e.n, abs=0.51)  # n is rounded where strata are sampled
        assert e.n_effective >= 1 - 1e-9
        assert e.design_effect >= 1 - 1e-9


@given(frames(), st.randoms())
@settings(deadline=None, max_examples=30)
def test_the_order_of_conversations_changes_nothing(frame, random):
    order = np.array(random.sample(range(len(frame.person)), len(frame.person)))
    model = Attribute(frame.model.codes[order], frame.model.names)
    fields = ("person", "screened_in", "drawn", "inclusion", "rated", "levels", "actualized", "domains")
    shuffled = Frame(**{f: getattr(frame, f)[order] for f in fields}, domain_names=DOMAINS, model=model)
    for here, there in zip(estimates(frame), estimates(shuffled), strict=True):
        assert (here.construct, here.level, here.group) == (there.construct, there.level, there.group)
        assert here.n == there.n
        for a, b in zip((here.share, here.low, here.high), (there.share, there.low, there.high), strict=True):
            assert a == b or a == pytest.approx(b, rel=1e-6, abs=1e-9)


@given(hnp.arrays(np.int8, (25, len(CONSTRUCTS)), elements=st.integers(0, 3)))
@settings(deadline=None, max_examples=30)
def test_exact_levels_add_up_and_cumulative_ones_are_their_sums(levels):
    frame = frame_of(25, levels=dict(zip(CONSTRUCTS, levels.T, strict=True)))
    found = estimates(frame, ())
    for construct in CONSTRUCTS:
        none, mild, moderate, severe = (one(found, construct, level).count for level in LEVELS)
        assert none + mild + moderate + severe == 25
        assert one(found, construct, "moderate+").count == moderate + severe
        assert one(found, construct, "mild+").count == mild + moderate + severe


@given(hnp.arrays(np.int8, (30, len(CONSTRUCTS)), elements=st.integers(-1, 3)))
@settings(deadline=None, max_examples=50)
def test_flagged_means_what_the_rubric_says(levels):
    found = one(
        estimates(frame_of(30, levels=dict(zip(CONSTRUCTS, levels.T, strict=True))), ()), "flagged", "moderate+"
    )
    said = [is_flagged({c: None if v < 0 else int(v) for c, v in zip(CONSTRUCTS, row, strict=True)}) for row in levels]
    assert (found.count, found.n, found.missing) == (said.count(True), 30 - said.count(None), said.count(None))


def test_the_whole_has_each_construct_at_each_level_once():
    found = [(e.construct, e.level) for e in estimates(frame_of(3), ()) if not e.group]
    levels = [*LEVELS, "mild+", "moderate+"]
    expected = {(c, level) for c in CONSTRUCTS for level in levels}
    expected |= {("flagged", "moderate+")} | {(marker, "yes") for marker in ACTUALIZED}
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_only_yes_counts_as_actualized_and_unknown_does_not():
    actualized = np.zeros((10, len(PRIMITIVES)), dtype=np.int8)
    actualized[:3, 0] = 1
    actualized[9, 0] = -1
    found = one(estimates(frame_of(10, actualized=actualized), ()), "actualized_reality_distortion", "yes")
    assert (found.count, found.n, found.missing) == (3, 9, 1)


@pytest.mark.parametrize("name", ["model", "month", "language", "product"])
def test_a_group_is_the_conversations_that_have_the_value(name):
    codes = np.array([0] * 6 + [1] * 3 + [-1])
    frame = frame_of(10, levels={REALITY: [3, 2, 0, 0, 0, 0, 3, 0, 0, 3]}, **{name: Attribute(codes, ("x", "y", "z"))})
    found = estimates(frame, (name,))
    assert one(found, REALITY, "moderate+", **{name: "x"}).share == pytest.approx(2 / 6)
    assert one(found, REALITY, "severe", **{name: "y"}).n == 3
    assert not [e for e in found if e.group == {name: "z"}], "a value that never occurs has no figures"
    assert one(found, REALITY, "severe", **{name: "x"}).low == pytest.approx(wilson(1, 6).low)


def test_a_conversation_of_two_domains_counts_in_both():
    domains = np.zeros((4, 2), dtype=bool)
    domains[0] = True
    domains[1:, 1] = True
    found = estimates(frame_of(4, levels={REALITY: [2, 0, 0, 0]}, domains=domains), ("domain",))
    assert one(found, "flagged", "moderate+", domain="legal").share == 1
    assert one(found, "flagged", "moderate+", domain="other").share == 0.25


def test_unrated_conversations_without_a_domain_may_be_of_any_and_the_bounds_say_so():
    domains = np.zeros((100, 2), dtype=bool)
    domains[:80, 0] = True
    found = estimates(frame_of(100, domains=domains, rated=np.arange(100) < 90), ("domain",))
    legal = one(found, "flagged", "moderate+", domain="legal")
    assert (legal.n, legal.missing) == (80, 10)
    assert legal.high_if_missing_all == pytest.approx(wilson(10, 90).high)
    assert "may be of this group" in legal.method


def test_unrated_conversations_of_a_known_domain_are_missing_in_that_one_alone():
    domains = np.zeros((100, 2), dtype=bool)
    domains[:60, 0] = domains[60:, 1] = True
    found = estimates(frame_of(100, domains=domains, rated=np.arange(100) < 90), ("domain",))
    assert one(found, "flagged", "moderate+", domain="legal").missing == 0
    assert one(found, "flagged", "moderate+", domain="other").missing == 10


def test_domains_read_from_ratings_are_sized_by_the_sample():
    n = 10_000
    place = np.arange(n)
    inside, chosen = place < 1000, (place < 1000) | (place % 10 == 0)
    domains = np.zeros((n, 2), dtype=bool)
    domains[chosen & (place % 20 < 10), 0] = True
    domains[chosen & (place % 20 >= 10), 1] = True
    frame = frame_of(
        n,
        screened_in=inside,
        drawn=chosen,
        inclusion=np.where(inside, 1.0, 0.1),
        domains=domains,
        levels={REALITY: np.where(inside & (place % 4 == 0), 2, 0)},
    )
    legal = one(estimates(frame, ("domain",)), "flagged", "moderate+", domain="legal")
    assert legal.n == pytest.approx(5000, rel=0.01)
    assert legal.share == pytest.approx(150 / 5000, rel=0.01)
    assert legal.low < legal.share < legal.high


def test_a_domain_seen_only_among_the_screened_in_says_what_it_is_a_share_of():
    place = np.arange(1000)
    inside = place < 100
    domains = np.zeros((1000, 2), dtype=bool)
    domains[inside, 0] = True
    frame = frame_of(
        1000, screened_in=inside, drawn=inside, domains=domains, levels={REALITY: np.where(place < 10, 2, 0)}
    )
    legal = one(estimates(frame, ("domain",)), "flagged", "moderate+", domain="legal")
    assert (legal.count, legal.n, legal.missing) == (10, 100, 900)
    assert "share of those screened in: 900 screened-out were never rated" in legal.method
    assert legal.high_if_missing_all > 0.9


def test_factor_levels_give_the_rate_flagged_and_the_rate_actualized_given_flagged():
    levels = {VULNERABILITY: [3, 3, 3, 3, 0, 0, 0, 0], REALITY: [2, 2, 3, 0, 2, 0, 0, 0]}
    actualized = np.zeros((8, len(PRIMITIVES)), dtype=np.int8)
    actualized[0, 0] = 1
    found = estimates(frame_of(8, levels=levels, actualized=actualized), (VULNERABILITY,))
    assert one(found, "flagged", "moderate+", vulnerability="severe").share == 0.75
    assert one(found, "flagged", "moderate+", vulnerability="none").share == 0.25
    marker = ACTUALIZED[0]
    assert one(found, marker, "yes", vulnerability="severe").share == 0.25
    assert one(found, marker, "yes", flagged="yes", vulnerability="severe").share == pytest.approx(1 / 3)
    assert one(found, marker, "yes", flagged="yes").share == 0.25


def test_one_person_is_said_to_be_one_person():
    found = one(estimates(frame_of(20, person=np.zeros(20, dtype=int)), ()), ATTACHMENT, "severe")
    assert found.persons == 1
    assert "one person" in found.method
    assert (found.low, found.high) == wilson(0, 20)


def test_unknown_persons_are_said_to_be_unknown():
    found = one(estimates(frame_of(20, person=np.full(20, -1)), ()), ATTACHMENT, "severe")
    assert found.persons is None
    assert "persons unknown" in found.method


def test_people_with_many_conversations_are_counted_and_said():
    person = np.repeat(np.arange(10), 10)
    found = one(estimates(frame_of(100, person=person), ()), ATTACHMENT, "severe")
    assert found.persons == 10
    assert found.n_effective * found.design_effect == pytest.approx(found.n)
    assert found.high > wilson(0, 100).high
    assert "10 persons, design effect 1.9" in found.method


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_loose_lower_limit_is_said(count):
    found = one(
        estimates(frame_of(50, levels={ATTACHMENT: [3] * count + [0] * (50 - count)}), ()), ATTACHMENT, "severe"
    )
    assert "lower limit alone may be too high" in found.method


def test_groups_come_in_the_order_asked_for():
    model = Attribute(np.zeros(3, dtype=int), ("m",))
    keys = [next(iter(e.group)) for e in estimates(frame_of(3, model=model), (ATTACHMENT, "model")) if e.group]
    assert list(dict.fromkeys(keys)) == [ATTACHMENT, "model"]


def test_an_unknown_group_is_refused_by_name():
    with pytest.raises(UsageError, match=r"must be among domain, .* Got 'country'"):
        estimates(frame_of(1), ("country",))


@pytest.mark.parametrize(
    "wrong",
    [
        {"person": np.zeros(4, dtype=int)},
        {"levels": {REALITY: [4, 0, 0]}},
        {"inclusion": np.array([1.0, 0.0, 1.0])},
        {"inclusion": np.array([1.0, np.nan, 1.0])},
        {"drawn": np.zeros(3, dtype=bool), "rated": np.ones(3, dtype=bool)},
        {"rated": np.ones(3)},
        {"model": Attribute(np.array([0, 1, 2]), ("a", "b"))},
        {"month": Attribute(np.array([0]), ("2025-01",))},
    ],
    ids=["length", "level 4", "chance 0", "chance nan", "rated undrawn", "not bool", "code too high", "too few codes"],
)
def test_a_frame_that_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError):
        frame_of(3, **wrong)


def test_a_hundred_thousand_conversations_take_little_time_and_memory():
    rng = np.random.default_rng(0)
    n = 100_000
    levels = np.minimum(rng.poisson(0.05, (n, len(CONSTRUCTS))), 3).astype(np.int8)
    codes = Attribute(rng.integers(0, 12, n).astype(np.int16), tuple(f"2025-{m:02d}" for m in range(1, 13)))
    domains = np.zeros((n, 2), dtype=bool)
    domains[np.arange(n), rng.integers(0, 2, n)] = True
    frame = frame_of(
        n,
        levels=dict(zip(CONSTRUCTS, levels.T, strict=True)),
        person=rng.integers(0, 30_000, n),
        domains=domains,
        month=codes,
        model=codes,
        language=codes,
    )
    tracemalloc.start()
    start = time.process_time()
    found = estimates(frame, GROUPS)
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) > 500
    assert {e.construct for e in found} >= {*CONSTRUCTS, "flagged", *ACTUALIZED}
    assert {k for e in found for k in e.group} == {"domain", "month", "model", "language", "flagged", *FACTORS}
    assert seconds < 10
    assert peak < 60e6
