"""The page in a real browser over a real study: the keyboard alone, tabs killed, nothing lost, nothing told."""

from __future__ import annotations

import json
import re
import shutil

import pyarrow.parquet as pq
import pytest

from selfrule.rubric import CONSTRUCTS
from selfrule.store.folder import Folder
from selfrule.study.labelling import Labelling
from tests.study.judged import add_judge, made, rated

from .asking import page, said
from .driver import Browser, Worker, chromium

JUDGE = "anthropic:zebra-9/joint-1@0123abcd"


@pytest.fixture(scope="module")
def rated_study(tmp_path_factory):
    folder = made(tmp_path_factory.mktemp("label"), 30, people=9)
    add_judge(
        folder, JUDGE, lambda i: {"status": "refused", "reason": "quokka"} if i % 10 == 9 else rated(i % 4), report=True
    )
    Labelling(folder).open_draw(12, doubles=0.5)
    return folder.root


@pytest.fixture
def study(rated_study, tmp_path):
    shutil.copytree(rated_study, tmp_path / "study")
    return Folder.open(tmp_path / "study")


@pytest.mark.browser
def test_twelve_labels_by_the_keyboard_alone_with_the_browser_killed_twice_are_all_on_the_disk(study, tmp_path):
    if chromium() is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    labelling = Labelling(study)
    with page(labelling, study.root / "labels" / "drafts") as asker, playwright.sync_playwright() as driver:
        browser = Browser(driver, tmp_path / "profile")
        worker = Worker(browser, asker.guard.address, "ada", patient=True)
        killed = worker.work({40: "browser", 95: "tab"})
        browser.close()
    assert killed == 2
    assert len(worker.given) == 12
    assert worker.wrong(Labelling(study).previous("ada")) == []
    assert worker.lost == []  # what was said to be saved is there again
    assert [said for said in browser.said if "Failed to load resource" not in said] == []
    assert {url.split("/")[2] for url in browser.asked if not url.startswith("data:")} == {
        f"127.0.0.1:{asker.guard.port}"
    }
    assert not list((study.root / "labels" / "drafts").rglob("*.json"))


def everything(asker):
    """Every byte of a labelling from the first to the last conversation, drafts and steps back included."""
    seen = []

    def ask(method, path, body=None):
        status, headers, got = asker.raw(method, path, None if body is None else json.dumps(body).encode())
        kept = {name: value for name, value in headers.items() if name not in ("date", "content-length")}
        text = got.decode() + json.dumps(kept)
        nonce = re.search(r"nonce-([^']+)'", text)
        text = text.replace(nonce.group(1), "NONCE") if nonce else text
        seen.append((path, status, text.replace(str(asker.guard.port), "PORT")))
        return json.loads(got) if got.startswith((b"{", b"[")) else None

    ask("GET", "/")
    opened = ask("POST", "/open", {"labeller": "ada"})
    while opened["task"]:
        name = opened["task"]["id"]
        ask("GET", f"/turns?id={name}&from=0")
        ask("GET", f"/piece?id={name}&turn=0&piece=0")
        ask("POST", "/save", {"labeller": "ada", "id": name, "base": 0, "state": said()})
        ask("POST", "/open", {"labeller": "ada", "before": name})
        opened = ask("POST", "/give", {"labeller": "ada", "id": name, "status": "labelled", "state": said()})
    return seen


def blinded(study, **changes):
    """The study with its judge's words changed after the draw."""
    for draw in (study.root / "labels" / "draws").glob("*.json"):
        data = json.loads(draw.read_bytes())
        for item in data["items"]:
            item["stratum"] = changes["stratum"]
        draw.write_text(json.dumps(data))
    for kind in ("ratings", "screenings"):
        shutil.rmtree(study.root / kind)


def test_every_byte_is_the_same_whatever_judge_and_screen_said(study, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(study.root, other)
    with page(Labelling(study), tmp_path / "drafts-1") as asker:
        first = everything(asker)
    blinded(Folder.open(other), stratum="severe")
    with page(Labelling(Folder.open(other)), tmp_path / "drafts-2") as asker:
        second = everything(asker)
    assert len(first) == 2 + 5 * 12
    assert first == second


def test_no_byte_holds_a_word_of_the_judges_or_of_the_design(study, tmp_path):
    with page(Labelling(study), tmp_path / "drafts") as asker:
        text = "\n".join(got for path, _, got in everything(asker) if path != "/")
    tables = study.manifest()["tables"]
    for word in (
        "zebra",
        "quokka",
        "stratum",
        "inclusion",
        "screened",
        "probabilit",
        "draw",
        "embedded",
        *tables.values(),
    ):
        assert word not in text.lower()
    levels = {level for level in ("mild", "moderate", "severe") if level in text}
    assert levels == set()
    people = {p for part in study.parts("conversations") for p in pq.read_table(part)["person"].to_pylist() if p}
    assert people
    assert not any(person in text for person in people)


def test_two_labellers_share_the_queue_and_only_doubles_go_to_both(study, tmp_path):
    with page(Labelling(study), tmp_path / "drafts") as asker:
        turn = {"ada": asker.post("/open", labeller="ada"), "bo": asker.post("/open", labeller="bo")}
        seen = {"ada": [], "bo": []}
        while any(opened["task"] for opened in turn.values()):
            for name, opened in turn.items():
                if opened["task"]:
                    seen[name].append(opened["task"]["id"])
                    turn[name] = asker.post("/give", labeller=name, id=seen[name][-1], status="labelled", state=said())
    draw = Labelling(study).draw
    doubles = {item.conversation_id for item in draw.items if item.double}
    assert doubles
    assert set(seen["ada"]) & set(seen["bo"]) == doubles
    assert set(seen["ada"]) | set(seen["bo"]) == {item.conversation_id for item in draw.items}


def test_labels_given_on_the_page_are_read_as_labels_of_the_draw(study, tmp_path):
    with page(Labelling(study), tmp_path / "drafts") as asker:
        task = asker.post("/open", labeller="ada")["task"]
        asker.post(
            "/give", labeller="ada", id=task["id"], status="labelled", state=said(levels=dict.fromkeys(CONSTRUCTS, 2))
        )
    (label,) = Labelling(study).previous("ada")
    assert label.levels == dict.fromkeys(CONSTRUCTS, 2)
    assert label.draw == Labelling(study).draw.id
