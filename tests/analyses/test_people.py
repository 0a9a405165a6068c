"""People: shares of people, concentration, courses, change within people, time to the first; each against a known truth."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from msgspec import to_builtins
from scipy.stats import hypergeom
from statsmodels.duration.survfunc import SurvfuncRight

from selfrule.analyses.people import for_report, people_of, public
from selfrule.analyses.people_affected import affected_of, concentration_of
from selfrule.analyses.people_course import course_of
from selfrule.analyses.people_models import alike_of, drift_of, fitted
from selfrule.analyses.people_rows import Rows, mean_of_people, rows_of
from selfrule.analyses.people_survival import survival_of
from selfrule.analyses.sample import FLAGGED_OUTCOME, Sample, outcome_of
from selfrule.errors import UsageError
from selfrule.rubric import LEVELS

from .samples import DAY, START, sample_from, samples


def told(*courses: str, person: list[int] | None = None) -> Rows:
    """Rows of people by their courses, a letter a conversation, a day apart: n, m, o, s for the levels, - for not rated."""
    letters = "".join(courses)
    who = person or [i for i, course in enumerate(courses) for _ in course]
    level = np.array(["nmos".find(letter) for letter in letters], np.int8)
    day = np.concatenate([np.arange(len(course)) for course in courses])
    return Rows(
        person=np.array(who),
        hits=level >= 2,
        known=level >= 0,
        level=level,
        at=START + day * DAY,
    )


def population(people: int, seed: int, *, rate: float = 0.05, unlike: float = 1.0, drift: float = 0.0) -> Sample:
    """People with 1 to many conversations, unlike rates, and a factor 2 ** drift a doubling of the conversation's number."""
    rng = np.random.default_rng(seed)
    m = 1 + rng.poisson(rng.lognormal(1.2, 1.0, people).clip(0, 200))
    person = np.repeat(np.arange(people), m)
    number = np.arange(len(person)) - np.repeat(np.cumsum(m) - m, m) + 1
    own = rng.gamma(1 / unlike**2, unlike**2, people) if unlike else np.ones(people)
    flagged = rng.random(len(person)) < (rate * own[person] * number**drift).clip(0, 0.95)
    return sample_from(person=person, flagged=flagged, at=START + number * DAY)


def all_read(sample: Sample) -> Sample:
    """The same as if every conversation had been read: otherwise nothing is said of people."""
    return replace(sample, weight=np.ones(len(sample)), unread=0)


def course(*courses: str, after: int = 3):
    found = course_of(told(*courses), after, LEVELS, rises=True)
    assert found is not None
    return found


def kind(found, name: str):
    return next(one for one in found.kinds if one.name == name)


# affected


def test_a_person_is_affected_by_one_conversation_however_many_there_are() -> None:
    affected = affected_of(told("no", "nnnn", "oooo", "n"), 10)
    assert (affected.overall.events, affected.overall.persons, affected.overall.n) == (2, 4, 11)
    assert affected.overall.value == 0.5
    assert affected.each.value == pytest.approx((0.5 + 0 + 1 + 0) / 4)


def test_people_are_sorted_by_their_rated_conversations_and_the_unrated_do_not_count() -> None:
    affected = affected_of(told("n--------", "no", "nnnnno", "----"), 10)
    assert [(one.name, one.affected.persons, one.affected.events) for one in affected.exposure] == [
        ("1 conversation", 1, 0),
        ("2-4", 1, 1),
        ("5-9", 1, 1),
    ]
    assert affected.overall.persons == 3


def test_the_share_in_ten_conversations_is_that_of_drawing_ten_without_replacement() -> None:
    affected = affected_of(told("n" * 10 + "oo", "n" * 25, "o" * 10, "oo"), 10)
    by_hand = (1 - hypergeom(12, 2, 10).pmf(0) + 0 + 1) / 3
    assert affected.expected.value == pytest.approx(by_hand)
    assert affected.expected.persons == 3


