"""Calendar months and weeks: whole, in order, without holes in their list."""

from __future__ import annotations

import datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from selfrule.analyses.periods import Every, periods_of
from selfrule.estimate.frame import NO_TIME

UTC = datetime.UTC
MOMENTS = st.datetimes(datetime.datetime(1960, 1, 1), datetime.datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
EVERY: tuple[Every, ...] = ("month", "week")


def _millis(moments: list[datetime.datetime]) -> np.ndarray:
    return np.array([round(m.timestamp() * 1000) for m in moments], np.int64)


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(EVERY))
def test_every_time_lies_within_its_period(moments: list[datetime.datetime], every: Every) -> None:
    at = _millis(moments)
    periods = periods_of(at, every)
    assert (periods.starts[periods.code] <= at).all()
    assert (at < periods.starts[periods.code + 1]).all()


@given(st.lists(MOMENTS, min_size=1, max_size=20))
def test_a_month_is_the_calendar_s(moments: list[datetime.datetime]) -> None:
    periods = periods_of(_millis(moments))
    assert [periods.names[c] for c in periods.code] == [f"{m:%Y-%m}" for m in moments]


@given(st.lists(MOMENTS, min_size=1, max_size=20))
def test_a_week_is_named_after_its_monday(moments: list[datetime.datetime]) -> None:
    periods = periods_of(_millis(moments), "week")
    mondays = [(m.date() - datetime.timedelta(days=m.weekday())).isoformat() for m in moments]
    assert [periods.names[c] for c in periods.code] == mondays


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(EVERY))
def test_the_list_begins_with_the_first_and_ends_with_the_last_and_names_all_between(
    moments: list[datetime.datetime], every: Every
) -> None:
    periods = periods_of(_millis(moments), every)
    assert periods.code.min() == 0
    assert periods.code.max() == len(periods) - 1
    assert len(set(periods.names)) == len(periods)
    assert list(periods.names) == sorted(periods.names)
    assert (np.diff(periods.starts) > 0).all()
    assert len(periods.starts) == len(periods) + 1


def test_an_unknown_time_is_of_no_period() -> None:
    at = np.array([NO_TIME, *_millis([datetime.datetime(2026, 3, 5, tzinfo=UTC)])])
    assert periods_of(at).code.tolist() == [-1, 0]


def test_without_any_time_there_is_no_period() -> None:
    for at in (np.array([NO_TIME]), np.array([], np.int64)):
        assert len(periods_of(at)) == 0


def test_a_period_without_a_conversation_is_listed() -> None:
    at = _millis([datetime.datetime(2025, m, 2, tzinfo=UTC) for m in (1, 4)])
    assert periods_of(at).names == ("2025-01", "2025-02", "2025-03", "2025-04")
