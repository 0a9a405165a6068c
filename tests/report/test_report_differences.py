"""Differences drawn around a line at zero."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from selfrule.report.charts.differences import Difference, Differences, differences_chart, signed_scale, signed_ticks
from selfrule.report.numbers import signed, signed_interval

from .test_report_charts import SVG, check, marks

parts = st.floats(-1, 1, allow_nan=False)


def rows_of(values):
    return [Difference(label=f"row {i}", value=v, low=max(v - w, -1), high=min(v + w, 1), text=signed(v), beside=v / 2)
            for i, (v, w) in enumerate(values)]  # fmt: skip


def chart(rows):
    return differences_chart([Differences("Heading", rows)], name="d", title="t", describe=lambda: "d")


@given(st.lists(st.tuples(parts, st.floats(0, 1)), min_size=1, max_size=8))
@settings(deadline=None, max_examples=60)
def test_differences_of_any_size_can_be_drawn(values):
    check(chart(rows_of(values)))


@given(st.lists(parts, min_size=2, max_size=6))
@settings(deadline=None, max_examples=60)
def test_a_smaller_difference_is_never_drawn_to_the_right_of_a_larger_one(values):
    rows = [Difference(label="r", value=v) for v in sorted(values)]
    places = [float(e.get("cx")) for e in marks(chart(rows).page, "flag") if e.tag == f"{SVG}circle"]
    assert places == sorted(places)


@given(st.lists(st.tuples(parts, st.floats(0, 1)), max_size=6))
def test_the_scale_holds_zero_and_every_difference_and_zero_is_a_tick(values):
    scale = signed_scale([Differences("", rows_of(values))], 0, 100)
    assert scale.lo < 0 < scale.hi
    assert all(scale.lo <= v <= scale.hi for v, _ in values)
    ticks = signed_ticks(scale, 7)
    assert 0.0 in ticks
    assert len(ticks) <= 8


def test_a_row_without_a_figure_says_why_and_draws_no_mark():
    drawing = chart([Difference(label="model <b>", text="withheld: few")]).page
    assert "withheld: few" in str(drawing)
    assert "model &lt;b&gt;" in str(drawing)
    assert not [e for e in marks(drawing, "flag") if e.tag == f"{SVG}circle"]


def test_differences_are_said_with_a_sign_as_fine_as_their_interval():
    minus = "\N{MINUS SIGN}"
    assert [signed(v) for v in (0.0123, -0.0123, 0.0, -0.2)] == ["+1.2", f"{minus}1.2", "0", f"{minus}20"]
    assert signed(-0.00001, -0.1, 0.1) == "0"
    assert signed_interval(-0.0042, 0.0291) == f"{minus}0.4 to +2.9"
    assert signed(0.0214, -0.01, 0.05) == "+2.1"
