"""Words encrypted at rest: nobody without the passphrase reads them, and with it everything is as it was."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys

import pytest

import selfrule
from selfrule.clients.answers import Answers
from selfrule.clients.types import Reply, Usage
from selfrule.errors import StudyError, TextError, UsageError
from selfrule.store import sealing
from selfrule.store.folder import Folder
from selfrule.store.sealing import VARIABLE, Seal, box_of
from selfrule.study.labelling import Labelling
from selfrule.study.study import create
from tests.study.labelled import Erring
from tests.study.material import ANSWERS, ASKS, conversation, write_lines
from tests.study.test_forget import everything

PHRASE = "correct horse battery staple"
SAID = [*ASKS, *ANSWERS]


@pytest.fixture(autouse=True)
def phrase(monkeypatch):
    monkeypatch.setenv(VARIABLE, PHRASE)


def study_of(folder, count=40, **more):
    folder.mkdir(parents=True, exist_ok=True)
    log = write_lines(folder / "log.jsonl", [conversation(i, turns=4) for i in range(count)])
    return selfrule.audit(log, folder / "study", workers=1, **more)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return study_of(tmp_path_factory.mktemp("plain")).path


@pytest.fixture
def study(plain, tmp_path):
    shutil.copytree(plain, tmp_path / "study")
    return selfrule.Study.open(tmp_path / "study")


def readable(study) -> bool:
    """Whether any words of anybody can be read in the folder."""
    said = everything(study.path)
    return any(line in said for line in SAID)


def test_an_encrypted_study_holds_no_word_in_the_clear_and_says_the_same(study, tmp_path):
    before = (study.estimate_list(), study.ratings().to_pylist(), study.conversations().to_pylist())
    assert readable(study)
    assert study.encrypt() == 1
    assert not readable(study)
    assert PHRASE not in everything(study.path)
    again = selfrule.Study.open(study.path)
    assert (again.estimate_list(), again.ratings().to_pylist(), again.conversations().to_pylist()) == before
    assert again.check() == []


def test_an_audit_that_encrypts_writes_no_word_in_the_clear_and_later_imports_neither(tmp_path):
    study = study_of(tmp_path, encrypt=True)
    assert not readable(study)
    grown = study_of(tmp_path, count=60)
    assert not readable(grown)
    assert sum(r["status"] == "rated" for r in grown.ratings().to_pylist()) == 60
    assert grown.conversations()["turns"][0].as_py()[0]["text"] in {m["content"] for m in conversation(0)["messages"]}


def test_encrypting_and_decrypting_gives_back_every_word(study):
    before = study.conversations().to_pylist()
    study.encrypt()
    study.decrypt()
    assert selfrule.Study.open(study.path).conversations().to_pylist() == before
    assert sealing.ENTRY not in study.manifest
    with pytest.raises(UsageError, match="not encrypted"):
        study.decrypt()


def test_a_wrong_passphrase_is_known_at_once_and_never_repeated(study, monkeypatch):
    study.encrypt()
    monkeypatch.setenv(VARIABLE, "another long passphrase")
    for use in (study.conversations, study.encrypt, study.decrypt, lambda: study.rate(judge=Erring())):
        with pytest.raises(TextError, match="is not the one of") as error:
            use()
        assert "another long" not in str(error.value)
    assert "is not the one of" in study.check()[0]


def test_without_a_passphrase_figures_can_be_had_and_words_cannot(study, monkeypatch):
    study.encrypt()
    monkeypatch.delenv(VARIABLE)
    again = selfrule.Study.open(study.path)
    assert len(again.estimate_list()) > 0
    with pytest.raises(TextError, match=VARIABLE):
        again.conversations()


@pytest.mark.parametrize("given", ["", "short"])
def test_a_missing_or_short_passphrase_encrypts_nothing(study, monkeypatch, given):
    monkeypatch.setenv(VARIABLE, given)
    with pytest.raises(UsageError, match="at least 12"):
        study.encrypt()
    assert sealing.ENTRY not in study.manifest


def test_whatever_reads_words_reads_them_in_an_encrypted_study(study):
    study.encrypt()
    assert study.sample(openings=True) is not None
    study.rate(judge=Erring(), check=1.0)
    page = study.report(private=True).read_text("utf-8")
    assert "Erring" not in page
    labelling = Labelling(Folder.open(study.path))
    labelling.open_draw(3)
    assert labelling.next("ana").turns[0].text


def test_facets_are_sealed_and_patterns_are_made_of_them_as_before(study, tmp_path):
    study.rate(judge=Erring(lambda i: 2), check=1.0)
    shutil.copytree(study.path, tmp_path / "other")
    other = selfrule.Study.open(tmp_path / "other")
    study.describe()
    other.encrypt()
    other.describe()
    assert other.facets().to_pylist() == study.facets().to_pylist()
    said = study.facets()["description"][0].as_py()
    assert said in everything(study.path / "facets")
    assert said not in everything(other.path / "facets")
    study.encrypt()
    assert said not in everything(study.path / "facets")
    assert study.facets().to_pylist() == other.facets().to_pylist()


def test_answers_are_sealed_with_what_was_there_before_and_opened_again(study):
    path = study.path / "answers" / "answers.sqlite"

    async def put(key: str, text: str) -> None:
        with Answers(path, box=box_of(study.path)) as answers:
            reply = Reply(text, "stop", Usage(), "m")
            await answers.put(key, "answer", reply, model="m", cost=0.5, judge="j")

    asyncio.run(put("aa" * 32, f"before: {ASKS[0]} " * 300))
    study.encrypt()
    asyncio.run(put("bb" * 32, f"after: {ASKS[1]}"))
    assert not readable(study)
    assert ASKS[0].encode() not in b"".join(p.read_bytes() for p in path.parent.iterdir())
    with Answers(path, box=box_of(study.path)) as answers:
        assert answers.get("aa" * 32).reply.text.startswith("before")
        assert answers.get("bb" * 32).reply.text.startswith("after")
    study.decrypt()
    with Answers(path) as answers:
        assert answers.get("bb" * 32).reply.text.startswith("after")
    with sqlite3.connect(path) as found:
        assert found.execute("pragma integrity_check").fetchone() == ("ok",)
    found.close()


def test_somebody_is_forgotten_in_an_encrypted_study_and_the_search_reads_what_is_sealed(study):
    study.encrypt()
    receipt = study.forget(["person-3@example.org"])
    assert receipt.texts
    assert receipt.runs > 0
    assert receipt.found == []
    assert not readable(study)
    assert len(study.conversations()) == 40 - receipt.conversations


def test_words_can_be_left_out_of_an_encrypted_study(study):
    study.encrypt()
    study.rate(no_text=True)
    with pytest.raises(TextError, match="left out"):
        list(study.sample(openings=True))


def test_a_text_that_was_changed_at_rest_is_not_read_as_another(study):
    study.encrypt()
    seal = sealing.seal_of(study.path)
    made = bytearray(seal.seal(b"so be it"))
    assert seal.open(bytes(made)) == b"so be it"
    made[-1] ^= 1
    with pytest.raises(TextError, match="was changed"):
        seal.open(bytes(made))
    with pytest.raises(TextError):
        Seal(bytes(32), bytes(8)).open(seal.seal(b"so be it"))


def test_words_that_look_like_sealed_ones_are_words(tmp_path):
    made = conversation(1)
    made["messages"][0]["content"] = "SRs1 and whatever follows it is only text"
    study = selfrule.audit(write_lines(tmp_path / "log.jsonl", [made]), tmp_path / "study", workers=1)
    assert study.conversations()["turns"][0].as_py()[0]["text"].startswith("SRs1")
    study.encrypt()
    assert study.conversations()["turns"][0].as_py()[0]["text"].startswith("SRs1")


KILLED = """
import os, sys
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
os.replace = dying(os.replace)
getattr(study, sys.argv[3])()
"""


@pytest.mark.parametrize("steps", [1, 2])
def test_a_killed_encryption_is_gone_on_with_and_nothing_is_lost(tmp_path, steps):
    for name in ("a", "b"):
        write_lines(tmp_path / f"{name}.jsonl", [conversation(i + 100 * ord(name), turns=4) for i in range(12)])
        study = selfrule.audit(tmp_path / f"{name}.jsonl", tmp_path / "study", workers=1)
    before = study.conversations().to_pylist()
    for what in ("encrypt", "decrypt"):
        left = steps if what == "encrypt" else steps - 1
        died = subprocess.run([sys.executable, "-c", KILLED, str(study.path), str(left), what], check=False)
        assert died.returncode == 9
        again = selfrule.Study.open(study.path)
        assert again.conversations().to_pylist() == before
        assert again.check() or left == 0
        getattr(again, what)()
        assert again.check() == []
        assert readable(again) == (what == "decrypt")
    assert selfrule.Study.open(study.path).conversations().to_pylist() == before


def test_the_workers_of_a_run_have_the_key_from_the_environment(tmp_path):
    study = create(tmp_path / "study")
    for name in (1, 2):
        records = [conversation(i + 10_000 * name, turns=2) for i in range(800)]
        study.import_(write_lines(tmp_path / f"{name}.jsonl", records), workers=1, encrypt=True)
    study.rate(workers=2)
    assert not readable(study)
    assert {r["status"] for r in study.ratings().select(["status"]).to_pylist()} == {"rated"}


def test_the_commands_encrypt_and_decrypt(study):
    run = [sys.executable, "-m", "selfrule"]
    done = subprocess.run([*run, "encrypt", str(study.path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert PHRASE not in done.stdout
    assert not readable(study)
    done = subprocess.run([*run, "decrypt", str(study.path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert readable(study)


def test_a_study_error_is_what_a_command_reports():
    assert issubclass(TextError, StudyError)
