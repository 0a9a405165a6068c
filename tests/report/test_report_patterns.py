"""Patterns in the report: a map on which nothing touches, a list that opens, what was withheld, and a last door."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.patterns import gate, naming
from selfrule.patterns.assemble import nodes
from selfrule.patterns.assemble import pattern as assembled
from selfrule.patterns.gate_noise import noised
from selfrule.patterns.records import Claim, Pattern, Patterns, Withheld
from selfrule.patterns.traits import traits
from selfrule.report import pattern_words, public, render
from selfrule.report.charts.pattern_map import LABELS, Spot, labelled, map_chart, settled, wrapped
from selfrule.report.charts.pattern_tree import calendar, trend
from selfrule.report.charts.svg import width_of
from selfrule.report.layout import Branch
from selfrule.report.pattern_forest import DEEPEST, forest
from selfrule.report.pattern_lines import lines
from selfrule.report.patterns import Shades, breaks, section
from selfrule.report.shareable_patterns import patterns_shown
from tests.patterns.test_assemble import some

from .contexts import personal
from .page import Element, read
from .patterned import nothing, pattern, patterns, with_patterns

PAGE, PHONE = (760.0, 480.0), (340.0, 460.0)


def released(made: Patterns, **more: object) -> Patterns:
    return msgspec.structs.replace(made, **more)


def page_of(made: Patterns | None, kind: str = "shareable") -> Element:
    return read(render(with_patterns(made, kind)))


def told(made: Patterns | None, kind: str = "shareable") -> str:
    found = [s for s in page_of(made, kind).all("section") if s.attributes["id"] == "patterns"]
    return " ".join(found[0].text.split()).replace("\N{NARROW NO-BREAK SPACE}", " ") if found else ""


def spots(places: list[tuple[float, float] | None], sizes: list[int]) -> list[Spot]:
    return [
        Spot(anchor=f"pattern-{i}", name=f"A pattern of kind {i} with a name", place=p, size=n, cls="few", words="")
        for i, (p, n) in enumerate(zip(places, sizes, strict=True))
    ]


coordinate = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-1, 1)
place = st.none() | st.tuples(coordinate, coordinate)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(place, st.integers(0, 10**7)), min_size=1, max_size=50), st.sampled_from([PAGE, PHONE]))
def test_circles_lie_in_the_map_and_none_touches_another(got, size):
    at, radius = settled(spots([p for p, _ in got], [n for _, n in got]), *size, 0.2)
    assert np.isfinite(at).all()
    assert (at - radius[:, None] >= 0).all()
    assert (at + radius[:, None] <= np.array(size)).all()
    for i in range(len(got)):
        for j in range(i):
            assert math.dist(at[i], at[j]) >= radius[i] + radius[j]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(place, st.integers(10, 2000)), min_size=1, max_size=60), st.booleans())
def test_no_label_lies_over_a_circle_another_label_or_an_edge(got, phone):
    made = spots([p for p, _ in got], [n for _, n in got])
    size = PHONE if phone else PAGE
    at, radius = settled(made, *size, 0.2)
    labels = list(labelled(made, at, radius, *size, phone=phone).values())
    assert len(labels) <= LABELS[phone]
    for i, label in enumerate(labels):
        left, top, right, bottom = label.box
        assert left >= 0
        assert top >= 0
        assert right <= size[0]
        assert bottom <= size[1]
        for (x, y), r in zip(at, radius, strict=True):
            assert math.dist((x, y), (min(max(x, left), right), min(max(y, top), bottom))) >= r
        for other in labels[:i]:
            a, b, c, d = other.box
            assert left >= c or right <= a or top >= d or bottom <= b


def test_a_larger_pattern_has_a_larger_circle_in_proportion_to_its_conversations():
    _, radius = settled(spots([(0, 0), (1, 1), (-1, 1)], [400, 100, 100]), *PAGE, 0.2)
    assert radius[0] == pytest.approx(2 * radius[1])


@given(st.text(max_size=200), st.integers(1, 3))
def test_a_wrapped_name_keeps_to_its_lines_and_its_room(name, most):
    made = wrapped(name, 120, most)
    assert len(made) <= most
    assert all(width_of(line) <= 135 for line in made)


def test_every_circle_leads_to_the_place_where_its_pattern_is_told_of():
    page = page_of(patterns(34, groups=7))
    ids = [e.attributes["id"] for e in page if e.attributes.get("id")]
    assert len(ids) == len(set(ids))
    links = [a.attributes["href"] for svg in page.all("svg") for a in svg.all("a")]
    assert len(links) == 2 * 34
    assert {link.removeprefix("#") for link in links} <= set(ids)
    names = {e.attributes["id"]: e.parent.all("summary")[0].text for e in page.all("div") if "inside" in e.classes()}
    for svg in page.all("svg"):
        for a in svg.all("a"):
            assert a.first("title").text.partition(":")[0] in names[a.attributes["href"].removeprefix("#")]


def test_fewer_than_three_patterns_have_no_map():
    assert map_chart(spots([(0, 0), (1, 0)], [10, 10])) is None
    assert "Choose a circle" not in told(patterns(2))
    assert "Choose a circle" in told(patterns(3))


def test_no_attribute_of_the_page_sets_a_style_for_the_policy_forbids_it():
    assert not [e for e in page_of(patterns(34, groups=7)) if "style" in e.attributes]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 8), st.none() | st.integers(0, 9), st.integers(0, 99)), max_size=12))
def test_every_pattern_is_in_the_list_once_whatever_its_parents_say(got):
    made = [
        Pattern(id=f"p{i}", parent=None if p is None else f"p{p}", depth=0, name="", conversations=n) for i, p, n in got
    ]
    tree = forest(made)
    assert sorted(tree.order()) == list(range(len(made)))
    for i, children in tree.children.items():
        assert all(made[c].parent == made[i].id for c in children)


def test_groups_open_to_their_patterns_the_largest_first():
    tree = lines(patterns(34, groups=7).patterns, {}, private=False).tree
    assert len(tree.branches) == 7
    sizes = [int(b.figures[0][1].partition(",")[0]) for b in tree.branches]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(len(b.children) for b in tree.branches) == 34


def test_long_lists_fold_and_what_a_page_has_no_room_for_is_counted():
    page = page_of(patterns(50))
    assert "20 more" in [s.text for s in page.all("summary")]
    got = lines(patterns(2000).patterns, {}, private=False)
    many = got.tree
    assert 300 < len(many.branches) == len(got.listed) < 2000
    assert many.left.startswith(f"{2000 - len(many.branches):,} smaller ones are left out")
    assert "its summary is left out" in " ".join(many.branches[-1].notes)
    assert many.branches[0].said


def test_a_chain_of_parents_without_end_is_cut():
    chain = [
        Pattern(id=f"p{i}", parent=f"p{i - 1}" if i else None, depth=i, name="x", conversations=20) for i in range(3000)
    ]
    tree = forest(chain)
    assert sorted(tree.order()) == list(range(3000))
    assert lines(chain, {}, private=True).listed
    assert sum(bool(c) for c in tree.children.values()) <= DEEPEST


@pytest.mark.parametrize("kind", ["shareable", "private"])
@pytest.mark.parametrize("many", [(420, 20), (2000, 130)])
def test_hundreds_of_patterns_stay_under_two_megabytes(many, kind):
    made = patterns(many[0], groups=many[1], kind="released" if kind == "shareable" else "private")
    long = [
        msgspec.structs.replace(p, name="W" * 500, claims=[Claim(text="&" * 900, shown=30, checked=50)] * 20)
        for p in made.patterns
    ]
    assert len(render(with_patterns(released(made, patterns=long), kind)).encode()) < 2_000_000


def test_a_private_page_full_of_quotes_gives_patterns_what_room_is_left():
    quote = personal().quoted[0]
    full = [replace(quote, turns=[replace(quote.turns[0], text="\u6f22" * 1500)] * 12)] * 40
    html = render(with_patterns(patterns(900, groups=30, kind="private"), "private", quoted=full))
    assert len(html.encode()) < 2_000_000
    assert "its summary is left out" in html
    assert "shown by 38 of 50 checked" in html


def test_each_claim_stands_beside_how_many_show_it():
    said = told(patterns(5))
    assert "Most were about a quarrel with somebody close to the person. shown by 38 of 50 checked" in said


def test_a_month_is_a_bar_on_one_calendar_for_all_lines():
    span = calendar([{"2025-01": 4}, {"2025-12": 2, "never": 9}])
    drawn = [str(trend(m, span)) for m in ({"2025-01": 4}, {"2025-12": 2})]
    assert 'd="M0.' in drawn[0]
    assert 'd="M58' in drawn[1] or 'd="M59' in drawn[1]
    assert "most in December 2025, 2" in drawn[1]
    assert trend({}, span) is None
    assert calendar([{}, {"x": 1}]) is None


def test_centuries_of_months_are_cut_to_the_latest():
    first, last = calendar([{"1025-01": 4, "2025-12": 2}])
    assert last - first == 59


@settings(max_examples=60)
@given(st.lists(st.floats(0, 1), max_size=30))
def test_shades_have_round_limits_that_some_patterns_are_on_each_side_of(shares):
    got = breaks(shares)
    assert got == sorted(got)
    for limit in got:
        assert any(s < limit for s in shares)
        assert any(s >= limit for s in shares)


def test_the_highest_share_that_the_gate_shows_is_that_or_more():
    first = msgspec.structs.replace(
        patterns(1).patterns[0],
        conversations=50,
        severe=0.8,
        codes={"behaviour": {"active_seeking": 0.8, "push_back": 0.76}},
        claims=[Claim(text="A claim.", shown=20, checked=30), Claim(text="Another.", shown=19, checked=30)],
        faithful=0.5,
        held_out=20,
    )
    made = released(patterns(4), patterns=[first, *patterns(4).patterns[1:]])
    said = told(made)
    for words in (
        "Severe: 80 % or more", "active seeking 80 % or more; push-back 76 %", "all, or all but about 10, severe",
        "A claim. shown by 20 or more of 30 checked", "Another. shown by 19 of 30 checked", "50 % or more of 20 conv",
    ):  # fmt: skip
        assert words in said
    assert "80 % or more" not in told(released(made, kind="private"), "private")


@pytest.mark.parametrize(
    ("k", "epsilon", "said"), [(12, None, "70 % or more"), (12, 1.0, "70 %"), (15, 1.0, "70 % or more")]
)
def test_the_smallest_count_is_a_multiple_of_five_unless_counts_have_noise(k, epsilon, said):
    first = msgspec.structs.replace(patterns(1).patterns[0], conversations=50, severe=0.7, persons=None, months={})
    made = released(patterns(4), patterns=[first], k=k, epsilon=epsilon, withheld=Withheld())
    assert pattern_words.words_of(first, pattern_words.least(made)) == f"50 conversations, {said} severe"


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.none() | st.floats(0, 1), st.integers(10, 90)), min_size=1, max_size=20),
    st.none() | st.just(10),
)
def test_every_shade_on_the_map_is_in_the_legend(got, least):
    made = [msgspec.structs.replace(patterns(1).patterns[0], severe=severe, conversations=n) for severe, n in got]
    shade = Shades.of(made, least)
    used = {shade(p) for p in made}
    keys = shade.legend(used)
    assert {k.cls for k in keys} == used
    assert all(k.text for k in keys)


def test_withheld_patterns_are_counted_with_their_reasons_and_their_bias():
    said = told(patterns(5))
    assert "7 patterns, of 80 conversations in all, are withheld." in said
    assert "4 of fewer than 10 conversations or people, 2 so that no small one can be found by subtraction" in said
    assert "14 % are severe, of those withheld 26 %: what is shown looks milder than all there is." in said


@pytest.mark.parametrize(
    ("shown", "kept", "words"),
    [
        (0.2, 0.1, "more severe than all there is"),
        (0.2, 0.195, "about as severe as all there is"),
        (0.1, 0.2, "milder than all there is"),
        (None, 0.2, "is not said"),
    ],
)
def test_the_bias_of_what_is_shown_is_said_in_words(shown, kept, words):
    got = Withheld(patterns=3, conversations=60, reasons={"small": 3}, severe_released=shown, severe_withheld=kept)
    assert words in pattern_words.withheld(got, 10)[1]


def test_a_reason_from_elsewhere_is_not_printed():
    got = Withheld(patterns=3, conversations=60, reasons={"<b>Alice</b>": 3})
    assert "Alice" not in " ".join(pattern_words.withheld(got, 10))


def test_without_patterns_there_is_no_section_and_without_any_released_it_says_why():
    assert told(None) == ""
    assert "none could be released" in told(nothing())
    assert "2 of fewer than 10" in told(nothing())
    none = released(nothing(), flagged=0, described=0, withheld=Withheld())
    assert "No conversation was flagged, or too few" in told(none)
    none = released(none, kind="private", withheld=None)
    assert "No conversation was flagged, so" in told(none, "private")
    assert "none could be described" in told(released(none, flagged=4), "private")


# The last door.


def shown(made: Patterns) -> Patterns | None:
    return public(with_patterns(made)).patterns


def test_patterns_that_never_passed_the_gate_are_not_in_a_shareable_report():
    made = patterns(5, kind="private")
    assert shown(made) is None
    assert told(made) == ""
    assert NAME in told(made, "private")


NAME = "Third parties' minds read from a few lines"


@pytest.mark.parametrize(
    "change",
    [
        {"conversations": 9},
        {"conversations": 0},
        {"persons": 9},
        {"months": {"2025-01": 30, "2025-02": 1}},
    ],
)
def test_one_count_under_k_drops_every_pattern_for_the_rest_could_give_it_away(change):
    made = patterns(5)
    bad = [msgspec.structs.replace(made.patterns[0], **change), *made.patterns[1:]]
    got = shown(released(made, patterns=bad))
    assert got.patterns == []
    assert (got.flagged, got.described, got.withheld) == (0, 0, None)
    assert "does not hold to the rules" in told(released(made, patterns=bad))
    assert NAME not in render(with_patterns(released(made, patterns=bad)))


def test_few_conversations_withheld_in_all_drop_every_pattern():
    assert shown(released(patterns(5), withheld=Withheld(patterns=1, conversations=3))).patterns == []


@pytest.mark.parametrize("k", [None, 9])
def test_patterns_released_for_smaller_groups_than_the_report_shows_are_left_out(k):
    made = released(patterns(5), k=k)
    assert shown(made).patterns == []
    assert ("selfrule patterns STUDY --k 10" in told(made)) == (k is not None)


def test_claims_that_nobody_checked_are_dropped_from_a_shareable_report_alone():
    made = patterns(5)
    claimed = [msgspec.structs.replace(made.patterns[0], claims=[Claim(text="Nobody looked.")]), *made.patterns[1:]]
    assert "Nobody looked" not in told(released(made, patterns=claimed))
    assert "No claim about it is shown" in told(released(made, patterns=claimed))
    assert "Nobody looked. not checked" in told(released(made, patterns=claimed, kind="private"), "private")


def test_no_source_id_address_or_path_is_in_a_shareable_report():
    by = "openai-compatible:http://canary-host.example:8000/v1#Qwen/Qwen3-32B/names-1@77ab01c2"
    made = patterns(5)
    made = released(
        made,
        embedding="/home/canary-home/models/minilm@384",
        facets="canary-table-1",
        patterns=[msgspec.structs.replace(p, by=by) for p in made.patterns],
    )
    html = render(with_patterns(made))
    for word in ("canary-host", "canary-home", "canary-table", "source-p"):
        assert word not in html
    assert "minilm@384" in html
    assert "Qwen3-32B" in html
    private = render(with_patterns(released(made, kind="private"), "private"))
    assert "source-p0-1" in private


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 400), st.integers(1, 8), st.integers(0, 10**6), st.integers(3, 12), st.booleans())
def test_what_the_gate_releases_passes_the_last_door_whole(n, clusters, seed, k, noisy):
    known = some(n, seed, people=n // 2 or 1)
    member = np.unique(np.random.default_rng(seed).integers(0, clusters, n), return_inverse=True)[1].astype(np.int64)
    tree = nodes(member, np.arange(n), [])
    found = traits(known)
    made = released(
        nothing("private"), patterns=[assembled(one, known, naming.by_traits(one, found)) for one in tree], flagged=n
    )
    rows = {one.id: one.rows for one in tree}
    out = gate.released(made, known, rows, k=k, text_gate=lambda text: None)
    if noisy:
        rng = np.random.default_rng(seed)
        noise = lambda counts, sensitivity, epsilon: counts + rng.integers(-9, 10, counts.shape)  # noqa: E731
        out = noised(out, known, rows, epsilon=1.0, k=k, mechanism=noise)
    got = patterns_shown(out, k)
    assert [p.id for p in got.patterns] == [p.id for p in out.patterns]
    assert [p.claims for p in got.patterns] == [p.claims for p in out.patterns]
    assert section(replace(with_patterns(out), k=k)) is not None


def test_near_copies_are_told_of_in_private_alone():
    assert "left out. Its" not in told(patterns(5))
    assert "1 near copy left out." in told(patterns(5, kind="private"), "private")


@pytest.mark.parametrize("kind", ["shareable", "private"])
@settings(max_examples=8, deadline=None)
@given(st.text(max_size=40))
def test_any_text_in_patterns_leaves_the_page_well_formed(kind, text):
    first = pattern(0, random.Random(1))
    first = msgspec.structs.replace(
        first, id=text, name=text, claims=[Claim(text=text, shown=20, checked=50)], by=text, domains={text: 0.5},
        codes={text: {text: 0.5}, "trajectory": {text: 0.5}}, constructs={text: 0.5}, months={text: 12},
    )  # fmt: skip
    made = released(patterns(4), patterns=[first], notes=[text], embedding=text, withheld=None)
    made = released(made, kind="private" if kind == "private" else "released")
    context = replace(with_patterns(made, kind), pattern_members={text: [text]})
    plain = read(render(context))
    assert len(plain.all("script")) == 1
    render(context).encode()


def test_codes_and_domains_that_are_not_of_the_rubric_are_not_printed():
    first = msgspec.structs.replace(
        patterns(1).patterns[0], domains={"alice smith": 0.9}, codes={"trajectory": {"alice smith": 0.4}}
    )
    assert "alice" not in told(released(patterns(4), patterns=[first]))


def test_a_private_report_of_one_person_keeps_its_patterns_among_all_the_figures():
    assert section(with_patterns(patterns(5, kind="private"), "private")).anchor == "patterns"
    assert isinstance(lines(patterns(5).patterns, {}, private=True).tree.branches[0], Branch)
