"""Labels by people in the report: two figures, never blended, what they rest on, and what a shareable page leaves out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.report import Suppressed, render
from selfrule.report.labels import LabelStratum
from selfrule.report.shareable import joined, public
from selfrule.rubric import CONSTRUCTS

from .contexts import bare, estimate, honest_estimates, label_facts, labelled, large
from .page import Element, read
from .test_report_terminal import shown


def page(context) -> Element:
    return read(render(context))


def said(context) -> str:
    """The text of the page with ordinary spaces and hyphens."""
    text = page(context).text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(text.replace("\N{EN DASH}", "-").split())


def headline(context) -> str:
    text = next(p.text for p in page(context).all("p") if "headline" in p.classes())
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{EN DASH}", "-")


def beside(context) -> dict[str, str]:
    found = next(d for d in page(context).all("dl") if "beside" in d.classes())
    values = [" ".join(dd.text.replace("\N{NARROW NO-BREAK SPACE}", " ").split()) for dd in found.all("dd")]
    return dict(zip([dt.text for dt in found.all("dt")], values, strict=True))


def table(context, caption: str) -> list[list[str]]:
    (found,) = (t for t in page(context).all("table") if caption in t.first("caption").text)
    rows = [[c.text for c in row.all("th", "td")] for row in found.all("tr")]
    return [[x.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{EN DASH}", "-") for x in row] for row in rows]


def one(flagged: int, labels: tuple[int, int], left: tuple[int, int], n: int = 1_000, kind: str = "private", **more):
    """A study of n conversations of which some were flagged and some labelled."""
    context = bare(n, flagged)
    made = [e for e in context.estimates if e.construct != "flagged"]
    made += [estimate("flagged", "moderate+", flagged, n)]
    made += honest_estimates("flagged", "moderate+", n, flagged, labels, left, **more)
    return replace(context, kind=kind, estimates=made, labels=label_facts())


def test_the_answer_is_two_figures_and_no_sum_of_them():
    text = headline(labelled())
    assert text.startswith("Of what the judge flagged, labels by people confirm 62 % (95 % interval 56 to 67 %).")
    assert re.search(r"What it missed is at most 2\.\d % of all conversations\.$", text)


def test_the_uncorrected_figure_stands_beside_and_so_does_why_there_is_no_total():
    assert list(beside(labelled())) == ["Confirmed, of all", "Missed, at most", "As rated, uncorrected"]
    assert beside(labelled())["As rated, uncorrected"].startswith("1.52 %")
    assert "No corrected total: 1 of 283 labels" in said(labelled())
    assert "It would take about 1,900 more labels of conversations rated none." in said(labelled())


def test_a_corrected_total_that_was_admitted_stands_beside_too():
    got = beside(labelled(total=True))
    assert list(got)[2:] == ["Corrected total", "As rated, uncorrected"]
    assert got["Corrected total"].startswith("15 %")
    assert "Corrected by strata: 40 of 283 labels" in said(labelled(total=True))


def test_where_no_label_is_of_what_the_judge_flagged_nothing_is_confirmed():
    assert headline(one(30, (0, 0), (1, 200))).startswith(
        "No label yet of what the judge flagged, so none of it is confirmed."
    )
    assert "Confirmed, of all" not in beside(one(30, (0, 0), (1, 200)))


def test_where_the_judge_flagged_nothing_there_is_nothing_to_confirm():
    assert headline(one(0, (0, 0), (1, 200))).startswith("The judge flagged none of the 1,000 conversations.")
    assert "nothing to confirm" in said(one(0, (0, 0), (1, 200)))


def test_where_nothing_else_is_labelled_what_was_missed_has_no_limit_and_no_zero():
    got = one(30, (20, 30), (0, 0))
    assert headline(got).endswith("What it missed has no limit yet: too little of the rest is labelled.")
    assert beside(got)["Missed, at most"].startswith("no limit yet")
    assert "no limit yet" in " ".join(shown(got).split())


def test_labels_that_confirm_none_are_a_limit_and_no_zero():
    assert headline(one(60, (0, 50), (0, 200))).startswith(
        "Of what the judge flagged, labels by people confirm none (95 % interval up to "
    )


def test_few_labels_are_said_to_be_few():
    assert "rests on 12 labels of what the judge flagged" in said(one(30, (7, 12), (1, 200)))
    assert "Only 4 labels confirm what the judge flagged" in said(one(90, (4, 80), (1, 200)))
    assert "Only 3 labels do not confirm what the judge flagged" in said(one(90, (77, 80), (1, 200)))
    assert "All 80 labels confirm what the judge flagged" in said(one(90, (80, 80), (1, 200)))
    assert "None of 200 labels of what the judge left reaches the level" in said(one(90, (40, 80), (0, 200)))


def test_the_table_has_every_level_of_every_construct_with_both_figures():
    rows = table(labelled("private"), "What labels confirm and what the judge missed at most")
    assert rows[0][1:] == [
        "As rated, uncorrected", "Of those, confirmed", "Labels that confirm", "Missed, at most", "Labels that found more",
        "Confirmed, of all", "Corrected total",
    ]  # fmt: skip
    figures = [row for row in rows[1:] if len(row) > 1]
    assert len(figures) == 22
    flagged = figures[0]
    assert flagged[3] == "171 of 276"
    assert flagged[5] == "1 of 283"
    assert flagged[7] == "not given"
    severe = next(row for row in figures[1:] if row[3] == "5 of 8")
    assert severe[2].startswith("6")


def test_every_entry_of_the_chart_is_described_and_named():
    texts = [t.text for svg in page(labelled(total=True)).all("svg") for t in svg.all("title", "desc")]
    assert any("As rated, confirmed by people, and missed at most" in t for t in texts)
    assert any(t.startswith("on any primitive, missed: at most") for t in texts)


def test_levels_at_which_nobody_put_anything_are_left_to_the_table():
    context = one(30, (20, 28), (1, 200))
    nothing = [estimate(c, level, 0, 1_000) for c in CONSTRUCTS for level in ("mild+", "moderate+", "severe")]
    text = said(replace(context, estimates=[*nothing, *(e for e in context.estimates if e.construct == "flagged")]))
    assert "Not drawn: 14 levels at which neither the judge nor people put any conversation." in text


def test_which_conversations_were_labelled_stands_by_stratum_with_what_is_missing():
    rows = table(labelled("private"), "Labels by what the judge said")
    assert rows[1] == ["Severe", "1,340", "90", "6.7 %", "88"]
    assert rows[-1] == ["Set aside by the screen", "1,336,409", "60", "0.0045 %", "60"]
    text = said(labelled("private"))
    assert "570 conversations of a queue of 700 were put before people; 130 wait." in text
    assert "Without a whole label: 14 of them (8 left at least one level open, 5 skipped, 1 not finished)." in text
    assert re.search(
        r"Were none or all of them at the level, what is confirmed of the flagged lies within \d+-\d+ %", text
    )


def test_a_group_has_a_row_only_where_it_has_a_total():
    assert "Corrected totals of groups" not in said(labelled())
    rows = table(labelled("private", total=True), "Corrected totals of groups")
    assert [row[0] for row in rows[1:]] == ["Model: gpt-4o-2024-08"]


def test_the_judge_stands_beside_people_with_intervals():
    rows = table(labelled("private"), "The judge beside labels by people")
    assert rows[0] == [
        "Construct",
        "Kappa",
        "Sensitivity",
        "Specificity",
        "Found of all",
        "Labels",
        "Of them moderate or above",
    ]
    assert rows[2][:3] == ["Reality distortion", "0.70 (0.65 to 0.75)", "71 % (51-91 %)"]


def test_a_shareable_page_joins_small_strata_and_hides_rates_of_few():
    context = replace(labelled(), labels=label_facts(small=True))
    rows = table(context, "Labels by what the judge said")
    assert [row[:3] for row in rows[1:]] == [
        ["Severe or moderate", "45", "34"],
        ["Mild", "90", "20"],
        ["None", "3,000", "60"],
    ]
    beside_people = {row[0]: row for row in table(context, "The judge beside labels by people")[1:]}
    assert beside_people["Vulnerability"][2] == "fewer than 10 conversations"
    assert beside_people["Reality distortion"][2] == "71 % (51-91 %)"
    assert len(beside_people["Vulnerability"]) == 6


def test_a_shareable_page_gives_no_figure_of_fewer_labels_than_k():
    context = labelled()
    rows = [row for row in table(context, "What labels confirm") if len(row) > 1]
    severe = [row for row in rows if row[0] == "Severe"]
    assert len(severe) == 7
    assert {row[2] for row in severe} == {"fewer than 10", "no label yet"}
    assert not [row for row in rows if row[3] == "5 of 8"]


def test_a_suppressed_figure_of_labels_does_not_hide_the_figure_as_rated():
    context = labelled()
    hidden = Suppressed(
        group={}, construct="flagged", level="moderate+", reason="small", kind="confirmed_among_flagged"
    )
    kept = [e for e in context.estimates if e.kind != "confirmed_among_flagged"]
    context = replace(context, estimates=kept, suppressed=[*context.suppressed, hidden])
    assert beside(context)["As rated, uncorrected"].startswith("1.52 %")
    assert headline(context).startswith(
        "Of what the judge flagged, too little is labelled for a figure that can be shared."
    )


def test_a_note_keeps_the_way_to_the_study_to_itself():
    note = "Conversations were added since. Run: selfrule labels /home/canary/study draw"
    context = replace(labelled(), labels=replace(label_facts(), note=note))
    assert "canary" not in render(context)
    assert "Conversations were added since." in said(context)
    assert "canary" in render(replace(context, kind="private"))


SIZES = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), max_size=6)


@settings(max_examples=200, deadline=None)
@given(SIZES, st.integers(2, 30))
def test_joined_strata_hold_everything_and_none_is_small(sizes, k):
    strata = [
        LabelStratum(names=[str(i)], size=size, reached=min(size, reached), labelled=0)
        for i, (size, reached) in enumerate(sizes)
    ]
    got = joined(strata, k)
    assert all(s.size >= k and (s.reached == 0 or s.reached >= k) for s in got)
    if got:
        assert [name for s in got for name in s.names] == [name for s in strata for name in s.names]
        assert sum(s.size for s in got) == sum(s.size for s in strata)
        assert sum(s.reached for s in got) == sum(s.reached for s in strata)


def test_a_private_page_shows_strata_as_they_are():
    assert public(replace(labelled("private"), labels=label_facts(small=True))).labels == label_facts(small=True)


@pytest.mark.parametrize("kind", ["shareable", "private"])
def test_the_terminal_says_both_in_two_lines_of_80_columns(kind):
    lines = shown(labelled(kind))
    assert [line for line in lines.splitlines() if "people" in line or "Missed" in line] == [
        "Confirmed by people: 62 % of what was flagged (56-67 %; 171 of 276 labels).",
        "Missed by the judge: at most 2.4 % of all (one-sided 95 %; 1 in 283 labels).",
    ]
    assert max(len(line) for line in lines.splitlines()) <= 80


def test_without_labels_there_is_one_line_on_them_and_no_section():
    assert "No label by a person stands beside these figures" in said(large())
    assert "What labels by people say" not in said(large())
    assert "No label by a person stands beside these figures" not in said(labelled())


def test_with_labels_no_sentence_says_that_there_are_none():
    context = replace(labelled(), judge=replace(labelled().judge, card=None, kind="model"))
    assert "No label by a person has been held against this judge" not in said(context)
    assert "measured by labels that people gave to conversations of this study" in said(context)
