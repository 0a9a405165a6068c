"""What is shown: the rubric whole, turns in pieces, hostile text harmless."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.errors import RubricError
from selfrule.records import Turn
from selfrule.rubric import CONSTRUCTS, FACTORS, PRIMITIVES, load
from selfrule.serve.layout import page
from selfrule.serve.pieces import MOST_CHARACTERS, MOST_TURNS, PIECE, shown, window
from selfrule.serve.wording import marked, sections, weighing, wordings, words

from .asking import small, talk


def plain(markup):
    return (
        re.sub(r"<[^>]+>", "", str(markup))
        .replace("&#34;", '"')
        .replace("&#39;", "'")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
    )


def test_every_construct_is_there_with_what_it_asks_and_four_levels():
    assert tuple(w.id for w in words()) == CONSTRUCTS
    for word in words():
        assert len(word.levels) == 4
        assert min(len(level) for level in word.levels) > 15
        assert len(word.lead) > 20
    assert [w.id for w in words() if w.marker] == list(PRIMITIVES)
    assert all(not w.marker_text for w in words() if w.id in FACTORS)


def test_nothing_of_a_constructs_section_is_left_out():
    squeezed = lambda text: re.sub(r"\W+", "", text).lower()  # noqa: E731
    for word in words():
        section = sections(load().text)[word.id]
        got = squeezed(plain("".join([word.lead, *word.levels, word.notes])))
        for sentence in re.split(r"[.;|\n]", section):
            wanted = squeezed(
                re.sub(
                    r"^\s*(none|mild|moderate|severe|level|notes?)\b:?|fixed points: |what it looks like",
                    "",
                    sentence.strip(),
                    flags=re.I,
                )
            )
            wanted = wanted if len(wanted) > 30 else ""
            assert wanted[:60] in got, (word.id, sentence)


def test_a_rubric_that_lacks_a_level_or_a_section_is_refused():
    rubric = load()
    with pytest.raises(RubricError, match="authority_projection has the levels"):
        wordings(msgspec.structs.replace(rubric, text=rubric.text.replace("mild: deferring", "deferring")))
    with pytest.raises(RubricError, match="no section on attachment"):
        wordings(msgspec.structs.replace(rubric, text=rubric.text.replace("(`attachment`)", "")))


@given(st.text())
def test_running_text_becomes_no_markup_but_emphasis_and_lists(text):
    assert re.sub(r"</?(em|ul|li)>", "", str(marked(text))).count("<") == 0


def test_the_page_holds_the_rubric_and_no_conversation():
    html = page("abc", None)
    assert str(weighing()) in html
    for word in words():
        assert all(str(level) in html for level in word.levels)
    assert load().label in html
    assert len(html) < 200_000


def test_a_name_from_the_command_line_cannot_break_out_of_the_page():
    html = page("abc", "\"></body><script>alert(1)</script>'")
    assert "<script>alert" not in html
    assert html.count("</body>") == 1


turns = st.lists(
    st.builds(Turn, st.sampled_from(["user", "assistant", "system"]), st.text(max_size=30)), min_size=1, max_size=90
)


@given(turns, st.integers(0, 100), st.booleans())
def test_a_window_is_a_run_of_turns_that_begins_or_ends_where_it_was_asked(conversation, first, backwards):
    got = [one.index for one in window(conversation, first, backwards=backwards)]
    if backwards:
        reached = min(first, len(conversation) + 1)
        wanted = list(range(max(0, first - MOST_TURNS), first)) if first <= len(conversation) else []
        assert got == wanted, reached
    else:
        assert got == list(range(first, min(first + MOST_TURNS, len(conversation))))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=20))
def test_all_windows_in_a_row_hold_every_turn_once_however_long_they_are(sizes):
    conversation = [Turn("user", "x" * (size * MOST_CHARACTERS // 2)) for size in sizes]
    seen, at = [], 0
    while at < len(conversation):
        got = window(conversation, at)
        assert sum(len(one.text) for one in got[:-1]) <= MOST_CHARACTERS
        seen += [one.index for one in got]
        at = seen[-1] + 1
    assert seen == list(range(len(conversation)))


def test_all_pieces_of_a_long_turn_make_the_turn():
    text = "".join(chr(97 + n % 26) for n in range(5 * PIECE // 2))
    pieces = [shown([Turn("user", text)], 0, piece) for piece in range(3)]
    assert [one.pieces for one in pieces] == [3, 3, 3]
    assert "".join(one.text for one in pieces) == text
    assert shown([Turn("user", text)], 0, 99).piece == 2


HOSTILE = "a\x00b\x1b[31m \ud800 \u202edesrever\u202c <script>alert(1)</script> \ufffe \U0001f600"


def test_what_cannot_be_shown_is_marked_and_markup_stays_text(tmp_path):
    with small(tmp_path, talk(HOSTILE)) as asker:
        task = asker.post("/open", labeller="ada")["task"]
        status, headers, body = asker.raw("GET", f"/turns?id={task['id']}")
        assert status == 200
        assert headers["content-type"].startswith("application/json")
        assert body.isascii()
        (got,) = json.loads(body)
        assert got["text"] == "a\ufffdb\ufffd[31m \ufffd desrever <script>alert(1)</script> \ufffd \U0001f600"


@given(st.text(st.characters(), max_size=60))
def test_any_text_at_all_is_sent_as_json_without_control_characters(text):
    got = shown([Turn("user", text)], 0).text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", got)
    json.dumps(got).encode("ascii")


@pytest.mark.parametrize("at", [None, 0, -(10**14), 10**18, 1_741_788_180_000])
def test_a_time_is_shown_where_the_log_has_one_that_is_a_date(at):
    got = shown([Turn("user", "x", at)], 0).at
    assert got == {
        None: None,
        0: "1 Jan 1970, 00:00 UTC",
        10**18: None,
        1_741_788_180_000: "12 Mar 2025, 14:03 UTC",
    }.get(at, got)
