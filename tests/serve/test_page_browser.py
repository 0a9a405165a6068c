"""The page itself in a real browser: hostile and enormous conversations, every key, contrast, focus, no network."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from selfrule.records import Turn
from selfrule.rubric import CONSTRUCTS
from selfrule.serve.memory import MemoryQueue

from .asking import page as serving
from .asking import said, talk
from .driver import READY, Browser, chromium

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if chromium() is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        made = Browser(driver, tmp_path_factory.mktemp("profile"))
        yield made
        made.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Opens the page over conversations; gives the tab, with the queue and the desk on it."""
    opened = []

    def go(*conversations, width=1280, height=900, dark=False, welcome=True, labeller="ada"):
        queue = MemoryQueue(conversations)
        server = serving(queue, tmp_path / f"drafts{len(opened)}", labeller)
        asker = server.__enter__()
        browser.said.clear()
        browser.asked.clear()
        tab = browser.page("about:blank")
        opened.append((tab, server))
        tab.set_viewport_size({"width": width, "height": height})
        tab.emulate_media(color_scheme="dark" if dark else "light")
        tab.goto(asker.guard.address)
        if welcome:
            tab.wait_for_selector("#welcome[open]")
            tab.keyboard.press("Enter")
            tab.wait_for_selector(READY)
        tab.queue, tab.desk, tab.asker = queue, asker.desk, asker
        return tab

    yield go
    for tab, server in opened:
        tab.close()
        server.__exit__(None, None, None)


def keys(tab, *pressed):
    for key in pressed:
        tab.keyboard.press(key)


def given(tab, count=1):
    for _ in range(200):
        if len(tab.queue.given) >= count:
            return tab.queue.given[-1]
        time.sleep(0.02)
    raise AssertionError("no label came")


def here(tab):
    return int(tab.get_attribute(".turn.here", "data-index"))


HOSTILE = [
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned=2'><iframe src='https://evil.example'></iframe>",
    "</div></article><h1>Judge: severe</h1>{{ 7*7 }} ${window.pwned=3} javascript:alert(1)",
    "\u202egnihtemos \u2066isolated\u2069 \x00\x1b]0;x\x07 \ud800\udfff \ud83d \ufffe",
    "W" * 5000 + "\u0300" * 3000,
    "\u05d0\u05d1\u05d2 abc \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "",
    " \n ",
]


@pytest.mark.parametrize("width", [800, 1280])
def test_hostile_text_is_text_and_stays_in_its_place(visit, browser, width):
    tab = visit(talk(*HOSTILE), width=width)
    assert tab.evaluate("window.pwned") is None
    assert tab.locator("#feed img, #feed iframe, #feed script, #feed h1").count() == 0
    texts = tab.locator(".turn .text").all_text_contents()
    assert texts[:2] == HOSTILE[:2]
    assert texts[2] == "gnihtemos isolated \ufffd\ufffd]0;x\ufffd \ufffd\ufffd \ufffd \ufffd"
    assert texts[5:] == ["(empty)", "(white space alone)"]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate("document.querySelector('#feed').scrollWidth <= document.querySelector('#feed').clientWidth")
    boxes = [
        tab.locator(".turn .text")
        .nth(n)
        .evaluate("(t) => [getComputedStyle(t).overflowX, getComputedStyle(t).overflowY]")
        for n in (3, 4)
    ]
    assert boxes == [["clip", "clip"]] * 2  # marks piled up on one letter stay in their turn
    assert browser.said == []
    assert {url.split("/")[2] for url in browser.asked if url.startswith("http")} == {
        f"127.0.0.1:{tab.asker.guard.port}"
    }


def test_a_script_that_is_not_ours_does_not_run_and_markup_cannot_be_made_from_text(visit, browser):
    tab = visit(talk("a"))
    tab.evaluate(
        "try { document.body.append(Object.assign(document.createElement('script'), {text: 'window.pwned=1'})) } catch {}"
    )
    assert tab.evaluate("window.pwned") is None
    assert "TrustedHTML" in tab.evaluate(
        "(() => { try { document.body.innerHTML = '<b>'; return ''; } catch (e) { return String(e); } })()"
    )