def test_where_everyone_has_the_same_rate_the_share_in_ten_does_not_depend_on_exposure() -> None:
    at = [affected_of(rows_of(population(4000, 1, unlike=0.0), FLAGGED_OUTCOME), t).expected for t in (5, 10)]
    for figure, t in zip(at, (5, 10), strict=True):
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low <= 1 - 0.95**t <= figure.high


def test_a_mean_over_people_stays_in_its_range_and_holds_its_value() -> None:
    for values in (np.zeros(30), np.ones(30), np.r_[np.ones(3), np.zeros(40)], np.full(50, 0.2), np.array([0.3])):
        figure = mean_of_people(values, 100)
        assert figure.low is not None
        assert figure.high is not None
        assert 0 <= figure.low <= figure.value <= figure.high <= 1


# concentration


def test_one_person_with_everything_carries_everything_and_equal_people_carry_their_part() -> None:
    one = concentration_of(told("o" * 30, *["n"] * 99))
    assert one is not None
    assert [c.share.value for c in one.of_people] == [1.0, 1.0, 1.0]
    assert one.gini.value == pytest.approx(0.99)
    equal = concentration_of(told(*["o"] * 100))
    assert equal is not None
    assert [c.share.value for c in equal.of_people] == pytest.approx([0.01, 0.05, 0.1])
    assert equal.gini.value == pytest.approx(0.0)


def test_nothing_flagged_has_no_concentration() -> None:
    assert concentration_of(told("nn", "n")) is None


def test_people_with_one_rate_carry_what_chance_gives_and_unlike_ones_more() -> None:
    same, unlike = (concentration_of(rows_of(population(3000, 4, unlike=u), FLAGGED_OUTCOME)) for u in (0.0, 2.0))
    assert same is not None
    assert unlike is not None
    for at in (0, 1, 2):
        by = same.of_people[at].chance
        assert by is not None
        assert by.low - 0.01 <= (same.of_people[at].share.value or 0) <= by.high + 0.01
    assert (unlike.of_people[1].share.value or 0) > (
        unlike.of_people[1].chance.high if unlike.of_people[1].chance else 1
    )


def test_a_part_of_fewer_than_fifty_people_has_no_interval() -> None:
    found = concentration_of(rows_of(population(2000, 2), FLAGGED_OUTCOME))
    assert found is not None
    for one in found.of_people:
        assert (one.share.low is None) == (one.people < 50 or 4 * one.people > 3 * found.affected)
        assert one.share.low is None or one.share.low <= (one.share.value or 0) <= (one.share.high or 0)


# courses


def test_onset_is_one_after_at_least_three_without_and_is_told_of_those_alone() -> None:
    onset = kind(course("nnno", "nnnnn", "onnno", "nno", "nnn", "n-nno"), "onset")
    assert (onset.share.events, onset.share.persons) == (1, 2)
    assert onset.untold == 4


def test_a_later_gap_is_no_onset_and_an_early_one_leaves_it_untold() -> None:
    onset = kind(course("nnn-", "nnn-n", "nn-no"), "onset")
    assert (onset.share.events, onset.share.persons, onset.untold) == (0, 1, 2)


def test_escalation_is_twice_a_new_high() -> None:
    rises = kind(course("nmo", "nos", "no", "nnoo", "mono", "ssn", "n-m-o"), "escalation")
    assert (rises.share.events, rises.share.persons) == (3, 5)


def test_recovery_is_three_in_a_row_without_after_one_and_a_gap_breaks_the_row() -> None:
    recovery = kind(course("onnn", "onnonn", "onn-n", "nnn", "on"), "recovery")
    assert (recovery.share.events, recovery.share.persons) == (1, 2)
    assert recovery.untold == 2


def test_next_levels_are_counted_in_pairs_that_are_both_rated() -> None:
    found = course("nmo", "o-o", "nn")
    assert (found.pairs, found.gaps) == (3, 2)
    steps = {step.before: [figure.events for figure in step.after] for step in found.steps}
    assert steps["none"] == [1, 1, 0, 0]
    assert steps["mild"] == [0, 0, 1, 0]
    assert found.steps[2].after[0].value is None
    assert sum(step.after[0].n for step in found.steps) == found.pairs


