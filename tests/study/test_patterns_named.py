"""Patterns named by a language model, over real HTTP against the stand-in: claims counted, nothing paid twice or copied out."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import pytest

import selfrule
from selfrule.errors import UsageError
from selfrule.patterns.records import Patterns
from selfrule.patterns.words import quantifier
from selfrule.study import patterns_files, patterns_release
from selfrule.study.study import Study
from selfrule.testing.naming import COUNTING, FALSE
from selfrule.testing.server import StandIn

EXAMPLE = str(resources.files("selfrule") / "example" / "conversations.jsonl")


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return selfrule.audit(EXAMPLE, tmp_path_factory.mktemp("rated") / "study").path


@pytest.fixture
def study(rated: Path, tmp_path: Path) -> Study:
    shutil.copytree(rated, tmp_path / "study")
    return Study.open(tmp_path / "study")


def judge(server: StandIn) -> str:
    return f"openai-compatible:{server.openai_url}#any"


def test_every_claim_of_a_model_is_counted_and_one_that_no_member_shows_is_dropped(study):
    with StandIn() as server:
        made = study.patterns(judge=judge(server), per=12)
    by_model = [one for one in made.patterns if one.by != "terms"]
    assert by_model
    for one in by_model:
        assert "naming-1@" in one.by
        assert one.claims
        for claim in one.claims:
            assert FALSE not in claim.text
            assert COUNTING not in claim.text
            word = quantifier(claim.shown, claim.checked)
            assert word is not None
            assert claim.text.startswith(f"In {word}")
            assert claim.checked <= min(50, one.conversations)
    assert made.quality.held_out > 0
    assert made.quality.faithful is not None


def test_what_was_paid_for_is_asked_once_and_stands_until_somebody_asks_for_something_else(study):
    with StandIn() as server:
        made = study.patterns(judge=judge(server), per=12)
        asked = sum(server.counts.paid.values())
        assert study.patterns(judge=judge(server), per=12) == made
        assert study.patterns(judge=judge(server), per=12, again=True) == made
        assert sum(server.counts.paid.values()) == asked > 0
    assert study.patterns() == made  # no server is needed to read what is there
    by_codes = study.patterns(judge="embedded")
    assert {one.by for one in by_codes.patterns} == {"terms"}


def test_nothing_is_sent_to_a_remote_judge_that_nobody_confirmed(study, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(UsageError, match="Not confirmed"):
        study.patterns(judge="openai:gpt-test")
    with pytest.raises(UsageError, match="Not confirmed"):
        study.patterns(judge="openai:gpt-test", facets="embedded")
    assert patterns_files.state(study._folder) is None


def test_a_model_that_refuses_leaves_names_by_codes_and_the_notes_say_so(study):
    with StandIn() as server:
        server.script(*["refusal"] * 500)
        made = study.patterns(judge=judge(server), per=12, facets="embedded")
    assert {one.by for one in made.patterns} == {"terms"}
    assert any("the name is by codes" in note for note in made.notes)


def test_a_model_that_copies_its_descriptions_has_no_word_of_them_released(study):
    with StandIn() as server:
        server.script(*["quoting"] * 500)
        released = study.patterns(judge=judge(server), per=18, k=4, facets="embedded", shareable=True)
    assert released.kind == "released"
    for text in texts(released):
        assert "the person said" not in text


def test_naming_stops_at_the_budget_and_goes_on_from_there(study, monkeypatch):
    with StandIn() as server:
        for name, value in server.environ().items():
            monkeypatch.setenv(name, value)
        prices = study.path / "prices.toml"
        prices.write_text(
            '["anthropic:claude-test"]\ninput = 1.0\noutput = 5.0\ncontext = 200_000\nmax_output = 4096\n', "utf-8"
        )
        how = {"judge": "anthropic:claude-test", "facets": "embedded", "per": 8, "prices": prices, "concurrency": 1}
        first = study.patterns(**how, budget=0.012)
        assert any("at its budget" in note for note in first.notes)
        assert "terms" in {one.by for one in first.patterns}
        state = patterns_files.state(study._folder)
        assert state is not None
        assert not state.whole
        assert study.patterns() == first
        second = study.patterns(**how)
        assert not any("at its budget" in note for note in second.notes)
        assert "terms" not in {one.by for one in second.patterns}
        assert server.counts.paid_twice == 0


def test_who_names_and_how_is_part_of_what_the_patterns_are(study):
    with StandIn() as server:
        study.patterns(judge=judge(server), per=12, facets="embedded")
        first = patterns_files.state(study._folder)
        study.patterns(judge=judge(server), per=12, facets="embedded", parameters={"temperature": 0.5})
        second = patterns_files.state(study._folder)
    assert first is not None
    assert second is not None
    assert first.made.namer != second.made.namer


def texts(found: Patterns) -> list[str]:
    return [text for one in found.patterns for text in (one.name, *(claim.text for claim in one.claims))]


def test_where_words_were_left_out_only_the_packages_own_are_released(study, tmp_path):
    free = "In most, the assistant praised a plan that had no ground."
    own = "In most, the assistant wrote whole messages for the person to send."
    gate = patterns_release.text_gate(study._folder)
    assert gate(free) is gate(own) is None
    gate = patterns_release.text_gate(selfrule.audit(EXAMPLE, tmp_path / "without", no_text=True)._folder)
    assert gate(free) == "quotation"
    assert gate(own) is None


def test_a_claim_that_quotes_a_conversation_is_withheld_though_it_names_nobody(study):
    words = next(iter(study.conversations()["turns"].to_pylist()))[0]["text"].split()
    gate = patterns_release.text_gate(study._folder)
    assert gate(" ".join(words[:12])) is not None
