"""Windows hold everything, in order, within the budget; how they are joined does not depend on their order."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.judges.container import escaped
from selfrule.judges.windows import HEADER, TooManyWindowsError, Window, size, windows
from selfrule.records import ROLES, Turn
from tests.judges.asking import estimate

texts = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="ab <&\n爱", min_size=100, max_size=900),
    st.integers(0, 900).map("<".__mul__),
)
turns = st.lists(st.builds(Turn, st.sampled_from(ROLES), texts), min_size=1, max_size=12)
budgets = st.integers(40, 400)


def covered(made: list[Window], index: int, text: str) -> bool:
    """Whether the pieces of a turn, laid one over the other where they overlap, are its text."""
    pieces = sorted({(p.part, p.text) for w in made for p in w.pieces if p.index == index})
    if pieces and pieces[0][0] == 0:
        return pieces == [(0, text)]
    assert [part for part, _ in pieces] == list(range(1, len(pieces) + 1))
    ends = {0}  # where the parts so far may end: a text that repeats itself leaves it open
    for _, part in pieces:
        starts = (s for s in range(max(ends) + 1) if text.startswith(part, s))
        ends = {s + len(part) for s in starts}
        if not ends:
            return False
    return len(text) in ends


@given(turns, budgets)
def test_every_character_of_every_turn_is_in_some_window(conversation: list[Turn], budget: int) -> None:
    made = windows(conversation, budget, estimate)
    assert {p.index for w in made for p in w.pieces} == set(range(len(conversation)))
    for index, turn in enumerate(conversation):
        assert covered(made, index, turn.text)


@given(turns, budgets)
def test_no_window_is_above_its_budget_by_the_estimate_of_what_is_sent(conversation: list[Turn], budget: int) -> None:
    for window in windows(conversation, budget, estimate):
        assert size(window, estimate) <= budget
        assert size(window, estimate) == sum(estimate(escaped(p.text)) + HEADER for p in window.pieces)


@given(turns, budgets)
def test_windows_are_numbered_and_each_shows_something_new_in_order(conversation: list[Turn], budget: int) -> None:
    made = windows(conversation, budget, estimate)
    assert [(w.number, w.of) for w in made] == [(n, len(made)) for n in range(1, len(made) + 1)]
    last = (-1, 0)
    for window in made:
        places = [(p.index, p.part) for p in window.pieces]
        assert places == sorted(places)
        assert places[-1] > last
        last = places[-1]


@given(turns)
def test_a_conversation_that_fits_is_one_window_of_whole_turns(conversation: list[Turn]) -> None:
    (made,) = windows(conversation, 10**6, estimate)
    assert [(p.role, p.text, p.part) for p in made.pieces] == [(t.role, t.text, 0) for t in conversation]


def test_a_window_begins_with_the_last_turns_of_the_one_before() -> None:
    made = windows([Turn("user", "x" * 40)] * 100, 1000, estimate)
    assert all(size(window, estimate) <= 1000 for window in made)
    for earlier, later in pairwise(made):
        shared = earlier.turns & later.turns
        assert 1 <= len(shared) * (11 + HEADER) <= 100


def test_the_parts_of_a_long_turn_overlap_by_about_a_tenth() -> None:
    text = "".join(chr(0x4E00 + n) for n in range(20000))
    made = windows([Turn("user", text)], 500, estimate)
    parts = sorted({(p.part, p.text) for w in made for p in w.pieces})
    for (_, earlier), (_, later) in pairwise(parts):
        overlap = text.index(earlier) + len(earlier) - text.index(later)
        assert 0.05 * len(earlier) <= overlap <= 0.15 * len(earlier)


def test_beyond_the_most_windows_nothing_more_is_read() -> None:
    read = []
    with pytest.raises(TooManyWindowsError):
        windows([Turn("user", "x" * 400)] * 1000, 500, lambda text: read.append(text) or len(text) // 4 + 1, most=3)
    assert len(read) < 20


def test_forty_megabytes_in_one_turn_are_cut_in_seconds() -> None:
    begun = time.perf_counter()
    made = windows([Turn("user", "word " * 8_000_000)], 1_000_000, estimate)
    assert len(made) > 10
    assert time.perf_counter() - begun < 5


def test_a_budget_that_holds_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 40"):
        windows([Turn("user", "x")], 39, estimate)
