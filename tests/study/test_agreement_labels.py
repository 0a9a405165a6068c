"""Agreement between labellers, and of judges with labels, over whole studies."""

from __future__ import annotations

import shutil

import msgspec
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from selfrule.rubric import CONSTRUCTS
from selfrule.study.agreement_labels import with_labels
from selfrule.study.label_files import import_labels
from selfrule.study.label_truth import truth
from selfrule.study.labelling import Labelling
from tests.study.judged import add_judge, identities, made, rated
from tests.study.test_labelling import LEVELS, a_label

JUDGE = "anthropic:claude-x/joint-1@0123abcd"


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """Eighty conversations; the judge gives 0 to 3 in turn, and never anything else than none on attachment."""
    folder = made(tmp_path_factory.mktemp("agreement"), 80, people=30)
    add_judge(
        folder,
        JUDGE,
        lambda i: {"status": "screened_out"} if i % 8 == 7 else {"status": "refused"} if i % 8 == 6 else rated(i % 4),
        report=True,
    )
    return folder


@pytest.fixture
def study(once):
    """The study without any labels."""
    shutil.rmtree(once.root / "labels", ignore_errors=True)
    return once


def label_all(folder, budget, says, *, doubles=0.0, names=("ana",)):
    """Everyone labels what they are handed; `says(number of the conversation, name)` gives levels, None skips."""
    labelling = Labelling(folder)
    labelling.open_draw(budget, doubles=doubles)
    number = {identity: n for n, identity in enumerate(identities(folder))}
    going = True
    while going:
        going = False
        for name in names:
            task = labelling.next(name)
            if task is None:
                continue
            going = True
            levels = says(number[task.conversation_id], name)
            more = {"levels": LEVELS | levels} if levels is not None else {"levels": {}, "status": "skipped"}
            labelling.give(a_label(task, name, **more))
    return labelling


def test_without_labels_there_is_no_agreement_with_them(study):
    assert with_labels(study) is None


def test_a_judge_that_says_what_labels_say_agrees_wholly(study):
    label_all(study, 80, lambda n, _: {"reality_distortion": n % 4})
    found = with_labels(study)
    judge = next(j for j in found.judges if j.judge == JUDGE)
    assert (judge.both, judge.unrated, judge.source) == (60, 20, "draw")
    reality = judge.constructs["reality_distortion"]
    assert (reality.exact["value"], reality.kappa["value"], reality.alpha["value"]) == (1, 1, 1)
    assert np.diag(reality.confusion).tolist() == [20, 20, 10, 10]
    assert reality.weighted.n == 60
    assert reality.weighted.stands_for == pytest.approx(60)
    assert [r.level for r in reality.classes] == ["none", "mild", "moderate", "severe", "moderate+"]
    assert all(r.sensitivity["value"] == r.weighted_sensitivity["value"] == 1 for r in reality.classes)
    # 20 of 40 that labels put at moderate or above were screened out or refused
    assert judge.found["reality_distortion"]["value"] == pytest.approx(0.5)


def test_plain_figures_are_those_of_scikit_learn(study):
    label_all(study, 60, lambda n, _: {"reality_distortion": max(0, n % 4 - (n % 3 == 0))})
    (judge,) = (j for j in with_labels(study).judges if j.judge == JUDGE)
    store = Labelling(study).store
    number = {identity: n for n, identity in enumerate(identities(study))}
    pairs = [
        (one.levels["reality_distortion"], number[which] % 4)
        for (_, which), one in store.standing.items()
        if number[which] % 8 < 6
    ]
    labels, levels = zip(*pairs, strict=True)
    got = judge.constructs["reality_distortion"]
    assert got.n == len(pairs)
    assert got.kappa["value"] == pytest.approx(cohen_kappa_score(labels, levels, weights="quadratic"))
    assert got.exact["value"] == pytest.approx(np.mean(np.equal(labels, levels)))
    severe = next(r for r in got.classes if r.level == "severe")
    mine = np.array(labels) == 3
    assert severe.positives == mine.sum()
    assert severe.sensitivity["value"] == pytest.approx((np.array(levels)[mine] == 3).mean())


