"""Charts: what is drawn, at any size of anything."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.report.cells import Cells
from selfrule.report.charts.domains import Domain, domains_chart
from selfrule.report.charts.factors import factors_chart
from selfrule.report.charts.months import month_number, months_chart
from selfrule.report.charts.rows import Group, Row, row_of, rows_chart
from selfrule.report.charts.steps import Step, curve_chart, flow_chart
from selfrule.report.charts.svg import Scale, fit, linear_scale, log_scale, nice
from selfrule.report.text import one_line

from .contexts import bare, estimate

SVG = "{http://www.w3.org/2000/svg}"
counts = st.integers(1, 3_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def cell(count, n):
    return Cells(bare(1, 0, estimates=[estimate("flagged", "yes", count, n)])).flagged()


def marks(drawing, cls):
    return [e for e in ET.fromstring(str(drawing)).iter() if cls in (e.get("class") or "").split()]


def check(chart):
    for drawing in (chart.page, chart.phone):
        root = ET.fromstring(str(drawing))
        assert not re.search(r"nan|inf|None", " ".join(str(e.attrib) for e in root.iter()).lower().replace("none'", ""))
        width = float(root.get("viewBox").split()[2])
        for e in root.iter():
            for name in ("x", "x1", "x2", "cx"):
                assert -1 <= float(e.get(name, 0)) <= width + 1


@given(st.lists(counts, min_size=1, max_size=8), st.sampled_from(["log", "linear"]))
@settings(deadline=None, max_examples=60)
def test_rows_of_any_figures_can_be_drawn(pairs, kind):
    rows = [row_of(cell(*pair), f"row {i}", "tip") for i, pair in enumerate(pairs)]
    check(rows_chart([Group("Heading", rows)], name="a", title="t", describe=lambda: "d", kind=kind))


@given(st.lists(counts, min_size=2, max_size=5))
@settings(deadline=None, max_examples=60)
def test_a_larger_share_is_never_drawn_to_the_left_of_a_smaller_one(pairs):
    cells = sorted((cell(*p) for p in pairs), key=lambda c: c.share)
    rows = [row_of(c, "r", "tip") for c in cells]
    drawing = rows_chart([Group("", rows)], name="a", title="t", describe=lambda: "d", kind="log").page
    places = [float(e.get("cx")) for e in marks(drawing, "flag") if e.tag == f"{SVG}circle"]
    assert places == sorted(places)


def test_none_seen_is_a_dashed_line_to_its_limit_and_no_dot():
    drawing = rows_chart(
        [Group("", [row_of(cell(0, 40), "r", "tip")])], name="a", title="t", describe=lambda: "d", kind="log"
    ).page
    assert not [e for e in marks(drawing, "flag") if e.tag == f"{SVG}circle"]
    assert len(marks(drawing, "none")) == 1
    assert len(marks(drawing, "limit")) == 1


def test_levels_differ_in_shape_and_not_in_colour_alone():
    rows = [
        Row(label=s, value=0.1, low=0.05, high=0.2, shape=s, cls=c)
        for s, c in (("circle", "mild"), ("square", "moderate"), ("diamond", "severe"))
    ]
    drawing = rows_chart([Group("h", rows)], name="a", title="t", describe=lambda: "d", kind="log").page
    tags = [e.tag for c in ("mild", "moderate", "severe") for e in marks(drawing, c) if e.tag != f"{SVG}line"]
    assert tags == [f"{SVG}circle", f"{SVG}rect", f"{SVG}polygon"]


@given(st.lists(st.tuples(counts, st.one_of(st.none(), st.floats(0, 1))), min_size=1, max_size=21))
@settings(deadline=None, max_examples=40)
def test_domains_of_any_size_can_be_drawn(entries):
    check(domains_chart([Domain(f"domain {i}", t, cell(*p)) for i, (p, t) in enumerate(entries)], 0.01))


@given(st.lists(st.lists(counts, min_size=4, max_size=4), min_size=1, max_size=4))
@settings(deadline=None, max_examples=40)
def test_factors_of_any_size_can_be_drawn(panels):
    check(factors_chart([(f"factor {i}", [cell(*p) for p in row]) for i, row in enumerate(panels)]))


@given(
    st.lists(st.tuples(st.integers(1970 * 12, 2060 * 12), counts), min_size=1, max_size=60, unique_by=lambda e: e[0])
)
@settings(deadline=None, max_examples=40)
def test_months_of_any_span_can_be_drawn_with_few_labels(entries):
    chart = months_chart([(f"{m // 12:04d}-{m % 12 + 1:02d}", cell(*p)) for m, p in entries])
    check(chart)
    assert len(marks(chart.page, "tick")) <= 9


def test_no_month_with_a_figure_is_no_chart():
    assert months_chart([]) is None
    assert months_chart([("soon", cell(1, 20))]) is None


@pytest.mark.parametrize(("month", "number"), [("2025-01", 24300), ("2025-13", None), ("25-01", None), ("", None)])
def test_months_are_counted_from_year_zero(month, number):
    assert month_number(month) == number


def test_a_flow_of_nothing_can_be_drawn():
    check(flow_chart([Step("Conversations read", 0), Step("Rated", 0, [("lost", 3)])]))


def test_bars_of_a_flow_are_as_long_as_their_counts():
    drawing = flow_chart([Step("Read", 1000), Step("Rated", 250)]).page
    lengths = [float(e.get("width")) for e in marks(drawing, "step")]
    assert lengths[1] == pytest.approx(lengths[0] / 4, abs=0.1)


def test_the_chosen_setting_is_marked_on_the_screen_curve():
    points = [{"recall": r, "kept": r * r} for r in (0.5, 0.9, 1.0)]
    assert len(marks(curve_chart(points, 0.9, 0.8).page, "chosen")) == 1
    assert not marks(curve_chart(points, None, 0.8).page, "chosen")
    check(curve_chart([{"recall": 0.0, "kept": 0.0}, {"recall": 0.0, "kept": 1.0}], 0.1, 0.1))


@given(st.lists(st.floats(1e-9, 1.0), max_size=9), st.lists(st.floats(0, 1.0), max_size=9))
def test_scales_hold_every_share_and_are_in_order(shares, highs):
    log, linear = log_scale(shares, 0, 100), linear_scale(shares, highs, 0, 100)
    for scale in (log, linear):
        assert 0 <= scale.lo < scale.hi <= 1
        assert all(scale.hi >= s * (1 - 1e-9) for s in shares)
        places = [scale(t) for t in scale.ticks()]
        assert all(a < b for a, b in itertools.pairwise(places))
        assert all(0 <= p <= 100 for p in places)


@given(st.floats(1e-12, 1e6))
def test_a_round_number_is_at_least_and_never_far_above_the_value(value):
    assert value * (1 - 1e-9) <= nice(value) <= value * 2.51


def test_a_value_beyond_the_scale_is_drawn_at_its_edge():
    assert Scale(0, 0.1, 0, 50)(0.9) == 50
    assert Scale(0.001, 0.1, 0, 50, log=True)(0) == 0


@given(st.text(max_size=300), st.floats(20, 400))
def test_a_label_is_cut_to_its_room_and_says_so(text, room):
    got = fit(text, room)
    assert len(got) <= room / 4.4 + 2
    assert got.endswith("…") or got == one_line(text, 200)


def test_wide_letters_take_more_room_than_narrow_ones():
    assert len(fit("漢" * 100, 130)) < len(fit("x" * 100, 130)) < len(fit("i" * 100, 130))
