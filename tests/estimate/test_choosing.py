"""Which corrected total is published, and what a refusal says."""

from __future__ import annotations

import re

import numpy as np
import pytest

from selfrule.estimate.choosing import choose, stratum_words
from selfrule.estimate.corrected import Calibration
from selfrule.estimate.honest import honest
from selfrule.estimate.labelled import sides

from .studies import SEVERE, study


def chosen(*parts, calibration=None, **fields):
    made = study(*parts, **fields)
    return choose(sides(made, SEVERE), at_random=made.at_random, calibration=calibration)


def test_at_one_in_a_thousand_the_total_is_refused_and_the_labels_it_would_take_are_named():
    choice = chosen((100, 60, 45), (99_900, 440, 0))
    assert (choice.way, choice.figure) == ("refused", None)
    assert "0 of 440 labels of what the judge puts lower reach it" in choice.sentence
    more = int(re.search(r"about ([\d,]+) more labels of conversations rated none", choice.need)[1].replace(",", ""))
    assert 15_000 < more < 25_000


def test_the_labels_it_names_are_enough():
    before = chosen((400, 200, 150), (9600, 300, 1))
    assert before.way == "refused"
    more = int(re.search(r"about ([\d,]+) more", before.need)[1].replace(",", ""))
    after = chosen((400, 200, 150), (9600, 300 + more, round((300 + more) / 300)))
    assert after.way == "stratified"


def test_many_labels_of_negatives_admit_a_total_even_if_few_were_missed():
    choice = chosen((1000, 300, 250), (9000, 1500, 2))
    assert choice.way == "stratified"
    assert "ten missed would not outweigh" in choice.sentence


def test_ten_missed_admit_a_total_whose_lower_limit_is_that_of_what_is_confirmed():
    just = chosen((100, 60, 45), (9900, 400, 10))
    more = chosen((100, 60, 45), (9900, 400, 25))
    assert just.way == more.way == "stratified"
    assert "10 of 400 labels" in just.sentence
    assert just.figure.interval.low < 0.3 * just.figure.share, "seeing just enough does not say how much there is"
    assert more.figure.interval.low > 0.5 * more.figure.share
    assert chosen((100, 60, 45), (9900, 400, 9)).way == "refused"


def test_random_labels_of_what_is_not_rare_are_prediction_powered():
    made = study((2000, 200, 160), (8000, 800, 60))
    assert made.at_random
    choice = choose(sides(made, SEVERE), at_random=True)
    assert choice.way == "ppi"
    assert choice.figure.share == pytest.approx(0.22, abs=0.01)
    assert "drawn at random" in choice.sentence


def test_a_calibration_counts_only_where_the_studys_own_labels_do_not_do():
    large = Calibration(400, 320, 4000, 3990, "a test")
    assert chosen((1000, 0, 0), (9000, 0, 0), calibration=large).way == "rogan_gladen"
    assert chosen((1000, 300, 250), (9000, 1500, 2), calibration=large).way == "stratified"


def test_a_calibration_too_small_for_the_rate_is_refused():
    """1 in 1,000 flagged and 400 negatives: not one false alarm is expected to have been seen."""
    small = Calibration(100, 80, 400, 400, "a test")
    assert chosen((10, 0, 0), (9990, 0, 0), calibration=small).way == "refused"
    assert (
        chosen((10, 0, 0), (9990, 0, 0), calibration=Calibration(20, 16, 400_000, 399_000, "a test")).way == "refused"
    )


def test_a_stratum_in_which_nobody_was_asked_refuses_the_total_by_name():
    choice = chosen((1000, 300, 250), (8000, 1500, 2), unrated=(1000, 0, 0))
    assert choice.way == "refused"
    assert "conversations that the judge could not rate" in choice.need
    assert chosen((1000, 300, 250), (8995, 1500, 2), unrated=(5, 0, 0)).way == "stratified"


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (((100, 0, 0), (9900, 400, 0)), "labels of conversations that the judge flagged"),
        (((100, 60, 0), (9900, 400, 0)), "first of all, labels that confirm some"),
        (((100, 60, 45), (9900, 0, 0)), "labels of conversations rated none, drawn at random"),
    ],
)
def test_what_is_lacking_is_said(parts, says):
    choice = chosen(*parts)
    assert choice.way == "refused"
    assert says in choice.need


def test_more_labels_of_a_stratum_are_never_asked_for_than_it_has():
    choice = chosen((3, 3, 2), (500, 100, 1))
    assert choice.way == "refused"
    assert int(re.search(r"about ([\d,]+) more", choice.need)[1].replace(",", "")) <= 400


def test_four_kinds_an_outcome_and_the_two_parts_are_never_one_figure():
    found = [e for e in honest(study((100, 60, 45), (99_900, 440, 0))) if e.construct == "reality_distortion"]
    assert [e.kind for e in found[:4]] == ["confirmed_among_flagged", "confirmed", "missed_at_most", "refused"]
    among, confirmed, missed, refused = found[:4]
    assert among.share == pytest.approx(0.75)
    assert confirmed.share == pytest.approx(0.00075)
    assert (missed.share, missed.low) == (None, None)
    assert missed.high == pytest.approx(0.999 * 3 / 440, rel=0.01)
    assert (refused.share, refused.low, refused.high) == (None, None, None)
    assert refused.note.startswith("No corrected total")
    assert "uncorrected, by the judge alone: 0.1 %" in refused.method


def test_a_corrected_total_carries_its_reason_and_the_uncorrected_share():
    found = honest(study((1000, 300, 250), (9000, 1500, 2)), group={"model": "a"})
    total = next(e for e in found if e.kind == "corrected")
    assert total.group == {"model": "a"}
    assert total.note.startswith("Corrected by strata")
    assert "uncorrected, by the judge alone: 10 %" in total.method
    assert total.low <= total.share <= total.high


def test_a_study_without_labels_has_no_honest_figures():
    assert honest(study((100, 0, 0), (900, 0, 0))) == []


def test_an_outcome_the_judge_never_gave_is_still_bounded():
    found = honest(study((100, 60, 45), (900, 440, 0)))
    attachment = [e for e in found if (e.construct, e.level) == ("attachment", "severe")]
    among, confirmed, missed, refused = attachment
    assert (among.share, among.note) == (None, "The judge puts no conversation at this level.")
    assert (confirmed.share, confirmed.low) == (0, 0)
    assert 0 < missed.high < 0.02
    assert refused.kind == "refused"


def test_persons_unknown_is_said():
    found = honest(study((100, 60, 45), (900, 440, 0), person=np.full(1000, -1)))
    assert all("persons unknown" in e.method for e in found if e.kind == "confirmed_among_flagged" and e.share)


def test_strata_have_plain_names():
    assert stratum_words("severe") == "conversations rated severe"
