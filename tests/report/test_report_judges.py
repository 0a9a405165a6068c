"""What the page says of judges: which, how asked, how far they agree; and what a shareable page keeps to itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from selfrule.report import public, render, terminal_table
from selfrule.report.cells import Cells
from selfrule.report.judges import agreement_clause, judge_name
from selfrule.report.panels import cautions, kin_words, points, short_names, unaddressed

from .contexts import LABELS, bare, judged, large, measured, panel
from .page import read
from .test_report_terminal import shown

EMBEDDED, CLAUDE, QWEN = LABELS.values()


def text(context):
    return " ".join(read(render(context)).first("main").text.split()).replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_a_model_is_named_and_called_not_measured_beside_the_answer():
    said = text(judged())
    assert "as rated by the language model claude-opus-5, whose agreement with labels is not measured" in said
    assert "No label by a person has been held against this judge: how often it is right is not measured." in said


def test_where_a_model_ran_and_how_it_was_asked_is_told():
    said = text(judged())
    assert "by a server elsewhere, to which the conversations were sent" in said
    assert "joint: one request a conversation" in said
    assert "joint-1@8c51e0aa" in said


def test_a_cascade_tells_who_decided_how_many():
    said = text(judged("private", "cascade"))
    assert "the cascade (embedded, Qwen/Qwen3-32B, claude-opus-5)" in said
    assert "Conversations by the judge that decided" in said
    rows = read(render(judged("private", "cascade"))).all("tr")
    assert ["embedded", "51,000", "0", "9,000", "within selfrule", ""] in [
        [c.text for c in r.all("th", "td")] for r in rows
    ]
    assert "hands on what its screen keeps" in said


def test_windows_are_counted_with_the_rule_that_joins_them():
    said = text(judged())
    assert "402 conversations were longer than the model's context and read in 2 to 9 overlapping windows" in said
    assert "The level of a construct is the highest of its windows" in said


def test_marks_are_counted_and_by_construct_in_a_private_report_alone():
    for kind, there in (("shareable", False), ("private", True)):
        said = text(judged(kind))
        assert "34 have a level above none that cites no turn, though asked for twice" in said
        assert ("Marked answers by construct" in said) is there


def test_every_status_without_a_rating_has_its_reason_and_waiting_is_no_refusal():
    said = text(judged())
    assert "What is refused is often what matters" in said
    assert "The rating is not finished: 20 conversations wait for the judge." in said
    assert "119 of 9,000 conversations could not be rated" in said


def test_nothing_rated_because_all_is_waiting_is_said_so():
    got = replace(bare(0, 0), status_counts={"waiting": 12})
    assert "No conversation has been rated yet" in text(got)


def test_the_flow_shows_the_sample_drawn_from_what_the_screen_set_aside():
    said = text(judged())
    assert "+ 500 of those set aside, drawn as a check" in said
    assert "496 of them drawn from what the screen had set aside" in said


def test_borrowed_domains_are_told_of_for_a_model_alone():
    assert "may carry the domains that the embedded judge gave them" in text(judged())
    assert "may carry the domains" not in text(large())


def test_a_marker_that_no_rating_carries_is_not_measured_and_never_none_seen():
    context = judged()
    cell = Cells(context).get("actualized_action_distortion", "yes")
    assert (cell.state, cell.share_text, cell.interval_text) == ("unmeasured", "not measured", "")
    assert "Not measured by this judge: action distortion." in text(context)
    assert "not measured" in next(li for li in shown(context).splitlines() if li.startswith("Actualized: action"))


def test_nothing_rated_at_all_is_not_called_not_measured():
    assert Cells(bare(0, 0)).get("attachment", "severe").state == "unrated"


@pytest.mark.parametrize("judge", ["model", "cascade"])
def test_a_shareable_page_holds_no_address_of_a_server(judge):
    page = render(judged("shareable", judge))
    assert "canary-host" not in page
    assert ("canary-host" in render(judged("private", judge))) is (judge == "cascade")
    assert "Qwen/Qwen3-32B" in page


def test_two_servers_with_one_model_stay_two_judges_without_their_addresses():
    other = QWEN.replace("canary-host", "canary-other")
    got = panel()
    judges = [*got.judges, replace(got.judges[2], label=other)]
    pairs = [*got.pairs, replace(got.pairs[2], second=other)]
    made = public(replace(judged(), panel=replace(got, judges=judges, pairs=pairs)))
    labels = [j.label for j in made.panel.judges]
    assert len(set(labels)) == 4
    assert not any("canary" in label for label in labels)
    assert made.panel.pairs[-1].second == labels[-1]


def test_a_shareable_page_has_coefficients_and_no_counts_of_agreement():
    got = public(judged()).panel
    for pair in got.pairs:
        for compared in pair.constructs.values():
            assert compared.confusion == [] and compared.found_by_first is None and compared.found_by_second is None
    assert "Found by" not in text(judged())
    assert "Found by claude-opus-5" in text(judged("private"))


def test_a_pair_on_fewer_than_k_is_not_shown():
    got = panel()
    small = replace(judged(), panel=replace(got, pairs=[replace(got.pairs[0], both=9), *got.pairs[1:]]))
    assert "Not shown: fewer than 10 conversations were rated by both." in text(small)


def test_kin_in_a_small_group_or_beside_a_withheld_model_has_no_number():
    got = panel()
    few = replace(got, kin=[replace(got.kin[0], unnamed=3)])
    hidden = replace(judged(), suppressed=[{"group": {"model": "x"}, "construct": "flagged", "level": "yes",
                                            "reason": "small"}])  # fmt: skip
    for context in (replace(judged(), panel=few), hidden):
        said = text(context)
        assert "one family of models (claude)" in said
        assert "3,120" not in said and "percentage points" not in said
    assert "3,120" in text(judged())


def test_a_family_warning_names_counts_both_judges_and_the_difference_of_differences():
    said = kin_words(panel().kin[0], short_names(list(LABELS.values())))
    assert said.startswith("claude-opus-5 is of the claude family, and so is the assistant in 3,120 of the 7,124")
    assert "A judge may be lenient or severe with its own kin." in said
    assert "Qwen/Qwen3-32B flagged 90 of 3,018 of those" in said
    assert said.endswith(
        "more lenient with its kin than with others: \N{MINUS SIGN}1.0 percentage points (95 % interval "
        "\N{MINUS SIGN}1.6 to \N{MINUS SIGN}0.4)."
    )


@pytest.mark.parametrize(
    ("value", "half", "words"),
    [(0.02, 0.01, "is more severe"), (0.0, 0.01, "is not measurably"), (-0.02, 0.03, "is not measurably")],
)
def test_leniency_is_claimed_only_where_the_interval_says_so(value, half, words):
    kin = replace(panel().kin[0], excess=measured(value, half))
    assert words in kin_words(kin, short_names(list(LABELS.values())))


def test_pairs_from_kept_conversations_alone_and_classes_never_found_are_warned_of():
    said = cautions(panel())
    assert sum("both rated only conversations that the screen keeps" in s for s in said) == 2
    assert any("claude-opus-5 found none of the conversations that embedded rated moderate or above on attachment (37)"
               ", though the two agree on 91.0 %" in s for s in said)  # fmt: skip
    assert any("authority projection" in s and "kappa is not defined" in s for s in said)


def test_one_judge_has_no_section_on_agreement():
    assert 'id="panel"' not in render(large())
    one = replace(panel(), judges=panel().judges[:1], pairs=[], alpha={}, kin=[])
    assert 'id="panel"' not in render(replace(large(), panel=one))


def test_the_terminal_ends_with_agreement_on_flagged():
    said = " ".join(shown(judged()).split())
    assert f"Judge: {CLAUDE}; agreement with labels not measured." in said
    assert "kappa: embedded 0.74 (4,211 rated by both), Qwen/Qwen3-32B 0.74" in said
    assert terminal_table(judged())


def test_short_names_grow_until_they_tell_judges_apart():
    joint, logprobs = "ollama:qwen3:8b/joint-1@0123abcd", "ollama:qwen3:8b/logprobs-1@0123abcd"
    assert short_names([joint]) == {joint: "qwen3:8b"}
    assert short_names([joint, logprobs]) == {joint: "qwen3:8b (joint-1)", logprobs: "qwen3:8b (logprobs-1)"}
    other = "openai-compatible:http://a/v1#qwen3:8b/joint-1@0123abcd"
    assert len(set(short_names([joint, other]).values())) == 2
    assert short_names(["my own judge"]) == {"my own judge": "my own judge"}


def test_an_address_leaves_a_label_wherever_it_stands():
    assert unaddressed(f"{EMBEDDED},{QWEN}") == f"{EMBEDDED},openai-compatible:Qwen/Qwen3-32B/logprobs-1@77ab01c2"


def test_judges_of_other_kinds_are_called_what_they_are():
    context = judged("private", "cascade")
    assert judge_name(context.judge).startswith("the cascade (embedded")
    mine = replace(context.judge, label="mine", kind="object")
    assert judge_name(mine) == "the judge mine"
    assert "not measured" in agreement_clause(mine)


def test_no_difference_is_a_plain_zero():
    assert points(measured(0.0, 0.0)) == "0.0 percentage points (95 % interval 0.0 to 0.0)"
