"""Domains and lengths: parts that sum to one, and classes without gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from selfrule.analyses.mix import LENGTHS, UNKNOWN_DOMAIN, domain_parts, lengths
from selfrule.analyses.sample import Sample
from tests.analyses.samples import DOMAINS, sample_from, samples


@given(samples())
def test_the_parts_of_a_conversation_sum_to_one(sample: Sample) -> None:
    parts, names = domain_parts(sample)
    assert parts.shape == (len(sample), len(names))
    assert names == (*DOMAINS, UNKNOWN_DOMAIN)
    assert parts.sum(axis=1) == pytest.approx(np.ones(len(sample)))
    assert ((parts[:, :-1] > 0) == sample.domains).all()


@given(samples())
def test_a_conversation_is_of_unknown_domain_wholly_or_not_at_all(sample: Sample) -> None:
    parts, _ = domain_parts(sample)
    assert ((parts[:, -1] == 1) == ~sample.domains.any(axis=1)).all()


ONE, TWO, THREE, FOUR = (name for name, _ in LENGTHS)


@pytest.mark.parametrize(
    ("turns", "name"),
    [(0, None), (1, ONE), (2, ONE), (3, TWO), (6, TWO), (7, THREE), (20, THREE), (21, FOUR), (10_000, FOUR)],
)
def test_a_length_is_of_the_class_that_its_name_says(turns: int, name: str | None) -> None:
    found = lengths(sample_from(person=[0], turns=np.array([turns])))
    code = int(found.codes[0])
    assert (None if code < 0 else found.names[code]) == name


def test_the_names_of_classes_say_their_bounds() -> None:
    assert LENGTHS == (("1-2 turns", 1), ("3-6 turns", 3), ("7-20 turns", 7), ("over 20 turns", 21))
