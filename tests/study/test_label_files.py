"""Labels out of a study and back, strangers' labels, and what estimates are made from."""

from __future__ import annotations

import shutil
import stat

import msgspec
import numpy as np
import pytest

import selfrule
from selfrule.errors import InputError, UsageError
from selfrule.labels import formats
from selfrule.records import Label
from selfrule.rubric import CONSTRUCTS, load
from selfrule.study.label_files import exported, import_labels
from selfrule.study.label_truth import truth
from selfrule.study.labelling import Labelling
from tests.study.judged import add_judge, identities, made, rated
from tests.study.material import conversation, write_lines
from tests.study.test_labelling import LEVELS, a_label, work


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    folder = made(tmp_path_factory.mktemp("files"), 60, people=20)
    add_judge(folder, "anthropic:claude-x/joint-1@0123abcd", lambda i: rated(i % 4), report=True)
    return folder


@pytest.fixture
def study(once):
    """The study without any labels."""
    shutil.rmtree(once.root / "labels", ignore_errors=True)
    return once


def file_of(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("form", sorted(formats.FORMATS))
def test_labels_leave_one_study_and_arrive_in_another_of_the_same_conversations(study, tmp_path, form):
    labelling = Labelling(study)
    labelling.open_draw(20, doubles=0.3)
    work(labelling, "Ana B.", 8, levels=LEVELS | {"attachment": 2}, evidence={"attachment": [1]}, seconds=12.0)
    work(labelling, "bo", 5, status="unsure", levels={"vulnerability": 1}, actualized={"value": "yes"})
    before = dict(labelling.store.standing)
    path = file_of(tmp_path, "out", b"".join(exported(study, form)))
    shutil.rmtree(study.root / "labels" / "given")
    done = import_labels(study, path, form=form)
    assert (done.kept, done.known, done.problems, done.of_draw) == (13, 0, [], 13)
    assert done.labellers == {"Ana B.": 8, "bo": 5}
    after = Labelling(study)
    assert after.store.standing == before
    assert after.progress("bo").mine == 5
    again = import_labels(study, path)
    assert (again.kept, again.known, again.form) == (0, 13, form)


@pytest.mark.parametrize("form", sorted(formats.FORMATS))
def test_an_export_is_blind_to_the_judge(study, form):
    labelling = Labelling(study)
    labelling.open_draw(30)
    work(labelling, "ana", 3)
    text = b"".join(exported(study, form, labels=False)).decode().lower()
    for word in ("stratum", "screened", "probabilit", "claude-x", "flagged"):
        assert word not in text
    assert len(formats.read(form, text.encode()).rows) == 0


def test_a_queue_labelled_elsewhere_counts_as_reached_as_far_as_it_was_worked_through(study, tmp_path):
    labelling = Labelling(study)
    draw = labelling.open_draw(20)
    tasks = msgspec.json.decode(b"".join(exported(study, "label-studio")))
    result = [
        {"from_name": c, "to_name": "dialogue", "type": "choices", "value": {"choices": ["mild"]}} for c in CONSTRUCTS
    ]
    for n in (0, 1, 2, 3, 7):
        tasks[n]["annotations"] = [{"result": result, "completed_by": 4, "was_cancelled": False}]
    done = import_labels(study, file_of(tmp_path, "done.json", msgspec.json.encode(tasks)))
    assert (done.form, done.kept, done.of_draw, done.labellers) == ("label-studio", 5, 5, {"label-studio 4": 5})
    assert Labelling(study).reached()[0] == 4
    got = truth(study)
    assert (got.source, got.labels, got.beside) == ("draw", 5, 1)
    assert got.labelled.given.tolist() == [[1] * 7] * 4
    assert [draw.items[n].conversation_id for n in range(4)] == [identities(study)[r] for r in got.labelled.row]


def test_a_strangers_rows_are_found_by_either_id_and_bad_ones_are_counted_and_listed(study, tmp_path):
    first, second = identities(study)[:2]
    text = (
        "conversation_id,source_id,labeller,reality_distortion,attachment,content_hash\n"
        f"{first},,cy,2,1,\n"
        ",c1,cy,mild,none,\n"
        ",c999,cy,mild,none,\n"
        ",,cy,mild,none,\n"
        f"{second},,,3,,\n"
        f"{first},,bo,2,1,wrong\n"
        f"{first},,bo,9,1,\n"
    )
    done = import_labels(study, file_of(tmp_path, "x.csv", text), labeller="Dee")
    assert (done.rows, done.kept, done.of_draw, done.conversations) == (7, 3, 0, 2)
    assert done.labellers == {"cy": 2, "Dee": 1}
    assert [p.partition(":")[0] for p in done.problems] == ["row 8", "row 4", "row 5", "row 7"]
    store = Labelling(study).store
    assert store.standing["cy", second].levels == {"reality_distortion": 1, "attachment": 0}
    assert store.standing["cy", second].status == "unsure"
    for path in (study.root / "labels" / "given").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_source_id_of_two_conversations_is_not_guessed_at(tmp_path):
    records = [conversation(i, turns=2) for i in range(4)]
    records[3]["id"] = "c0"
    study = selfrule.audit(write_lines(tmp_path / "log.jsonl", records), tmp_path / "s", workers=1)
    path = file_of(tmp_path, "x.csv", "source_id,attachment\nc0,1\nc1,1\n")
    done = import_labels(study._folder, path)
    assert done.kept == 1
    assert "several conversations" in done.problems[0]


def test_a_newer_word_replaces_an_older_one_and_not_the_other_way_round(study, tmp_path):
    one = identities(study)[0]
    rows = [f"{one},ana,{at},{level}" for at, level in (("2026-01-02", 2), ("2026-01-01", 1), ("2026-01-03", 3))]
    for row, kept in zip(rows, (1, 0, 1), strict=True):
        path = file_of(tmp_path, "x.csv", f"conversation_id,labeller,at,attachment\n{row}\n")
        assert import_labels(study, path).kept == kept
    assert Labelling(study).store.standing["ana", one].levels == {"attachment": 3}


@pytest.mark.parametrize(
    ("name", "text", "error", "says"),
    [
        ("no.csv", None, InputError, "no such file"),
        ("x.csv", "", InputError, "no label found, read as csv"),
        ("x.csv", "a,b\n1,2\n", InputError, "neither conversation_id"),
        ("x.json", "[]", InputError, "read as label-studio"),
    ],
)
def test_a_file_without_labels_says_what_one_needs(study, tmp_path, name, text, error, says):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    if says.startswith("neither"):
        assert "no level" in import_labels(study, path).problems[0]
        return
    with pytest.raises(error, match=says):
        import_labels(study, path)


def test_with_nothing_drawn_and_nothing_labelled_there_is_nothing_to_export(study):
    with pytest.raises(UsageError, match="nothing to export"):
        exported(study, "csv")


def test_labels_beyond_the_queue_are_exported_when_asked_for(study, tmp_path):
    labelling = Labelling(study)
    draw = labelling.open_draw(10)
    outside = next(i for i in identities(study) if i not in {item.conversation_id for item in draw.items})
    import_labels(study, file_of(tmp_path, "x.csv", f"conversation_id,attachment\n{outside},1\n"))
    assert outside.encode() not in b"".join(exported(study, "jsonl"))
    assert outside.encode() in b"".join(exported(study, "jsonl", all_labels=True))


def test_without_labels_there_is_no_truth(study):
    assert truth(study).labelled is None
    assert truth(study).source == "none"


def test_what_estimates_get_is_who_was_reached_what_they_stand_for_and_what_was_said(study):
    labelling = Labelling(study)
    draw = labelling.open_draw(24, doubles=0.25)
    work(labelling, "ana", 12, levels=LEVELS | {"attachment": 3})
    work(labelling, "ana", 2, status="skipped", levels={})
    work(labelling, "bo", 4, levels=LEVELS | {"attachment": 1})
    got = truth(study)
    made_ = got.labelled
    assert (got.source, got.at_random, got.beside, got.note) == ("draw", False, 0, None)
    reached, inclusion = labelling.reached()
    assert len(made_.row) == reached
    ids = identities(study)
    words = labelling.store.by_conversation()
    for row, given, probability in zip(made_.row.tolist(), made_.given, made_.inclusion, strict=True):
        labels = [one for one in words[ids[row]] if one.status == "labelled"]
        levels = sorted(one.levels["attachment"] for one in labels)
        assert given[CONSTRUCTS.index("attachment")] == (levels[0] if levels else -1)
        stratum = made_.strata[made_.stratum[row]]
        assert probability == inclusion[stratum]
    counts = np.bincount(made_.stratum[made_.row], minlength=len(made_.strata))
    sizes = np.bincount(made_.stratum, minlength=len(made_.strata))
    for code, name in enumerate(made_.strata):
        assert (draw.strata[name].size if name in draw.strata else 0) == sizes[code]
        assert counts[code] == round(inclusion.get(name, 0) * sizes[code])
    assert made_.levels[:, 0].tolist() == [i % 4 for i in range(60)]


def test_labels_said_to_be_a_random_sample_count_as_one_until_conversations_are_added(tmp_path):
    folder = made(tmp_path, 40)
    chosen = identities(folder)[::4]
    text = "conversation_id,attachment\n" + "".join(f"{i},1\n" for i in chosen)
    path = file_of(tmp_path, "x.csv", text)
    import_labels(folder, path)
    assert truth(folder).source == "none"
    assert truth(folder).beside == 10
    done = import_labels(folder, path, random=True)
    assert (done.kept, done.random) == (10, True)
    got = truth(folder)
    assert (got.source, got.at_random) == ("random", True)
    assert set(got.labelled.inclusion.tolist()) == {0.25}
    assert got.labelled.strata == ("all",)
    more = [conversation(1000 + i, turns=2) for i in range(5)]
    selfrule.audit(write_lines(tmp_path / "more.jsonl", more), folder.root, workers=1)
    assert truth(folder).labelled is None
    assert "no random sample of all" in truth(folder).note


def test_labels_that_carry_their_own_probabilities_count_by_them(study, tmp_path):
    ids = identities(study)
    text = "conversation_id,inclusion,attachment\n" + "".join(f"{ids[n]},{0.1 + n / 100},2\n" for n in range(6))
    import_labels(study, file_of(tmp_path, "x.csv", text))
    got = truth(study)
    assert (got.source, got.at_random) == ("given", False)
    order = np.argsort(got.labelled.row)
    assert got.labelled.inclusion[order].tolist() == pytest.approx([0.1 + n / 100 for n in range(6)])
    bad = file_of(tmp_path, "y.csv", f"conversation_id,inclusion,attachment\n{ids[0]},2,2\n")
    assert "(0, 1]" in import_labels(study, bad).problems[0]


def test_after_conversations_were_added_the_old_queue_is_not_passed_off_as_one_of_all(tmp_path):
    folder = made(tmp_path, 30)
    labelling = Labelling(folder)
    labelling.open_draw(10)
    work(labelling, "ana")
    assert truth(folder).source == "draw"
    more = [conversation(1000 + i, turns=2) for i in range(5)]
    selfrule.audit(write_lines(tmp_path / "more.jsonl", more), folder.root, workers=1)
    got = truth(folder)
    assert got.labelled is None
    assert "selfrule labels" in got.note


def test_labels_by_an_older_wording_of_the_rubric_count_nowhere(study, tmp_path):
    labelling = Labelling(study)
    labelling.open_draw(5)
    task = labelling.next("ana")
    old = msgspec.structs.replace(a_label(task), rubric="0.9@00000000")
    done = import_labels(study, file_of(tmp_path, "x.jsonl", msgspec.json.encode(old)))
    assert (done.kept, done.other_rubric) == (1, 1)
    assert truth(study).labels == 0
    assert labelling.next("ana") == task
    assert isinstance(labelling.store.standing["ana", task.conversation_id], Label)
    assert load().label != "0.9@00000000"


def test_a_label_of_a_copy_is_told_that_it_is_one(tmp_path):
    records = [conversation(i, turns=2) for i in range(6)]
    study = selfrule.audit(
        write_lines(tmp_path / "log.jsonl", [*records, records[0] | {"id": "again"}]), tmp_path / "s", workers=1
    )
    ids = identities(study._folder)
    path = file_of(tmp_path, "x.csv", "conversation_id,attachment\n" + "".join(f"{one},1\n" for one in ids))
    done = import_labels(study._folder, path)
    assert (done.kept, len(done.problems)) == (6, 1)
    assert "copy" in done.problems[0]


def test_a_judge_that_has_not_rated_all_yet_has_no_figures_by_a_draw_of_all(tmp_path):
    folder = made(tmp_path, 30)
    more = [conversation(1000 + i, turns=2) for i in range(10)]
    selfrule.audit(write_lines(tmp_path / "more.jsonl", more), folder.root, workers=1)
    table = add_judge(folder, "openai:gpt-y/joint-1@0123abcd", lambda i: rated(i % 4))
    labelling = Labelling(folder)
    labelling.open_draw(20)
    work(labelling, "ana")
    assert truth(folder, table).source == "draw"
    folder.parts("ratings", table)[-1].unlink()
    assert truth(folder).source == "draw"
    assert truth(folder, table).labelled is None


def test_probabilities_of_a_queue_that_has_gone_stale_are_not_taken_for_ones_own(tmp_path):
    folder = made(tmp_path, 30)
    draw = Labelling(folder).open_draw(10)
    rows = "".join(f"{item.conversation_id},{draw.id},0.5,1\n" for item in draw.items)
    import_labels(folder, file_of(tmp_path, "x.csv", f"conversation_id,draw,inclusion,attachment\n{rows}"))
    assert truth(folder).source == "draw"
    more = [conversation(1000 + i, turns=2) for i in range(5)]
    selfrule.audit(write_lines(tmp_path / "more.jsonl", more), folder.root, workers=1)
    assert truth(folder).labelled is None
