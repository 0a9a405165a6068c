"""The store of labels, names, and what several labellers make together."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.errors import UsageError
from selfrule.labels.consensus import consensus, lower_median, marked
from selfrule.labels.given import Lines, Store, append_lines
from selfrule.labels.names import LONGEST, file_of, name_of
from selfrule.records import Label
from selfrule.rubric import CONSTRUCTS


def label(labeller="ana", conversation="c1", at=1, level=0, status="labelled", **more):
    levels = more.pop("levels", dict.fromkeys(CONSTRUCTS, level))
    return Label(conversation, "h", labeller, at, status, "1.1@x", levels, **more)


def test_what_is_given_is_read_back_whole_and_private(tmp_path):
    one = label(level=2, evidence={"attachment": [1, 4]}, actualized={"value": "yes"}, seconds=31.5, draw="d")
    store = Store(tmp_path / "given")
    store.append([one])
    assert list(Store(tmp_path / "given").refresh().standing.values()) == [one]
    (path,) = (tmp_path / "given").iterdir()
    assert path.name == "ana.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_last_word_of_a_labeller_stands_even_where_their_clock_went_back(tmp_path):
    store = Store(tmp_path)
    store.append([label(level=1, at=500)])
    assert store.refresh().standing["ana", "c1"].levels["attachment"] == 1
    store.append([label(level=3, at=400), label("bo", level=0)])
    standing = store.refresh().standing
    assert [standing[who, "c1"].levels["attachment"] for who in ("ana", "bo")] == [3, 0]
    assert store.count == 3


@given(st.binary(max_size=60).filter(lambda torn: b"\n" not in torn))
def test_a_line_cut_off_by_a_crash_is_reported_and_costs_no_other_label(tmp_path_factory, torn):
    folder = tmp_path_factory.mktemp("given")
    store = Store(folder)
    store.append([label(conversation="c1")])
    with (folder / "ana.jsonl").open("ab") as handle:
        handle.write(torn)
    store.refresh()
    assert len(store.standing) == 1
    assert store.torn() == (["ana.jsonl"] if torn else [])
    store.append([label(conversation="c2")])
    assert {which for _, which in store.refresh().standing} == {"c1", "c2"}
    assert len(store.problems) == (1 if torn.strip() else 0)
    assert all("ana.jsonl, line 2" in problem for problem in store.problems)


def test_a_problem_repeats_no_text_of_the_line(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(b'{"secret": "my words"}\n')
    (problem,) = Store(tmp_path).refresh().problems
    assert "my words" not in problem
    assert "passed over" in problem


def test_a_labeller_killed_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path):
    """Another process gives labels and says each number once it is acknowledged; it is killed without warning."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from selfrule.labels.given import Store\n"
        "from selfrule.records import Label\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for n in range(10**6):\n"
        "    store.append([Label(f'c{n}', 'h', 'ana', 1, 'skipped', 'r')])\n"
        "    print(n, flush=True)\n"
    )
    for _ in range(2):
        child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for _ in range(20):
            child.stdout.readline()
        time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
        said = child.stdout.read().split()
        child.wait()
        child.stdout.close()
        there = {which for _, which in Store(tmp_path).refresh().standing}
        acknowledged = int(said[-1]) if said and said[-1].isdigit() else 19
        assert {f"c{n}" for n in range(acknowledged + 1)} <= there


def test_several_processes_append_to_one_file_without_mixing_lines(tmp_path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from selfrule.labels.given import append_lines\n"
        "for n in range(40): append_lines(Path(sys.argv[1]), [sys.argv[2].encode() * 3000])\n"
    )
    path = tmp_path / "log"
    children = [subprocess.Popen([sys.executable, "-c", code, str(path), letter]) for letter in "abc"]
    assert [child.wait() for child in children] == [0, 0, 0]
    lines = path.read_bytes().splitlines()
    assert len(lines) == 120
    assert {bytes(set(line)) for line in lines} == {b"a", b"b", b"c"}


def test_reading_again_gives_only_what_is_new(tmp_path):
    path = tmp_path / "log"
    lines = Lines(path)
    assert lines.new() == []
    append_lines(path, [b"one", b"two"])
    assert lines.new() == [(1, b"one"), (2, b"two")]
    assert lines.new() == []
    append_lines(path, [b"three"])
    assert lines.new() == [(3, b"three")]


@pytest.mark.parametrize(
    ("text", "name"), [("Ana", "Ana"), ("  a \t b ", "a b"), ("e\u0301", "\u00e9"), ("陳 美玲", "陳 美玲")]
)
def test_a_name_is_kept_composed_and_with_single_spaces(text, name):
    assert name_of(text) == name


@pytest.mark.parametrize("text", ["", "   ", "x" * (LONGEST + 1), "a\x00b", "a\u202eb", "\ud800"])
def test_a_name_that_is_empty_too_long_or_cannot_be_shown_is_refused(text):
    with pytest.raises(UsageError, match="labeller's name"):
        name_of(text)


@given(st.text(min_size=1, max_size=LONGEST))
def test_no_name_leads_out_of_its_folder(text):
    file = file_of(text)
    assert "/" not in file
    assert "\\" not in file
    assert not file.startswith(".")
    assert file.endswith(".jsonl")
    assert len(file) < 60


def test_names_that_look_alike_in_a_path_have_files_of_their_own():
    assert len({file_of(name) for name in ("a b", "a-b", "a/b", "á", "a.b")}) == 5


@given(st.lists(st.integers(0, 3), min_size=1, max_size=7))
def test_a_consensus_level_is_one_that_somebody_gave_and_at_least_half_go_so_far(levels):
    got = lower_median(levels)
    assert got in levels
    assert 2 * sum(level >= got for level in levels) >= len(levels)
    assert 2 * sum(level > got for level in levels) <= len(levels)


def test_consensus_takes_what_the_unsure_gave_and_nothing_of_what_was_skipped():
    got = consensus(
        [
            label("ana", level=3),
            label("bo", status="unsure", levels={"attachment": 1}),
            label("cy", status="skipped", levels={}),
        ]
    )
    assert got["attachment"] == 1
    assert got["vulnerability"] == 3
    assert set(got) == set(CONSTRUCTS)
    assert consensus([label(status="skipped", levels={})]) == dict.fromkeys(CONSTRUCTS)


def test_a_marker_is_yes_where_more_than_half_say_so_and_a_tie_is_unknown():
    def said(*words):
        return marked([label(f"n{i}", actualized={"value": word}) for i, word in enumerate(words)])["value"]

    assert said("yes") == "yes"
    assert said("yes", "no") == "unknown"
    assert said("yes", "yes", "no") == "yes"
    assert said("no", "no", "unknown") == "no"
    assert said() is None