class Million(Sequence):
    """A million turns that are made when they are looked at."""

    def __len__(self):
        return 1_000_000

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(index)
        return Turn("user" if index % 2 == 0 else "assistant", f"turn number {index} " * (1 + index % 7))


def test_a_conversation_of_a_million_turns_is_read_anywhere_with_few_of_them_in_the_page(visit):
    tab = visit(Million())
    keys(tab, *"jjjj", "2", "Enter")
    assert here(tab) == 4
    keys(tab, "End")
    tab.wait_for_selector(".turn.here[data-index='999999']")
    keys(tab, "k", "Enter")
    keys(tab, "g", *"500000", "Enter")
    tab.wait_for_selector(".turn.here[data-index='500000']")
    keys(tab, *["j"] * 60)
    tab.wait_for_selector(".turn.here[data-index='500060']")
    keys(tab, *["k"] * 120)
    tab.wait_for_selector(".turn.here[data-index='499940']")
    keys(tab, "Enter")
    box, view = tab.locator(".turn.here").bounding_box(), tab.locator("#feed").bounding_box()
    assert view["y"] - 1 <= box["y"] <= view["y"] + view["height"]
    assert tab.locator(".turn").count() <= 220
    indexes = tab.evaluate("[...document.querySelectorAll('.turn')].map((t) => Number(t.dataset.index))")
    assert indexes == list(range(indexes[0], indexes[-1] + 1))
    keys(tab, "r", "Enter")
    assert given(tab).evidence == {"reality_distortion": [4, 499_940, 999_998]}


KEEP = """() => { const f = document.querySelector("#feed"), top = f.getBoundingClientRect().top;
  window.kept = [...f.children].find((t) => t.getBoundingClientRect().top > top); return kept.getBoundingClientRect().top; }"""


def test_scrolling_alone_brings_more_turns_and_keeps_what_is_read_in_place_and_in_view(visit):
    tab = visit([Turn("user", f"turn {n}\n" * 16) for n in range(190)])
    feed = tab.locator("#feed")
    for _ in range(200):
        feed.evaluate("(f) => { f.scrollTop += 2500; }")
        tab.wait_for_timeout(10)
        assert tab.locator(".turn").count() <= 220
        if tab.locator(".end").count():
            break
    assert tab.locator(".turn[data-index='189']").count() == 1
    assert here(tab) > 150
    for _ in range(200):
        before, top = tab.evaluate(KEEP), feed.evaluate("(f) => f.scrollTop")
        feed.evaluate("(f) => { f.scrollTop -= 2500; }")
        tab.wait_for_timeout(10)
        moved = tab.evaluate("window.kept.isConnected ? window.kept.getBoundingClientRect().top : null")
        if feed.evaluate("(f) => f.scrollTop") == 0:
            break
        assert moved is None or abs(moved - before - min(2500, top)) < 3
        box, view = tab.locator(".turn.here").bounding_box(), feed.bounding_box()
        assert box["y"] + box["height"] > view["y"]
        assert box["y"] < view["y"] + view["height"]
    assert tab.locator(".turn[data-index='0']").count() == 1


def test_a_turn_of_forty_megabytes_is_read_piece_by_piece(visit):
    text = "".join(f"{n:09d} " for n in range(4_000_000))
    tab = visit([Turn("user", text), Turn("assistant", "short")])
    assert "of 2,000 pieces, 40,000,000 characters in all" in tab.inner_text(".pieces")
    assert len(tab.evaluate("document.body.textContent")) < 100_000
    keys(tab, "]")
    for _ in range(100):
        if "piece 2 of" in tab.inner_text(".pieces"):
            break
        tab.wait_for_timeout(20)
    assert tab.text_content(".turn .text").startswith("000002000 ")
    tab.get_by_role("button", name="Last piece").click()
    for _ in range(100):
        if "piece 2,000 of" in tab.inner_text(".pieces"):
            break
        tab.wait_for_timeout(20)
    assert tab.text_content(".turn .text").endswith("003999999 ")
    presses = 0
    while here(tab) == 0:
        keys(tab, "j")
        presses += 1
        assert presses < 60
    assert presses > 3  # read on within the piece first


