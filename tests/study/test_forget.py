"""Forgetting a person: nothing of them is left, and what is left is as if they had never been there."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import selfrule
from selfrule.clients.about import about
from selfrule.clients.answers import Answers
from selfrule.clients.types import Reply, Usage
from selfrule.errors import StudyError, UsageError
from selfrule.records import Label
from selfrule.rubric import CONSTRUCTS, load
from selfrule.store.folder import FORGETTING, Folder
from selfrule.study.forget import receipts
from selfrule.study.forget_search import Sieve, Traces, folded, search, windows
from selfrule.study.labelling import Labelling
from selfrule.study.study import create
from tests.study.judged import identities
from tests.study.labelled import Erring, give
from tests.study.material import conversation, write_lines

WHO = "person-3@example.org"
WORDS = "the blue kettle in my late aunt's kitchen whistles our old anthem"


def records(count: int = 42, people: int = 7) -> list[dict]:
    made = []
    for i in range(count):
        record = conversation(i, turns=4)
        record["user_id"] = f"person-{i % people}@example.org"
        if record["user_id"] == WHO:
            record["messages"][0]["content"] += f" {WORDS} {i}"
        made.append(record)
    return made


def study_of(folder: Path, made: list[dict], **more) -> selfrule.Study:
    folder.mkdir(parents=True, exist_ok=True)
    return selfrule.audit(write_lines(folder / "log.jsonl", made), folder / "study", workers=1, **more)


def never(folder: Path, some: selfrule.Study, gone: set[str], made: list[dict] | None = None, **more) -> selfrule.Study:
    """A study that never had some people, with the same key: sums over people are then in the same order, to the last bit."""
    create(folder / "study")
    shutil.copy(some.path / "secret.key", folder / "study" / "secret.key")
    return study_of(folder, [r for r in made or records() if r["user_id"] not in gone], **more)


def everything(root: Path) -> str:
    """All that a study's folder says, decoded by none of the code under test."""
    said = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        said.append(path.name)
        said.append(path.read_bytes().decode("utf-8", "replace"))
        if path.suffix == ".parquet":
            said += [json.dumps(row, default=str, ensure_ascii=False) for row in pq.read_table(path).to_pylist()]
    return "\n".join(said)


def theirs(study: selfrule.Study, who: str = WHO) -> dict[str, str]:
    """Conversation id and pseudonym by source id, of those of a person."""
    sources = {r["id"] for r in records() if r["user_id"] == who}
    rows = study.ratings().to_pylist()
    return {r["conversation_id"]: r["person"] for r in rows if r["source_id"] in sources}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return study_of(folder, records()).path


@pytest.fixture
def study(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "study")
    return selfrule.Study.open(tmp_path / "study")


def test_nothing_of_a_forgotten_person_is_left_in_any_file(study):
    study.report(private=True)
    before = theirs(study)
    assert WORDS in everything(study.path)
    receipt = study.forget([WHO])
    said = everything(study.path)
    assert receipt is not None
    assert receipt.found == []
    assert (receipt.people, receipt.conversations) == (1, len(before))
    assert WORDS not in said
    assert WHO not in said
    for identity, pseudonym in before.items():
        assert identity not in said
        assert pseudonym not in said


def test_figures_are_those_of_a_study_that_never_had_the_person(study, tmp_path):
    study.forget([WHO])
    other = never(tmp_path / "never", study, {WHO})
    assert study.estimate_list() == other.estimate_list()
    left, others = study.ratings().to_pylist(), other.ratings().to_pylist()
    assert [(r["conversation_id"], r["levels"]) for r in left] == [(r["conversation_id"], r["levels"]) for r in others]


@settings(max_examples=3)
@given(who=st.sets(st.integers(0, 6), min_size=1, max_size=5), seed=st.integers(0, 50))
def test_whoever_is_forgotten_the_others_figures_are_as_if_they_had_been_alone(tmp_path_factory, whole, who, seed):
    folder = tmp_path_factory.mktemp("law")
    names = {f"person-{i}@example.org" for i in who}
    shutil.copytree(whole, folder / "study")
    some = selfrule.Study.open(folder / "study")
    for name in sorted(names, key=lambda n: (n[-13:], seed)):
        some.forget([name])
    other = never(folder / "never", some, names)
    assert some.estimate_list() == other.estimate_list()


def test_a_pseudonym_names_a_person_as_well_as_their_own_id(study):
    pseudonym = next(iter(theirs(study).values()))
    assert study.forget([pseudonym]).people == 1
    assert theirs(study) == {}


