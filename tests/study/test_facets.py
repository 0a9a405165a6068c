"""Facets of flagged conversations, part by part."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

import selfrule
from selfrule.rubric import PRIMITIVES, is_flagged
from selfrule.rubric.codes import codes
from selfrule.store.folder import write_part
from selfrule.store.schemas import facets_of
from selfrule.store.text import without_words
from selfrule.study import facets
from tests.study.material import write_lines


def example() -> str:
    from importlib import resources

    return str(resources.files("selfrule") / "example" / "conversations.jsonl")


def test_every_flagged_conversation_has_one_facet_and_no_other_has(tmp_path):
    study = selfrule.audit(example(), tmp_path / "study")
    name = facets.describe(study._folder, study._plan())
    rows = study.ratings().to_pylist()
    flagged = [r["conversation_id"] for r in rows if r["status"] == "rated" and is_flagged(dict(r["levels"]))]
    made = facets_of(facets.read(study._folder, name))
    assert [f.conversation_id for f in made] == flagged
    assert flagged
    known = {d.id: set(d.codes) for d in codes()}
    assert all(set(got) <= known[dimension] for f in made for dimension, got in f.codes.items())
    levels = {r["conversation_id"]: r["levels"] for r in rows}
    for facet in made:
        for primitive in PRIMITIVES:
            short = primitive.split("_", maxsplit=1)[0]
            if (levels[facet.conversation_id][primitive] or 0) < 2:
                assert f"{short}_mechanism" not in facet.codes


def test_described_again_nothing_is_done_twice(tmp_path):
    study = selfrule.audit(example(), tmp_path / "study")
    told: list[int] = []
    name = facets.describe(study._folder, study._plan(), told.append)
    first = facets.read(study._folder, name)
    count = len(told)
    assert facets.describe(study._folder, study._plan(), told.append) == name
    assert len(told) == count == first.num_rows
    assert facets.read(study._folder, name).equals(first)


def test_a_part_with_more_flagged_than_described_is_described_again(tmp_path):
    study = selfrule.audit(example(), tmp_path / "study")
    name = facets.describe(study._folder, study._plan())
    (path,) = study._folder.parts("facets", name)
    whole = pq.read_table(path)
    pq.write_table(whole.slice(3), path)
    assert facets.describe(study._folder, study._plan()) == name
    assert facets.read(study._folder, name).equals(whole.unify_dictionaries())


def test_what_was_described_before_the_words_went_stands_though_the_phrases_have_changed(tmp_path):
    study = selfrule.audit(example(), tmp_path / "study")
    folder, plan = study._folder, study._plan()
    made = folder.root / "facets" / facets.describe(folder, plan)
    made.rename(made.with_name("embedded-facets-0.9"))
    facets.record(folder, facets.Latest(plan.judge, "embedded", "embedded-facets-0.9"))
    for path in study._folder.parts("conversations"):
        table = pq.read_table(path)
        write_part(path, without_words(table, pa.array([False] * table.num_rows)))
    assert facets.for_patterns(folder, plan, None) == "embedded-facets-0.9"


def test_a_judge_that_flags_nothing_leaves_an_empty_table(tmp_path):
    study = selfrule.create(tmp_path / "study")
    said = [{"role": "user", "content": "how to sort a list"}, {"role": "assistant", "content": "use sorted"}]
    log = write_lines(tmp_path / "log.jsonl", [{"messages": said}])
    study.import_(log, workers=1)
    study.rate(workers=1)
    name = facets.describe(study._folder, study._plan())
    assert facets.read(study._folder, name).num_rows == 0
    assert facets.flagged_count(study._folder, study._plan()) == 0
