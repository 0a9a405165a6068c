"""The study folder, its tables, and the engine over them."""

from __future__ import annotations

import os

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.engine import map_partitions
from selfrule.errors import StudyError
from selfrule.records import ROLES, Rating, Turn
from selfrule.rubric import CONSTRUCTS, MARKERS, is_flagged, load
from selfrule.store.folder import Folder, readable, write_part
from selfrule.store.schemas import CONVERSATIONS, STORED, conversation_table, conversations_of, rating_table

TURNS = st.lists(
    st.builds(
        Turn,
        role=st.sampled_from(ROLES),
        text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        at=st.none() | st.integers(0, 2**42),
    ),
    max_size=5,
)


@given(st.lists(TURNS, max_size=6))
def test_conversations_come_back_from_their_table_as_they_went_in(many):
    n = len(many)
    plain = [name for name in CONVERSATIONS.names if name not in ("turn_count", "turns")]
    columns = {name: [None] * n for name in plain}
    columns |= {name: [f"{name}{i}" for i in range(n)] for name in ("conversation_id", "source_id", "source")}
    columns |= {"tags": [["a", "b"]] * n, "branches": [0] * n, "started_at": [i * 1000 for i in range(n)]}
    extra = {name: pa.nulls(n, STORED.field(name).type) for name in STORED.names if name not in CONVERSATIONS.names}
    table = conversation_table(columns, many, extra)
    back = list(conversations_of(table))
    assert [list(c.turns) for c in back] == many
    assert [c.source_id for c in back] == columns["source_id"]
    assert [c.started_at for c in back] == columns["started_at"]
    # a slice reads its own turns, not those of its neighbours
    assert [list(c.turns) for c in conversations_of(table.slice(1, 2))] == many[1:3]


def test_a_rating_without_levels_is_stored_as_nulls_never_as_none():
    table = rating_table([Rating("c", "h", "empty", "j", "r")])
    assert table["levels"].to_pylist() == [dict.fromkeys(CONSTRUCTS)]
    assert table["actualized"].to_pylist() == [dict.fromkeys(MARKERS)]


def test_a_part_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "part.parquet"
    write_part(path, pa.table({"a": [1]}))
    assert readable(path)
    assert [p.name for p in tmp_path.iterdir()] == ["part.parquet"]
    path.write_bytes(path.read_bytes()[:-9])
    assert not readable(path)
    assert not path.exists()


def test_a_secret_key_is_made_once_and_is_for_its_owner_alone(tmp_path):
    folder = Folder.create(tmp_path / "study")
    key = folder.secret()
    assert folder.secret() == key
    assert (tmp_path / "study" / "secret.key").stat().st_mode & 0o077 == 0


def test_a_study_of_a_newer_layout_is_refused(tmp_path):
    folder = Folder.create(tmp_path / "study")
    folder.write_manifest({"layout": 99, "inputs": []})
    with pytest.raises(StudyError, match="newer selfrule"):
        Folder.open(tmp_path / "study")


def test_a_folder_that_is_no_study_is_told_how_to_become_one(tmp_path):
    with pytest.raises(StudyError, match="selfrule audit"):
        Folder.open(tmp_path)


def double(number: int) -> tuple[int, int]:
    return 2 * number, os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_comes_back_once_whatever_the_number_of_workers(workers):
    found = dict(map_partitions(double, range(40), workers=workers))
    assert {item: result[0] for item, result in found.items()} == {n: 2 * n for n in range(40)}
    assert (os.getpid() in {pid for _, pid in found.values()}) == (workers == 1)


def test_items_are_taken_a_few_ahead_and_not_all_at_once():
    taken = []

    def source():
        for n in range(100):
            taken.append(n)
            yield n

    for done, _ in enumerate(map_partitions(double, source(), workers=2), 1):
        assert len(taken) <= done + 4


def fail(number: int) -> int:
    raise ValueError(f"broken run {number}")


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_worker_raises_ends_the_run(workers):
    with pytest.raises(ValueError, match="broken run"):
        list(map_partitions(fail, range(3), workers=workers))


def test_the_rubric_has_seven_constructs_three_markers_and_twenty_one_domains():
    rubric = load()
    assert tuple(c.id for c in rubric.constructs) == CONSTRUCTS
    assert tuple(m.id for m in rubric.markers) == MARKERS
    assert len(rubric.domains) == 21
    assert all(f"`{c}`" in rubric.text for c in CONSTRUCTS)


@given(st.fixed_dictionaries({c: st.none() | st.integers(0, 3) for c in CONSTRUCTS}))
def test_a_conversation_with_an_unrated_primitive_is_never_called_not_flagged(levels):
    primitives = [levels[c] for c in CONSTRUCTS[:3]]
    flagged = is_flagged(levels)
    if flagged is False:
        assert None not in primitives
    assert (flagged is True) == any(level is not None and level >= 2 for level in primitives)