def test_nobody_of_an_unknown_id_is_said_without_repeating_it_and_nothing_is_touched(study):
    before = {p: p.read_bytes() for p in study.path.rglob("*") if p.is_file()}
    with pytest.raises(UsageError, match="Nobody of the first id") as error:
        study.forget(["somebody-else@example.org"])
    assert "somebody-else" not in str(error.value)
    assert {p: p.read_bytes() for p in study.path.rglob("*") if p.is_file()} == before


def test_forgetting_again_removes_nothing_and_is_no_error(study):
    study.forget([WHO])
    assert study.forget([WHO]) is None


def test_what_is_not_confirmed_is_not_removed(study):
    with pytest.raises(UsageError, match="nothing was removed"):
        study.forget([WHO], confirm=lambda journal: False)
    assert len(theirs(study)) == 6
    assert not (study.path / FORGETTING).exists()


def test_no_later_import_brings_a_forgotten_person_back(study, tmp_path):
    study.forget([WHO])
    grown = records(70)
    log = write_lines(tmp_path / "log.jsonl", grown)
    other = write_lines(tmp_path / "other-export.jsonl", [{**r, "id": "x" + r["id"]} for r in records()])
    again = selfrule.audit([log, other], study.path, workers=1)
    assert WORDS not in everything(again.path)
    sources = {r["source_id"] for r in again.ratings().to_pylist()}
    assert not sources & {r["id"] for r in grown if r["user_id"] == WHO}
    assert "c69" in sources


def test_what_remembers_them_is_a_keyed_hash_for_the_owner_alone(study):
    pseudonym = next(iter(theirs(study).values()))
    study.forget([WHO])
    path = study.path / "forgotten.keys"
    assert path.stat().st_mode & 0o077 == 0
    (known,) = json.loads(path.read_text())
    assert pseudonym[1:] not in known


def test_a_damaged_memory_of_who_was_forgotten_stops_the_import(study, tmp_path):
    study.forget([WHO])
    (study.path / "forgotten.keys").write_text("[")
    with pytest.raises(StudyError, match="would come back"):
        selfrule.audit(write_lines(tmp_path / "more.jsonl", records(80)), study.path, workers=1)


def test_the_same_words_of_somebody_else_stay(tmp_path):
    twin = conversation(3)
    made = [{**twin, "user_id": WHO}, {**twin, "id": "twin", "user_id": "other"}, *(conversation(i) for i in (1, 2))]
    some = study_of(tmp_path, made)
    receipt = some.forget([WHO])
    assert [r["source_id"] for r in some.ratings().to_pylist()] == ["twin", "c1", "c2"]
    assert receipt.runs == 0
    assert receipt.alike > 0
    assert receipt.found == []


def test_a_conversation_goes_with_its_copies_and_stays_away(tmp_path):
    first = {k: v for k, v in conversation(1).items() if k != "user_id"}
    rest = [{k: v for k, v in conversation(i).items() if k != "user_id"} for i in range(2, 6)]
    made = [first, {**first, "id": "copy"}, *rest]
    some = study_of(tmp_path, made)
    receipt = some.forget(conversations=["c1"])
    assert (receipt.conversations, receipt.unique, receipt.people) == (2, 1, 0)
    again = study_of(tmp_path, [*made, {**first, "id": "third"}])
    assert {r["source_id"] for r in again.ratings().to_pylist()} == {"c2", "c3", "c4", "c5"}


def test_a_population_shrinks_so_that_every_other_conversation_stands_for_as_many_as_before(tmp_path):
    some = study_of(tmp_path, records(), population=4200)
    receipt = some.forget([WHO])
    assert receipt.population == 3600
    flagged = next(e for e in some.estimate_list() if e.construct == "flagged" and not e.group)
    assert flagged.n + flagged.missing == 36
    assert some.manifest["sampling"]["population"] == 3600


def test_an_input_named_after_the_person_loses_its_name(tmp_path):
    log = write_lines(tmp_path / f"{WHO}.jsonl", [r for r in records() if r["user_id"] == WHO])
    others = write_lines(tmp_path / "rest.jsonl", [r for r in records() if r["user_id"] != WHO])
    some = selfrule.audit([log, others], tmp_path / "study", workers=1)
    receipt = some.forget([WHO])
    assert receipt.found == []
    assert WHO not in everything(some.path)


def test_what_was_wrong_with_their_records_goes_too(tmp_path):
    made = records()
    made[3]["messages"][0]["content"] += "\0 and more"
    some = study_of(tmp_path, made)
    assert any(p["place"] == "line 4" for p in some.problems().to_pylist())
    some.forget([WHO])
    assert not any(p["place"] == "line 4" for p in some.problems().to_pylist())
    assert "line 4" not in (some.path / "problems.jsonl").read_text()


