"""Quotation limits: no run of more than eight words of any conversation, however it is dressed up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.privacy.quotation import MOST_WORDS, Quotations

SAID = "He told me that the harbour light goes out whenever his late wife's boat comes home."
WORDS = SAID.split()


def test_eight_shared_words_are_allowed_and_nine_are_not() -> None:
    index = Quotations([SAID])
    assert index.runs("Others: " + " ".join(WORDS[2:10])) == 0
    assert index.runs("Others: " + " ".join(WORDS[2:11])) == 9


def test_the_longest_run_is_counted_in_words() -> None:
    index = Quotations([SAID])
    assert index.runs(SAID) == len(WORDS) + 1  # wife's is two


DRESSED = {
    "case": SAID.upper(),
    "punctuation": SAID.replace(" ", " — ").replace(".", "!"),
    "no width": SAID.replace("a", "a\u200b"),
    "accents": SAID.replace("e", "é"),
    "full width": "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in SAID),
    "line ends": SAID.replace(" ", "\n"),
    "look-alikes": SAID.replace("o", "\u043e"),
    "inside others": f"Most said things such as {SAID} and the like.",
}


@pytest.mark.parametrize("text", DRESSED.values(), ids=DRESSED.keys())
def test_a_quotation_is_found_however_it_is_dressed_up(text: str) -> None:
    assert Quotations([SAID]).runs(text) > MOST_WORDS


UNSPACED = {
    "Han": "他告诉我海边的灯塔在亡妻的船回家时总是会熄灭",
    "kana": "あのひとはわたしにとうだいのあかりがきえるといいました",
    "Thai": "เขาบอกฉันว่าไฟประภาคารจะดับเมื่อเรือของภรรยากลับบ้าน",
}


@pytest.mark.parametrize("text", UNSPACED.values(), ids=UNSPACED.keys())
def test_two_characters_are_a_word_where_words_are_not_spaced(text: str) -> None:
    index = Quotations([text])
    assert index.runs("很久以前" + text[:16]) == 0
    assert index.runs("很久以前" + text[:17]) == 9


SPACED = {
    "Cyrillic": "он сказал мне что маяк гаснет когда лодка его жены приходит домой",
    "Greek": "μου είπε ότι ο φάρος σβήνει όταν γυρίζει η βάρκα της γυναίκας του",
    "Arabic": "قال لي إن منارة الميناء تنطفئ عندما يعود قارب زوجته الراحلة إلى البيت",
    "Hebrew": "הוא אמר לי שהמגדלור כבה בכל פעם שהסירה של אשתו חוזרת אל הבית",
    "Devanagari": "उसने मुझसे कहा कि बंदरगाह की बत्ती बुझ जाती है जब नाव लौटती है",
    "Hangul": "그는 나에게 항구의 등대가 죽은 아내의 배가 돌아올 때마다 꺼진다고 말했다 정말",
}


@pytest.mark.parametrize("text", SPACED.values(), ids=SPACED.keys())
def test_runs_are_found_in_other_scripts_that_space_their_words(text: str) -> None:
    assert Quotations([text]).runs(text) >= 9
    assert Quotations([text]).runs(" ".join(text.split()[:8])) == 0


def test_a_run_across_two_turns_joined_as_one_text_counts() -> None:
    assert (
        Quotations(["one two three four five\nsix seven eight nine ten"]).runs(
            "two three four five six seven eight nine ten"
        )
        == 9
    )


def test_an_empty_index_and_an_empty_text_share_nothing() -> None:
    assert Quotations().runs(SAID) == 0
    assert Quotations([SAID]).runs("") == 0
    assert Quotations(["", "short"]).runs(SAID) == 0


words = st.lists(st.sampled_from(["sea", "light", "wife", "boat", "home", "他", "ไ", "\ud800", "42"]), max_size=40)


@given(words, words, words)
def test_any_nine_words_in_a_row_of_any_conversation_are_found(
    before: list[str], after: list[str], other: list[str]
) -> None:
    run = [f"word{i}" for i in range(9)]
    index = Quotations([" ".join(before + run + after), " ".join(other)])
    assert index.runs(" ".join([*other, *run, *before])) >= 9
    assert Quotations([" ".join(other)]).runs(" ".join(run)) == 0


@given(st.lists(words.map(" ".join), max_size=6), words.map(" ".join))
def test_order_and_parts_of_the_conversations_make_no_difference(texts: list[str], text: str) -> None:
    added = Quotations()
    for one in reversed(texts):
        added.add(one)
        assert len(added) >= 0
    assert added.runs(text) == Quotations(texts).runs(text)
    assert len(added) == len(Quotations(texts))
