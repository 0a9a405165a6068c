"""Patterns in a real browser: a circle opens what it leads to, with and without script, by mouse and by keyboard."""

from __future__ import annotations

import re

import msgspec
import pytest

from selfrule.patterns.records import Claim, Patterns
from selfrule.report import render

from .patterned import nothing, patterns, with_patterns
from .test_report_browser import ALL_TABLES_OPEN, POOR_MARKS, POOR_TEXT, browser, visit

__all__ = ["browser", "visit"]

pytestmark = pytest.mark.browser

CLASHES = """() => {
  const clashes = [];
  for (const svg of document.querySelectorAll("#patterns svg.chart")) {
    const texts = [...svg.querySelectorAll("text")].map((t) => [t, t.getBoundingClientRect()]).filter(([, b]) => b.width);
    for (const [t, b] of texts) {
      if (b.left < -2 || b.right > innerWidth + 2) clashes.push(["out", t.textContent]);
      for (const [u, c] of texts) {
        const x = Math.min(b.right, c.right) - Math.max(b.left, c.left);
        const y = Math.min(b.bottom, c.bottom) - Math.max(b.top, c.top);
        if (t !== u && x > 2 && y > 4) clashes.push([t.textContent, u.textContent]);
      }
      for (const circle of svg.querySelectorAll("circle")) {
        const c = circle.getBoundingClientRect(), r = c.width / 2;
        const x = Math.min(Math.max(c.left + r, b.left), b.right), y = Math.min(Math.max(c.top + r, b.top), b.bottom);
        if (Math.hypot(x - c.left - r, y - c.top - r) < r - 3) clashes.push([t.textContent, "a circle"]);
      }
    }
  }
  return clashes;
}"""


def planted(payload: str) -> Patterns:
    made = patterns(34, groups=7)
    return msgspec.structs.replace(
        made,
        patterns=[
            msgspec.structs.replace(
                p,
                id=p.id + payload,
                parent=None if p.parent is None else p.parent + payload,
                name=p.name + payload,
                claims=[Claim(text=payload * 3, shown=20, checked=50)],
                by=payload,
            )
            for p in made.patterns
        ],
        embedding=payload,
        notes=[payload],
    )


@pytest.fixture
def without_script(browser, tmp_path):
    """Opens a report in which no script runs at all."""
    path = tmp_path / "plain.html"
    path.write_text(re.sub(r"<script>.*</script>", "", render(with_patterns(patterns(34, groups=7))), flags=re.DOTALL))
    page = browser.new_page()
    page.goto(path.as_uri())
    yield page
    page.close()


def opens(page) -> None:
    link = page.locator("#patterns svg.chart:visible a").first
    inside = page.locator(link.get_attribute("href"))
    assert not inside.is_visible()
    link.click()
    page.wait_for_timeout(200)
    assert inside.is_visible()
    assert 0 <= inside.bounding_box()["y"] < 900
    line = inside.locator("xpath=preceding-sibling::summary")
    assert -1 <= line.bounding_box()["y"] < 900
    assert "shown by 38 of 50 checked" in inside.inner_text()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_circle_opens_the_summary_of_its_pattern(visit, width):
    page = visit(with_patterns(patterns(34, groups=7)), width=width)
    opens(page)
    assert page.said == []


def test_a_circle_opens_the_summary_of_its_pattern_where_no_script_runs(without_script):
    opens(without_script)


def test_a_circle_is_reached_and_followed_by_keyboard(visit):
    page = visit(with_patterns(patterns(8)))
    link = page.locator("#patterns svg.chart:visible a").first
    link.focus()
    assert page.evaluate("getComputedStyle(document.activeElement.querySelector('circle')).strokeWidth") == "3.5px"
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    assert page.locator(link.get_attribute("href")).is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#patterns') !== null")


def test_a_line_opens_by_keyboard_and_groups_hold_their_patterns(visit):
    page = visit(with_patterns(patterns(34, groups=7)))
    line = page.locator("#patterns summary.line").first
    line.focus()
    page.keyboard.press("Enter")
    assert page.locator("#patterns .tree .tree summary.line:visible").count() == 5


def test_of_many_patterns_the_tab_key_stops_at_labelled_circles_alone(visit):
    page = visit(with_patterns(patterns(90, groups=9)))
    assert page.locator("#patterns svg.chart:visible a:not([tabindex='-1'])").count() <= 14
    assert page.locator("#patterns svg.chart:visible a").count() == 90


@pytest.mark.parametrize("width", [360, 390, 1280])
@pytest.mark.parametrize(
    "payload", ["", " " + "W" * 80, " \u6f22\u5b57" * 20, " " + "x y " * 40], ids=["", "W", "CJK", "long"]
)
def test_no_label_of_the_map_runs_over_another_a_circle_or_the_page(visit, width, payload):
    page = visit(with_patterns(planted(payload)), width=width)
    assert page.evaluate(CLASHES) == []
    page.evaluate(ALL_TABLES_OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_markup_planted_in_patterns_does_not_run(visit):
    markup = (
        "</text></svg><script>window.pwned=1</script><img src=x onerror='window.pwned=1'>\" onload=\"window.pwned=1"
    )
    for context in (
        with_patterns(planted(markup)),
        with_patterns(msgspec.structs.replace(planted(markup), kind="private"), "private"),
    ):
        page = visit(context)
        page.evaluate(ALL_TABLES_OPEN)
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("document.querySelectorAll('img').length") == 0
        assert page.said == []


@pytest.mark.parametrize("made", [patterns(3), nothing(), patterns(60)], ids=["few", "none", "folded"])
def test_a_phone_needs_no_sideways_scrolling(visit, made):
    page = visit(with_patterns(made), width=360)
    page.evaluate(ALL_TABLES_OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_print_opens_every_summary_of_few_patterns_and_the_groups_of_many(visit):
    for context, closed in ((with_patterns(patterns(8)), 0), (with_patterns(patterns(90, groups=9)), 90)):
        page = visit(context)
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("#patterns details:not([open])").count() == closed
        assert page.locator("#patterns details[open]").count() > 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_texts_and_marks_stand_out_from_the_page(visit, dark):
    page = visit(with_patterns(patterns(34, groups=7)), dark=dark)
    page.evaluate(ALL_TABLES_OPEN)
    assert page.evaluate(POOR_TEXT) == []
    assert page.evaluate(POOR_MARKS) == []


@pytest.mark.parametrize("width", [360, 700, 1280])
def test_no_figure_beside_a_name_runs_over_the_next(visit, width):
    page = visit(with_patterns(patterns(34, groups=7)), width=width)
    page.evaluate(ALL_TABLES_OPEN)
    over = page.evaluate(
        """() => [...document.querySelectorAll("#patterns .line")].flatMap((line) => {
          const boxes = [...line.querySelectorAll(".beside-name")].map((b) => {
            const parts = [...b.children].filter((c) => c.className !== "head").map((c) => c.getBoundingClientRect());
            return [Math.min(...parts.map((c) => c.left)), Math.max(...parts.map((c) => c.right)), parts[0]?.top ?? 0];
          });
          const over = boxes.slice(1).filter((b, i) => Math.abs(b[2] - boxes[i][2]) < 12 && b[0] < boxes[i][1]);
          return over.map(() => line.textContent);
        })"""
    )
    assert over == []