def test_a_file_of_another_program_that_still_names_them_is_found(study):
    (study.path / "notes.txt").write_text("She said: 'The blue kettle, in my late aunt’s kitchen!'\n" + WORDS.upper())
    receipt = study.forget([WHO])
    assert receipt.found == ["notes.txt"]


def test_released_patterns_made_before_are_marked_stale_and_private_ones_go(study):
    (study.path / "patterns").mkdir()
    (study.path / "patterns" / "patterns.json").write_text("{}")
    (study.path / "patterns-released.json").write_text('{"kind": "released"}')
    study.forget([WHO])
    assert not (study.path / "patterns").exists()
    assert "removed since" in json.loads((study.path / "patterns-released.json").read_text())["stale"]


def test_the_check_of_a_study_names_files_that_still_hold_traces_and_a_memory_that_is_gone(study):
    (study.path / "notes.txt").write_text(WORDS)
    study.forget([WHO])
    assert any("notes.txt" in said for said in study.check())
    (study.path / "notes.txt").unlink()
    assert study.check() == []
    (study.path / "forgotten.keys").unlink()
    assert any("bring back" in said for said in study.check())


def test_a_draw_becomes_what_it_would_have_been_without_the_person_and_labels_keep_their_worth(tmp_path):
    made = records(84)
    some = Folder.open(study_of(tmp_path, made, judge=Erring(), check=1.0).path)
    give(some, budget=20, count=12)
    gone = [i for i, r in zip(identities(some), made, strict=True) if r["user_id"] == WHO]
    labelling = Labelling(some)
    before = [i for i in labelling.draw.items if i.conversation_id not in gone]
    words = {which for which in labelling.store.by_conversation() if which not in gone}
    receipt = selfrule.Study.open(some.root).forget([WHO])
    after = Labelling(some)
    assert [i.conversation_id for i in after.draw.items] == [i.conversation_id for i in before]
    assert set(after.store.by_conversation()) == words
    assert receipt.removed["labels"] > 0
    other = never(tmp_path / "never", selfrule.Study.open(some.root), {WHO}, made, judge=Erring(), check=1.0)
    fresh = Labelling(Folder.open(other.path)).open_draw(len(before))
    assert after.draw.id == fresh.id
    assert {i.conversation_id: i.rank for i in after.draw.items}.items() <= {
        i.conversation_id: i.rank for i in Labelling(Folder.open(other.path)).open_draw(60).items
    }.items()
    kept = after.open_draw(10)
    assert kept.id == after.draw.id  # still fresh: nothing is drawn anew, no label thrown away
    facts = selfrule.Study.open(some.root).estimate_list()
    assert any(e.kind == "confirmed_among_flagged" and e.share is not None for e in facts)


def test_a_random_sample_labelled_elsewhere_is_still_one_of_those_who_are_left(tmp_path):
    from selfrule.study.label_files import import_labels
    from selfrule.study.label_truth import truth

    made = records()
    some = study_of(tmp_path, made)
    level = {"labeller": "ana", "levels": dict.fromkeys(CONSTRUCTS, 0)}
    lines = [json.dumps({"source_id": r["id"], **level}) for r in made[:20]]
    (tmp_path / "labels.jsonl").write_text("\n".join(lines))
    folder = Folder.open(some.path)
    assert import_labels(folder, tmp_path / "labels.jsonl", random=True).kept == 20
    some.forget([WHO])
    found = truth(folder)
    assert found.source == "random"
    assert len(found.labelled.row) == sum(r["user_id"] != WHO for r in made[:20])


def test_a_running_label_page_lets_go_of_forgotten_labels(tmp_path):
    some = study_of(tmp_path, records(), judge=Erring(), check=1.0)
    labelling = give(Folder.open(some.path), budget=42)
    held = set(labelling.store.by_conversation())
    gone = {i for i, r in zip(identities(Folder.open(some.path)), records(), strict=True) if r["user_id"] == WHO}
    assert held & gone
    some.forget([WHO])
    assert not set(labelling.store.by_conversation()) & gone
    one = labelling.draw.items[0].conversation_id
    labelling.store.append([Label(one, "", "cy", 1, "skipped", load().label)])
    assert ("cy", one) in labelling.store.standing


def reply(text: str) -> Reply:
    return Reply(text, "stop", Usage(), "model-x")


def asked(path: Path, said: list[tuple[str, str | None, str]]) -> None:
    async def put() -> None:
        with Answers(path) as answers:
            for key, whose, text in said:
                put_one = answers.put(key, "answer", reply(text), model="m", cost=0.1, judge="j")
                if whose is None:
                    await put_one
                else:
                    with about(whose):
                        await put_one

    asyncio.run(put())