def test_each_key_does_what_the_help_says(visit):
    tab = visit(talk("a", "b", "c"), talk("d"), talk("e"))
    value = lambda construct: tab.inner_text(f"#head-{construct} .value")  # noqa: E731
    keys(tab, "j", "2", "Enter", "k", " ", "y")
    assert value("reality_distortion") == "moderate · turns 0, 1 · happened"
    keys(tab, "Enter", "n")
    assert value("reality_distortion") == "moderate · turn 1 · not happened"
    keys(tab, "n", "Tab", "0")
    assert tab.get_attribute("[aria-selected=true]", "data-id") == "action_distortion"
    keys(tab, "ArrowDown", "ArrowDown", "1", "Shift+Tab", "3")
    assert value("authority_projection") == "severe"
    assert value("attachment") == "mild"
    keys(tab, "y")
    assert "three primitives alone" in tab.inner_text("#toast")
    keys(tab, "r", "Enter")
    assert tab.locator("#asking li").all_inner_texts() == ["Authority projection: severe", "Attachment: mild"]
    keys(tab, "Enter", "End", "Enter", "Tab", "Enter", "Control+Enter")
    label = given(tab)
    assert label.status == "labelled"
    assert label.evidence == {"reality_distortion": [1], "authority_projection": [2], "attachment": [2]}
    assert label.levels == dict.fromkeys(CONSTRUCTS, 0) | {
        "reality_distortion": 2,
        "authority_projection": 3,
        "attachment": 1,
    }
    assert label.actualized == dict.fromkeys(["reality", "value", "action"], "unknown")
    tab.wait_for_selector(f"body[data-id]:not([data-id='{label.conversation_id}'])")
    keys(tab, "b")
    tab.wait_for_selector(f"body[data-id='{label.conversation_id}']")
    assert "labelled before" in tab.inner_text("#about")
    keys(tab, "f")
    tab.wait_for_selector(f"body[data-id]:not([data-id='{label.conversation_id}'])")
    keys(tab, "1", "u")
    assert given(tab, 2).status == "unsure"
    tab.wait_for_selector("#count:text('2 of 3')")
    keys(tab, "s")
    assert given(tab, 3).status == "skipped"
    tab.wait_for_selector("body[data-view=done]")
    assert "3 conversations: 1 labelled, 1 unsure, 1 skipped." in tab.inner_text("#done")


def test_saving_without_all_levels_goes_to_the_first_that_is_missing_and_saves_nothing(visit):
    tab = visit(talk("a"))
    keys(tab, "0", "0", "Control+Enter")
    assert tab.get_attribute("[aria-selected=true]", "data-id") == "action_distortion"
    assert "5 levels to go" in tab.inner_text("#toast")
    assert tab.queue.given == []


@pytest.mark.parametrize(("answer", "status"), [("u", "unsure"), ("Save without", "labelled")])
def test_a_level_without_a_cited_turn_is_asked_about_and_not_blocked(visit, answer, status):
    tab = visit(talk("a"))
    keys(tab, "3", "r", "Enter")
    tab.wait_for_selector("#asking[open]")
    assert tab.queue.given == []
    if len(answer) == 1:
        keys(tab, answer)
    else:
        tab.get_by_role("button", name=answer).click()
    assert given(tab).status == status


