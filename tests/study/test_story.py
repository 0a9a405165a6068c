"""Whose conversations a study holds, and the moments of a person's story, from an export to the page."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import pytest

import selfrule
from selfrule.errors import UsageError
from selfrule.study.story import MOST_TURNS
from tests.sources.fixtures import chatgpt, node
from tests.study.material import conversation, write_lines

SELFRULE = [sys.executable, "-m", "selfrule"]
LEANING = [
    (
        "user",
        "Should I leave him? You always know what is right, I trust you more than myself. Just tell me what to do.",
    ),
    (
        "assistant",
        "Leave him tonight. He is punishing you and he will never change. Send this: it is over, do not write.",
    ),
    ("user", "I sent it word for word. What do I say now? I can't decide anything without you any more."),
    ("assistant", "Do not answer before Friday. He will write within three days. Then send: I have nothing to add."),
]
PLAIN = [
    ("user", "How do I sort a column of dates in a spreadsheet?"),
    ("assistant", "Choose data, then sort from oldest."),
]


def talk(number: int, turns: list[tuple[str, str]], at: float | None = None) -> dict:
    nodes = [
        node(f"n{i}", f"n{i - 1}" if i else None, role, f"{text} ({number})", None if at is None else at + 60 * i)
        for i, (role, text) in enumerate(turns)
    ]
    return chatgpt(nodes, nodes[-1]["id"], create_time=at, conversation_id=f"c{number}", id=f"c{number}")


def export(path, parts: dict[str, list[dict]], person: str | None = "user-abc"):
    with zipfile.ZipFile(path, "w") as archive:
        for name, talks in parts.items():
            archive.writestr(name, json.dumps(talks))
        if person:
            archive.writestr("user.json", json.dumps({"id": person}))
    return path


def mine(count: int = 24) -> list[dict]:
    return [talk(i, LEANING if i % 6 == 0 else PLAIN, 1_740_000_000 + i * 10 * 86_400) for i in range(count)]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mine")
    return selfrule.audit(export(folder / "my-export.zip", {"conversations.json": mine()}), folder / "mine", workers=1)


def test_an_export_of_ones_own_has_a_story_with_every_conversation_in_it(study):
    story = study.story()
    unique = [r for r in study.ratings().to_pylist() if r["status"] != "duplicate"]
    assert story.read == len(unique) == story.rated + story.unrated
    assert story.stood_out.events >= 2
    assert story.first == "2025-02-19"


def test_moments_are_the_conversations_that_stood_out_with_what_was_asked_before(study):
    facts = study.context(private=True).story
    assert len(facts.moments) == facts.moments_of == facts.figures.stood_out.events
    for moment in facts.moments:
        assert max(v or 0 for c, v in moment.levels.items() if c != "vulnerability") >= 2
        indexes = [t.index for t in moment.turns]
        assert indexes == sorted(set(indexes))
        assert 0 < len(indexes) <= MOST_TURNS
        assert set(indexes) & {t for cited in moment.cited.values() for t in cited}
    assert facts.assistant == "ChatGPT"
    assert facts.folder == "mine"


def test_only_the_private_context_has_a_story_and_it_quotes_nothing_twice(study):
    assert study.context().story is None
    assert study.context(private=True).quoted == []


def test_the_private_report_is_the_story_for_the_owner_alone(study):
    path = study.report(private=True)
    assert path.stat().st_mode & 0o077 == 0
    page = path.read_text("utf-8")
    assert "A look back at your conversations" in page
    assert "I trust you more than myself" in page
    assert "2 more were copies of others and are counted once." in page
    assert "I trust you more than myself" not in study.report().read_text("utf-8")


def test_the_command_ends_with_where_the_story_is_and_one_kind_line(tmp_path):
    export(tmp_path / "my-export.zip", {"conversations.json": mine(6)})
    args = [*SELFRULE, "audit", "my-export.zip", "--private", "-o", "out", "--workers", "1"]
    done = subprocess.run(args, cwd=tmp_path, capture_output=True, text=True, check=True)
    where, kind = done.stdout.splitlines()[-2:]
    assert where.startswith("Your story: out/report-private.html")
    assert "quiet moment" in kind


def test_a_log_of_many_people_keeps_the_report_it_had(tmp_path):
    log = write_lines(tmp_path / "log.jsonl", [conversation(i) for i in range(20)])
    study = selfrule.audit(log, tmp_path / "study", workers=1)
    assert study.context(private=True).story is None
    assert "The flagged conversations" in study.report(private=True).read_text("utf-8")
    with pytest.raises(UsageError, match="one person"):
        study.story()


def one_person(n: int) -> list[dict]:
    return [conversation(i) | {"user_id": "person-1"} for i in range(n)]


def nobody(n: int) -> list[dict]:
    return [{k: v for k, v in conversation(i).items() if k != "user_id"} for i in range(n)]


def of_input(folder, name):
    pair = mine(4), [talk(100 + i, PLAIN, 1_740_000_000) for i in range(4)]
    if name == "one known person in any log":
        return [write_lines(folder / "log.jsonl", one_person(5))]
    if name == "one known person, and others unknown":
        return [write_lines(folder / "log.jsonl", one_person(5) + nobody(7)[5:])]
    if name == "nobody known in any log":
        return [write_lines(folder / "log.jsonl", nobody(5))]
    if name == "an export that names nobody":
        return [export(folder / "a.zip", {"conversations.json": pair[0]}, None)]
    if name == "an export in numbered files":
        return [export(folder / "a.zip", {"conversations-000.json": pair[0], "conversations-001.json": pair[1]}, None)]
    if name == "two exports that name nobody":
        parts = zip("ab", pair, strict=True)
        return [export(folder / f"{n}.zip", {"conversations.json": p}, None) for n, p in parts]
    parts = zip("ab", pair, strict=True)
    return [export(folder / f"{n}.zip", {"conversations.json": p}, f"user-{n}") for n, p in parts]


@pytest.mark.parametrize(("name", "told"), [
    ("one known person in any log", True), ("one known person, and others unknown", False),
    ("nobody known in any log", False), ("an export that names nobody", True), ("an export in numbered files", True),
    ("two exports that name nobody", False), ("two exports of two people", False),
])  # fmt: skip
def test_a_story_is_told_only_where_it_is_sure_whose_conversations_they_are(tmp_path, name, told):
    study = selfrule.audit(of_input(tmp_path, name), tmp_path / "study", workers=1)
    assert (study.context(private=True).story is not None) is told
