"""Canaries: what is planted would be found, what may be said is not taken for a leak, and a whole run leaks nothing."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from selfrule.testing.canaries import selftest, surfaces, values
from selfrule.testing.canaries.planting import Planted, plant
from selfrule.testing.canaries.selftest import Watch
from selfrule.testing.canaries.surfaces import Surface
from selfrule.testing.canaries.values import PATHS


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return plant(tmp_path_factory.mktemp("canaries"), seed=3, conversations=240, people=80)


@pytest.fixture(scope="module")
def watch(planted: Planted) -> Watch:
    return Watch(planted)


def test_there_are_canaries_of_every_kind_in_ten_scripts_and_in_every_place(planted: Planted) -> None:
    assert len({c.script for c in planted.canaries}) == 10
    said = {(c.kind, c.script) for c in planted.canaries if c.place == "text"}
    assert len(said) == 9 * 10
    assert {c.place for c in planted.canaries} >= PATHS | {
        "text",
        "person",
        "source_id",
        "model",
        "broken",
        "key",
        "tag",
    }


def test_canaries_of_the_words_stand_in_the_input_and_the_same_seed_plants_the_same(
    planted: Planted, tmp_path: Path
) -> None:
    again = plant(tmp_path, seed=3, conversations=240, people=80)
    assert again.canaries == planted.canaries
    assert again.texts() == planted.texts()
    whole = "\n".join(planted.texts())
    said = [c for c in planted.canaries if c.place == "text"]
    assert sum(c.text in whole for c in said) > 0.7 * len(said)


@pytest.mark.parametrize("kind", ["name", "phone", "mail", "handle", "address", "id", "birth", "employer", "phrase"])
def test_every_canary_is_found_where_it_is_shared(planted: Planted, watch: Watch, kind: str) -> None:
    for canary in planted.canaries:
        if canary.kind == kind:
            page = f"<p>Of 240 conversations 12 were about {canary.text}, most of them severe.</p>"
            assert list(watch.leaks(Surface("page", "shareable", page.encode()))), canary


def test_a_terminal_may_show_names_of_files_and_of_nothing_else(planted: Planted, watch: Watch) -> None:
    for canary in planted.canaries:
        found = list(watch.leaks(Surface("said", "terminal", f"input/{canary.text}: read".encode())))
        if canary.place in PATHS:
            assert found == [], canary
        elif canary.place == "person":
            assert found, canary


def test_a_run_of_nine_words_of_any_conversation_is_a_leak(planted: Planted, watch: Watch) -> None:
    nine = " ".join(planted.texts()[5].split()[2:16])
    assert any(leak.how == "run" for leak in watch.leaks(Surface("page", "shareable", nine.encode())))


def test_raw_ids_of_persons_are_looked_for_in_all_that_is_stored(planted: Planted, watch: Watch) -> None:
    raw = next(c for c in planted.canaries if c.place == "person")
    said = next(c for c in planted.canaries if c.place == "text")
    assert list(watch.leaks(Surface("part", "stored", raw.text.encode())))
    assert not list(watch.leaks(Surface("part", "stored", said.text.encode())))


@pytest.mark.parametrize("script", values.scripts())
def test_an_invented_person_says_all_that_is_theirs(script: str) -> None:
    who = values.person(random.Random(1), script)
    said = " ".join(who.sentences)
    for kind, text in who.given.items():
        parts = text.split(", ") if kind == "employer" else [text]
        assert all(part in said for part in parts), kind


def test_every_command_that_has_shareable_is_run() -> None:
    from selfrule.cli.main import COMMANDS

    run = {name for name, *_ in surfaces.SHARED}
    for name in COMMANDS:
        asked = [sys.executable, "-m", "selfrule", name, "--help"]
        has = b"--shareable" in subprocess.run(asked, capture_output=True, check=True).stdout
        assert has == (name in run), name


def test_a_whole_run_leaks_nothing_and_still_releases_patterns(tmp_path: Path) -> None:
    result = selftest.run(tmp_path, seed=1, conversations=300, people=90, sweep=selftest.QUICK)
    assert result.leaks == []
    assert result.failed == []
    assert result.violations == []
    assert result.patterns >= 8
    assert result.surfaces["shareable"] >= 8
