"""The page: one file, well formed, accessible, small, that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import replace

import pytest

from selfrule.report import QuotedConversation, QuotedTurn, StudyFacts, Suppressed, render

from .contexts import bare, empty, estimate, judged, large, personal
from .page import Element, read
from .planted import planted

CONTEXTS = {
    "large": large(), "personal": personal(), "personal, shareable": personal("shareable"), "empty": empty(),
    "one flagged": bare(1, 1), "one unflagged": bare(1, 0), "none flagged": bare(5000, 0), "rare": bare(2_000_000, 3),
    "nothing read": bare(0, 0), "under k": bare(4, 1, kind="shareable"), "planted": planted("<b>x"),
    "a model's": judged(), "a cascade's": judged("private", "cascade"),
}  # fmt: skip


@pytest.fixture(scope="module", params=CONTEXTS)
def html(request):
    return render(CONTEXTS[request.param])


@pytest.fixture(scope="module")
def page(html):
    return read(html)


def test_the_page_is_small_and_can_be_encoded(html):
    assert len(html.encode()) < 300_000


def test_nothing_is_loaded_from_anywhere(html, page):
    assert not page.all("img", "iframe", "object", "embed", "video", "audio", "source", "use", "image", "form")
    assert [e.attributes["href"] for e in page.all("link")] == ["data:,"]
    assert not re.search(r"url\(|@import|srcset=|\bsrc=", html)
    outside = {e.attributes["href"] for e in page.all("a") if not str(e.attributes["href"]).startswith("#")}
    assert outside <= {"https://findahelpline.com"}


def test_the_policy_allows_our_style_and_script_by_hash_and_nothing_else(page):
    policy = next(e.attributes["content"] for e in page.all("meta") if e.attributes.get("http-equiv"))
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in str(policy)
    for rule, tag in (("style-src", "style"), ("script-src", "script")):
        (only,) = page.all(tag)
        digest = base64.b64encode(hashlib.sha256(only.text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_no_element_has_a_style_or_handler_that_the_policy_would_block(page):
    named = {name for e in page for name in e.attributes}
    assert "style" not in named
    assert not {n for n in named if n.startswith("on")}


def test_the_policy_comes_before_anything_it_governs(page):
    head = [e.tag if not e.attributes.get("http-equiv") else "policy" for e in page.first("head")]
    assert head.index("policy") < min(head.index("style"), head.index("link"))


def test_landmarks_language_title_and_skip_link_are_there(page):
    assert page.first("html").attributes["lang"] == "en"
    assert page.first("title").text.strip()
    assert len(page.all("main")) == len(page.all("header")) == len(page.all("footer")) == len(page.all("nav")) == 1
    first_link = page.first("body").all("a")[0]
    assert first_link.attributes["href"] == "#answer"


def test_headings_go_down_one_level_at_a_time(page):
    levels = [int(e.tag[1]) for e in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_answer_is_the_first_section(page):
    sections = page.all("section")
    assert sections[0].attributes["id"] == "answer"
    assert "headline" in sections[0].all("p")[0].classes()


def test_ids_are_unique_and_every_reference_finds_its_own(page):
    ids = [e.attributes["id"] for e in page if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for e in page:
        wanted = (e.attributes.get("aria-labelledby") or "").split()
        href = e.attributes.get("href") or ""
        wanted += [href[1:]] if href.startswith("#") else []
        assert set(wanted) <= set(ids)


def test_every_table_has_a_caption_and_scoped_headers(page):
    for table in page.all("table"):
        assert table.first("caption").text.strip()
        assert all(th.attributes.get("scope") in {"col", "row", "rowgroup"} for th in table.all("th"))
        width = len(table.first("thead").all("th"))
        for row in table.first("tbody").all("tr"):
            cells = row.all("td", "th")
            assert sum(int(c.attributes.get("colspan") or 1) for c in cells) == width


def test_every_chart_has_a_title_a_description_and_a_table_or_numbers_in_text(page):
    for figure in page.all("figure"):
        for svg in figure.all("svg"):
            if svg.attributes.get("aria-hidden") == "true":
                continue
            assert svg.attributes["role"] == "img"
            direct = [c for c in svg.children if isinstance(c, Element)]
            assert [c.tag for c in direct[:2]] == ["title", "desc"]
            assert all(c.text.strip() for c in direct[:2])
        parent = figure.parent
        after = [c for c in parent.children if isinstance(c, Element)]
        following = after[after.index(figure) + 1 :]
        flow = "flow-" in str(figure.all("svg")[-1].attributes["aria-labelledby"])
        assert flow or (following and (following[0].all("table") or following[0].tag == "details"))


def test_scrolling_tables_can_be_reached_by_keyboard(page):
    for table in page.all("table"):
        box = table.parent
        assert box.attributes["tabindex"] == "0"
        assert box.attributes["role"] == "region"
        assert box.attributes["aria-label"]


def test_nothing_drawn_lies_far_outside_its_picture(page):
    for svg in (s for s in page.all("svg") if "chart" in s.classes()):
        width, height = (float(v) for v in str(svg.attributes["viewbox"]).split()[2:])
        for e in svg:
            for name, limit in (
                ("x", width),
                ("x1", width),
                ("x2", width),
                ("cx", width),
                ("y", height),
                ("cy", height),
            ):
                if name in e.attributes:
                    assert -8 <= float(e.attributes[name]) <= limit + 8, (name, e.attributes)


def test_sections_come_in_the_order_agreed():
    context = replace(large("private"), quoted=personal().quoted)
    order = [s.attributes["id"] for s in read(render(context)).all("section")]
    assert order == [
        "answer", "levels", "actualized", "quoted", "domains", "factors", "models", "months", "languages", "measured",
        "problems", "limits", "glossary", "provenance",
    ]  # fmt: skip


def test_published_figures_are_marked_as_another_population():
    text = read(render(large())).text
    assert "Published, another population" in text
    assert "Claude.ai, one week of December 2025" in text


def test_a_published_share_of_zero_is_none_found():
    section = next(s for s in read(render(large())).all("section") if s.attributes["id"] == "actualized")
    assert "none found" in section.text


def test_a_private_report_says_first_that_it_must_not_be_forwarded():
    body = read(render(personal())).first("body")
    first = next(e for e in body if e.tag not in {"a"})
    assert first.tag == "aside"
    assert "do not forward" in first.text


def test_a_private_report_quotes_turns_with_reasons_and_names_help_before_them():
    page = read(render(personal()))
    section = next(s for s in page.all("section") if s.attributes["id"] == "quoted")
    assert "He read it and has not answered." in section.text
    assert "as if it knew" in section.text
    assert section.text.index("findahelpline.com") < section.text.index("He read it")
    assert [q.attributes["dir"] for q in section.all("blockquote")] == ["auto"] * 5


def test_quotes_that_do_not_fit_are_counted():
    many = [
        QuotedConversation(source_id=str(i), date=None, model=None, levels={"reality_distortion": 2}, why=["w"],
                           turns=[QuotedTurn(index=j, role="user", text="<&" * 5000) for j in range(40)])
        for i in range(400)
    ]  # fmt: skip
    html = render(replace(personal(), quoted=many, quoted_of=1000))
    shown = len(read(html).all("article"))
    assert len(html.encode()) < 2_000_000
    assert 10 < shown < 400
    assert f"{1000 - shown} more flagged conversations are not quoted here" in html
    assert "28 cited turns more in this conversation" in html


def test_a_huge_study_of_many_names_and_problems_stays_small():
    names = [estimate("flagged", "moderate+", i % 50, 4000 - i, 3, model=f"model {i} {'x' * 300}") for i in range(3000)]
    months = [estimate("flagged", "moderate+", 5, 900, month=f"{2020 + i // 12}-{i % 12 + 1:02d}") for i in range(60)]
    study = replace(large().study, inputs=large().study.inputs * 500, problems=large().study.problems * 500)
    html = render(replace(large(), estimates=[*large().estimates, *names, *months], study=study))
    assert len(html.encode()) < 1_000_000
    assert "2,805 models more are in the study" in read(html).text


def test_rare_names_are_counted_and_not_named():
    small = [
        Suppressed(group={"model": n}, construct="flagged", level="yes", reason="small") for n in ("ft:ann", "ft:bo")
    ]
    html = render(replace(large(), suppressed=small))
    assert "ft:ann" not in html
    assert "2 more models are not shown" in html


def test_small_domains_are_named_without_numbers():
    table = next(t for t in read(render(personal("shareable"))).all("table") if "Domain" in t.first("thead").text)
    rows = {r.all("th")[0].text: [d.text for d in r.all("td")] for r in table.all("tr")[1:]}
    assert rows["Other"] == ["", "fewer than 10", "", "", ""]


def test_a_month_that_is_no_month_is_left_out_of_the_calendar():
    odd = [
        estimate("flagged", "moderate+", 5, 90, month=m) for m in ("2025-13", "soon", "0000-00", "2025-01", "2025-03")
    ]
    html = render(replace(large(), estimates=[*bare(500, 9).estimates, *odd]))
    section = next(s for s in read(html).all("section") if s.attributes["id"] == "months")
    assert len(section.first("tbody").all("tr")) == 2


@pytest.mark.parametrize("persons", [None, 1, 3, 50])
def test_people_are_spoken_of_as_far_as_they_are_known(persons):
    study = StudyFacts(title="x", created="", conversations_read=500, persons=persons)
    text = read(render(bare(500, 20, kind="shareable", study=study))).text
    expected = {None: "do not say who", 1: "fewer than 10 people", 3: "fewer than 10 people", 50: "50 people"}
    assert expected[persons] in text
