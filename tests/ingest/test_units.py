"""Units of work: every record of an entry is in one unit, with its place, whatever the cut."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfrule.sources import units as module
from selfrule.sources.entries import Entry, expand
from selfrule.sources.units import raw_records, units


def read(path) -> list[tuple[int, bytes]]:
    (entry,) = expand([path])
    assert isinstance(entry, Entry)
    return [record for unit in units(entry) for record in raw_records(entry, unit)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("units")


@given(
    st.lists(st.integers(0, 200), min_size=1, max_size=30),
    st.integers(16, 300),
    st.booleans(),
)
def test_every_line_of_a_plain_file_is_read_once_at_its_place_whatever_the_unit_size(place, lengths, size, final):
    lines = [b'{"a": "%s"}' % (b"x" * n) for n in lengths]
    path = place / "log.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n" * final)
    before = module.UNIT_BYTES
    module.UNIT_BYTES = size
    try:
        assert read(path) == list(enumerate(lines, 1))
    finally:
        module.UNIT_BYTES = before


@given(st.lists(st.integers(0, 200), min_size=1, max_size=30))
def test_a_packed_file_holds_the_same_records_as_the_plain_one(place, lengths):
    lines = [b'{"a": "%s"}' % (b"x" * n) for n in lengths]
    (place / "log.jsonl").write_bytes(b"\n".join(lines))
    (place / "packed.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines)))
    assert read(place / "packed.jsonl.gz") == read(place / "log.jsonl")


def test_a_unit_that_has_not_changed_keeps_its_key_when_the_log_grows(place):
    path = place / "grow.jsonl"
    before = module.UNIT_BYTES
    module.UNIT_BYTES = 64
    try:
        path.write_bytes(b'{"a": 1}\n' * 50)
        (entry,) = expand([path])
        old = [unit.key for unit in units(entry)]
        path.write_bytes(b'{"a": 1}\n' * 80)
        (entry,) = expand([path])
        new = [unit.key for unit in units(entry)]
    finally:
        module.UNIT_BYTES = before
    assert new[: len(old) - 1] == old[:-1]
    assert len(new) > len(old)