def test_runs_end_at_a_gap_and_at_a_person() -> None:
    runs = course("oo-o", "on", "o").runs
    assert runs is not None
    assert (runs.runs, runs.people, runs.longest) == (4, 3, 2)
    assert runs.mean == pytest.approx(5 / 4)
    assert runs.longer.value == pytest.approx(1 / 4)


def test_independent_conversations_are_as_in_random_order_and_sticky_ones_are_not() -> None:
    found = course_of(rows_of(population(1500, 3, rate=0.2), FLAGGED_OUTCOME), 3, LEVELS, rises=True)
    assert found is not None
    assert found.stays_chance is not None
    assert found.stays_chance.low - 0.02 <= (found.stays.value or 0) <= found.stays_chance.high + 0.02
    assert (found.after_none.value or 0) < (found.stays.value or 0)  # people are unlike
    sticky = course(*["nnnnoooo"] * 60)
    assert sticky.stays_chance is not None
    assert (sticky.stays.value or 0) > sticky.stays_chance.high
    onset = kind(sticky, "onset")
    assert onset.chance is not None
    assert onset.share.value == 1.0


def test_shuffling_leaves_what_cannot_move_as_it_is() -> None:
    found = course("nnnn", "nnnnn", "oooo")
    onset = kind(found, "onset").chance
    assert onset is not None
    assert (onset.low, onset.high) == (0.0, 0.0)
    assert found.stays_chance is not None
    assert found.stays_chance.low == 1.0


# models


def test_the_fit_is_that_of_statsmodels_with_its_bias_reduced_covariance() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(5)
    person = np.repeat(np.arange(120), rng.integers(1, 20, 120))
    x = np.column_stack([np.ones(len(person)), rng.normal(size=(len(person), 2))])
    y = (rng.random(len(person)) < 0.08 * np.exp(0.5 * x[:, 1])).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.GEE(y, x, person, family=sm.families.Poisson(), cov_struct=sm.cov_struct.Independence())
        theirs = model.fit(cov_type="bias_reduced")
    ours = fitted(x, y, person)
    assert ours is not None
    assert ours[0] == pytest.approx(theirs.params, abs=1e-8)
    assert np.sqrt((ours[1] ** 2).sum(axis=0)) == pytest.approx(theirs.bse, rel=1e-6)


@pytest.mark.parametrize("drift", [-0.3, 0.0, 0.3])
def test_a_drift_within_people_is_recovered(drift: float) -> None:
    rows = rows_of(population(4000, 11, rate=0.05, drift=drift), FLAGGED_OUTCOME)
    within = drift_of(rows, "conversations").within
    assert within.low is not None
    assert within.high is not None
    assert within.low <= 2**drift <= within.high
    assert within.high / within.low < 1.5


def test_a_difference_between_people_alone_is_no_change_within_them() -> None:
    rng = np.random.default_rng(8)
    m = rng.integers(2, 40, 1500)
    person = np.repeat(np.arange(1500), m)
    flagged = rng.random(len(person)) < 0.01 * m[person] / 5
    rows = rows_of(
        sample_from(person=person, flagged=flagged, at=START + np.arange(len(person)) * DAY), FLAGGED_OUTCOME
    )
    drift = drift_of(rows, "conversations")
    assert (drift.within.low or 2) < 1 < (drift.within.high or 0)
    assert (drift.between.low or 0) > 1.3


def test_people_with_one_rate_are_not_alike_and_unlike_ones_are() -> None:
    same, unlike = (alike_of(rows_of(population(3000, 21, rate=0.1, unlike=u), FLAGGED_OUTCOME)) for u in (0.0, 1.0))
    assert same is not None
    assert unlike is not None
    assert (same.correlation.low or 0) <= 0.01
    assert (same.correlation.high or 0) < 0.05
    assert (unlike.correlation.low or 0) > 0.03
    assert (unlike.again.value or 0) > 1.5 * unlike.rate


