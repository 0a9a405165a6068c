"""Patterns of a study end to end: what is written, for whom, and when it is made anew."""

from __future__ import annotations

import stat
from importlib import resources

import msgspec
import pyarrow.parquet as pq
import pytest

import selfrule
from selfrule.errors import UsageError
from selfrule.patterns.records import Patterns
from selfrule.patterns.words import quantifier
from selfrule.privacy.cells import smallest
from selfrule.study import patterns_files
from selfrule.study.study import Study, create
from tests.study.material import conversation, write_lines

EXAMPLE = str(resources.files("selfrule") / "example" / "conversations.jsonl")


@pytest.fixture
def study(tmp_path) -> Study:
    return selfrule.audit(EXAMPLE, tmp_path / "study")


def test_every_member_is_in_one_pattern_and_the_private_part_is_the_owners_alone(study):
    made = study.patterns(per=6)
    table = pq.read_table(study.path / "patterns" / "members.parquet")
    assert len(set(table["conversation_id"].to_pylist())) == table.num_rows == made.described == made.flagged
    leaves = {p.id for p in made.patterns} - {p.parent for p in made.patterns}
    assert set(table["pattern"].to_pylist()) == leaves
    for name in ("patterns.json", "members.parquet", "state.json"):
        assert stat.S_IMODE((study.path / "patterns" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((study.path / "patterns").stat().st_mode) == 0o700


def test_the_same_choices_give_the_same_patterns_and_are_not_made_twice(study):
    first = study.patterns(per=6, seed=3)
    written = (study.path / patterns_files.PRIVATE).stat().st_mtime_ns
    assert study.patterns(per=6, seed=3) == first
    assert (study.path / patterns_files.PRIVATE).stat().st_mtime_ns == written
    assert study.patterns(per=6, seed=3, again=True) == first
    assert (study.path / patterns_files.PRIVATE).stat().st_mtime_ns > written
    assert study.patterns(per=12, seed=3) != first


def test_patterns_of_ratings_that_changed_since_are_stale_and_in_no_report(study, tmp_path):
    study.patterns()
    folder, plan = study._folder, study._plan()
    assert patterns_files.for_report(folder, plan, private=True, k=10) is not None
    more = write_lines(tmp_path / "more.jsonl", [conversation(seed) for seed in range(12)])
    study.import_(more)
    study.rate()
    assert patterns_files.stale(folder, plan)
    assert study.patterns_stale()
    for private in (True, False):
        assert patterns_files.for_report(folder, plan, private=private, k=10) is None
    study.patterns()
    assert not patterns_files.stale(folder, plan)


def test_a_study_in_which_nothing_is_rated_or_flagged_has_no_pattern(tmp_path):
    unrated = create(tmp_path / "unrated")
    lines = [conversation(seed) for seed in range(3)]
    for one in lines:
        for message in one["messages"]:
            message["content"] = "Rinse the lentils, fry an onion and simmer for half an hour."
    unrated.import_(write_lines(tmp_path / "in.jsonl", lines))
    assert unrated.patterns().patterns == []
    unrated.rate()
    assert unrated.patterns().patterns == []
    assert unrated.patterns().flagged == 0


def test_a_private_record_is_never_written_where_the_released_one_stands(study):
    made = study.patterns()
    known = patterns_files.state(study._folder)
    assert known is not None
    with pytest.raises(selfrule.errors.StudyError, match="release gate"):
        patterns_files.write_released(study._folder, known.made, patterns_files.Gate(10, None), made)


def test_a_private_record_put_where_the_released_one_stands_is_not_taken_for_one(study):
    study.patterns()
    known = patterns_files.state(study._folder)
    assert known is not None
    private = (study.path / patterns_files.PRIVATE).read_bytes()
    (study.path / patterns_files.RELEASED).write_bytes(private)
    (study.path / patterns_files.STATE).write_bytes(
        msgspec.json.encode(patterns_files.State(known.made, patterns_files.Gate(10, None)))
    )
    assert msgspec.json.decode(private, type=Patterns).kind == "private"
    assert patterns_files.for_report(study._folder, study._plan(), private=False, k=10) is None


def test_choices_that_make_no_sense_are_refused(study):
    with pytest.raises(UsageError, match="'per'"):
        study.patterns(per=0)
    with pytest.raises(UsageError, match="'seed'"):
        study.patterns(seed=-1)
    with pytest.raises(UsageError, match="embedding model"):
        study.patterns(embedding="/nowhere")


def test_a_private_report_knows_the_members_and_a_shareable_one_knows_none(study):
    made = study.patterns(per=6)
    private, shareable = study.context(private=True), study.context()
    assert private.patterns == made
    assert sorted(s for ids in private.pattern_members.values() for s in ids) == sorted(
        row["source_id"] for row in study.ratings().to_pylist() if row["conversation_id"] in _members(study)
    )
    assert shareable.pattern_members == {}
    assert shareable.patterns is None or shareable.patterns.kind == "released"


def _members(study: Study) -> set[str]:
    table = pq.read_table(study.path / "patterns" / "members.parquet")
    return set(table["conversation_id"].to_pylist())


def test_what_is_released_is_what_the_gate_let_through_and_is_made_once(study):
    made = study.patterns(per=12, shareable=True, k=5)
    assert made.kind == "released"
    assert made.k == 5
    path = study.path / patterns_files.RELEASED
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert msgspec.json.decode(path.read_bytes(), type=Patterns) == made
    written = path.stat().st_mtime_ns
    assert study.patterns(per=12, shareable=True, k=5) == made
    assert path.stat().st_mtime_ns == written
    stricter = study.patterns(per=12, shareable=True, k=12)
    assert stricter.k == 12
    assert all(one.conversations >= 12 for one in stricter.patterns)


def test_a_shareable_report_shows_what_was_released_with_its_k_or_a_larger_one(study):
    study.patterns(per=12, k=6)
    folder, plan = study._folder, study._plan()
    assert patterns_files.for_report(folder, plan, private=False, k=6) is not None
    assert patterns_files.for_report(folder, plan, private=False, k=5) is not None
    assert patterns_files.for_report(folder, plan, private=False, k=7) is None


def test_a_released_claim_says_most_or_nearly_all_of_the_count_beside_it(study):
    for one in study.patterns(per=12, shareable=True, k=5).patterns:
        for claim in one.claims:
            word = quantifier(claim.shown, claim.checked) or "about half"
            or_more = claim.shown >= claim.checked - smallest(5) and word == "about half"
            assert claim.text.startswith("In half or more" if or_more else f"In {word}")
