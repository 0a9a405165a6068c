"""The page in a real browser: nothing runs but ours, nothing is fetched, nothing overflows."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from selfrule.report import render

from .contexts import bare, empty, judged, labelled, large, personal
from .planted import planted
from .test_report_privacy import MARKUP

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
POOR_TEXT = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0.5) return c;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());) {
    const e = node.parentElement, style = getComputedStyle(e);
    if (!node.textContent.trim() || !e.getClientRects().length || e.closest("script, title, desc")) continue;
    const ink = parse(e.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.add(`${e.tagName}.${e.getAttribute("class")}`);
  }
  return [...poor];
}"""
POOR_MARKS = """() => {
  const light = (c) => c.match(/[\\d.]+/g).slice(0, 3).map(Number)
    .map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const poor = new Set();
  const marks = "svg circle, svg polygon, svg rect:not(.traffic, .step, .missed, .ground), svg .published, svg .limit";
  for (const e of document.querySelectorAll(marks)) {
    const style = getComputedStyle(e), drawn = style.fill === "none" || e.tagName === "line";
    const ink = light(drawn ? style.stroke : style.fill);
    const [a, b] = [ink, paper].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 3) poor.add(e.getAttribute("class"));
  }
  return [...poor];
}"""
ALL_TABLES_OPEN = "document.querySelectorAll('details').forEach((d) => { d.open = true })"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        profile = tmp_path_factory.mktemp("profile")
        context = driver.chromium.launch_persistent_context(
            str(profile), executable_path=chromium, headless=True, args=FLAGS
        )
        yield context
        context.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Opens a report and gives the page, with what it logged and what it asked the network for."""
    pages = []

    def go(context, *, width=1280, dark=False, script=True):
        path = tmp_path / f"report{len(pages)}.html"
        path.write_text(render(context), encoding="utf-8")
        page = browser.new_page()
        pages.append(page)
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.goto(path.as_uri())
        return page

    yield go
    for page in pages:
        page.close()


@pytest.mark.parametrize("kind", ["shareable", "private"])
def test_planted_markup_does_not_run_and_our_page_breaks_no_rule_of_its_policy(visit, kind):
    page = visit(planted(MARKUP, kind))
    page.evaluate(ALL_TABLES_OPEN)
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert page.said == []


def test_the_policy_stops_a_script_that_is_not_ours(visit):
    page = visit(large())
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.pwned=1'}))"
    )
    assert page.evaluate("window.pwned") is None
    assert any("Content Security Policy" in said for said in page.said)


def test_opening_a_report_asks_for_nothing_but_the_report(visit):
    page = visit(replace(large("private"), quoted=personal().quoted))
    assert [url for url in page.asked if not url.startswith("data:")] == [page.url]


@pytest.mark.parametrize("name", ["large", "personal", "planted", "empty", "one", "judges", "labels"])
def test_a_phone_of_360_pixels_needs_no_sideways_scrolling_of_the_page(visit, name):
    contexts = {
        "large": large(),
        "personal": personal(),
        "planted": planted("x" * 400),
        "empty": empty(),
        "one": bare(1, 1),
        "judges": judged("private", "cascade"),
        "labels": labelled("private", total=True),
    }
    page = visit(contexts[name], width=360)
    page.evaluate(ALL_TABLES_OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(
    "name", ["large", "personal", "personal, shareable", "rare", "wide names", "judges", "labels", "labels, private"]
)
def test_no_text_of_a_chart_runs_over_another_or_out_of_the_page(visit, width, name):
    contexts = {
        "large": large(), "personal": personal(), "personal, shareable": personal("shareable"),
        "rare": bare(2_000_000, 3), "wide names": planted(" " + "W" * 300),
        "judges": judged(), "labels": labelled(), "labels, private": labelled("private", total=True),
    }  # fmt: skip
    page = visit(contexts[name], width=width)
    clashes = page.evaluate(
        """() => {
          const clashes = [];
          for (const svg of document.querySelectorAll("svg.chart")) {
            const texts = [...svg.querySelectorAll("text")].map((t) => [t, t.getBoundingClientRect()]).filter(([, b]) => b.width);
            for (const [t, b] of texts) {
              if (b.left < -2 || b.right > innerWidth + 2) clashes.push(["out", t.textContent]);
              for (const [u, c] of texts) {
                const x = Math.min(b.right, c.right) - Math.max(b.left, c.left);
                const y = Math.min(b.bottom, c.bottom) - Math.max(b.top, c.top);
                if (t !== u && x > 2 && y > 6) clashes.push([t.textContent, u.textContent]);
              }
            }
          }
          return clashes;
        }"""
    )
    assert clashes == []


def test_each_width_shows_one_drawing_of_a_chart(visit):
    for width, shown in ((360, "phone"), (1280, "page")):
        page = visit(large(), width=width)
        visible = page.evaluate(
            "[...document.querySelectorAll('figure > div')].filter((d) => d.offsetHeight).map((d) => d.className)"
        )
        assert set(visible) == {shown}


def test_a_table_is_sorted_by_the_column_that_is_clicked(visit):
    page = visit(large())
    table = page.locator("table.sortable", has_text="Share flagged by model")
    first = "tbody tr:first-child th"
    assert table.locator(first).inner_text() == "claude-sonnet-4.5"
    table.get_by_role("button", name="Flagged").click()
    assert table.locator(first).inner_text() == "o3-mini"
    assert table.locator("th[aria-sort=descending]").count() == 1
    table.get_by_role("button", name="Flagged").press("Enter")
    assert table.locator(first).inner_text() == "claude-sonnet-4.5"


def test_rows_without_a_figure_stay_below_when_sorted(visit):
    page = visit(personal("shareable"))
    table = page.locator("table.sortable", has_text="Domains: share of conversations")
    for _ in range(2):
        table.get_by_role("button", name="Seen").click()
        assert "fewer than" not in table.locator("tbody tr:first-child").inner_text()


def test_print_opens_every_closed_table(visit):
    page = visit(large())
    assert page.locator("details[open]").count() == 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_the_first_tab_goes_to_the_skip_link_and_every_stop_can_be_seen(visit):
    page = visit(personal())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_has_the_contrast_that_wcag_aa_asks_for(visit, dark):
    page = visit(replace(labelled("private", total=True), quoted=personal().quoted), dark=dark)
    page.evaluate(ALL_TABLES_OPEN)
    poor = page.evaluate(POOR_TEXT)
    assert poor == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_mark_of_a_chart_stands_out_from_the_page(visit, dark):
    page = visit(labelled("private", total=True), dark=dark)
    poor = page.evaluate(POOR_MARKS)
    assert poor == []
