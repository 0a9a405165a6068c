"""The table that a run ends with."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from selfrule.report import Suppressed, terminal_table

from .contexts import bare, embedded, empty, estimate, judged, large, personal


def shown(context, width=80, encoding="utf-8"):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=out, width=width, force_terminal=False, highlight=False)
    for piece in terminal_table(context):
        console.print(piece)
    out.flush()
    return out.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("context", [large(), personal(), empty(), bare(1, 1), bare(2_000_000, 3), judged()])
def test_no_line_is_wider_than_80_columns(context):
    assert max(len(line) for line in shown(context).splitlines()) <= 80


def test_no_figure_is_cut():
    for context in (large(), personal(), bare(2_000_000, 3)):
        assert "…" not in shown(context)


def test_a_pipe_that_knows_ascii_alone_is_enough():
    assert "Reality distortion" in shown(large(), encoding="ascii")


def test_each_construct_has_its_levels_an_interval_and_odds():
    line = next(li for li in shown(large()).splitlines() if li.startswith("Reality"))
    assert line.split() == [
        "Reality",
        "distortion",
        "1.78",
        "%",
        "0.39",
        "%",
        "0.078",
        "%",
        "0.073-0.083",
        "%",
        "1,300",
    ]


def test_flagged_actualized_missing_and_agreement_are_there():
    text = " ".join(shown(large()).split())
    assert "Flagged 1.52 % 1.50-1.54 % 66 21,906" in text
    assert "Actualized: value judgment 0 seen <= 0.00035 % 0" in text
    assert "Missing, never counted as none: language not known to the judge, 18,120" in text
    assert "no language model; agrees with labels at kappa 0.67." in text


def test_nothing_rated_is_one_clear_line_and_no_table():
    text = shown(empty())
    assert text.startswith("No figure: nothing was rated.")
    assert "severe" not in text


def test_agreement_by_construct_is_a_range():
    judge = embedded(pooled=False)
    assert "kappa 0.58 to 0.72, by construct" in " ".join(shown(replace(large(), judge=judge)).split())


def test_few_events_are_said_to_be_few():
    assert "Only 3 flagged" in shown(personal())
    assert "Only" not in shown(large())


def test_a_suppressed_cell_is_said_to_be_under_k():
    entries = [estimate("flagged", "yes", 5, 50)]
    hidden = Suppressed(group={}, construct="attachment", level="severe", reason="small")
    text = shown(replace(bare(50, 5), kind="shareable", estimates=entries, suppressed=[hidden]))
    assert "<10" in next(li for li in text.splitlines() if li.startswith("Attachment"))


def test_nothing_missing_is_said():
    assert "Missing: nothing." in shown(bare(500, 20))


def test_what_is_left_out_of_shared_figures_is_said_beside_what_is_missing():
    left = "Left out of every shared figure: conversations of unknown model, fewer than 10."
    context = large()
    said = " ".join(shown(replace(context, study=replace(context.study, unplaced=left))).split())
    assert left in said
    assert "Missing: nothing." not in said