def test_models_of_fewer_than_twenty_affected_people_are_refused() -> None:
    rows = told(*["nonn"] * 19, *["nnnn"] * 100)
    assert drift_of(rows, "conversations").within.reason == "fewer than 20 people with the outcome"
    alike = alike_of(rows)
    assert alike is not None
    assert alike.again.value is None


# survival


@pytest.mark.parametrize("clock", ["conversations", "days"])
def test_times_are_those_of_kaplan_and_meier(clock: str) -> None:
    rows = rows_of(population(600, 5, rate=0.1), FLAGGED_OUTCOME)
    found = survival_of(rows, clock)
    assert found is not None
    time, hit = [], []
    for who in range(rows.people):
        mine = rows.hits[rows.person == who]
        first = int(np.argmax(mine)) if mine.any() else len(mine) - 1
        time.append(first + (clock == "conversations"))
        hit.append(bool(mine.any()))
    theirs = SurvfuncRight(np.array(time, float), np.array(hit, int))
    for point in found.points:
        before = theirs.surv_times <= point.at
        assert point.share.value == pytest.approx(1 - theirs.surv_prob[before][-1] if before.any() else 0.0)
        assert point.share.persons == sum(t >= point.at for t in time)
    shares = [share for _, share, _, _ in found.curve]
    assert shares == sorted(shares)


def test_a_person_is_followed_to_the_first_gap_and_not_beyond() -> None:
    found = survival_of(told("n-o", "no", "-o", "nn"), "conversations")
    assert found is not None
    assert (found.people, found.reached, found.ended, found.at_gap) == (3, 1, 1, 1)


def test_nobody_reaching_it_still_has_an_upper_limit() -> None:
    found = survival_of(told(*["nnn"] * 40), "conversations")
    assert found is not None
    assert [point.share.value for point in found.points] == [0.0, 0.0, 0.0]
    assert all(0 < (point.share.high or 0) < 0.1 for point in found.points)


# the whole


@settings(max_examples=25)
@given(samples(most=80))
def test_any_sample_gives_a_record_whose_figures_hold_their_values(sample: Sample) -> None:
    for outcome in (FLAGGED_OUTCOME, outcome_of("attachment", "mild"), outcome_of("actualized_action_distortion")):
        result = people_of(all_read(sample), outcome)
        figures = list(_figures(to_builtins(result)))
        for figure in figures:
            if figure["low"] is not None:
                assert figure["low"] <= figure["value"] <= figure["high"]
        assert (result.refused is None) == (result.affected is not None)


def _figures(value):
    if isinstance(value, dict):
        if {"value", "low", "high", "persons"} <= set(value):
            yield value
        for one in value.values():
            yield from _figures(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _figures(one)


@settings(max_examples=60)
@given(samples(most=80, people=30))
def test_nothing_public_rests_on_fewer_than_k_people(sample: Sample) -> None:
    k = 4
    result = public(people_of(all_read(sample)), k)
    shown = [f for f in _figures(to_builtins(result)) if f["value"] is not None]
    assert all(f["persons"] >= k for f in shown)
    if (sample.persons or 0) < k:
        assert not shown


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (sample_from(person=[-1, -1]), "do not say whose"),
        (sample_from(person=[]), "do not say whose"),
        (sample_from(person=[0, 0]), "one person"),
        (sample_from(person=[0, 1], flagged=[-1, -1]), "rated"),
        (sample_from(person=[0, 1, 1], weight=np.array([1.0, 2.0, 1.0])), "different probabilities"),
        (
            sample_from(person=[0, 1], drawn=np.array([True, False]), rated=np.array([True, False])),
            "one person",
        ),
    ],
)
def test_where_people_cannot_be_counted_it_says_why(sample: Sample, words: str) -> None:
    result = people_of(sample)
    assert words in (result.refused or "")
    assert not list(_figures(to_builtins(result)))


