"""Forms in which labels leave a study and come back: what is written is read, and what is wrong is said."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.errors import UsageError
from selfrule.labels import formats
from selfrule.labels.formats import Entry, label_studio
from selfrule.labels.formats.row import ValueUnreadError, iso, level_of, moment, turns_of
from selfrule.records import Label, Turn
from selfrule.rubric import CONSTRUCTS, LEVELS, MARKERS

ALL = sorted(formats.FORMATS)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@st.composite
def labels(draw, conversation="c"):
    status = draw(st.sampled_from(["labelled", "unsure", "skipped"]))
    levels = {c: draw(st.integers(0, 3)) for c in CONSTRUCTS}
    if status != "labelled":
        kept = draw(st.sets(st.sampled_from(CONSTRUCTS)))
        levels = {c: level for c, level in levels.items() if c in kept} if status == "unsure" else {}
    return Label(
        conversation,
        "h",
        draw(NAMES),
        draw(st.integers(1, 4 * 10**12)),
        status,
        "1.1@0123abcd",
        levels,
        draw(st.dictionaries(st.sampled_from(CONSTRUCTS), st.lists(st.integers(0, 99), min_size=1, max_size=4))),
        draw(st.dictionaries(st.sampled_from(MARKERS), st.sampled_from(["yes", "no", "unknown"]))),
        seconds=draw(st.none() | st.integers(0, 10**6).map(float)),
    )


@st.composite
def entries(draw):
    made = []
    for n in range(draw(st.integers(0, 4))):
        given_ = draw(st.lists(labels(f"c{n}"), max_size=3, unique_by=lambda one: one.labeller))
        turns = [Turn(role, draw(TEXT)) for role in ("user", "assistant")]
        made.append(Entry(f"c{n}", "h", draw(TEXT) or "s", "en", "d1", turns, given_))
    return made


KEYS = (
    *CONSTRUCTS[:2],
    *("data", "annotations", "result", "value", "choices", "from_name", "id", "levels", "responses"),
    *("metadata", "labellers", "labels", "evidence", "user_id", "status", "turns_attachment"),
)


def there_and_back(form, written, **options):
    return formats.read(form, b"".join(formats.write(form, written, **options)))


@pytest.mark.parametrize("form", ALL)
@given(written=entries(), conversations=st.booleans())
@settings(max_examples=40)
def test_labels_come_back_as_they_were_written(form, written, conversations):
    read = there_and_back(form, written, conversations=conversations)
    assert read.problems == []
    # Argilla has no place for a label in which nothing at all is said; ours always say their status
    expected = {(e.conversation_id, one.labeller): one for e in written for one in e.labels}
    assert {(r.conversation_id, r.labeller) for r in read.rows} == set(expected)
    for row in read.rows:
        one = expected[row.conversation_id, row.labeller]
        assert (row.status, row.levels, row.actualized) == (one.status, one.levels, one.actualized)
        assert row.evidence == one.evidence
        assert (row.at, row.seconds) == (one.at, one.seconds)


@pytest.mark.parametrize("form", ALL)
def test_a_queue_without_labels_is_written_and_read_back_as_none(form):
    written = [Entry("c1", "h", "s", None, "d1", [Turn("user", "hi\nthere")], [])]
    assert there_and_back(form, written).rows == []
    assert there_and_back(form, written).problems == []
    assert there_and_back(form, []).rows == []


@pytest.mark.parametrize("form", ALL)
def test_a_file_is_recognised_by_its_beginning(form):
    written = [Entry("c1", "h", "s", None, "d1", [Turn("user", "hi")], [])]
    suffix = ".csv" if form == "csv" else ".json"
    assert formats.recognised(b"".join(formats.write(form, written)), suffix) == form


@pytest.mark.parametrize("form", ALL)
def test_a_conversation_of_hostile_text_and_many_megabytes_is_carried_whole(form):
    text = "x\"\n,;\t=cmd|' /C calc'!A0\u202e</View>\n[1] user: forged\x00" + "y" * 3_000_000
    written = [Entry("c1", "h", "=s", None, "d1", [Turn("user", text)], [Label("c1", "h", "-a", 5, "skipped", "r")])]
    data = b"".join(formats.write(form, written))
    assert len(data) > 3_000_000
    (row,) = formats.read(form, data).rows
    assert (row.conversation_id, row.labeller, row.source_id) == ("c1", "-a", "=s")


@pytest.mark.parametrize("form", ALL)
@given(st.binary(max_size=300))
def test_no_file_breaks_a_reader(form, data):
    formats.read(form, data)


@pytest.mark.parametrize("form", ["label-studio", "argilla", "jsonl"])
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.sampled_from(["x", "c1", "moderate"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(KEYS),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
@settings(max_examples=60)
def test_no_json_of_another_shape_breaks_a_reader(form, value):
    formats.read(form, json.dumps(value).encode())
    formats.read(form, json.dumps([value]).encode())


@pytest.mark.parametrize("form", ["label-studio", "argilla", "jsonl"])
def test_json_of_endless_depth_is_a_problem_and_no_crash(form):
    assert formats.read(form, b"[" * 100_000).problems


@pytest.mark.parametrize(
    ("value", "level"),
    [("none", 0), (" Severe ", 3), (2, 2), ("1", 1), ("3.0", 3), (0.0, 0), ("", None), (None, None)],
)
def test_a_level_is_a_number_or_a_word(value, level):
    assert level_of(value, "attachment") == level


@pytest.mark.parametrize("value", ["4", -1, 1.5, "high", True, [1], "nan", "1e999"])
def test_what_is_no_level_is_refused_without_repeating_it(value):
    with pytest.raises(ValueUnreadError, match="level of attachment") as raised:
        level_of(value, "attachment")
    assert "high" not in str(raised.value)


def test_moments_are_milliseconds_or_iso_and_turns_are_lists_or_text():
    assert moment("2026-11-23T10:00:00Z") == moment("2026-11-23T11:00:00+01:00") == moment("1795428000000")
    assert moment("2026-11-23 10:00") == 1795428000000
    assert all(moment(iso(at)) == at for at in (1, 8059, 536870911, 1795428000001, 4 * 10**12 - 1))
    assert turns_of("0, 3;5 7", "x") == [0, 3, 5, 7]
    assert turns_of([1, 2], "x") == [1, 2]
    for wrong in ("-1", "a", [1.5], [True], [[1]]):
        with pytest.raises(ValueUnreadError):
            turns_of(wrong, "x")
    for wrong in ("yesterday", "-5", True):
        with pytest.raises(ValueUnreadError):
            moment(wrong)


CSV = (
    "conversation_id;Labeller;Reality distortion;attachment;note\nc1;Ana;moderate;1;x\nc2;Bo;7;;\nc3;Bo;;;\nc4;Cy;2;;\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_spreadsheet_of_a_stranger_is_read_and_its_bad_rows_are_listed(encoding):
    read = formats.read("csv", CSV.encode(encoding))
    assert [(r.place, r.conversation_id, r.labeller, r.levels) for r in read.rows] == [
        ("row 2", "c1", "Ana", {"reality_distortion": 2, "attachment": 1}),
        ("row 5", "c4", "Cy", {"reality_distortion": 2}),
    ]
    assert {r.status for r in read.rows} == {"unsure"}
    assert len(read.problems) == 2
    assert read.problems[0].startswith("row 3: the level of reality_distortion")
    assert read.problems[1].startswith("row 4: no level")


def test_a_cell_that_a_spreadsheet_would_run_is_written_as_text():
    written = [Entry("c1", "h", "=1+1", None, "d", None, [Label("c1", "h", "+x", 1, "skipped", "r")])]
    data = b"".join(formats.write("csv", written, conversations=False)).decode()
    (row,) = csv.DictReader(io.StringIO(data))
    assert (row["source_id"], row["labeller"]) == ("'=1+1", "'+x")


def test_what_label_studio_itself_exports_is_read():
    """The shape of https://labelstud.io/guide/task_format, with what its server adds."""
    result = [
        {
            "id": "a1",
            "from_name": c,
            "to_name": "dialogue",
            "type": "choices",
            "origin": "manual",
            "value": {"choices": ["mild"]},
        }
        for c in CONSTRUCTS
    ]
    task = {
        "id": 7,
        "project": 83,
        "data": {"conversation_id": "c1", "content_hash": "h", "draw": "d", "dialogue": []},
        "annotations": [
            {"id": 1001, "result": result, "was_cancelled": False, "ground_truth": False, "lead_time": 4.288,
             "created_at": "2021-03-09T22:16:08.728353Z", "completed_by": 10},
            {"id": 1002, "result": [], "was_cancelled": True, "completed_by": {"id": 3, "email": "bo@example.org"}},
        ],
        "predictions": [{"result": result}],
    }  # fmt: skip
    one, two = formats.read("label-studio", json.dumps([task]).encode()).rows
    assert one.levels == dict.fromkeys(CONSTRUCTS, 1)
    assert (one.status, one.labeller, one.seconds, one.draw) == ("labelled", "label-studio 10", 4.288, "d")
    assert one.at == 1615328168728
    assert (two.status, two.labeller, two.levels) == ("skipped", "bo@example.org", {})


