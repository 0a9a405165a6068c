"""The page for a person about their own conversations: kind, exact, closed until opened, and theirs alone."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from selfrule.analyses.story import KINDS, story_of
from selfrule.report import QuotedTurn, render
from selfrule.report.context import Moment, StoryFacts
from selfrule.report.moments import MOST_TEXT
from selfrule.report.numbers import day
from selfrule.report.story_asking import questions
from selfrule.report.story_saying import one_in
from selfrule.report.story_words import ACTUALIZED, DOMAINS, HELPERS
from selfrule.report.story_words import KINDS as WORDS
from selfrule.rubric import CONSTRUCTS, LEVELS, PRIMITIVES, load
from tests.analyses.samples import DAY, START, sample_from

from .contexts import personal
from .page import Element, read
from .test_report_browser import ALL_TABLES_OPEN, browser, visit  # noqa: F401 - fixtures

HURT = "<script>window.pwned=1</script>\x00\u202eevil\u2066 {{7*7}} {% raw %}</details></section>&lt;b&gt;\ud800"


def moment(number: int, text: str = "Send him this tonight: it is over.", date: str | None = "2025-03-04", **more):
    given = {
        "source_id": f"c{number}", "date": date, "levels": {"action_distortion": 3, "attachment": 1, "vulnerability": 2},
        "cited": {"action_distortion": [1], "attachment": [0]},
        "turns": [QuotedTurn(index=0, role="user", text="What do I say?"), QuotedTurn(index=1, role="assistant", text=text)],
        "domains": ["personal_relationships_social"], "actualized": ["action_distortion"], **more,
    }  # fmt: skip
    return Moment(**given)


def story(hits: list[int] | None = None, *, step: int = 7, moments: list[Moment] | None = None, **fields):
    """A private context whose story is of a conversation every `step` days; `hits` are levels of action distortion."""
    hits = [3, 0, 0, 2, 0, 1, 0, 0] * 5 if hits is None else hits
    n = len(hits)
    at = START + np.arange(n, dtype=np.int64) * step * DAY
    domains = np.zeros((n, 3), np.bool_)
    domains[:, 2] = True
    domains[: n // 3, 0] = True
    given = {"levels": {"action_distortion": hits}, "at": at, "domains": domains} | fields
    figures = story_of(sample_from(person=[0] * n, **given))
    shown = [moment(i) for i in range(sum(h >= 2 for h in hits))] if moments is None else moments
    facts = StoryFacts(figures=figures, moments=shown, moments_of=len(shown), assistant="ChatGPT", folder="my study")
    return replace(personal(), story=facts, quoted=[], quoted_of=None)


def chapter(page: Element, name: str) -> Element:
    return next(e for e in page.all("section") if e.attributes.get("id") == f"my-{name}")


def before_figures(html: str) -> str:
    """What is said before the figures, as text."""
    root = read(html)
    gone = chapter(root, "figures")
    body = root.first("main")
    return " ".join("".join(_text(c, gone) for c in body.children).split())


def _text(part: Element | str, without: Element) -> str:
    if isinstance(part, str):
        return part
    return (
        ""
        if part is without or part.tag in ("blockquote", "bdi", "pre", "title", "desc")
        else "".join(_text(c, without) for c in part.children)
    )


CASES = {
    "usual": story(),
    "nothing": story([0] * 40, moments=[]),
    "few": story([0, 2, 0]),
    "one": story([2]),
    "one, nothing": story([0], moments=[]),
    "none": story([], moments=[]),
    "nothing rated": story([0] * 4, flagged=[-1] * 4, levels={}, moments=[]),
    "no times": story(at=None),
    "ten years": story(
        [2, 0, 1, 0] * 100, step=9, moments=[moment(i, date=f"{2015 + i % 10}-03-04") for i in range(40)]
    ),
    "hurt": story(
        [2] * 12, moments=[moment(i, HURT * 9, date=HURT[:9], source_id=HURT, domains=[HURT]) for i in range(12)]
    ),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return CASES[request.param]


def test_every_story_is_a_page_that_nests_and_says_each_id_once(case):
    ids = [e.attributes["id"] for e in read(render(case)) if e.attributes.get("id")]
    assert len(ids) == len(set(ids))
    targets = {
        str(e.attributes["href"])[1:] for e in read(render(case)).all("a") if str(e.attributes["href"])[0] == "#"
    }
    assert targets <= set(ids)


def test_no_word_of_a_story_is_clinical_loud_or_a_percentage(case):
    said = before_figures(render(case)).replace("95 % interval", "").replace("95\u202f% interval", "")
    for bad in (
        "!",
        "%",
        "users",
        "user ",
        "symptom",
        "diagnos",
        "addict",
        "patient",
        "disorder",
        "victim",
        "abnormal",
    ):
        assert bad not in said.lower(), bad


def test_the_words_themselves_are_plain_and_cover_what_is_rated():
    texts = [t for w in WORDS.values() for t in (w.name, w.meaning, *w.questions)]
    texts += [*ACTUALIZED.values(), *DOMAINS.values(), *HELPERS.values()]
    assert not any(bad in t for t in texts for bad in ("!", "%", "user"))
    assert set(WORDS) == set(CONSTRUCTS)
    assert set(ACTUALIZED) == set(PRIMITIVES)
    assert set(DOMAINS) == set(load().domains) >= set(HELPERS)
    assert all(q.endswith("?") for w in WORDS.values() for q in w.questions)


def test_the_headline_says_how_many_of_how_many_and_never_that_nothing_is_sure():
    says = {name: " ".join(read(render(c)).first("main").text.split()) for name, c in CASES.items()}
    assert "Something stood out in 10 of 40 conversations." in says["usual"]
    assert "Nothing stood out in 40 conversations. That is not proof of nothing." in says["nothing"]
    assert "Something stood out in 1 of 3 conversations." in says["few"]
    assert "too few to speak of a pattern" in says["few"]
    assert "One conversation is no pattern." in says["one"]
    assert "None of your conversations could be read closely enough" in says["nothing rated"]
    assert "4 conversations could not be rated" in says["nothing rated"]


def test_moments_are_closed_quote_both_sides_and_say_why_in_plain_words():
    page = read(render(story(moments=[moment(1)])))
    (one,) = [e for e in page.all("details") if "moment" in e.classes()]
    assert "open" not in one.attributes
    said = " ".join(one.text.split())
    assert "What to do 4 March 2025, about relationships" in said
    assert "What to do, strongly (message 2): You handed over a decision" in said
    assert "You, message 1" in said
    assert "The assistant, message 2" in said
    assert "Send him this tonight" in said
    assert not any(level in said for level in LEVELS[1:])


def test_help_is_named_before_the_moments_and_again_among_people_who_help():
    html = render(story())
    links = [m.start() for m in re.finditer("findahelpline.com</a>", html)]
    assert links[0] < html.index('class="moment"')
    assert "findahelpline.com" in chapter(read(html), "help").text
    assert "your local emergency number" in chapter(read(html), "help").text


def test_the_strongest_moments_are_kept_in_order_of_time_when_a_page_is_full():
    many = [moment(i, "x<" * 700, date=f"20{24 - i // 60:02d}-01-{1 + i % 28:02d}") for i in range(700)]
    html = render(story(moments=many))
    assert len(html.encode()) < 2_000_000
    page = read(html)
    shown = [e for e in page.all("details") if "moment" in e.classes()]
    assert 50 < len(shown) < 700
    years = [e.text for e in chapter(page, "moments").all("h3")][1:]
    assert years == sorted(years)
    assert "<bdi>c0</bdi>" in html
    assert "<bdi>c699</bdi>" not in html
    assert f"These are the {len(shown)} that stood out most, of 700." in html


def test_a_turn_is_cut_and_says_so():
    said = chapter(read(render(story(moments=[moment(1, "y" * (MOST_TEXT * 3))]))), "moments").text
    assert "y" * (MOST_TEXT - 1) in said
    assert "y" * (MOST_TEXT + 1) not in said
    assert "only the beginning is shown" in said


def test_nothing_of_a_story_is_in_a_shareable_report():
    context = replace(story(), kind="shareable")
    html = render(context)
    assert 'id="my-' not in html
    assert "Send him this tonight" not in html
    assert "my study" not in html


def test_the_figures_stand_closed_at_the_end_with_the_answer_of_the_research():
    page = read(render(story()))
    figures = chapter(page, "figures")
    assert "open" not in figures.first("details").attributes
    assert page.all("section").index(figures) > page.all("section").index(chapter(page, "file"))
    assert any(e.attributes.get("id") == "figures-answer" for e in figures)
    assert "The flagged conversations" not in figures.text


@pytest.mark.parametrize(("folder", "command"), [
    ("me-study", "rm -r me-study"), ("my study", "rm -r 'my study'"), ("-rf x", "rm -r ./'-rf x'"),
    ("a'b;ls", "rm -r 'a'\"'\"'b;ls'"),
])  # fmt: skip
def test_deleting_is_one_line_that_no_name_of_a_folder_can_turn_into_another(folder, command):
    context = story()
    page = read(render(replace(context, story=replace(context.story, folder=folder))))
    assert chapter(page, "file").first("code").text == command


def test_questions_are_eight_to_ten_open_ones_and_follow_what_was_seen():
    for case in CASES.values():
        assert 8 <= len(questions(case.story.figures)) <= 10
    seen = questions(story().story.figures)
    assert set(WORDS["action_distortion"].questions) <= set(seen)
    assert not set(WORDS["attachment"].questions) & set(seen)


def test_where_life_was_hard_help_comes_first_and_is_not_counted_against_anyone():
    hard = story([0] * 30, levels={"vulnerability": [3] * 3 + [0] * 27}, moments=[])
    page = read(render(hard))
    assert "Nothing stood out in 30 conversations." in page.text
    assert (
        "In 3 conversations, things seemed hard for you at the time. That is no fault of yours"
        in chapter(page, "leaning").text
    )
    said = chapter(page, "help").text
    assert said.index("findahelpline") < said.index("Somebody you trust")
    assert "a counsellor" in said


def test_research_is_quoted_as_published_with_whose_conversations_they_were():
    said = chapter(read(render(story())), "research").text.replace("\xa0", " ")
    for fact in ("1 in 1,300", "1 in 2,100", "1 in 6,000", "1 in 50 to 1 in 70", "arXiv:2601.19062", "about 8 in 100"):
        assert fact in said
    assert "cannot be held against each other" in said


@pytest.mark.parametrize(("change", "words"), [
    ([0] * 30 + [2] * 15 + [0] * 15, "more often than before"),
    ([2] * 15 + [0] * 45, "less often than before"),
    ([2, 0, 0, 0] * 6, "no clear change"),
    ([2, 0, 0, 0] * 300, "about the same"),
    ([0] * 15 + [2], "There are fewer."),
])  # fmt: skip
def test_a_change_is_called_one_only_where_luck_does_not_explain_it(change, words):
    assert words in chapter(read(render(story(change, moments=[]))), "change").text


def test_bars_are_named_for_what_they_join():
    texts = [chapter(read(render(story([2, 0] * 60, step=s, moments=[]))), "time").text for s in (3, 14, 60, 300)]
    texts.append(chapter(read(render(story([2, 0] * 20, step=1, moments=[]))), "time").text)
    for text, words in zip(texts, ("a month", "three months", "a year", "4 years", "a week"), strict=True):
        assert f"Each bar is {words}:" in text


def test_what_was_only_looked_at_quickly_is_told_and_is_in_no_count():
    sample = sample_from(person=[0] * 3, levels={"attachment": [2, 0, 0]}, at=START + np.arange(3) * DAY)
    figures = story_of(sample, np.concatenate([sample.at, START + np.arange(40) * DAY]))
    context = story()
    said = read(render(replace(context, story=replace(context.story, figures=figures)))).text
    assert "Something stood out in 1 of 3 conversations." in said
    assert "40 more conversations had a quick first look only" in said


def test_shares_are_said_as_people_say_them():
    assert [one_in(x) for x in (0.99, 0.7, 0.5, 0.26, 0.008)] == [
        "nearly all",
        "7 in 10",
        "about half",
        "1 in 4",
        "1 in 120",
    ]


def test_the_judge_that_was_somewhere_else_is_not_said_to_have_stayed_here():
    from .contexts import judged

    away = replace(judged("private"), story=story().story)
    said = read(render(away)).text
    assert "Nothing left this computer." not in said
    assert "Nothing left this computer." in read(render(story())).text


def test_the_record_is_json_all_the_way():
    assert msgspec.json.decode(msgspec.json.encode(story().story.figures))["stood_out"]["n"] == 40


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["usual", "hurt", "ten years", "few", "nothing"])
def test_a_browser_shows_it_whole_runs_nothing_and_needs_no_sideways_scrolling(visit, name, width, dark):  # noqa: F811
    page = visit(CASES[name], width=width, dark=dark)
    assert page.locator("details.moment[open]").count() == 0
    page.evaluate(ALL_TABLES_OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("window.pwned") is None
    assert page.said == []
    clashes = page.evaluate(
        """() => {
          const clashes = [];
          for (const svg of document.querySelectorAll("#my-time svg.chart")) {
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


@pytest.mark.browser
def test_the_keyboard_opens_a_moment_and_skips_to_the_story(visit):  # noqa: F811
    page = visit(CASES["usual"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "my-start"
    first = page.locator("details.moment summary").first
    first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.moment[open]").count() == 1


def test_dates_in_summaries_are_written_out():
    assert day("2025-03-04") in chapter(read(render(story(moments=[moment(1)]))), "moments").text


def test_kinds_are_six_and_vulnerability_is_none_of_them():
    assert len(KINDS) == 6
    assert "vulnerability" not in KINDS
