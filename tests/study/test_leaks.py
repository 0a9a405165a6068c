"""A study's own shareable outputs are searched for its own people: what is put there is found, by kind, and not told."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import selfrule
from selfrule.study.leaks import Leak, Own, _tells
from selfrule.study.study import Study

NAME, MAIL, SAID = (
    "Zorvane Kwyzdrowski",
    "zorvane.k@qywemqaza.example",
    "we painted nine small boats blue before the harbour froze over",
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("leaks")
    example = resources.files("selfrule") / "example" / "conversations.jsonl"
    logs = folder / "logs.jsonl"
    mine = {
        "id": "chat-of-kwyzdrowski",
        "user_id": "person-of-mine",
        "messages": [
            {"role": "user", "content": f"My name is {NAME}, write to {MAIL}. Last year {SAID}."},
            {"role": "assistant", "content": "That sounds like a fine year."},
        ],
    }
    logs.write_bytes(example.read_bytes().rstrip() + b"\n" + json.dumps(mine).encode() + b"\n")
    return selfrule.audit(logs, folder / "study", workers=1)


@pytest.fixture(scope="module")
def own(study: Study) -> Own:
    return Own(study._folder)


def found_in(study: Study, own: Own, text: str) -> list[Leak]:
    """What is found where a text stands in the report."""
    page = (study.path / "report.html").read_text(encoding="utf-8")
    return own.leaks("report.html", page.replace("</main>", f"<p>{text}</p></main>").encode())


def test_nothing_of_its_people_stands_in_what_a_study_shares(study: Study) -> None:
    found = study.privacy_check()
    assert found.leaks == []
    assert found.violations == []
    assert found.conversations == study.count() == found.read
    assert {"name", "mail", "pseudonym", "id of a conversation", "name of a file"} <= found.looked_for.keys()
    assert {"report.html", "report.html, made now", "estimates --shareable"} <= found.searched.keys()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"for instance {NAME}", "name"),
        (NAME.upper(), "name"),
        ("Z&#111;rvane Kwyzdr<b>owski</b>", "name"),
        (f"see {MAIL}", "mail"),
        ("chat-of-kwyzdrowski", "id of a conversation"),
        (f"One said that {SAID}.", "words of a conversation"),
    ],
)
def test_what_is_put_into_the_report_is_found_by_its_kind_and_not_told(
    study: Study, own: Own, text: str, kind: str
) -> None:
    found = found_in(study, own, text)
    assert kind in {leak.kind.partition(" (")[0] for leak in found}
    told = repr(found).lower()
    assert "zorvane" not in told
    assert "harbour" not in told


@given(st.binary(min_size=8, max_size=8))
def test_every_pseudonym_is_looked_for_whatever_its_letters_spell(key: bytes) -> None:
    assert _tells(f"p{key.hex()}")


def test_a_pseudonym_in_the_report_is_found(study: Study, own: Own) -> None:
    person = next(p for p in study.conversations()["person"].to_pylist() if p)
    assert any(leak.kind == "pseudonym" for leak in found_in(study, own, f"({person})"))


def test_the_command_ends_with_one_where_something_is_found_and_does_not_show_it(study: Study) -> None:
    page, patterns = study.path / "report.html", study.path / "patterns-released.json"
    before = page.read_text(encoding="utf-8")
    one = {"id": "p1", "parent": None, "depth": 0, "name": "Mixed", "conversations": 4, "persons": 3}
    released = {"kind": "released", "patterns": [one], "flagged": 40, "described": 40, "collapsed": 0, "k": 10}
    page.write_text(before + f"<!-- {NAME} -->", encoding="utf-8")
    patterns.write_text(json.dumps(released))
    try:
        asked = [sys.executable, "-m", "selfrule", "privacy-check", str(study.path)]
        ran = subprocess.run(asked, capture_output=True, text=True, check=False)
    finally:
        page.write_text(before, encoding="utf-8")
        patterns.unlink()
    assert ran.returncode == 1
    assert "Found in report.html: name" in ran.stdout
    assert "Too small a group: patterns-released.json" in ran.stdout
    assert "zorvane" not in (ran.stdout + ran.stderr).lower()


def test_of_a_study_without_words_what_it_still_knows_is_looked_for(tmp_path: Path) -> None:
    example = resources.files("selfrule") / "example" / "conversations.jsonl"
    logs = tmp_path / "logs.jsonl"
    logs.write_bytes(b"".join(example.read_bytes().splitlines(keepends=True)[:40]))
    study = selfrule.audit(logs, tmp_path / "study", workers=1, no_text=True)
    own = Own(study._folder)
    assert own.conversations == own.read == 0
    person = next(p for p in study.conversations()["person"].to_pylist() if p)
    assert [leak.kind for leak in own.leaks("page", person.encode())] == ["pseudonym"]