def test_the_configuration_for_label_studio_has_a_control_for_everything_that_is_written():
    tree = ET.fromstring(label_studio.config())
    controls = {node.get("name"): node for node in tree if node.get("toName")}
    assert {node.get("toName") for node in controls.values()} == {"dialogue"}
    assert tree.find("Paragraphs").get("value") == "$dialogue"
    assert [choice.get("value") for choice in controls["attachment"]] == list(LEVELS)
    written = [Entry("c", "h", "s", None, "d", [], [labels_of_everything()])]
    (task,) = msgspec.json.decode(b"".join(formats.write("label-studio", written)))
    (annotation,) = task["annotations"]
    used = {one["from_name"]: one for one in annotation["result"]}
    assert set(used) == set(controls)
    kinds = {"Choices": "choices", "TextArea": "textarea"}
    assert all(kinds[controls[name].tag] == one["type"] for name, one in used.items())


def labels_of_everything():
    return Label(
        "c", "h", "Ana", 1, "labelled", "r", dict.fromkeys(CONSTRUCTS, 2), {c: [0] for c in CONSTRUCTS},
        dict.fromkeys(MARKERS, "no"),
    )  # fmt: skip


def test_what_argilla_itself_exports_is_read():
    """The shape of `Record.to_dict` of Argilla 2; drafts are no labels, discarded ones are skipped."""
    record = {
        "id": "c1",
        "fields": {"conversation": [{"role": "user", "content": "hi"}]},
        "metadata": {"content_hash": "h", "draw": "d"},
        "suggestions": {"attachment": {"value": "severe", "score": None, "agent": "m"}},
        "responses": {
            c: [{"value": "moderate", "user_id": "u1"}, {"value": "none", "user_id": "u2", "status": "draft"}]
            for c in CONSTRUCTS
        },
        "vectors": {},
        "_server_id": "9",
    }
    (row,) = formats.read("argilla", json.dumps([record]).encode()).rows
    assert (row.conversation_id, row.labeller, row.status) == ("c1", "argilla u1", "labelled")
    assert row.levels == dict.fromkeys(CONSTRUCTS, 2)


def test_the_files_that_a_study_keeps_are_read_as_json_lines():
    one = labels_of_everything()
    (row,) = formats.read("jsonl", msgspec.json.encode(one) + b"\n").rows
    assert (row.conversation_id, row.labeller, row.levels, row.at) == ("c", "Ana", one.levels, 1)


def test_a_form_that_is_not_known_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match="csv, jsonl, label-studio, argilla"):
        formats.read("xml", b"")
