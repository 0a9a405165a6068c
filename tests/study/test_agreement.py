"""Agreement between the judges of one study."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from selfrule.study.agreement import compared, panel
from selfrule.study.kin import families_of
from selfrule.study.panel import judges_of
from tests.study.judged import add_judge, identities, levels, made, rated

CLAUDE, GPT, QWEN = (
    "anthropic:claude-x/joint-1@0123abcd",
    "openai:gpt-y/joint-1@0123abcd",
    "ollama:qwen3/joint-1@0123abcd",
)


def beside(folder, *labels):
    """The panel of some judges, without the embedded one."""
    return panel(folder, [e for e in judges_of(folder) if e.label in labels])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Sixty conversations, two language models: the second is one level lower on every fifth, and refuses two."""
    folder = made(tmp_path_factory.mktemp("panel"))
    add_judge(folder, CLAUDE, lambda i: rated(i % 4))
    add_judge(
        folder,
        GPT,
        lambda i: (
            {"status": "refused", "reason": "the model declined"}
            if i in (3, 7)
            else rated(max(i % 4 - (i % 5 == 0), 0))
        ),
    )
    return folder


def test_the_embedded_judge_is_listed_first_and_the_others_in_the_order_in_which_they_rated(study):
    assert [e.label.partition("@")[0] for e in judges_of(study)] == [
        "embedded-1.0",
        "anthropic:claude-x/joint-1",
        "openai:gpt-y/joint-1",
    ]


def test_a_study_of_before_there_were_several_judges_has_one(tmp_path):
    found = panel(made(tmp_path, 5))
    assert len(found.judges) == 1
    assert found.judges[0].label.startswith("embedded-")
    assert found.judges[0].statuses == {"rated": 5}
    assert (found.pairs, found.alpha) == ([], {})


def test_a_study_without_ratings_has_no_judge(tmp_path):
    from selfrule.store.folder import Folder

    assert panel(Folder.create(tmp_path / "study")).judges == []


def test_kappa_and_counts_are_those_of_scikit_learn(study):
    (pair,) = beside(study, CLAUDE, GPT).pairs
    kept = [i for i in range(60) if i not in (3, 7)]
    first, second = [i % 4 for i in kept], [max(i % 4 - (i % 5 == 0), 0) for i in kept]
    got = pair.constructs["reality_distortion"]
    assert (pair.both, got.n) == (58, 58)
    assert got.kappa["value"] == pytest.approx(cohen_kappa_score(first, second, weights="quadratic"))
    assert got.exact["value"] == pytest.approx(sum(a == b for a, b in zip(first, second, strict=True)) / 58)
    assert got.within_one["value"] == 1
    assert got.kappa["low"] < got.kappa["value"] <= got.kappa["high"]
    flagged = pair.constructs["flagged"]
    expected = cohen_kappa_score([a >= 2 for a in first], [b >= 2 for b in second])
    assert flagged.kappa["value"] == pytest.approx(expected)
    assert sum(map(sum, flagged.confusion)) == 58


def test_rows_are_the_first_judge_and_columns_the_second(study):
    got = beside(study, CLAUDE, GPT).pairs[0].constructs["reality_distortion"]
    below = sum(got.confusion[a][b] for a in range(4) for b in range(4) if b < a)
    above = sum(got.confusion[a][b] for a in range(4) for b in range(4) if b > a)
    assert below > 0 and above == 0
    missed = got.found_by_second[1] - got.found_by_second[0]
    assert missed == sum(1 for i in range(60) if i % 4 == 2 and i % 5 == 0 and i not in (3, 7))
    assert got.found_by_first == (got.found_by_first[1],) * 2


def test_what_one_judge_alone_could_rate_is_counted_by_the_others_status(study):
    (pair,) = beside(study, CLAUDE, GPT).pairs
    assert (pair.only_first, pair.only_second) == ({"refused": 2}, {})


def test_a_construct_on_which_nothing_varies_has_no_kappa_but_a_reason(study):
    got = beside(study, CLAUDE, GPT).pairs[0].constructs["attachment"]
    assert got.kappa["value"] is None and "no variation" in got.kappa["reason"]
    assert got.exact["value"] == 1


