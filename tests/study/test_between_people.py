"""Conversations between people: every figure of such a study says so."""

from __future__ import annotations

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
