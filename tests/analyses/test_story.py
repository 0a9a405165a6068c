"""One person's conversations in figures: exact counts, honest intervals, nothing said of halves too small."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given

from selfrule.analyses.story import COMPARED, HALF, KINDS, story_of
from selfrule.estimate.frame import NO_TIME
from selfrule.rubric import CONSTRUCTS
from tests.analyses.samples import DAY, START, sample_from, samples


def days(*numbers: int) -> np.ndarray:
    return START + np.asarray(numbers, np.int64) * DAY


def history(hits: list[int], construct: str = "action_distortion", step: int = 1):
    """A conversation a day; where `hits` says 1 it is moderate on a construct."""
    n = len(hits)
    return sample_from(person=[0] * n, levels={construct: [2 * h for h in hits]}, at=days(*range(0, n * step, step)))


@given(samples(people=1))
def test_counts_add_up_whatever_the_logs_lack(sample):
    story = story_of(sample)
    assert story.read == len(sample) == story.rated + story.unrated
    assert sum(s.conversations for s in story.stretches) + story.undated == story.read
    assert sum(s.stood_out for s in story.stretches) <= (story.stood_out.events or 0)
    assert story.plain + (story.stood_out.events or 0) <= story.rated
    for figure in (story.stood_out, *(k.clear for k in story.kinds)):
        if figure.value is not None:
            assert 0 <= figure.low <= figure.value <= figure.high <= 1
            assert 0 <= figure.events <= figure.n
    for stretch in story.stretches:
        assert stretch.stood_out <= stretch.rated <= stretch.conversations
        assert max(stretch.kinds.values(), default=0) <= stretch.stood_out
    if story.halves:
        change = story.halves.change
        assert -1 <= change.low <= change.value <= change.high <= 1


@given(samples(people=1))
def test_a_story_goes_to_json_and_says_which_analysis_it_is(sample):
    assert msgspec.json.decode(msgspec.json.encode(story_of(sample)))["analysis"] == "story"


def test_nothing_at_all_is_a_story_without_figures():
    story = story_of(sample_from(person=[]))
    assert (story.read, story.stood_out.value, story.stretches, story.halves) == (0, None, [], None)
    assert story.stood_out.reason


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_moderate_on_any_of_six_constructs_stands_out_and_vulnerability_never_does(construct):
    story = story_of(history([1, 0, 0, 1], construct))
    assert story.stood_out.events == (2 if construct in KINDS else 0)
    assert story.vulnerable == (0 if construct in KINDS else 2)


def test_mild_does_not_stand_out_and_is_not_nothing_either():
    story = story_of(sample_from(person=[0] * 5, levels={"attachment": [1, 1, 0, 0, 0]}, at=days(*range(5))))
    assert (story.stood_out.events, story.plain) == (0, 3)
    assert next(k.mild for k in story.kinds if k.construct == "attachment") == 2


def test_what_could_not_be_rated_is_never_counted_as_nothing():
    story = story_of(sample_from(person=[0] * 6, flagged=[1, 0, -1, -1, -1, 0], at=days(*range(6))))
    assert (story.rated, story.unrated, story.plain) == (3, 3, 2)
    assert (story.stood_out.n, story.stood_out.events, story.stood_out.missing) == (3, 1, 3)


def test_what_the_screen_set_aside_is_in_the_course_and_in_no_count():
    sample = history([1, 0, 0])
    story = story_of(sample, np.concatenate([sample.at, days(40, 41, 100, 200)]))
    assert (story.read, story.set_aside, story.stood_out.n) == (7, 4, 3)
    assert sum(s.conversations for s in story.stretches) == 7
    assert sum(s.rated for s in story.stretches) == 3


def test_a_short_history_is_told_by_week_and_a_long_one_by_month():
    assert story_of(history([0] * 40)).every == "week"
    assert story_of(history([0] * 40, step=9)).every == "month"


def test_without_times_there_is_no_course_and_no_change():
    story = story_of(sample_from(person=[0] * 50, flagged=[1, 0] * 25, at=np.full(50, NO_TIME)))
    assert (story.stretches, story.undated, story.halves, story.first) == ([], 50, None, None)
    assert story.stood_out.events == 25


@pytest.mark.parametrize(("n", "there"), [(2 * HALF - 1, False), (2 * HALF, True)])
def test_halves_of_fewer_than_ten_conversations_are_not_compared(n, there):
    assert (story_of(history([i % 2 for i in range(n)])).halves is not None) is there


def test_no_day_is_cut_in_two_and_one_day_has_no_halves():
    at = days(*([0] * 25 + [1] * 15))
    halves = story_of(sample_from(person=[0] * 40, flagged=[0] * 40, at=at)).halves
    assert (halves.earlier.n, halves.later.n) == (25, 15)
    assert (halves.earlier_to, halves.later_from) == ("2025-01-01", "2025-01-02")
    assert story_of(sample_from(person=[0] * 40, flagged=[0] * 40, at=days(*([3] * 40)))).halves is None


def test_a_plain_rise_is_found_and_points_upwards():
    halves = story_of(history([0] * 40 + [1] * 20 + [0] * 20)).halves
    assert (halves.earlier.events, halves.later.events) == (0, 20)
    assert halves.change.value == pytest.approx(0.5)
    assert halves.change.low > 0


def test_the_order_in_which_conversations_come_does_not_matter():
    sample = history([0, 0, 1, 1] * 10)
    order = np.random.default_rng(1).permutation(len(sample))
    assert story_of(sample.where(order)) == story_of(sample)


def test_kinds_are_compared_only_where_ten_were_clear_and_with_more_room_than_one_alone():
    few = story_of(history([1] * (COMPARED - 1) + [0] * 41))
    assert all(k.change is None for k in few.kinds)
    n = 60
    hit = [2 if i % 4 == 0 else 0 for i in range(n)]
    both = sample_from(person=[0] * n, levels={"attachment": hit, "action_distortion": hit}, at=days(*range(n)))
    changes = {k.construct: k.change for k in story_of(both).kinds if k.change}
    assert set(changes) == {"attachment", "action_distortion"}
    alone = story_of(history([int(h > 0) for h in hit])).halves.change
    assert changes["attachment"].high - changes["attachment"].low > alone.high - alone.low


def test_conversations_of_one_day_say_less_than_as_many_of_different_days():
    hits = ([1] * 5 + [0] * 15) * 4
    apart = story_of(history(hits)).stood_out
    together = story_of(
        sample_from(
            person=[0] * 80, levels={"attachment": [2 * h for h in hits]}, at=days(*(i // 5 for i in range(80)))
        )
    ).stood_out
    assert together.value == apart.value
    assert together.high - together.low > 1.2 * (apart.high - apart.low)


def test_subjects_are_counted_once_a_conversation_each_and_those_of_none_are_told():
    domains = np.array([[True, True, False], [True, False, False], [False, False, False]])
    story = story_of(sample_from(person=[0] * 3, flagged=[1, 0, 0], domains=domains, at=days(0, 1, 2)))
    assert [(s.domain, s.rated, s.stood_out) for s in story.subjects] == [("legal", 2, 1), ("other", 1, 1)]
    assert story.unplaced == 1


@pytest.mark.parametrize(("n", "before", "after"), [(30, 0.1, 0.1), (80, 0.15, 0.3), (600, 0.05, 0.05)])
@pytest.mark.parametrize("alike", [0.0, 0.2], ids=["apart", "days alike"])
def test_the_change_and_the_share_are_within_their_intervals_as_often_as_promised(n, before, after, alike):
    seeds, held_change, held_share = 100, 0, 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        day = np.sort(rng.integers(0, n // 3 if alike else 10 * n, n))
        late = day >= np.median(day)
        mean = np.where(late, after, before)
        first = np.unique(day, return_index=True, return_inverse=True)
        chance = mean
        if alike:
            a, b = mean[first[1]] * (1 - alike) / alike, (1 - mean[first[1]]) * (1 - alike) / alike
            chance = rng.beta(a, b)[first[2]]
        sample = sample_from(
            person=[0] * n, levels={"attachment": np.where(rng.random(n) < chance, 2, 0).tolist()}, at=days(*day)
        )
        story = story_of(sample)
        held_change += story.halves.change.low <= after - before <= story.halves.change.high
        held_share += story.stood_out.low <= mean.mean() <= story.stood_out.high
    assert held_change >= 0.91 * seeds
    assert held_share >= 0.91 * seeds