def test_a_judge_that_finds_none_of_at_least_five_is_named(tmp_path):
    folder = made(tmp_path, 60)
    add_judge(folder, CLAUDE, lambda i: {**rated(), "levels": levels(2 if i < 5 else 0, attachment=2 if i < 4 else 0)})
    add_judge(folder, GPT, lambda i: rated(0))
    got = beside(folder, CLAUDE, GPT).pairs[0].constructs
    assert got["reality_distortion"].misses == ["second"]
    assert got["flagged"].misses == ["second"]
    assert got["attachment"].misses == []
    assert got["reality_distortion"].exact["value"] > 0.9


def test_alpha_is_over_all_judges_and_one_where_they_agree(tmp_path):
    folder = made(tmp_path, 30)
    for label in (CLAUDE, GPT, QWEN):
        add_judge(folder, label, lambda i: rated(i % 4))
    found = beside(folder, CLAUDE, GPT, QWEN)
    assert len(found.pairs) == 3
    assert found.alpha["reality_distortion"]["value"] == pytest.approx(1)


def test_people_are_resampled_whole(tmp_path):
    def says(i):
        return rated(2 if i % 5 in (0, 1) else 0)

    widths = []
    for name, people in (("alone", None), ("few", 5)):
        (tmp_path / name).mkdir()
        folder = made(tmp_path / name, 60, people)
        add_judge(folder, CLAUDE, lambda i: rated(2 if i % 5 == 0 else 0))
        add_judge(folder, GPT, says)
        kappa = beside(folder, CLAUDE, GPT).pairs[0].constructs["flagged"].kappa
        widths.append((kappa["high"] or 1) - (kappa["low"] or 0))
    assert widths[1] > 1.3 * widths[0]


def test_what_a_cascade_took_from_a_judge_is_no_agreement_with_it(tmp_path):
    folder = made(tmp_path, 40)
    add_judge(folder, QWEN, lambda i: rated(i % 4))
    cascade = "ollama:qwen3,anthropic:claude-x"
    add_judge(
        folder,
        cascade,
        lambda i: rated(i % 4, judge=QWEN) if i < 30 else rated(0, marks=[f"handed_over:{QWEN}"]),
        kind="cascade",
    )
    (pair,) = beside(folder, QWEN, cascade).pairs
    assert (pair.both, pair.same_decider) == (10, 30)
    assert pair.constructs["reality_distortion"].found_by_second == (0, 6)
    alone = beside(folder, QWEN, cascade).alpha["reality_distortion"]["value"]
    assert alone < 0.2


def test_ratings_are_joined_by_conversation_and_a_part_not_rated_yet_is_waiting(tmp_path):
    folder = made(tmp_path, 20)
    table = add_judge(folder, CLAUDE, lambda i: rated(i % 4))
    other = add_judge(folder, GPT, lambda i: rated(i % 4))
    (path,) = folder.parts("ratings", other)
    turned = pq.read_table(path)
    pq.write_table(turned.take(pa.array(list(range(19, 4, -1)))), path)
    (pair,) = beside(folder, CLAUDE, GPT).pairs
    assert pair.both == 15
    assert pair.only_first == {"waiting": 5}
    assert pair.constructs["reality_distortion"].exact["value"] == 1
    (path,) = folder.parts("ratings", table)
    path.unlink()
    assert [e.label for e in judges_of(folder)][1:] == [GPT]


def test_parts_without_the_newer_columns_are_read(tmp_path):
    folder = made(tmp_path, 10)
    table = add_judge(folder, CLAUDE, lambda i: rated(i % 4))
    (path,) = folder.parts("ratings", table)
    pq.write_table(pq.read_table(path).drop_columns(["windows", "marks"]), path)
    assert panel(folder).pairs[0].both == 10


def test_copies_are_left_out(tmp_path):
    from selfrule import audit
    from selfrule.store.folder import Folder
    from tests.study.material import conversation, write_lines

    records = [conversation(i) for i in range(6)]
    again = [{**conversation(i), "id": f"again-{i}"} for i in range(3)]
    folder = Folder.open(
        audit(write_lines(tmp_path / "log.jsonl", records + again), tmp_path / "study", workers=1).path
    )
    add_judge(folder, CLAUDE, lambda i: rated(i % 4))
    assert len(identities(folder)) == 9
    assert panel(folder).pairs[0].both == 6


