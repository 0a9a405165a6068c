"""What is said or left out of every record that is given out: conversations between people, addresses of servers."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import msgspec

import selfrule
from selfrule.analyses.figures import BETWEEN_PEOPLE


def test_everything_that_is_printed_of_conversations_between_people_says_so(tmp_path, capsys):
    example = resources.files("selfrule") / "example" / "conversations.jsonl"
    study = selfrule.audit(str(example), tmp_path / "study", between_people=True)
    assert BETWEEN_PEOPLE in (study.path / "report.html").read_text(encoding="utf-8")
    assert all(e.note == BETWEEN_PEOPLE for e in study.estimate_list())
    for result in (study.factors(), study.trend(shareable=True), study.people()):
        assert msgspec.to_builtins(result)["notes"][0] == BETWEEN_PEOPLE
    from selfrule.cli.summary import print_context

    print_context(study.context())
    assert " ".join(capsys.readouterr().out.split()).startswith(BETWEEN_PEOPLE[:60])


def test_a_study_that_says_nothing_is_of_conversations_with_assistants(tmp_path):
    example = resources.files("selfrule") / "example" / "conversations.jsonl"
    study = selfrule.audit(str(example), tmp_path / "study")
    assert BETWEEN_PEOPLE not in (study.path / "report.html").read_text(encoding="utf-8")


def test_no_shareable_record_names_the_address_of_a_server(tmp_path):
    from selfrule.analyses import factors
    from selfrule.study.analyses import passed

    example = resources.files("selfrule") / "example" / "conversations.jsonl"
    sample = selfrule.audit(str(example), tmp_path / "study").sample()
    sample = replace(sample, judge="openai-compatible:http://alice-laptop:8000/v1#qwen/joint-1@0123abcd")
    result = factors.factors_of(sample)
    assert b"alice" in msgspec.json.encode(passed(result, factors.public, sample, None))
    shared = passed(result, factors.public, sample, 10)
    assert b"alice" not in msgspec.json.encode(shared)
    assert shared.judge == "openai-compatible:qwen/joint-1@0123abcd"
    assert msgspec.structs.replace(shared, judge="") == msgspec.structs.replace(factors.public(result, 10), judge="")
