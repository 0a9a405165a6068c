"""What the report says first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from selfrule.report import JudgeFacts, render
from selfrule.report.cells import Cells
from selfrule.report.shareable import public
from selfrule.report.words import answer, limits

from .contexts import bare, card, embedded, empty, estimate, large, personal


def said(context):
    context = public(context)
    got = answer(context, Cells(context))
    return "".join(t for t, _ in got.headline), " ".join(got.sentences), " ".join(got.cautions)


def test_the_answer_gives_share_interval_odds_size_judge_and_agreement():
    headline, _, _ = said(large())
    assert headline == (
        "Of the 1,441,210 conversations, 1.52 % were flagged (95 % interval 1.50 to 1.54 %), about 1 in 66, as rated "
        "by the embedded judge (1.0), which agrees with labels at a kappa of 0.67 (0 is chance, 1 is perfect)."
    )


def test_the_embedded_judge_is_called_a_screening_instrument_and_no_language_model():
    _, sentences, _ = said(large())
    assert "screening instrument" in sentences
    assert "no language model" in sentences
    assert "not by people" in sentences


def test_another_judge_is_not_called_embedded():
    headline, sentences, _ = said(bare(500, 20))
    assert "the language model some model, whose agreement with labels is not measured" in headline
    assert "screening instrument" not in sentences


def test_without_a_pooled_figure_agreement_is_a_range_over_constructs():
    headline, _, _ = said(replace(large(), judge=embedded(pooled=False)))
    assert "at a kappa of 0.58 to 0.72, by construct" in headline


def test_zero_seen_is_a_limit_and_never_a_zero():
    headline, _, _ = said(bare(5000, 0))
    assert headline.startswith("None of the 5,000 conversations was flagged: the share is at most 0.077 %")
    assert " 0 %" not in headline.replace("95 %", "")


def test_nothing_rated_is_not_called_nothing_found():
    headline, sentences, _ = said(empty())
    assert headline == "No conversation could be rated, so there is no figure to give."
    assert "not the same as finding nothing" in sentences
    assert "language not known to the judge, 11" in sentences


def test_one_conversation_gets_no_percentage():
    headline, _, cautions = said(bare(1, 1))
    assert headline.startswith("The one conversation was flagged")
    assert "%" not in headline
    assert "One conversation cannot say how often" in cautions


@pytest.mark.parametrize(("flagged", "warned"), [(9, True), (10, False)])
def test_few_events_are_warned_of_and_ten_are_not(flagged, warned):
    assert ("read the interval" in said(bare(5000, flagged))[2]) is warned


@pytest.mark.parametrize(("n", "warned"), [(99, True), (100, False)])
def test_few_conversations_are_warned_of(n, warned):
    assert ("rare" in said(bare(n, 20))[2]) is warned


def test_more_than_half_is_said_in_words():
    assert "more than half" in said(bare(500, 300))[0]
    assert "all of them" in said(bare(500, 500))[0]


def test_missing_conversations_are_named_and_not_counted_as_unflagged():
    assert "2 of 42 conversations could not be rated and are not counted as unflagged" in said(personal())[2]


def test_a_shareable_report_of_fewer_than_k_conversations_gives_no_figure():
    headline, sentences, cautions = said(bare(9, 3, kind="shareable"))
    assert "Fewer than 10 conversations" in headline
    assert not any(c.isdigit() for c in (headline + sentences + cautions).replace("10", ""))
    assert "Of the 9 conversations" in said(bare(9, 3))[0]


def test_the_first_spelling_of_flagged_that_has_a_figure_is_used():
    for level in ("yes", "moderate+"):
        context = bare(500, 0, estimates=[estimate("flagged", level, 7, 500)])
        assert Cells(context).flagged().count == 7


def test_the_limits_say_potential_no_diagnosis_and_whose_labels():
    text = " ".join(limits(large()))
    for words in ("potential, not harm", "never diagnoses people", "single conversations", "not by people"):
        assert words in text
    unknown = replace(large(), judge=JudgeFacts(label="x", kind="model", rubric="1"))
    assert "how often it is right is not measured" in " ".join(limits(unknown))


def test_a_card_without_one_kappa_leaves_agreement_unknown():
    blank = card()
    for got in blank["agreement"].values():
        got["kappa"] = None
    judge = replace(embedded(), card=blank)
    assert "whose agreement with labels is not measured" in said(replace(large(), judge=judge))[0]


def screened(dropped, unread):
    status = {"rated": 100 + dropped - unread, "screened_out": unread}
    return replace(
        large(), screening=replace(large().screening, kept=100, dropped=dropped), status_counts=status
    )  # fmt: skip


def test_what_the_screen_alone_has_read_is_said():
    context = screened(dropped=900, unread=900)
    assert "rated 100 conversations; 900 were set aside by the screen" in said(context)[1]
    assert "read by the screen alone" in " ".join(limits(context))


def test_a_sample_of_what_was_set_aside_is_said_to_be_one():
    assert "rated 150 conversations, 50 of them drawn from what the screen" in said(screened(900, 850))[1]


def test_where_everything_set_aside_was_rated_nothing_rests_on_the_screen():
    context = screened(dropped=900, unread=0)
    assert "screen" not in said(context)[1].replace("screening instrument", "")
    assert "read by the screen alone" not in " ".join(limits(context))
    assert "rated all the same" in render(context)
