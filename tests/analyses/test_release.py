"""The release gate of every analysis: no count of few people or conversations, and no name of a group that has few.

Samples are drawn small and lopsided, so that months, domains, models and products fall under k in every way.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from selfrule.analyses.figures import Analysis
from selfrule.analyses.sample import Sample, sample_of
from selfrule.estimate.frame import Attribute, Frame
from selfrule.rubric import CONSTRUCTS, PRIMITIVES
from tests.analyses.samples import DAY, DOMAINS, START

K = 10
NAMES = ("factors", "trend", "change", "approval", "popularity", "compare", "people")
THERE = [name for name in NAMES if importlib.util.find_spec(f"selfrule.analyses.{name}")]
COUNTS = {"n", "persons", "people", "conversations", "clusters", "flagged", "affected", "rated", "with_thumb", "pairs"}
ONLY_FEW = {"value", "low", "high", "events", "missing"}  # what a withheld figure must not hold


def lopsided(seed: int, conversations: int = 600, people: int = 90) -> Sample:
    """A sample where most groups are large and some of every kind are small."""
    rng = np.random.default_rng(seed)
    n = conversations
    person = np.minimum(rng.geometric(3 / people, n), people) - 1
    month = np.minimum(rng.geometric(0.2, n), 9) - 1
    # a group of few that is the product, model or month of one or a few people
    model = np.where(person % 31 == 0, 2, np.where(person % 47 == 5, 3, rng.integers(0, 2, n)))
    product = np.where(person == person[0], 2, rng.integers(0, 2, n))
    rare = rng.choice([0.03, 0.2, 0.5])
    levels = np.where(rng.random((n, len(CONSTRUCTS))) < rare, rng.integers(1, 4, (n, len(CONSTRUCTS))), 0)
    domains = np.zeros((n, len(DOMAINS)), np.bool_)
    domains[np.arange(n), rng.choice(len(DOMAINS), n, p=[0.6, 0.39, 0.01])] = True
    frame = Frame(
        person=np.where(rng.random(n) < rng.choice([0.0, 0.2]), -1, person),
        screened_in=np.ones(n, np.bool_),
        drawn=np.ones(n, np.bool_),
        inclusion=np.ones(n),
        rated=rng.random(n) > 0.05,
        levels=levels.astype(np.int8),
        actualized=((levels[:, : len(PRIMITIVES)] >= 2) & (rng.random((n, 3)) < 0.3)).astype(np.int8),
        domains=domains,
        domain_names=DOMAINS,
        model=Attribute(model, ("model-one", "model-two", "SECRET-MODEL-A", "SECRET-MODEL-B")),
        product=Attribute(product, ("product-one", "product-two", "SECRET-PRODUCT")),
        at=START + (month * 30 + rng.integers(0, 30, n)) * DAY,
        thumb=rng.choice(np.array([-1, 0, 1, 1], np.int8), n),
        turns=rng.integers(1, 40, n).astype(np.int32),
    )
    return sample_of(frame, judge="a-judge", rubric="a-rubric")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object within some JSON."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner)


def _few(sample: Sample) -> set[str]:
    """Names of models and products that fewer than K conversations, or people, are of."""
    found = set()
    for attribute in (sample.model, sample.product):
        assert attribute is not None
        for code, name in enumerate(attribute.names):
            rows = attribute.codes == code
            if min(int(rows.sum()), sample.people_in(rows) or 0) < K:
                found.add(name)
    return found


def _released(name: str, sample: Sample) -> Analysis | None:
    module = importlib.import_module(f"selfrule.analyses.{name}")
    made = module.for_report(sample)
    return None if made is None else module.public(made, K)


@pytest.mark.parametrize("name", THERE)
def test_nothing_released_counts_fewer_than_k(name: str) -> None:
    made = 0
    for seed in range(4):
        sample = lopsided(seed)
        result = _released(name, sample)
        if result is None:
            continue
        made += 1
        whole, *parts = _objects(msgspec.to_builtins(result))
        for part in parts:
            if "fraction" in part:
                continue  # so many per cent of all people: arithmetic on a number that is shown, no group
            for field in COUNTS.intersection(part):
                count = part[field]
                assert not (isinstance(count, int | float) and 0 < count < K), f"seed {seed}: {field} in {part}"
        assert whole["conversations"] >= K
    assert made, "no sample gave anything to release: the test says nothing"


@pytest.mark.parametrize("name", THERE)
def test_a_withheld_figure_keeps_no_number(name: str) -> None:
    for seed in range(4):
        result = _released(name, lopsided(seed))
        for part in _objects(msgspec.to_builtins(result)):
            if part.get("reason") in {"small", "complementary"}:
                left = {key: part[key] for key in (*ONLY_FEW, *COUNTS) if part.get(key)}
                assert not left, f"seed {seed}: withheld, and yet {left}"


@pytest.mark.parametrize("name", THERE)
def test_no_group_of_few_is_named_in_the_record_or_in_its_section(name: str) -> None:
    section = importlib.import_module(f"selfrule.report.analyses.{name}").section
    for seed in range(4):
        sample = lopsided(seed)
        result = _released(name, sample)
        if result is None:
            continue
        secret = _few(sample)
        assert secret, "the sample has no group of few: the test says nothing"
        said = msgspec.json.encode(result).decode() + repr(section(result))
        assert not [one for one in secret if one in said]


@pytest.mark.parametrize("name", THERE)
def test_a_study_of_few_conversations_releases_no_figure_of_them(name: str) -> None:
    sample = lopsided(1, conversations=K - 1, people=4)
    result = _released(name, sample)
    for part in _objects(msgspec.to_builtins(result)):
        if "value" in part and "low" in part:
            assert part["value"] is None, part


@pytest.mark.parametrize("name", THERE)
def test_people_of_no_known_name_are_no_reason_to_withhold(name: str) -> None:
    sample = replace(lopsided(2), person=np.full(600, -1))
    result = _released(name, sample)
    if name == "people":
        assert result is None or result.persons is None
    elif result is not None:
        values = [part["value"] for part in _objects(msgspec.to_builtins(result)) if "low" in part]
        assert any(value is not None for value in values)
