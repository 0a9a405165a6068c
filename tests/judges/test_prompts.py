"""The prompts are what the maker makes of the rubric, and a change of wording is a change of hash."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from training import prompts as maker

from selfrule import rubric
from selfrule.errors import UsageError
from selfrule.judges import prompts, schema
from selfrule.judges.model import WAYS
from selfrule.judges.windows import Window


def test_the_files_are_what_the_maker_makes() -> None:
    there = {p.relative_to(maker.TARGET).as_posix(): p.read_text("utf-8") for p in maker.TARGET.rglob("*.md")}
    assert there == maker.made(), "run `make prompts`, and raise the version in judges/prompts/__init__.py"


@pytest.mark.parametrize("protocol", prompts.VERSIONS)
def test_a_prompt_has_every_text_that_its_protocol_asks_for(protocol: str) -> None:
    requests = WAYS[protocol].requests(Window(()), 100)
    assert requests
    assert all(request.system and request.ask for request in requests.values())
    assert {"repair-answer", "repair-evidence"} <= prompts.load(protocol).texts.keys()


@pytest.mark.parametrize("protocol", ["joint", "logprobs"])
def test_the_system_text_holds_the_whole_wording_of_every_construct_level_and_marker(protocol: str) -> None:
    system = prompts.load(protocol).system
    parts = maker.sections(rubric.load().text)
    for name in (*rubric.CONSTRUCTS, "Actualized markers", "How a rater weighs what it sees"):
        assert parts[name] in system, name


def test_the_questions_of_separate_hold_the_wording_of_their_construct_and_its_marker_alone() -> None:
    prompt = prompts.load("separate")
    parts = maker.sections(rubric.load().text)
    for construct in rubric.load().constructs:
        ask = prompt.texts[f"ask-{construct.id}"]
        assert parts[construct.id] in ask
        assert all(parts[other] not in ask for other in rubric.CONSTRUCTS if other != construct.id)
        assert re.findall(r"^- `(actualized_\w+)`", ask, re.MULTILINE) == (
            [f"actualized_{construct.id}"] if construct.actualized else []
        )


@pytest.mark.parametrize("protocol", prompts.VERSIONS)
def test_no_placeholder_is_left_but_those_filled_when_asking(protocol: str) -> None:
    for name, text in prompts.load(protocol).texts.items():
        left = set(re.findall(r"\{\w+\}", text))
        assert left <= {"{wrong}", "{constructs}", "{levels}"}, name


def test_another_version_text_or_schema_is_another_hash() -> None:
    texts, forms = {"system": "a", "ask": "b"}, [schema.joint()]
    digests = {
        prompts.digest("1", texts, forms),
        prompts.digest("2", texts, forms),
        prompts.digest("1", {**texts, "ask": "c"}, forms),
        prompts.digest("1", texts, [schema.evidence()]),
    }
    assert len(digests) == 4
    assert prompts.digest("1", dict(reversed(texts.items())), forms) in digests
    assert len({prompts.load(protocol).hash for protocol in prompts.VERSIONS}) == 3


def test_an_unknown_protocol_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="joint, separate, logprobs"):
        prompts.load("../joint")
