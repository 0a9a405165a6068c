"""Facets of flagged conversations, part by part."""

from __future__ import annotations

import selfrule
from selfrule.rubric import PRIMITIVES, is_flagged
from selfrule.rubric.codes import codes
from selfrule.store.schemas import facets_of
from selfrule.study import facets


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