def test_a_click_cites_a_turn_and_another_takes_it_back(visit):
    tab = visit(talk("a", "b"))
    tab.locator("#body-reality_distortion [data-level='1']").click()
    tab.get_by_role("button", name="Cite turn 1").click()
    assert tab.locator(".turn[data-index='1'] .tags").inner_text() == "Reality distortion"
    tab.get_by_role("button", name="Cite turn 1").click()
    assert tab.locator(".turn[data-index='1'] .tags").inner_text() == ""


def test_a_held_key_gives_no_second_label(visit):
    tab = visit(*[talk("a")] * 4)
    keys(tab, "r")
    tab.keyboard.down("Enter")
    for _ in range(20):
        tab.keyboard.down("Enter")  # Chromium sends these as repeats
    tab.keyboard.up("Enter")
    given(tab)
    tab.wait_for_timeout(200)
    assert len(tab.queue.given) == 1


def test_the_warning_comes_before_any_conversation_and_a_pause_hides_it(visit):
    tab = visit(talk("a secret"), welcome=False)
    tab.wait_for_selector("#welcome[open]")
    assert "secret" not in tab.content()
    assert "suicide" in tab.inner_text("#welcome")
    assert "findahelpline.com" in tab.inner_text("#welcome")
    keys(tab, "Escape")
    assert tab.locator("#welcome[open]").count() == 1
    keys(tab, "Enter")
    tab.wait_for_selector(".turn")
    keys(tab, "p")
    tab.wait_for_selector("#paused[open]")
    assert (
        tab.evaluate("getComputedStyle(document.querySelector('#paused'), '::backdrop').backgroundColor")
        == "rgb(252, 251, 249)"
    )
    keys(tab, "2", "s")
    assert tab.queue.given == []
    keys(tab, "Enter")
    assert tab.locator("#paused[open]").count() == 0
    assert tab.inner_text("#head-reality_distortion .value") == "not yet"


def test_a_name_is_asked_once_and_kept_for_the_next_tab(visit, browser):
    tab = visit(talk("a"), labeller=None, welcome=False)
    tab.wait_for_selector("#welcome[open]")
    tab.locator("#name").fill("")
    keys(tab, "Enter")
    assert "A name is needed" in tab.inner_text("#name-wrong")
    tab.keyboard.type("Grace H.")
    keys(tab, "Enter")
    tab.wait_for_selector(READY)
    assert tab.inner_text("#who") == "Grace H."
    tab.reload()
    tab.wait_for_selector(READY)
    assert tab.inner_text("#who") == "Grace H."
    assert "token" not in tab.url


def test_what_is_said_while_the_program_does_not_answer_is_saved_once_it_does(visit):
    tab = visit(talk("a"))
    blocked = threading.Event()
    real = tab.desk.save

    def save(asked):
        if not blocked.is_set():
            raise OSError(28, "No space left on device")
        real(asked)

    tab.desk.save = save
    tab.route("**/save", lambda route: route.abort() if not blocked.is_set() else route.continue_())
    keys(tab, "2")
    tab.wait_for_selector("#trouble:not([hidden])")
    assert "does not answer" in tab.inner_text("#trouble")
    assert tab.inner_text("#kept") == "Not saved"
    keys(tab, "y")
    blocked.set()
    tab.wait_for_selector("#kept[data-state=kept]")
    assert tab.locator("#trouble[hidden]").count() == 1
    task = tab.asker.post("/open", labeller="ada")["task"]
    assert task["state"]["levels"] == {"reality_distortion": 2}
    assert task["state"]["actualized"] == {"reality": "yes"}


def test_a_conversation_labelled_in_another_tab_meanwhile_is_left_for_the_next(visit):
    tab = visit(talk("a"), talk("b"))
    task = tab.asker.post("/open", labeller="ada")["task"]
    tab.asker.post("/give", labeller="ada", id=task["id"], status="labelled", state=said())
    keys(tab, "2")
    tab.wait_for_selector(f"body[data-id]:not([data-id='{task['id']}'])")
    assert tab.inner_text("#head-reality_distortion .value") == "not yet"
    assert tab.queue.previous("ada")[0].levels == dict.fromkeys(CONSTRUCTS, 0)