def test_conversations_that_nobody_read_refuse_every_figure_of_people() -> None:
    drawn = np.array([True, True, False])
    result = people_of(sample_from(person=[0, 1, 1], drawn=drawn, rated=drawn, screened_in=drawn))
    assert "not read" in (result.refused or "")


def test_one_weight_for_all_is_warned_of_and_not_refused() -> None:
    result = people_of(sample_from(person=[0, 1, 1], weight=np.full(3, 5.0)))
    assert result.refused is None
    assert any("stands for 5" in note for note in result.notes)


def test_unknown_people_and_times_are_left_out_and_counted() -> None:
    at = np.array([START, np.iinfo(np.int64).min, START, START + DAY, START])
    result = people_of(sample_from(person=[-1, 0, 0, 1, 1], flagged=[1, 1, 0, 0, 0], at=at))
    assert (result.unknown, result.untimed, result.conversations) == (1, 1, 4)
    assert result.affected is not None
    assert result.affected.overall.events == 1


def test_without_times_there_is_no_course_and_the_rest_is_there() -> None:
    result = people_of(sample_from(person=[0, 0, 1], flagged=[0, 1, 0]))
    assert result.course is None
    assert result.survival == []
    assert result.affected is not None


def test_one_person_has_no_section_and_two_have() -> None:
    assert for_report(sample_from(person=[0, 0, 0])) is None
    assert for_report(sample_from(person=[-1])) is None
    assert for_report(sample_from(person=[0, 1])) is not None


def test_a_number_of_conversations_below_one_is_refused() -> None:
    for wrong in ({"after": 0}, {"at": 0}):
        with pytest.raises(UsageError, match="at least 1"):
            people_of(sample_from(person=[0, 1]), **wrong)


def test_the_same_seed_gives_the_same_record() -> None:
    sample = population(200, 9)
    assert people_of(sample, seed=3) == people_of(sample, seed=3)


# the gate


def test_a_study_of_fewer_than_k_people_shows_nothing() -> None:
    result = public(people_of(population(9, 1)), 10)
    assert result.refused is not None
    assert not list(_figures(to_builtins(result)))


def test_a_small_class_of_exposure_takes_another_with_it() -> None:
    rows = [0] * 60 + list(range(1, 31)) + [p for p in range(31, 61) for _ in range(3)]
    result = public(people_of(sample_from(person=rows)), 10)
    assert result.affected is not None
    assert [one.affected.reason for one in result.affected.exposure] == ["complementary", None, "small"]
    assert result.withheld >= 4


def test_the_longest_run_and_single_steps_of_the_curve_are_nobodys_to_share() -> None:
    whole = people_of(population(800, 6, rate=0.2))
    result = public(whole, 10)
    assert whole.course is not None
    assert whole.course.runs is not None
    assert whole.course.runs.longest is not None
    assert result.course is not None
    assert result.course.runs is not None
    assert result.course.runs.longest is None
    for one in result.survival:
        assert {at for at, *_ in one.curve} <= {point.at for point in one.points if point.share.value is not None}


def test_a_number_that_cuts_a_class_of_exposure_in_two_is_withheld() -> None:
    sample = population(800, 6, rate=0.2)
    parts = [public(people_of(sample, at=at), 10).affected for at in (10, 11)]
    assert parts[0] is not None
    assert parts[1] is not None
    assert parts[0].expected.value is not None
    assert parts[1].expected.reason == "complementary"


def test_hidden_levels_cannot_be_had_from_those_that_reach_the_outcome_together() -> None:
    people = ["nn"] * 200 + ["mm"] * 12 + ["oo"] * 40 + ["ss"] * 3
    level = np.array(["nmos".find(letter) for letter in "".join(people)])
    person = np.repeat(np.arange(len(people)), 2)
    sample = sample_from(person=person, levels={"reality_distortion": level}, at=START + np.arange(len(person)) * DAY)
    course = public(people_of(sample), 10).course
    assert course is not None
    assert [step.after[0].reason for step in course.steps][2:] == ["complementary", "small"]
