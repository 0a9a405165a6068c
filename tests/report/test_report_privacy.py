"""Nothing planted gets out: no markup into the page, nothing private into a shareable report."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.report import ReportContext, render, terminal_table
from selfrule.report.shareable import public

from .contexts import large, personal
from .page import read
from .planted import planted

MARKUP = "\"'><script>window.pwned=1</script><img src=x onerror=pwned=1></title></svg></style><!--"
NASTY = {
    "markup": MARKUP,
    "template": "{{ 7*7 }}{% for x in y %}",
    "nul": "a\x00b\x1b[31mc",
    "surrogate": "\ud800\udfff",
    "direction": "\u202egpj.exe\u2066\u200f",
    "long": "x" * 3000,
    "lines": "\r\n\n\t\u2028" * 5,
}


def shape(html: str) -> Counter[tuple[str, tuple[str, ...]]]:
    """Elements with their attribute names: what markup from outside would change."""
    return Counter((e.tag, tuple(sorted(e.attributes))) for e in read(html))


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("kind", ["shareable", "private"])
def test_text_from_outside_adds_no_element_and_no_attribute(name, kind):
    html = render(planted(NASTY[name], kind))
    plain = render(planted(" harmless", kind))
    ours = shape(html)
    assert set(ours) <= set(shape(plain)) | {("p", ("class",))}
    assert ours[("script", ())] == 1
    assert not [e for e in ours if e[0] == "img"]


@pytest.mark.parametrize("name", NASTY)
def test_a_page_with_anything_in_it_can_be_written_and_holds_no_control_characters(name):
    html = render(planted(NASTY[name]))
    html.encode()
    assert not [c for c in html if (ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0]
    assert "\u202e" not in html


def test_templates_in_text_are_text():
    html = render(planted(NASTY["template"]))
    assert "{{ 7*7 }}" in html


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_any_text_at_all_leaves_the_page_well_formed(payload):
    read(render(planted(payload))).text.encode()


def test_a_shareable_report_holds_nothing_private():
    secret = "c4n4ry"
    context = planted(secret, "private")
    shared = render(replace(context, kind="shareable", study=replace(context.study, title="Study")))
    private = render(context)
    for words in ("He read it", "as if it knew", "canary-source", "week-50", "conversation_hash"):
        assert words in private
        assert words not in shared


def test_a_title_made_from_a_file_name_is_replaced():
    study = replace(personal().study, title="Report on canary-export, 2025")
    assert "canary-export" not in render(replace(personal("shareable"), study=study))
    assert "canary-export" in render(replace(personal(), study=study))


def test_dates_of_a_shareable_report_keep_their_month_and_no_day():
    assert "2 March 2025" not in render(personal("shareable"))
    assert "March 2025 to June 2025" in render(personal("shareable"))
    assert "2 March 2025" in render(personal())


def test_nothing_private_is_left_in_the_context_that_is_laid_out():
    context = public(personal("shareable"))
    assert context.quoted == []
    assert {(i.name, i.reason) for i in context.study.inputs} == {("", "")}


def test_a_private_context_is_laid_out_as_it_is():
    assert public(personal()) is not None
    assert public(personal()).quoted == personal().quoted


def test_no_number_of_a_group_under_k_is_in_a_shareable_report():
    cells = {td.text for td in read(render(personal("shareable"))).all("td")}
    assert not cells & {"2 of 6", "1 of 4", "0 of 2", "0 of 9", "1 of 1", "0 of 7"}
    assert "0 of 19" in cells


@pytest.mark.parametrize("name", NASTY)
def test_the_terminal_shows_no_control_characters(name):
    from rich.console import Console

    console = Console(width=80, file=None, record=True, force_terminal=False)
    with console.capture() as capture:
        for piece in terminal_table(planted(NASTY[name])):
            console.print(piece)
    shown = capture.get()
    assert not [c for c in shown if ord(c) < 32 and c != "\n"]
    assert "pwned" not in shown or name == "markup"


def test_every_field_of_the_context_was_planted():
    payload = "#planted#"
    context = planted(payload)
    assert isinstance(context, ReportContext)
    for text in (
        context.study.title, context.study.created, context.study.inputs[0].name, context.study.problems[0].kind + payload,
        context.judge.label, context.judge.rubric, context.software, context.quoted[0].source_id,
        context.quoted[0].why[0], context.quoted[0].turns[0].text, *context.hashes, *context.hashes.values(),
        context.references[0]["source"],
    ):  # fmt: skip
        assert text.endswith(payload)
    assert large().study.title in context.study.title