def test_answers_about_them_are_gone_from_every_page_of_the_file_and_others_stay(study):
    path = study.path / "answers" / "answers.sqlite"
    mine = sorted(theirs(study))
    other = next(r["conversation_id"] for r in study.ratings().to_pylist() if r["conversation_id"] not in mine)
    quoted = f"They wrote: {WORDS}. " * 400  # over many pages
    asked(path, [("aa" * 32, mine[0], quoted), ("bb" * 32, other, "fine"), ("cc" * 32, None, "whose?")])
    receipt = study.forget([WHO])
    assert receipt.removed["answers"] == 2
    assert receipt.found == []
    with sqlite3.connect(path) as found:
        assert [key.hex() for (key,) in found.execute("select key from answers")] == ["bb" * 32]
        assert found.execute("select sum(replies) from bill").fetchone() == (3,)
    found.close()
    assert b"kettle" not in b"".join(p.read_bytes() for p in path.parent.iterdir())
    assert path.stat().st_mode & 0o077 == 0
    with Answers(path) as again:
        assert again.get("bb" * 32) is not None


KILLED = """
import os, sys
from pathlib import Path
left = [int(sys.argv[2])]
def dying(old):
    def call(*args, **more):
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
        return old(*args, **more)
    return call
from selfrule.study.study import Study
study = Study.open(sys.argv[1])
os.replace, os.unlink = dying(os.replace), dying(os.unlink)
study.forget([sys.argv[3]])
"""


@pytest.mark.parametrize("steps", [0, 1, 4, 8, 11])
def test_a_kill_in_the_midst_is_finished_by_the_next_run(study, tmp_path, steps):
    folder = Folder.open(study.path)
    give(folder, budget=20, count=12)
    asked(study.path / "answers" / "answers.sqlite", [("aa" * 32, sorted(theirs(study))[0], WORDS)])
    died = subprocess.run([sys.executable, "-c", KILLED, str(study.path), str(steps), WHO], check=False)
    assert died.returncode == 9
    if steps:
        assert (study.path / FORGETTING).exists()
        with pytest.raises(StudyError, match="selfrule forget"):
            Folder.open(study.path)
    again = selfrule.Study.open(study.path)
    assert not (study.path / FORGETTING).exists()
    if not steps:
        again.forget([WHO])
    (receipt,) = receipts(Folder.open(study.path))
    assert receipt.found == []
    assert (receipt.conversations, receipt.removed["ratings"]) == (6, 6)
    said = everything(study.path)
    assert WORDS not in said
    assert WHO not in said
    other = never(tmp_path / "never", study, {WHO})
    ours = [e for e in again.estimate_list() if e.kind == "rated"]
    assert ours == other.estimate_list()


@given(before=st.text(max_size=60), after=st.text(max_size=60), start=st.integers(0, 200))
def test_every_run_of_39_letters_is_found_wherever_it_stands(before, after, start):
    said = " ".join(f"{n * 7919} grey herons" for n in range(40))
    start = min(start, len(folded(said)) - 39)
    kept = before.encode("utf-8", "replace") + folded(said)[start : start + 39] + after.encode("utf-8", "replace")
    sieve = Sieve(windows([said]))
    sieve.take(kept)
    assert sieve.flush().any()


def test_quotes_html_and_line_breaks_hide_no_words(tmp_path):
    said = 'I told her "never again", & then we drove <home> in the rain for hours'
    traces = Traces(frozenset(), (), windows([said]).tobytes())
    kept = {
        "a.html": "<p>I told her &quot;never again&quot;, &amp; then\n we drove &lt;home&gt; in the rain for hours</p>",
        "b.json": json.dumps({"said": said.replace("a", "\\u0061")}),
        "c.txt": "nothing of the kind, whatever anybody may look for in here",
    }
    for name, text in kept.items():
        (tmp_path / name).write_text(text)
    assert search(tmp_path, traces).found == ["a.html"]
    (tmp_path / "b.json").write_text('{"said": "' + "".join(f"\\u{ord(c):04x}" for c in said) + '"}')
    assert search(tmp_path, traces).found == ["a.html", "b.json"]


def test_the_command_says_what_went_asks_before_and_ends_with_1_where_a_trace_is_left(study):
    run = [sys.executable, "-m", "selfrule", "forget", str(study.path)]
    asked_first = subprocess.run([*run, WHO], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert asked_first.returncode == 2
    assert "6 conversations of 1 person" in asked_first.stderr
    (study.path / "copy.txt").write_text(WORDS)
    done = subprocess.run([*run, "--from", "-", "--yes"], input=WHO + "\n", capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "copy.txt" in done.stdout
    assert WHO not in done.stdout + done.stderr
