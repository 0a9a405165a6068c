"""A content address changes with everything that could change the answer, and with nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from selfrule.clients.types import Request, address

BASE = Request(system="rubric", shared="conversation", ask="question", schema={"type": "object"}, max_tokens=100)
OTHER: dict[str, Any] = {
    "system": "another rubric",
    "shared": "another conversation",
    "ask": "another question",
    "schema": {"type": "array"},
    "schema_name": "other",
    "max_tokens": 101,
    "top_logprobs": 5,
    "choices": ("0", "1"),
    "turns": (("answer", "correction"),),
}


def of(request: Request, provider: str = "anthropic", model: str = "m", parameters: Any = None, sample: int = 0) -> str:
    return address(provider, model, parameters or {}, request, sample)


@pytest.mark.parametrize("field", [f for f in Request.__struct_fields__ if f != "shared_again"])
def test_another_value_of_any_field_is_another_question(field: str) -> None:
    assert of(msgspec.structs.replace(BASE, **{field: OTHER[field]})) != of(BASE)


@pytest.mark.parametrize(
    "other", [{"provider": "openai"}, {"model": "n"}, {"parameters": {"temperature": 0}}, {"sample": 1}]
)
def test_another_model_or_parameter_or_sample_is_another_question(other: dict[str, Any]) -> None:
    assert of(BASE, **other) != of(BASE)


def test_a_hint_for_caches_and_the_order_of_parameters_are_no_part_of_the_question() -> None:
    assert of(msgspec.structs.replace(BASE, shared_again=True)) == of(BASE)
    assert of(BASE, parameters={"a": 1, "b": 2}) == of(BASE, parameters={"b": 2, "a": 1})


def test_text_cannot_move_from_one_field_to_the_next_unseen() -> None:
    assert of(Request("ab", "c")) != of(Request("a", "bc"))
    assert of(Request("a", "b", "c")) != of(Request("a", "bc", ""))


def test_an_address_stays_what_it_is_from_version_to_version() -> None:
    """Another one would have everything paid for again that studies keep: change it only with a way to find the old."""
    assert of(BASE) == "7ccd54264be41b86289d678ab5017083d56a5a2220481e560dc231ec3942645d"
