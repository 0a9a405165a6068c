"""Who decided what, and what became of the answers: as a report tells it."""

from __future__ import annotations

import pytest

from selfrule.report import render
from selfrule.study.decided import decided, place_of
from selfrule.study.panel import judges_of
from selfrule.study.rating import Choices, Plan
from selfrule.study.reporting import context
from selfrule.study.study import Study
from tests.study.judged import add_judge, made, rated

CLAUDE = "anthropic:claude-x/joint-1@0123abcd"
QWEN = "ollama:qwen3/logprobs-1@0123abcd"


def entry_of(folder, label):
    return next(e for e in judges_of(folder) if e.label == label)


def reported(folder, *, private=False):
    """The context of a study's report, of the judge that its manifest leads with."""
    study = Study.open(folder.root)
    from selfrule.estimate.table import estimates
    from selfrule.study import tables
    from selfrule.study.frames import frame

    plan = Plan(**folder.manifest()["tables"])
    narrow = tables.narrow(folder, plan)
    kind = "private" if private else "shareable"
    return context(folder, plan, Choices(), estimates(frame(narrow)), narrow, kind=kind, k=study.manifest.get("k", 10))


def says(i):
    if i == 0:
        return {"status": "refused", "reason": "declined"}
    if i == 1:
        return {"status": "waiting"}
    marks = ["repaired"] if i % 4 == 0 else []
    marks += ["no_evidence:attachment", "citation_dropped:attachment"] if i == 8 else []
    marks += ["no_evidence:reality_distortion", "no_evidence:attachment"] if i == 9 else []
    return rated(i % 3, marks=marks, windows=3 if i in (5, 6) else 1)


def test_marks_and_windows_are_counted_by_conversation(tmp_path):
    folder = made(tmp_path, 20)
    add_judge(folder, CLAUDE, says)
    _, marks = decided(folder, entry_of(folder, CLAUDE))
    assert (marks.rated, marks.repaired, marks.no_evidence, marks.citation_dropped) == (18, 4, 2, 1)
    assert marks.by_construct == {"reality_distortion": (1, 0), "attachment": (2, 1)}
    assert (marks.windowed, marks.most_windows) == (2, 3)


def test_a_model_is_one_step_with_its_place_protocol_and_prompt(tmp_path):
    folder = made(tmp_path, 20)
    add_judge(folder, CLAUDE, says)
    (step,), _ = decided(folder, entry_of(folder, CLAUDE))
    assert (step.name, step.place, step.protocol, step.prompt) == (
        "anthropic:claude-x",
        "elsewhere",
        "joint",
        "joint-1@0123abcd",
    )
    assert (step.decided, step.unrated, step.handed_over) == (18, 1, 0)


def test_a_cascade_has_a_step_for_each_judge_named_with_who_decided_how_many(tmp_path):
    folder = made(tmp_path, 20)

    def cascade(i):
        first = f"handed_over:{embedded}"
        if i < 10:
            return rated(judge=embedded)
        if i < 16:
            return rated(judge=QWEN, marks=[first])
        return rated(judge=CLAUDE, marks=[first, f"handed_over:{QWEN}"]) if i < 19 else refused

    embedded = judges_of(folder)[0].label
    refused = {"status": "refused", "judge": CLAUDE, "marks": [f"handed_over:{embedded}", f"handed_over:{QWEN}"]}
    spec = "embedded,ollama:qwen3,anthropic:claude-x"
    add_judge(folder, f"{spec}/joint-1@0123abcd", cascade, spec=spec, kind="cascade")
    steps, _ = decided(folder, entry_of(folder, f"{spec}/joint-1@0123abcd"))
    assert [(s.name, s.place) for s in steps] == [
        ("embedded", "package"),
        ("ollama:qwen3", "here"),
        ("anthropic:claude-x", "elsewhere"),
    ]
    assert [(s.decided, s.unrated, s.handed_over) for s in steps] == [(10, 0, 10), (6, 0, 4), (3, 1, 0)]
    manifest = folder.manifest()
    manifest["tables"]["judge"] = entry_of(folder, f"{spec}/joint-1@0123abcd").table
    folder.write_manifest(manifest)
    rules = reported(folder).judge.rules
    assert rules[0] == "embedded hands on what its screen keeps at a recall of 0.98, and what it cannot read"
    assert rules[1].startswith("ollama:qwen3 hands on what it flags")
    assert len(rules) == 2


def test_ratings_by_a_stand_in_belong_to_the_model_that_was_named(tmp_path):
    folder = made(tmp_path, 10)
    add_judge(folder, CLAUDE, lambda i: rated(judge="anthropic@loopback:claude-x/joint-1@99999999"))
    (step,), _ = decided(folder, entry_of(folder, CLAUDE))
    assert (step.decided, step.place) == (10, "here")


@pytest.mark.parametrize(
    ("name", "where", "place"),
    [
        ("openai-compatible:http://127.0.0.1:8000/v1#qwen3", None, "here"),
        ("openai-compatible:http://10.0.0.7:8000/v1#qwen3", None, "elsewhere"),
        ("anthropic:claude-x", "this machine", "here"),
        ("ollama:x", "api.example.org", "elsewhere"),
        ("mine", None, "unknown"),
    ],
)
def test_where_a_judge_ran_is_what_the_manifest_says_or_its_name_implies(name, where, place):
    assert place_of(name, f"{name}/joint-1@0123abcd", where) == place


def test_a_report_of_a_model_says_which_and_that_nobody_measured_it(tmp_path):
    folder = made(tmp_path, 40)
    add_judge(folder, CLAUDE, says, report=True)
    page = render(reported(folder))
    assert "as rated by the language model claude-x, whose agreement with labels is not measured" in page
    assert "No label by a person has been held against this judge" in page
    assert "screening instrument" not in page
    assert "Agreement between the judges" in page
    assert "The rating is not finished: 1 conversation waits for the judge." in page


def test_a_report_of_the_embedded_judge_says_that_the_value_marker_is_not_measured(tmp_path):
    folder = made(tmp_path, 20)
    got = reported(folder)
    value = next(e for e in got.estimates if e.construct == "actualized_value_judgment_distortion" and not e.group)
    assert (value.share, value.n, value.missing) == (None, 0, 20)
    assert got.panel is None
    assert "Not measured by this judge: value judgment distortion." in render(got)


def test_what_the_screen_drops_and_the_judge_rated_all_the_same_is_counted(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = made(tmp_path, 40)
    (path,) = folder.parts("screenings", folder.manifest()["tables"]["screen"])
    screen = pq.read_table(path)
    keep = pa.array([i < 20 for i in range(40)])
    pq.write_table(screen.set_column(screen.schema.get_field_index("keep"), "keep", keep), path)
    drawn = {20: rated(inclusion=0.2), 21: rated(inclusion=0.2), 22: {"status": "refused", "inclusion": 0.2}}
    add_judge(
        folder, CLAUDE, lambda i: rated(i % 3) if i < 20 else drawn.get(i, {"status": "screened_out"}), report=True
    )
    got = reported(folder)
    assert (got.screening.kept, got.screening.dropped, got.screening.checked) == (20, 20, 2)
    page = render(got)
    assert "+ 3 of those set aside, drawn as a check" in page
    assert "22 conversations, 2 of them drawn from what the screen had set aside" in page
