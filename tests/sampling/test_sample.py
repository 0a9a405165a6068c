"""`selfrule sample`, and inputs that were sampled before they came: from files to figures."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import selfrule
from selfrule.errors import InputError, UsageError
from selfrule.sampling import Design
from selfrule.study.sampling import sample
from selfrule.study.study import Study, create
from selfrule.study.tables import narrow
from selfrule.study.weights import sentence
from tests.study.material import conversation, write_lines


def run(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "selfrule", *arguments], capture_output=True, check=False, **options)


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    """120 conversations of 7 persons and 3 models over four months; 20 of them twice, one unreadable line."""
    records = [conversation(i, turns=2) | {"team": {"name": "blue" if i % 4 else "red"}} for i in range(120)]
    path = tmp_path_factory.mktemp("logs") / "log.jsonl"
    write_lines(path, [*records, *records[:20], {"nothing": 1}])
    return path


def ids(study: Study) -> set[str]:
    return set(study.conversations()["source_id"].to_pylist())


def weights(study: Study) -> dict[str, float]:
    table = study.conversations()
    return dict(zip(table["source_id"].to_pylist(), table["weight"].to_pylist(), strict=True))


def frame_of(study: Study):
    from selfrule.study.frames import frame

    return frame(narrow(study._folder, study._plan()))


def test_a_random_sample_carries_its_probability_and_the_manifest_the_design(log, tmp_path):
    study, _ = sample(log, tmp_path / "s", Design(n=30, seed=4))
    assert len(ids(study)) == 30
    assert set(weights(study).values()) == {4.0}
    draw = study.manifest["sampling"]["draw"]
    assert draw == {
        "by": "random",
        "n": 30,
        "each": None,
        "seed": 4,
        "population": 120,
        "drawn": 30,
        "copies": 20,
        "unreadable": 1,
        "strata": [{"name": "", "size": 120, "drawn": 30}],
    }


def test_of_the_same_logs_and_seed_a_larger_sample_holds_the_smaller(log, tmp_path):
    small, large, other = (
        ids(sample(log, tmp_path / name, Design(n=n, seed=seed))[0])
        for name, n, seed in (("a", 20, 1), ("b", 60, 1), ("c", 20, 2))
    )
    assert small < large
    assert small != other


def test_a_sample_does_not_depend_on_how_the_logs_are_cut_into_files(log, tmp_path):
    lines = log.read_text().splitlines(keepends=True)
    folder = tmp_path / "many"
    folder.mkdir()
    random.Random(2).shuffle(lines)
    for number in range(5):
        (folder / f"{number}.jsonl").write_text("".join(lines[number::5]))
    here, there = sample(log, tmp_path / "a", Design(n=25))[0], sample(folder, tmp_path / "b", Design(n=25))[0]
    assert ids(here) == ids(there)


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("month", {"2025-01", "2025-02", "2025-03", "2025-04"}),
        ("model", {"model-0", "model-1", "model-2"}),
        ("stratum:team.name", {"blue", "red"}),
        ("product", {"unknown"}),
        ("reader", {"openai_messages"}),
    ],
)
def test_as_many_are_drawn_from_every_stratum(log, tmp_path, by, names):
    study, found = sample(log, tmp_path / "s", Design(by=by, each=4))
    assert {one.name for one in found.strata} == names
    assert all(one.drawn == 4 for one in found.strata)
    assert sum(weights(study).values()) == pytest.approx(120)


def test_persons_are_drawn_whole_or_with_at_most_so_many_each(log, tmp_path):
    whole, _ = sample(log, tmp_path / "whole", Design(by="person", n=3))
    some, _ = sample(log, tmp_path / "some", Design(by="person", n=3, each=2))
    persons = whole.conversations()["person"].to_pylist()
    assert len(set(persons)) == 3
    assert len(ids(whole)) >= 3 * 17  # 120 conversations of 7 persons
    assert list(weights(whole).values()) == pytest.approx([7 / 3] * len(ids(whole)))
    assert len(ids(some)) == 6
    assert ids(some) < ids(whole)
    # each person has 17 or 18 conversations, of which two are drawn
    assert {round(weight / (7 / 3) * 2, 9) for weight in weights(some).values()} <= {17, 18}


def test_a_raw_id_of_a_person_is_in_no_file_of_a_sample(log, tmp_path):
    study, _ = sample(log, tmp_path / "s", Design(by="person", n=3))
    for path in study.path.rglob("*"):
        if path.is_file():
            assert b"@example.org" not in path.read_bytes()
    assert not (study.path / ".sampling").exists()


def test_figures_of_a_sample_are_weighted_and_know_the_population(log, tmp_path):
    study, _ = sample(log, tmp_path / "s", Design(by="model", each=10))
    study.rate()
    frame = frame_of(study)
    assert frame.finite
    assert frame.weight.sum() == pytest.approx(120)
    flagged = next(e for e in study.estimate_list() if e.construct == "flagged" and not e.group)
    assert "25 % of a known population" in flagged.method


def test_the_same_draw_goes_on_in_its_folder_and_another_one_is_refused(log, tmp_path):
    first, _ = sample(log, tmp_path / "s", Design(n=10))
    again, _ = sample(log, tmp_path / "s", Design(n=10))
    assert first.count() == again.count()
    with pytest.raises(UsageError, match="holds another study"):
        sample(log, tmp_path / "s", Design(n=11))
    with pytest.raises(UsageError, match="would stand beside the sample"):
        again.import_(log)


def test_a_draw_that_cannot_be_made_leaves_a_folder_that_can_be_used(log, tmp_path):
    with pytest.raises(UsageError, match="too few for 3 strata"):
        sample(log, tmp_path / "s", Design(by="model", n=4))
    assert sample(log, tmp_path / "s", Design(by="model", n=6))[0].count() >= 6


def test_a_field_that_is_an_id_makes_no_strata(tmp_path):
    log = write_lines(tmp_path / "log.jsonl", [conversation(i, turns=2) for i in range(1001)])
    with pytest.raises(UsageError, match="1,001 strata"):
        sample(log, tmp_path / "s", Design(by="stratum:id", each=1))


def test_nothing_to_draw_from_is_said(tmp_path):
    empty = write_lines(tmp_path / "log.jsonl", [{"nothing": 1}, {"nothing": 2}])
    with pytest.raises(InputError, match="no usable conversation"):
        sample(empty, tmp_path / "s", Design(n=5))


def test_rows_of_one_turn_are_sampled_by_conversation(tmp_path):
    rows = "chat,speaker,words,team\n"
    for chat in range(50):
        rows += "".join(
            f"{chat},{who},words {chat} {who} {at},{'x' if chat < 5 else 'y'}\n"
            for at, who in enumerate(("user", "assistant"))
        )
    (tmp_path / "rows.csv").write_text(rows)
    study, found = sample(
        tmp_path / "rows.csv",
        tmp_path / "s",
        Design(by="stratum:team", each=3),
        map="conversation=chat,text=words,role=speaker",
    )
    assert [(one.name, one.size, one.drawn) for one in found.strata] == [("x", 5, 3), ("y", 45, 3)]
    assert {len(turns) for turns in study.conversations()["turns"].to_pylist()} == {2}


def test_a_killed_sample_goes_on_and_ends_with_the_same_conversations(tmp_path):
    log = write_lines(tmp_path / "log.jsonl", [conversation(i, turns=4, repeat=20) for i in range(2500)])
    command = [sys.executable, "-m", "selfrule", "sample", str(log), "--n", "300", "--workers", "1", "-o"]
    process = subprocess.Popen(
        [*command, str(tmp_path / "killed")], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    begun = time.monotonic()
    while not list((tmp_path / "killed" / "conversations").glob("*.parquet")) and process.poll() is None:
        assert time.monotonic() - begun < 60
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert run(*command[3:], str(tmp_path / "killed")).returncode == 0
    killed, (whole, _) = Study.open(tmp_path / "killed"), sample(log, tmp_path / "whole", Design(n=300), workers=1)
    assert weights(killed) == weights(whole)
    assert len(ids(whole)) == 300


def test_a_sample_as_lines_can_be_audited_with_its_probabilities(log, tmp_path):
    out = tmp_path / "out.jsonl"
    done = run("sample", str(log), "--jsonl", str(out), "--by", "stratum:team.name", "--each", "9")
    assert done.returncode == 0, done.stderr
    assert oct(out.stat().st_mode & 0o777) == "0o600"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert b"@example.org" not in out.read_bytes()
    records = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert sorted({round(r["weight"], 6) for r in records}) == [pytest.approx(30 / 9), 10]
    study = create(tmp_path / "study")
    study.import_(out, map="inclusion=inclusion")
    assert weights(study) == {r["id"]: pytest.approx(r["weight"]) for r in records}


def test_the_command_says_what_was_drawn_of_what(log, tmp_path):
    done = run("sample", str(log), "-o", str(tmp_path / "s"), "--by", "model", "--n", "12")
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stderr.decode().splitlines() if line.startswith("model-0")] == [
        ["model-0", "40", "4", "10"]
    ]
    assert "20 exact copies count once" in done.stderr.decode()
    assert run("sample", str(log), "-o", str(tmp_path / "t"), "--by", "moon", "--n", "12").returncode == 2


@pytest.mark.parametrize(
    ("given", "field", "values", "expected"),
    [
        ("weight=w", "w", [2, "2.5", 0.1], [2, 2.5, 0.1]),
        ("inclusion=beside.p", "beside", [{"p": 0.5}, {"p": "0.01"}, {"p": 1}], [2, 100, 1]),
    ],
    ids=["weight", "inclusion"],
)
def test_weights_come_from_a_field_of_any_format(tmp_path, given, field, values, expected):
    records = [conversation(i) | {field: value} for i, value in enumerate(values)]
    study = create(tmp_path / "s")
    study.import_(write_lines(tmp_path / "log.jsonl", records), map=given)
    assert weights(study) == {f"c{i}": pytest.approx(value) for i, value in enumerate(expected)}


@pytest.mark.parametrize("value", [0, -1, "many", True, None, "", float("1e300"), [2], "9" * 60], ids=repr)
def test_a_wrong_weight_costs_the_record_with_a_reason_that_does_not_repeat_it(tmp_path, value):
    study = create(tmp_path / "s")
    study.import_(
        write_lines(tmp_path / "log.jsonl", [conversation(1) | {"w": 3}, conversation(2) | {"w": value}]),
        map="weight=w",
    )
    assert ids(study) == {"c1"}
    (problem,) = study.problems().to_pylist()
    assert (problem["kind"], problem["severity"], problem["place"]) == ("weight", "skipped", "line 2")
    assert "'w'" in problem["reason"]
    assert "many" not in problem["reason"]


def test_a_probability_above_one_is_no_probability(tmp_path):
    study = create(tmp_path / "s")
    records = [conversation(1) | {"p": 0.2}, conversation(2) | {"p": 20}]
    study.import_(write_lines(tmp_path / "log.jsonl", records), map="inclusion=p")
    assert ids(study) == {"c1"}
    assert "weight=FIELD" in study.problems().to_pylist()[0]["remedy"]


def test_one_rate_and_a_population_make_the_same_study_know_its_population(log, tmp_path):
    by_rate, by_number, neither = (create(tmp_path / name) for name in "abc")
    by_rate.import_(log, sampled=0.25)
    by_number.import_(log, population=480)
    neither.import_(log)
    found = []
    for study in (by_rate, by_number, neither):
        study.rate()
        found.append(next(e for e in study.estimate_list() if e.construct == "flagged" and not e.group))
    assert (found[0].low, found[0].high) == pytest.approx((found[1].low, found[1].high))
    assert found[0].high - found[0].low < found[2].high - found[2].low
    assert found[0].share == found[2].share
    assert "population" not in found[2].method


def test_an_input_cannot_be_read_again_with_other_weights(log, tmp_path):
    study = create(tmp_path / "s")
    study.import_(log, sampled=0.5)
    study.import_(log)  # it goes on as it was
    assert set(weights(study).values()) == {2.0}
    with pytest.raises(UsageError, match=r"already, with --sampled 0\.5"):
        study.import_(log, sampled=0.1)


@pytest.mark.parametrize(
    "options", [{"sampled": 0}, {"sampled": 1.5}, {"sampled": float("nan")}, {"population": 100}], ids=str
)
def test_a_rate_or_a_population_that_makes_no_sense_says_so(log, tmp_path, options):
    with pytest.raises(UsageError, match=r"--sampled must be|less than the 120 conversations"):
        create(tmp_path / "s").import_(log, **options)


def test_both_a_weight_and_a_probability_are_refused(log, tmp_path):
    with pytest.raises(UsageError, match="one of the two"):
        create(tmp_path / "s").import_(log, map="weight=a,inclusion=b")


def test_a_study_of_an_older_version_has_weight_one(log, tmp_path):
    study = selfrule.audit(log, tmp_path / "s")
    for part in study.path.glob("conversations/*.parquet"):
        table = pq.read_table(part)
        pq.write_table(table.drop_columns(["weight"]), part)
    old = Study.open(study.path)
    assert set(weights(old).values()) == {1.0}
    assert old.estimate_list() == study.estimate_list()
    assert np.all(frame_of(old).weight == 1)
    assert not frame_of(old).finite


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({}, None),
        (
            {
                "sampling": {
                    "draw": {"by": "random", "drawn": 30, "population": 1200, "each": None, "seed": 4, "strata": []}
                }
            },
            "30 of 1,200 conversations were drawn at random (seed 4).",
        ),
        (
            {
                "sampling": {
                    "draw": {
                        "by": "person",
                        "drawn": 30,
                        "population": 1200,
                        "each": 2,
                        "seed": 0,
                        "strata": [{"name": "persons", "size": 90, "drawn": 9}],
                    }
                }
            },
            "30 of 1,200 conversations were drawn: those of 9 of 90 persons, at most 2 of each (seed 0).",
        ),
        ({"sampling": {"population": 5000}}, "They are a simple random sample of 5,000 conversations, as you said."),
        (
            {"inputs": [{"reader": "x", "weighing": {"sampled": 0.01}}, {"reader": "x"}]},
            "They were drawn before they came, and are weighted: --sampled 0.01.",
        ),
    ],
    ids=["nothing", "random", "person", "population", "rate"],
)
def test_one_sentence_says_how_conversations_were_drawn(made, said):
    assert sentence({"inputs": [], **made}) == said
