"""Labels by people reach the figures: estimates, the report and the terminal, made anew whenever a label is given."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import msgspec
import pytest
from typer.testing import CliRunner

from selfrule.cli.main import app
from selfrule.estimate.table import estimates as estimate_table
from selfrule.privacy import release
from selfrule.records import Label
from selfrule.report import render, terminal_table
from selfrule.rubric import load
from selfrule.store.folder import Folder
from selfrule.study import honesty
from selfrule.study.frames import frame
from selfrule.study.honest_figures import LEAST_LABELS
from selfrule.study.label_rows import reported
from selfrule.study.labelling import Labelling
from selfrule.study.study import Study
from selfrule.study.tables import narrow
from tests.report.page import read
from tests.study.judged import identities, levels
from tests.study.labelled import AT, Erring, give, judged, judged_study, truth

N = 180
KINDS = ["confirmed_among_flagged", "confirmed", "missed_at_most"]


@pytest.fixture(scope="module")
def rated_study(tmp_path_factory):
    made = judged_study(tmp_path_factory.mktemp("honesty"), N, people=None)
    manifest = made.manifest()
    manifest["judges"] = manifest["judges"][-1:]  # agreement between judges is tested elsewhere, and takes its time
    made.write_manifest(manifest)
    return made


@pytest.fixture(scope="module")
def unlabelled(rated_study):
    """To look at only."""
    return Study.open(rated_study.root)


@pytest.fixture
def study(rated_study, tmp_path):
    """A copy of its own, without labels."""
    shutil.copytree(rated_study.root, tmp_path / "study")
    return Study.open(tmp_path / "study")


@pytest.fixture(scope="module")
def labelled(rated_study, tmp_path_factory):
    """With a queue of 120 labelled by two, some of it skipped or unsure."""
    path = tmp_path_factory.mktemp("labelled") / "study"
    shutil.copytree(rated_study.root, path)
    give(
        Folder.open(path),
        ("ana-canary", "bo-canary"),
        budget=120,
        status=lambda i: "skipped" if i % 29 == 3 else "unsure" if i % 31 == 4 else "labelled",
    )
    return Study.open(path)


@pytest.fixture(scope="module")
def census(rated_study, tmp_path_factory):
    """With every conversation labelled."""
    path = tmp_path_factory.mktemp("census") / "study"
    shutil.copytree(rated_study.root, path)
    give(Folder.open(path), budget=N, doubles=0.0)
    return Study.open(path)


def folder(study: Study) -> Folder:
    return Folder.open(study.path)


def of(study: Study, kind: str, construct: str = "flagged", level: str = "moderate+", **group: str):
    (found,) = (
        e
        for e in study.estimate_list()
        if (e.kind, e.construct, e.level, e.group) == (kind, construct, level, dict(group))
    )
    return found


def bare(study: Study) -> bytes:
    """The figures as the judge rated, made without any of what is tested here."""
    plan = study._plan()
    return msgspec.json.encode(estimate_table(frame(narrow(folder(study), plan))))


def shown(context) -> str:
    from rich.console import Console

    console = Console(width=80, record=True, force_terminal=False)
    with console.capture() as capture:
        for piece in terminal_table(context):
            console.print(piece)
    return " ".join(capture.get().split())


def test_without_labels_the_figures_are_byte_for_byte_those_of_the_judge(unlabelled):
    assert msgspec.json.encode(unlabelled.estimate_list()) == bare(unlabelled)
    assert honesty.state(folder(unlabelled)) == ()


def test_a_queue_that_nobody_has_labelled_from_changes_nothing(study):
    labelling = Labelling(folder(study))
    labelling.open_draw(50)
    labelling.next("ana")
    assert msgspec.json.encode(study.estimate_list()) == bare(study)
    assert study.context().labels is None


def test_without_labels_nothing_of_their_estimators_is_loaded(study):
    code = (
        "import sys, selfrule\n"
        f"selfrule.Study.open({str(study.path)!r}).report()\n"
        "assert not {'selfrule.estimate.honest', 'selfrule.study.honest_figures'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_labels_leave_the_figures_as_rated_as_they_are_and_come_after_them(labelled):
    found = labelled.estimate_list()
    rated = [e for e in found if e.kind == "rated"]
    assert found[: len(rated)] == rated
    assert msgspec.json.encode(rated) == bare(labelled)


def test_every_cell_of_everything_has_two_figures_and_a_total_or_a_reason_why_not(labelled):
    cells: dict[tuple[str, str], list[str]] = {}
    for e in labelled.estimate_list():
        if e.kind != "rated" and not e.group:
            cells.setdefault((e.construct, e.level), []).append(e.kind)
            assert e.kind not in {"refused", "corrected"} or e.note
    assert len(cells) == 22
    for kinds in cells.values():
        assert kinds[:3] == KINDS
        assert kinds[3:] in (["corrected"], ["refused"])


def test_with_everything_labelled_what_is_confirmed_is_what_is_true(census):
    flagged = [i for i in range(N) if judged(i) >= 2]
    right = sum(truth(i) >= 2 for i in flagged)
    missed = sum(truth(i) >= 2 for i in range(N) if judged(i) < 2)
    among = of(census, "confirmed_among_flagged")
    assert (among.count, among.n, among.share) == (right, len(flagged), pytest.approx(right / len(flagged)))
    assert of(census, "confirmed").share == pytest.approx(right / N)
    bound = of(census, "missed_at_most")
    assert (bound.count, bound.share, bound.low) == (missed, None, None)
    assert missed / N < bound.high < 3 * missed / N
    assert all(x.reached == x.size for x in census.context().labels.strata)


def test_the_limit_of_what_was_missed_comes_down_as_more_is_labelled(study):
    one = lambda i: truth(i) if judged(i) >= 2 else 0  # noqa: E731 - people find nothing that the judge missed
    highs = []
    for budget in (50, 100, N):
        give(folder(study), budget=budget, known=one)
        highs.append(of(study, "missed_at_most").high)
    assert highs[0] > highs[1] > highs[2] > 0


def test_figures_are_made_anew_when_a_label_is_given_and_only_then(study):
    give(folder(study), budget=60, count=40)
    first = study.estimate_list()
    assert study.estimate_list() is first
    give(folder(study), budget=60, count=10)
    second = study.estimate_list()
    assert second is not first
    assert study.context().labels.labels == 50


def test_a_label_given_anew_replaces_the_first(study):
    labelling = give(folder(study), ("ana",), budget=120, doubles=0.0)
    before = of(study, "confirmed_among_flagged")
    wrong = next(x for x in labelling.previous("ana") if x.levels["reality_distortion"] >= 2)
    labelling.give(msgspec.structs.replace(wrong, levels=levels(0)))
    after = of(study, "confirmed_among_flagged"), of(study, "missed_at_most")
    assert study.context().labels.labels == 120
    assert after[0].count + after[1].count == before.count + len(_missed(labelling))


def _missed(labelling):
    return [
        x
        for x in labelling.previous("ana")
        if x.levels["reality_distortion"] >= 2 and judged(_number(labelling, x.conversation_id)) < 2
    ]


def _number(labelling, conversation_id):
    return identities(labelling._folder).index(conversation_id)


def test_groups_have_figures_only_where_a_corrected_total_is_admitted(study):
    give(folder(study), ("ana",), budget=N, known=lambda i: 2 * (i % 4 == 0))  # much that the judge missed
    found = [e for e in study.estimate_list() if e.group and e.kind != "rated"]
    assert found
    by_cell: dict[tuple, list[str]] = {}
    for e in found:
        by_cell.setdefault((e.construct, e.level, *e.group.items()), []).append(e.kind)
    assert all(kinds == [*KINDS, "corrected"] for kinds in by_cell.values())
    rated = {(e.construct, e.level, *e.group.items()): e for e in study.estimate_list() if e.kind == "rated"}
    assert all(rated[cell].n >= LEAST_LABELS for cell in by_cell)


def test_few_labels_give_no_figure_of_any_group(study):
    give(folder(study), budget=40)
    assert not [e for e in study.estimate_list() if e.group and e.kind != "rated"]


def test_the_labels_are_counted_as_they_were_given(labelled):
    got = labelled.context(private=True).labels
    assert (got.source, got.labellers, got.reached, got.queue) == ("draw", 2, 120, 120)
    assert got.doubles == 12
    assert got.labels == 132
    assert got.conversations == 120
    assert sum(s.size for s in got.strata) == N
    assert sum(s.reached for s in got.strata) == 120
    lost = got.unsure + got.skipped + got.unfinished
    assert lost > 0 == got.unfinished
    assert sum(s.labelled for s in got.strata) == 120 - lost


def test_what_was_handed_out_and_left_is_not_finished(study):
    labelling = give(folder(study), ("ana",), budget=60, count=30)
    labelling.next("ana")
    got = study.context().labels
    assert (got.reached, got.unfinished, got.unsure, got.skipped) == (31, 1, 0, 0)


def test_the_page_says_two_figures_and_the_uncorrected_one_beside(labelled):
    context = labelled.context()
    page = read(render(context))
    among, missed = of(labelled, "confirmed_among_flagged"), of(labelled, "missed_at_most")
    headline = next(p.text for p in page.all("p") if "headline" in p.classes())
    assert f"confirm {round(among.share * 100)}\N{NARROW NO-BREAK SPACE}%" in headline
    assert re.search(r"What it missed is at most [\d.]+\N{NARROW NO-BREAK SPACE}% of all conversations", headline)
    limit = float(re.search(r"at most ([\d.]+)", headline)[1]) / 100
    assert missed.high <= limit < missed.high * 1.1
    beside = next(d for d in page.all("dl") if "beside" in d.classes())
    assert [dt.text for dt in beside.all("dt")][-1] == "As rated, uncorrected"
    assert "What labels by people say" in [h.text for h in page.all("h2")]


def test_no_labeller_is_named_in_a_report_or_in_the_figures(labelled):
    for private in (False, True):
        assert "canary" not in render(labelled.context(private=private))
    assert b"canary" not in msgspec.json.encode(labelled.estimate_list())


def test_the_terminal_has_two_lines_more(labelled, unlabelled):
    assert "Confirmed by people:" in shown(labelled.context())
    assert "Missed by the judge: at most" in shown(labelled.context())
    assert "Confirmed by people" not in shown(unlabelled.context())
    assert "Missed by" not in shown(unlabelled.context())


def test_without_labels_the_page_says_that_figures_are_uncorrected_and_what_would_change_it(unlabelled):
    text = read(render(unlabelled.context())).text
    assert "they are the judge's, uncorrected" in text
    assert "selfrule label STUDY" in text
    assert "selfrule plan" in text
    assert "What labels by people say" not in text


def test_labels_that_were_drawn_by_nobody_are_named_and_count_for_nothing(study):
    identity = identities(folder(study))[0]
    row = next(r for r in study.conversations().to_pylist() if r["conversation_id"] == identity)
    Labelling(folder(study)).imported(
        [Label(identity, row["content_hash"], "ana", AT, "labelled", load().label, levels=levels(3))]
    )
    assert msgspec.json.encode(study.estimate_list()) == bare(study)
    text = read(render(study.context())).text
    assert "1 label by 1 person on 1 conversation." in text
    assert "None of them counts for the figures on this page" in text
    assert "Of what the judge flagged" not in text


def test_labels_of_a_queue_that_no_longer_fits_the_ratings_say_so(labelled, tmp_path):
    shutil.copytree(labelled.path, tmp_path / "study")
    study = Study.open(tmp_path / "study")
    assert study.context().labels.source == "draw"
    draw = next((study.path / "labels" / "draws").glob("*.json"))
    old = json.loads(draw.read_text())
    draw.write_text(json.dumps(old | {"population": "0" * 16}))
    got = study.context(private=True)
    assert got.labels.source == "none"
    assert "no longer stand for all of them" in read(render(got)).text
    assert str(study.path) not in render(study.context())


def test_rating_with_another_judge_makes_figures_of_that_judge_from_the_same_labels(census, tmp_path):
    shutil.copytree(census.path, tmp_path / "study")
    study = Study.open(tmp_path / "study")

    class Sure(Erring):
        label = "sure-1"

    study.rate(judge=Sure(lambda i: 2 if truth(i) >= 2 else 0), check=1.0)
    assert reported(folder(study))
    assert of(study, "confirmed_among_flagged").share == 1.0
    assert of(study, "missed_at_most").count == 0


def test_estimates_on_the_command_line_have_every_kind_and_shareable_ones_none_of_few_labels(labelled):
    result = CliRunner().invoke(app, ["estimates", str(labelled.path), "--format", "json"])
    kinds = {row["kind"] for row in json.loads(result.stdout)}
    assert {"rated", *KINDS} < kinds
    shared = json.loads(CliRunner().invoke(app, ["estimates", str(labelled.path), "--shareable", "--json"]).stdout)
    assert all(row["n"] >= 10 for row in shared if row["kind"] == "confirmed_among_flagged" and row["n"])
    table = CliRunner().invoke(app, ["estimates", str(labelled.path), "--format", "csv"]).stdout
    assert table.splitlines()[0].endswith("kind,note")


def test_the_table_of_estimates_holds_kind_and_note(labelled):
    table = labelled.estimates()
    assert set(table["kind"].to_pylist()) >= {"rated", *KINDS}
    assert len(release(labelled.estimate_list()).estimates) == labelled.estimates(shareable=True).num_rows


def test_the_judge_stands_beside_people_with_the_rates_that_it_has(census):
    got = census.context(private=True).labels.agreement["reality_distortion"]
    true = [i for i in range(N) if truth(i) >= 2]
    found = sum(judged(i) >= 2 for i in true)
    assert got.sensitivity["value"] == pytest.approx(found / len(true))
    others = [i for i in range(N) if truth(i) < 2]
    assert got.specificity["value"] == pytest.approx(sum(judged(i) < 2 for i in others) / len(others))
    assert (got.n, got.positives, got.weighted) == (N, len(true), True)
