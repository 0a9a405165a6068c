"""A hostile language model copies what people said into names and claims: nothing of it passes the text gate."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from selfrule.privacy.spelled import spelled
from selfrule.study.patterns_release import TextGate, text_gate
from selfrule.study.study import create
from selfrule.testing.canaries.planting import Planted, plant

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def in_words(text: str) -> str:
    digits = [int(c) for c in text if c.isascii() and c.isdigit()]
    return " ".join(_DIGITS[d] for d in digits) if len(digits) > 2 else text


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "in a sentence": lambda text: f"Most were about {text}.",
    "in small letters": lambda text: f"Most were about {text.lower()}.",
    "in capitals": lambda text: f"In many, {text.upper()} was spoken of.",
    "as a title": str.title,
    "letter by letter": lambda text: " ".join(text.replace(" ", "")),
    "with dashes": "-".join,
    "with nothing between": "\u200b".join,
    "digits in words": in_words,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planted, TextGate]:
    folder = tmp_path_factory.mktemp("hostile")
    planted = plant(folder, seed=5, conversations=200, people=80)
    study = create(folder / "study")
    study.import_([planted.folder], workers=1)
    return planted, text_gate(study._folder)


@pytest.mark.parametrize("form", FORMS)
def test_no_canary_passes_the_text_gate_in_any_form(made: tuple[Planted, TextGate], form: str) -> None:
    planted, gate = made
    for canary in planted.canaries:
        if canary.place in {"text", "person", "source_id"} and canary.kind != "birth":
            assert gate(FORMS[form](canary.text)) is not None, (canary, FORMS[form](canary.text))


def test_no_date_of_birth_passes_the_text_gate(made: tuple[Planted, TextGate]) -> None:
    planted, gate = made
    for canary in planted.canaries:
        if canary.kind == "birth":
            for text in (canary.text, f"Many were born on {canary.text}.", canary.text.upper()):
                assert gate(text) is not None, text


def test_no_sentence_of_a_conversation_passes_the_text_gate(made: tuple[Planted, TextGate]) -> None:
    planted, gate = made
    for text in planted.texts()[:60]:
        words = [word for word in text.split() if word.isalpha() and word.isascii()]
        whole = text.split()
        for at in range(0, len(whole) - 12, 12):
            run = whole[at : at + 12]
            if all(word in words for word in run):
                assert gate(" ".join(run)) is not None, run


@pytest.mark.parametrize(
    "text",
    ["Most were about a partner's hidden motives.", "Nearly all asked what to write, word for word.",
     "Many turned to the assistant every day.", "Most were about money; some were about work."],
)  # fmt: skip
def test_plain_claims_pass(made: tuple[Planted, TextGate], text: str) -> None:
    assert made[1](text) is None


@pytest.mark.parametrize(
    "text",
    ["Z o r v a n e", "Z-o-r", "Z.o.r.", "nine oh six four", "zulu oscar romeo", "Most gave nine nine nine.", "Ж у к"],
)
def test_what_is_spelled_out_is_seen(text: str) -> None:
    assert spelled(text)


@pytest.mark.parametrize(
    "text", ["", "A plan B, or a plan C", "In one of two, I am told", "one or two, or three", "e.g. a friend"]
)
def test_what_only_looks_spelled_is_let_be(text: str) -> None:
    assert not spelled(text)
