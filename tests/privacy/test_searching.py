"""The search for what must not be there: every way to write a thing is read, and what is not there is not found."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.privacy.searching import Needle, Search, fold, needle, pieces, readings, squeezed

NAMES = {
    "latin": "Zorvane Kwyzdrowski",
    "cyrillic": "Щербислав Хвощинюк",
    "greek": "Ξυφρόκλεια Ψαρζούνης",
    "arabic": "ظغزوان الضغزمري",
    "hebrew": "צטזגיאל בצקזטוביץ",
    "devanagari": "झ्यूठवान ढझ्यूठकर",
    "thai": "ฌฤฆวัช ฏฌฎธานี",
    "han": "亓官燚鑫",
    "kana": "ヴェズモリ ザヴゾギダ",
    "hangul": "뚫쩖뷁슬휆",
}
ESCAPES = {
    "percent": lambda text: quote(text, safe=""),
    "percent, every letter": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "HTML": html.escape,
    "HTML numbers": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "JSON": json.dumps,
    "Python": lambda text: text.encode("unicode_escape").decode(),
    "bytes": lambda text: repr(text.encode()),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of an address": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "quoted printable": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "no width": "\u200b".join,
    "tags inside": lambda text: "<b>".join([text[:2], text[2:]]) + "</b>",
    "capitals": lambda text: text.upper(),
}


def looked(*needles: Needle) -> Search:
    return Search(needles)


@pytest.mark.parametrize("script", NAMES)
@pytest.mark.parametrize("escape", ESCAPES)
def test_a_name_of_any_script_is_found_behind_any_escape(script: str, escape: str) -> None:
    name = NAMES[script]
    written = ESCAPES[escape](name)
    assert looked(needle("n", name)).find(f"before {written} after"), written


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"])
def test_a_name_is_found_in_other_encodings(name: str, encoding: str) -> None:
    assert looked(needle("n", name)).find(f"before {name} after".encode(encoding))


@given(
    st.sampled_from(sorted(NAMES)), st.lists(st.sampled_from(["percent", "HTML", "JSON", "base64", "hex"]), max_size=2)
)
def test_escapes_inside_escapes_are_laid_open(script: str, order: list[str]) -> None:
    written = NAMES[script]
    for name in order:
        written = ESCAPES[name](written)
    assert looked(needle("n", NAMES[script])).find(written)


@pytest.mark.parametrize(
    "text",
    [
        "zorva",
        "He met KWYZD once",
        "Z o r v a n e  K w y z d r o w s k i",
        "zorvane_kwyzdrowski.json",
        "ｚｏｒｖａｎｅ",
    ],
)
def test_five_letters_of_a_name_or_all_of_it_apart_give_it_away(text: str) -> None:
    assert looked(needle("n", NAMES["latin"])).find(text)


@pytest.mark.parametrize(
    "text",
    [
        "+64-906-4608-4778",
        "(906) 4608.4778",
        "64 90646084778",
        "９０６４６０８４７７８",
        "0064/906/4608/4778",
        "90646084778",
    ],
)
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert looked(needle("p", "+64-906-4608-4778")).find(text)


@pytest.mark.parametrize("born", ["8 April 1951", "1951-04-08", "08.04.1951"])
@pytest.mark.parametrize(
    "text", ["1951-04-08", "8.4.1951", "04/08/1951", "08 04 1951", "April 8, 1951", "8 apr 1951", "1951年4月8日"]
)
def test_a_date_of_birth_is_found_in_any_order(born: str, text: str) -> None:
    assert looked(needle("b", born)).find(f"born {text}.")


def test_nine_words_in_a_row_are_found_and_eight_are_not() -> None:
    said = "under our stair it hums seven notes whenever grandmother counts the winter geese aloud"
    search = looked(needle("s", said, whole=False, words=False, run=9))
    words = said.split()
    assert search.find("So, UNDER our stair -- it hums, seven notes; whenever GRANDMOTHER!")
    assert not search.find(" ".join(words[:8]) + " somebody")


def test_what_is_not_there_is_not_found_in_a_page_of_words_and_numbers() -> None:
    page = "<path d='M12.5 33.41 L90.64 60.84'/> Of 1,018 conversations 938 were flagged, 92 % (90-94 %)." * 50
    search = looked(
        *(needle(s, n) for s, n in NAMES.items()), needle("p", "+64-906-4608-4778"), needle("b", "1951-04-08")
    )
    assert search.find(page) == []


def test_labels_that_stand_beside_each_other_are_not_one_word() -> None:
    page = "<text x='1'>Jun</text><text x='2'>Jul</text><td>zor</td><td>vane</td>"
    assert looked(needle("n", "Zojunjuka Zorvane")).find(page) == []


def test_pieces_that_are_part_of_our_own_words_are_not_looked_for_but_the_whole_is() -> None:
    search = Search([needle("n", "Margaret Zorvane")], pieces("margarine margaret"))
    assert not search.find("margaret")
    assert search.find("Margaret Zorvane")


@given(st.text(max_size=200))
def test_any_text_is_read_and_folding_twice_is_folding_once(text: str) -> None:
    assert readings(text.encode("utf-8", "surrogatepass"))
    assert squeezed(fold(fold(text))) == squeezed(fold(text))


def test_an_empty_needle_finds_nothing() -> None:
    assert looked(needle("e", ""), needle("d", "12"), needle("s", "ab c")).find("12 ab c and more") == []