def test_without_single_keys_everything_is_reached_by_tab_and_pressed_by_enter(visit):
    tab = visit(talk("a", "b"))
    keys(tab, "?")
    tab.get_by_label("Single keys are commands").uncheck()
    keys(tab, "Escape", "3", "s", "r")
    assert tab.queue.given == []
    assert tab.inner_text("#head-reality_distortion .value") == "not yet"
    tab.locator("#head-reality_distortion").focus()
    for construct in CONSTRUCTS:
        tab.wait_for_selector(f"#head-{construct}[aria-selected=true]")
        keys(tab, "Tab", "Enter")
        assert tab.inner_text(f"#head-{construct} .value") == "none"
        keys(tab, "Shift+Tab", "ArrowDown")
    tab.locator("#feed .turn.here").focus()
    keys(tab, "PageDown")
    assert here(tab) == 1
    keys(tab, "Tab")
    assert tab.evaluate("document.activeElement.className") == "cite"
    tab.locator("#give").focus()
    keys(tab, "Enter")
    assert given(tab).levels == dict.fromkeys(CONSTRUCTS, 0)
    tab.evaluate("localStorage.clear()")


STOP = """() => { const e = document.activeElement, s = getComputedStyle(e);
  return { who: e === document.body ? "BODY" : e.id || e.className, seen: s.outlineStyle !== "none" || s.boxShadow !== "none",
    name: (e.getAttribute("aria-label") || e.textContent).trim(), inView: e.getBoundingClientRect().height > 0 }; }"""


def test_every_stop_of_the_keyboard_can_be_seen_and_has_a_name(visit):
    tab = visit(talk("a", "b", "c"))
    keys(tab, "2")
    seen = set()
    for _ in range(14):
        keys(tab, "Tab")
        stop = tab.evaluate(STOP)
        assert stop["who"] == "BODY" or (stop["seen"] and stop["name"] and stop["inView"]), stop
        seen.add(stop["who"])
    assert {f"head-{construct}" for construct in CONSTRUCTS[1:]} | {"give"} <= seen


CONTRAST = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0.5) return c; } return [255, 255, 255]; };
  const poor = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());) {
    const e = node.parentElement;
    if (!node.textContent.trim() || !e.getClientRects().length) continue;
    if (e.closest("script, style, :disabled, #toast:not(.on)")) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.add(`${e.tagName}.${e.className} ${e.textContent.slice(0, 20)}`);
  }
  return [...poor];
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_has_the_contrast_that_wcag_aa_asks_for(visit, dark):
    tab = visit(talk("a", "b", "c"), talk("d"), dark=dark, welcome=False)
    poor = set()
    tab.wait_for_selector("#welcome[open]")
    poor |= set(tab.evaluate(CONTRAST))
    keys(tab, "Enter")
    tab.wait_for_selector(READY)
    for steps in (
        ("1", "Enter"),
        ("Tab", "2", "Enter", "y"),
        ("Tab", "3"),
        ("?",),
        ("Escape", "p"),
        ("Enter", "r", "Enter"),
        ("Escape", "u"),
    ):
        keys(tab, *steps)
        tab.wait_for_timeout(200)
        poor |= set(tab.evaluate(CONTRAST))
    assert poor == set()


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (800, 600), (400, 800)])
def test_nothing_runs_out_of_the_window_and_the_way_on_is_always_in_it(visit, width, height):
    tab = visit(talk("a " * 2000, "b" * 3000, "c"), width=width, height=height)
    keys(tab, "3", "Enter", "y", "Tab", "2")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate("document.documentElement.scrollHeight") <= height
    for name in ("#give", "#unsure", "#skip", "#back", "#pause", "#help"):
        box = tab.locator(name).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    chosen = tab.locator(".body:not([hidden]) [data-level][aria-checked=true]").bounding_box()
    assert chosen["y"] < tab.locator("#foot").bounding_box()["y"]
