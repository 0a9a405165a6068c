"""Few conversations of unknown model, time, product or language, at the door of what is shared."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import selfrule
from selfrule.study.known import placed

EXAMPLE = str(resources.files("selfrule") / "example" / "conversations.jsonl")
NAMES = ("model", "product", "language")


def narrow(rows: list[dict[str, object]]) -> pa.Table:
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in ("person", *NAMES)}
    times = pa.array([row.get("started_at") for row in rows], pa.timestamp("ms", "UTC"))
    return pa.table(columns | {"started_at": times})


row = st.fixed_dictionaries(
    {"person": st.sampled_from([None, *"abcdefghijkl"]), "started_at": st.sampled_from([None, datetime(2026, 1, 1, tzinfo=UTC)])}
    | {name: st.sampled_from([None, "x", "y"]) for name in NAMES}
)  # fmt: skip


@given(st.lists(row, max_size=80), st.integers(2, 12))
def test_what_stays_has_no_few_of_unknown_value(rows, k):
    stays, left = placed(narrow(rows), k)
    kept = [one for one, stay in zip(rows, stays, strict=True) if stay]
    people = len({one["person"] for one in rows} - {None}) >= k
    for name in (*NAMES, "started_at"):
        unknown = [one for one in kept if one[name] is None]
        known = {one["person"] for one in unknown} - {None}
        assert not unknown or len(unknown) == len(kept) or len(unknown) >= k
        assert not people or not known or len(unknown) == len(kept) or len(known) >= k
    assert bool(left) == (not stays.all())


def test_where_enough_are_of_unknown_value_or_none_is_everything_stays():
    many = narrow([{"person": str(i), "model": "x" if i < 50 else None} for i in range(100)])
    assert placed(many, 10)[0].all()
    few = narrow([{"person": str(i), "model": "x" if i < 95 else None} for i in range(100)])
    stays, left = placed(few, 10)
    assert np.count_nonzero(stays) == 95
    assert left == ["model"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return selfrule.audit(EXAMPLE, tmp_path_factory.mktemp("known") / "study")


def test_one_conversation_without_a_model_costs_the_example_no_comparison_and_is_in_no_shared_total(study):
    shared, private = study.sample(k=10), study.sample()
    assert len(shared) == len(private) - 1
    made = study.compare(shareable=True)
    assert len(made.sides) == 2
    assert sum(side.conversations for side in made.sides) + made.unknown == made.conversations
    rows = study.estimates(shareable=True).to_pylist()
    rated = [r for r in rows if (r["construct"], r["level"], r["kind"]) == ("flagged", "moderate+", "rated")]
    whole = next(r["n"] + r["missing"] for r in rated if not r["group"])
    models = [r["n"] + r["missing"] for r in rated if [name for name, _ in r["group"]] == ["model"]]
    assert whole == sum(models)