def test_labellers_are_compared_on_what_both_labelled(study):
    label_all(
        study,
        60,
        lambda n, name: {"reality_distortion": min(3, n % 3 + (name == "bo" and n % 5 == 0))},
        doubles=0.5,
        names=("ana", "bo"),
    )
    found = with_labels(study)
    (pair,) = found.between
    both = sum(item.double for item in Labelling(study).draw.items)
    assert pair.both == both == pytest.approx(30, abs=2)
    assert {pair.first, pair.second} == {"ana", "bo"}
    assert set(found.alpha) == {*CONSTRUCTS, "flagged", "pooled"}
    got = pair.constructs["reality_distortion"]
    assert got.n == both
    assert 0.5 < got.exact["value"] < 1
    assert pair.constructs["attachment"].exact["value"] == 1
    assert found.alpha["reality_distortion"]["value"] is not None
    assert sum(found.labellers.values()) == found.labels == 60 + both


def test_several_labels_of_one_conversation_are_one_for_the_judge_the_lower_median(study):
    label_all(study, 80, lambda _, name: {"attachment": 3 if name == "bo" else 1}, doubles=1, names=("ana", "bo"))
    (judge,) = (j for j in with_labels(study).judges if j.judge == JUDGE)
    assert judge.constructs["attachment"].confusion[1][0] == 60


def test_a_high_agreement_that_hides_a_class_always_missed_is_warned_of(study):
    label_all(study, 80, lambda n, _: {"reality_distortion": n % 4, "attachment": 2 if n % 8 == 1 else 0})
    found = with_labels(study)
    (said,) = (text for text in found.warnings if text.startswith(JUDGE))
    assert "attachment moderate+ (0 of 10)" in said
    assert "though on these it gives the labelled level in 83%" in said
    assert "reality" not in said


def test_one_labeller_alone_and_few_doubles_are_warned_of(study):
    label_all(study, 30, lambda n, _: {})
    assert any("by one person" in text for text in with_labels(study).warnings)
    label_all(study, 60, lambda n, _: {}, doubles=0.2, names=("ana", "bo"))
    assert any("too few to say how far they agree" in text for text in with_labels(study).warnings)


def test_labels_of_no_design_have_plain_figures_and_say_so(study, tmp_path):
    rows = "".join(f"{identity},{n % 4}\n" for n, identity in enumerate(identities(study)[:24]))
    path = tmp_path / "x.csv"
    path.write_text(f"conversation_id,reality_distortion\n{rows}")
    import_labels(study, path)
    found = with_labels(study)
    (judge,) = (j for j in found.judges if j.judge == JUDGE)
    assert (found.source, judge.source) == ("none", "none")
    assert judge.constructs["reality_distortion"].exact["value"] == 1
    assert judge.constructs["reality_distortion"].weighted is None
    assert judge.constructs["attachment"].n == 0
    assert judge.found == {}
    assert any("drawn by no design" in text for text in found.warnings)


def test_skipped_is_no_label_and_half_a_label_counts_where_it_speaks(study):
    label_all(study, 40, lambda n, _: None if n % 2 else {"attachment": 1})
    found = with_labels(study)
    assert (
        found.labels
        == found.conversations
        == sum(one.status != "skipped" for one in Labelling(study).store.standing.values())
    )
    assert len(truth(study).labelled.row) == 40


def test_everything_is_plain_data(study):
    label_all(study, 40, lambda n, _: {"attachment": n % 2}, doubles=0.5, names=("ana", "bo"))
    found = with_labels(study)
    assert msgspec.json.decode(msgspec.json.encode(found))["judges"][0]["judge"]