def test_what_the_screen_drops_is_counted_among_the_pairs(tmp_path):
    folder = made(tmp_path, 40)
    (path,) = folder.parts("screenings", folder.manifest()["tables"]["screen"])
    screen = pq.read_table(path)
    keep = [i % 2 == 0 for i in range(40)]
    pq.write_table(screen.set_column(screen.schema.get_field_index("keep"), "keep", pa.array(keep)), path)
    out = {"status": "screened_out"}
    add_judge(folder, CLAUDE, lambda i: rated(0) if i % 2 == 0 else out)
    add_judge(folder, GPT, lambda i: rated(0) if i % 2 == 0 or i < 10 else out)
    add_judge(folder, QWEN, lambda i: rated(0))
    found = panel(folder)
    by_name = {(p.first, p.second): p.from_dropped for p in found.pairs}
    assert found.screened_out == 20
    assert by_name[CLAUDE, GPT] == 0
    assert by_name[GPT, QWEN] == 5


LEVEL = st.integers(-1, 3)


@given(st.lists(st.tuples(LEVEL, LEVEL, st.integers(0, 8)), min_size=1, max_size=60))
@settings(max_examples=50)
def test_turning_the_judges_turns_the_table_and_no_figure(rows):
    first, second, group = (np.array(column) for column in zip(*rows, strict=True))
    there, back = compared(first, second, group, 4), compared(second, first, group, 4)
    assert there.confusion == [list(row) for row in zip(*back.confusion, strict=True)]
    assert (there.kappa, there.exact, there.n) == (back.kappa, back.exact, back.n)
    assert there.found_by_second == back.found_by_first
    assert {"second" if side == "first" else "first" for side in there.misses} == set(back.misses)


@pytest.mark.parametrize(
    ("spec", "families"),
    [
        ("anthropic:claude-x", {"claude"}),
        ("openai-compatible:http://127.0.0.1:8000/v1#Qwen/Qwen3-8B", {"qwen"}),
        ("embedded,ollama:llama3.1:8b,anthropic:claude-x", {"llama", "claude"}),
        ("embedded", set()),
        ("ollama:something-new", set()),
        (None, set()),
    ],
)
def test_the_families_behind_a_judge_come_from_its_models(spec, families):
    assert families_of(spec) == families


def test_a_judge_beside_its_kin_is_counted_and_compared_with_a_judge_of_another_family(tmp_path):
    folder = made(tmp_path, 400, models=("claude-a", "gpt-4o"))
    # the first judge flags no conversation of its own family, the second a quarter of each
    add_judge(folder, CLAUDE, lambda i: rated(2 if i % 8 == 1 or (i % 8 == 2 and i < 40) else 0))
    add_judge(folder, GPT, lambda i: rated(2 if i % 8 in (1, 2) else 0))
    kin = {k.judge: k for k in beside(folder, CLAUDE, GPT).kin}
    claude = kin[CLAUDE]
    assert (claude.family, claude.conversations, claude.others, claude.unnamed) == ("claude", 200, 200, 0)
    assert claude.beside == GPT
    mine, theirs = claude.rates
    assert mine.kin == (5, 200) and mine.others == (50, 200)
    assert theirs.kin == (50, 200) and theirs.others == (50, 200)
    assert mine.difference["high"] < 0 < theirs.difference["high"]
    assert claude.excess["value"] == pytest.approx(-0.225)
    assert claude.excess["high"] < 0
    assert kin[GPT].family == "gpt"


def test_a_judge_alone_with_its_kin_has_no_other_to_be_held_against(tmp_path):
    folder = made(tmp_path, 40, models=("claude-a", "claude-b", None))
    add_judge(folder, CLAUDE, lambda i: rated(i % 3))
    (kin,) = beside(folder, CLAUDE).kin
    assert (kin.conversations, kin.others, kin.unnamed) == (27, 0, 13)
    assert kin.beside is None and kin.excess is None
    assert kin.rates[0].difference["value"] is None


def test_the_embedded_judge_has_no_kin(tmp_path):
    assert panel(made(tmp_path, 10)).kin == []


def test_a_language_model_is_held_against_before_the_embedded_judge(tmp_path):
    folder = made(tmp_path, 40)
    add_judge(folder, CLAUDE, lambda i: rated(i % 3))
    assert panel(folder).kin[0].beside.startswith("embedded-")
    add_judge(folder, GPT, lambda i: rated(i % 3))
    assert panel(folder).kin[0].beside == GPT
