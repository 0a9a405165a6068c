"""The checker of released files: what it must find, and that it finds nothing in what passed the gate."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.patterns.gate import released
from selfrule.privacy import release
from selfrule.privacy.bounds import Known, pinned, solved
from selfrule.privacy.checker import check, of_data, of_text
from tests.patterns.trees import members, tree
from tests.privacy.test_release import cell


def made(n: int = 600, *, k: int = 10, seed: int = 0, people: int | None = 250) -> dict:
    known = members(n, people=people, seed=seed)
    private, rows = tree(known, seed=seed)
    return json.loads(msgspec.json.encode(released(private, known, rows, k=k, text_gate=lambda text: None)))


@given(st.integers(0, 400), st.sampled_from([None, 4, 40, 300]), st.integers(2, 25), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_it_finds_nothing_in_what_passed_the_gate(n, people, k, seed):
    assert of_data(made(n, k=k, seed=seed, people=people), k) == []


def test_it_finds_much_in_private_patterns_that_only_say_they_were_released():
    known = members(600, people=250)
    private = msgspec.structs.replace(tree(known)[0], kind="released")
    found = of_data(json.loads(msgspec.json.encode(private)), 10)
    assert {how for _, how in found} >= {
        "a pattern of few conversations",
        "a share of few conversations",
        "a count of few conversations",
    }
    assert of_data(json.loads(msgspec.json.encode(tree(known)[0])), 10)[0][0] == "kind"


def test_it_finds_what_is_changed_by_hand():
    base = made()
    assert of_data(base, 10) == []
    group = next(i for i, p in enumerate(base["patterns"]) if p["parent"] is None)
    part = next(i for i, p in enumerate(base["patterns"]) if p["parent"] is not None)
    for where, value, how in (
        ("conversations", 9, "a pattern of few conversations"),
        ("persons", 3, "a pattern of few people"),
        ("collapsed", 2, "a count of few conversations"),
        ("severe", 4 / base["patterns"][part]["conversations"], "a share of few conversations"),
        ("severe", 1 - 4 / base["patterns"][part]["conversations"], "a share that all but few have"),
        ("months", {"2026-01": 4}, "a count of few conversations"),
        ("claims", [{"text": "a", "shown": 4, "checked": 40}], "a claim that few show, or all but few"),
        ("claims", [{"text": "a", "shown": 0, "checked": 0}], "a claim that was not checked"),
    ):
        changed = json.loads(json.dumps(base))
        changed["patterns"][part][where] = value
        assert how in {h for _, h in of_data(changed, 10)}
    changed = json.loads(json.dumps(base))
    name = base["patterns"][group]["id"]
    inside = sum(p["conversations"] for p in base["patterns"] if p["parent"] == name)
    changed["patterns"][group]["conversations"] = inside + 5
    assert any("taken from" in how for _, how in of_data(changed, 10))
    changed = json.loads(json.dumps(base))
    changed["withheld"]["conversations"] = 3
    assert ("withheld.conversations", "a count of few conversations") in of_data(changed, 10)


def test_shares_whose_counts_leave_a_hidden_part_of_few_are_found():
    shared = {"collapsed": 0, "described": 2000, "flagged": 2000, "kind": "released", "withheld": {"conversations": 0}}
    base = {"depth": 0, "name": "", "persons": None, "claims": [], "months": {}, "domains": {}, "codes": {}}

    def one(name: str, parent: str | None, n: int, severe: float | None) -> dict:
        return base | {
            "id": name,
            "parent": parent,
            "conversations": n,
            "severe": severe,
            "actualized": None,
            "constructs": {},
        }

    parts = [one("p0.0", "p0", 1000, 0.3), one("p0.1", "p0", 1000, None)]
    assert of_data(shared | {"patterns": [one("p0", None, 2000, 0.3), *parts]}, 1000)
    assert not of_data(shared | {"patterns": [one("p0", None, 2000, 0.5), *parts]}, 200)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 60), min_size=1), st.integers(2, 20))
def test_it_finds_nothing_in_estimates_that_passed_the_gate_and_what_is_left_where_one_group_is_missing(sizes, k):
    cells = [cell({}, sum(sizes.values())), *(cell({"model": m}, n) for m, n in sizes.items())]
    shown = json.loads(msgspec.json.encode(release(cells, k).estimates))
    assert of_data(shown, k) == []
    everything = json.loads(msgspec.json.encode(cells))
    smallest = min(sizes, key=lambda m: sizes[m])
    without = [one for one in everything if one["group"] != {"model": smallest}]
    if sizes[smallest] < k and len(sizes) > 1:
        assert ("model", "few are left when the groups shown are taken from the whole") in of_data(without, k)


def test_few_people_of_a_group_are_found_and_csv_reads_as_json():
    rows = [cell({}, 500, 100), cell({"model": "a b=c"}, 400, 90), cell({"model": "b"}, 100, 4)]
    found = of_data(json.loads(msgspec.json.encode(rows)), 10)
    assert found == [("model=b", "a group of few people")]
    text = "construct,level,group,n,missing,persons,kind\n" + "".join(
        f"flagged,moderate+,{' '.join(f'{a}={b}' for a, b in e.group.items())},{e.n},0,{e.persons},rated\n"
        for e in rows
    )
    assert of_text(text, ".csv") == found


FIGURE = {"value": 0.5, "low": 0.1, "high": 0.9, "n": 40, "persons": 20, "missing": 0}


@pytest.mark.parametrize(
    ("change", "how"),
    [
        ({"untimed": 4}, "a count of few conversations"),
        ({"conversations": 103}, "few are left when what is shown is taken from the whole"),
        ({"first": FIGURE | {"n": 4}}, "a figure of few conversations"),
        ({"first": FIGURE | {"persons": 4}}, "a figure of few people"),
        ({}, None),
    ],
)
def test_small_figures_and_small_remainders_of_analyses_are_found(change, how):
    points = [FIGURE | {"n": 60}, FIGURE]
    record = {"analysis": "trend", "conversations": 100, "persons": 50, "untimed": 0, "overall": {"points": points}}
    found = of_data(record | change, 10)
    assert {h for _, h in found} == ({how} if how else set())


def test_tables_of_a_page_are_read_as_anybody_reads_them():
    def page(*rows: tuple[str, str, str]) -> str:
        lines = "".join(f"<tr><td>{a}</td><td>{b}</td><td>{c}</td></tr>" for a, b, c in rows)
        whole = "<table><tr><th>Level</th><th>Seen</th></tr><tr><td>x</td><td>9 of 120</td></tr></table>"
        return f"{whole}<table><tr><th>Model</th><th>Rated</th><th>Seen</th></tr>{lines}</table>"

    assert of_text(page(("a", "80", "3 of 80"), ("b", "40", "1 of 40")), ".html") == []
    assert len(of_text(page(("a", "80", "3 of 80"), ("b", "4", "1 of 4")), ".html")) == 2
    assert of_text(page(("a", "117", "9 of 117")), ".html")[0][1].startswith("few are left")


def test_a_file_that_it_cannot_read_is_a_violation(tmp_path):
    for name, content in (("a.bin", b"\xff\xfe"), ("b.json", b"{"), ("c.json", b"{}"), ("d.xml", b"<a/>")):
        (tmp_path / name).write_bytes(content)
    assert len(check(sorted(tmp_path.iterdir()))) == 4


def test_bounds_pin_what_is_left_and_only_that():
    known = Known()
    known.about("whole", 100, 100)
    known.about("shown", 94, 96)
    known.parts("whole", ["shown", "hidden", "other"])
    known.about("other", 0, 2)
    got = solved(known, ["hidden", "other"])
    assert got == {"hidden": (2, 6), "other": (0, 2)}
    assert pinned(got, 10) == ["hidden"]
    assert pinned(got, 6) == []
