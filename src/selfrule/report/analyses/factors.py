"""The section of amplifying factors: an outcome by level, whether it rises, what is actualized, and how factors overlap."""

from __future__ import annotations

from selfrule.analyses.factors_records import ANY, NUMBER, Factors, Tested
from selfrule.analyses.figures import Figure as Share
from selfrule.estimate.cells import FLAGGED
from selfrule.estimate.multiplicity import together
from selfrule.report.analyses import factors_overlap, saying
from selfrule.report.cells import Cell
from selfrule.report.charts.factors import factors_chart
from selfrule.report.charts.ratios import Ratio, limits, ratios_chart
from selfrule.report.findings import AT_MOST, FIGURES, brief, figures
from selfrule.report.layout import Body, Figure, Key, Part, Section, Table, Td
from selfrule.report.numbers import number, plural, signed, signed_interval, times
from selfrule.rubric import load

_LEAD = (
    "Conditions of the person or of how they stand to the assistant. They are not disempowerment by themselves; the question "
    "is whether it is commoner where they are present."
)
_ODDS = (
    "Odds are the share that is {what} over the share that is not; where that is rare, twice the odds is about twice the share. "
    "Each level multiplies them by the figure below: above 1 the share rises with the level. With domains made alike, "
    "conversations are compared within what they are about."
)
_NOTE = "q at most 0.05 stands out among so many tests. A step down is clear where its interval leaves out no change at all. "


def section(result: Factors) -> Section:
    """The section: shares by level, the trend, actualized once flagged, overlap."""
    what = label(result)
    parts = [_levels(result, what), *_trends(result, what), *_after(result), *factors_overlap.parts(result, what)]
    return saying.section(result, parts, anchor="factors", title="Amplifying factors")


def label(result: Factors) -> str:
    """What the shares are of, in a word or two."""
    if result.construct == FLAGGED:
        return "flagged"
    if result.construct.startswith("actualized_"):
        return f"actualized: {name(result.construct).lower()}"
    return f"{name(result.construct).lower()}, {result.level.replace('+', ' or above')}"


def name(construct: str) -> str:
    """A construct, a marker or a number of factors in words."""
    if construct == ANY:
        return "Any of them"
    if construct == NUMBER:
        return "Number of factors present"
    return load().name(construct.removeprefix("actualized_"))


def cell(share: Share, k: int | None) -> Cell:
    """A share as tables and charts of the report have it."""
    if share.value is None:
        held = share.reason in {"small", "complementary"}
        state = "suppressed" if held else "unrated" if share.missing else "absent"
        return Cell(state=state, k=k or 0, reason=share.reason or "", missing=share.missing)  # type: ignore[arg-type]
    return Cell(
        state="seen" if share.events else "none_seen",
        k=k or 0,
        count=share.events or 0,
        n=share.n,
        missing=share.missing,
        share=share.value,
        low=share.low,
        high=share.high,
        persons=share.persons,
    )


def _levels(result: Factors, what: str) -> Part:
    panels = [(name(f.factor), [cell(at.share, result.k) for at in f.levels]) for f in result.factors]
    bodies = [
        Body(factor, [[Td(at.level.capitalize()), *figures(c)] for at, c in zip(f.levels, cells, strict=True)])
        for (factor, cells), f in zip(panels, result.factors, strict=True)
    ]
    every = [c for _, cells in panels for c in cells]
    shown = any(c.shown for c in every)
    table = Table(
        caption=f"Share {what} at each level of each amplifying factor",
        columns=["Level", what.capitalize(), *FIGURES[1:]],
        bodies=bodies,
        note=f"{_missing(result)} Of all conversations: {saying.share(result.overall)}{_limits(result.overall)}.".strip(),
    )
    return Part(
        paragraphs=[_LEAD],
        figure=Figure(
            chart=factors_chart(panels, what) if shown else None,
            legend=[AT_MOST] if any(c.state == "none_seen" for c in every) else [],
            caption="All panels have one scale." if len(panels) > 1 else "",
            table=table,
        ),
    )


def _limits(share: Share) -> str:
    limits_ = saying.limits(share)
    return f" ({limits_})" if limits_ else ""


def _missing(result: Factors) -> str:
    lost = max((sum(at.share.missing for at in f.levels) for f in result.factors), default=0)
    return f"{plural(lost, 'conversation')} at a level had no rating of it and are in no share." if lost else ""


def _trends(result: Factors, what: str) -> list[Part]:
    tests = [t for t in result.tests if not t.among_flagged]
    items = [said for t in tests if (said := _sentence(t))]
    rows = [_ratio(t) for t in tests]
    if not any(r.value is not None for r in rows):
        return []
    held = any(t.odds.value is not None for t in result.tests if t.among_flagged)
    order = list(dict.fromkeys(t.factor for t in result.tests))
    bodies = [Body(name(f), [_row(t, what) for t in result.tests if t.factor == f]) for f in order]
    intervals = sum((t.odds.low is not None) + (t.odds_by_domain.low is not None) for t in result.tests)
    table = Table(
        caption="Change with each level" + (", of all and of those flagged" if held else ""),
        columns=["Share", "Points a level", "Odds a level", "q", "Domains made alike", "q", "Level by level"],
        bodies=bodies,
        text_columns=frozenset({0, 6}),
        note=_NOTE + together(intervals),
    )
    chart = ratios_chart(
        rows,
        name="factor-odds",
        title=f"How much each level changes the odds of {what}",
        describe=lambda: " ".join(items),
        ends=("lower odds", "higher odds"),
    )
    legend = []
    if any(r.beside is not None for r in rows):
        alike = Key("circle", "flag", "with domains made alike, where they could be")
        legend = [alike, Key("hollow", "uncorrected", "as it is")]
    return [
        Part(
            title="Whether it rises with the level",
            paragraphs=[_ODDS.format(what=what)],
            items=items,
            figure=Figure(chart=chart, legend=legend, table=table),
        )
    ]


def _sentence(test: Tested) -> str:
    """One factor's trend in a sentence: effect and interval first."""
    if test.odds.value is None:
        return ""
    each = "each factor more" if test.factor == NUMBER else "each level"
    said = f"{name(test.factor)}: {each} multiplies the odds by {_times(test.odds)}"
    if test.odds_by_domain.value is not None:
        said += f"; with domains made alike by {_times(test.odds_by_domain)}"
    elif "too few" in (test.odds_by_domain.reason or ""):
        said += "; too few for domains to be made alike"
    return f"{said}. {_steps(test)}"


def _steps(test: Tested) -> str:
    down = [(step, f) for step, f in test.steps.items() if (f.value or 0.0) < 0]
    if not test.steps:
        return ""
    if not down:
        return "The share rises from each to the next." if len(test.steps) > 1 else "The share rises."
    clear = [step for step, f in down if f.high is not None and f.high < 0]
    which = " and ".join(step for step, _ in down)
    chance = f", clearly from {' and '.join(clear)}" if clear else ", which chance alone can do"
    return f"The share falls from {which}{chance}."


def _brief_steps(test: Tested) -> str:
    if not test.steps:
        return ""
    down = [f for f in test.steps.values() if (f.value or 0.0) < 0]
    if not down:
        return "rises"
    clear = any(f.high is not None and f.high < 0 for f in down)
    often = (
        "" if len(down) == len(test.steps) else f" {('once', 'twice')[len(down) - 1]}" if len(down) < 3 else " often"
    )
    return f"falls{often}{', clearly' if clear else ''}"


def _times(figure: Share) -> str:
    if figure.value is None:
        return why(figure)
    said, span = times(figure.value, figure.low, figure.high), limits(figure.low, figure.high)
    return f"{said} ({span})" if span else said


def why(figure: Share) -> str:
    """Why there is no figure, in a word or two."""
    reason = figure.reason or ""
    if reason in saying.WITHHELD:
        return "withheld"
    words = (
        ("too few", "too few"),
        ("fewer than", "too few"),
        ("separate", "no limit"),
        ("level", "one level"),
        ("domain", "none known"),
    )
    return next((short for found, short in words if found in reason), "no figure")


def _points(figure: Share) -> str:
    if figure.value is None:
        return why(figure)
    if figure.low is None or figure.high is None:
        return signed(figure.value)
    return f"{signed(figure.value, figure.low, figure.high)} ({signed_interval(figure.low, figure.high)})"


def p_text(p: float | None) -> str:
    """A p-value in words; empty where there is none."""
    return "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _row(test: Tested, what: str) -> list[Td]:
    of = f"{name(test.outcome)}, of flagged" if test.among_flagged else what.capitalize()
    return [
        Td(of),
        Td(_points(test.points), test.points.value),
        Td(_times(test.odds), test.odds.value),
        Td(p_text(test.q), test.q),
        Td(_times(test.odds_by_domain), test.odds_by_domain.value),
        Td(p_text(test.q_by_domain), test.q_by_domain),
        Td(_brief_steps(test)),
    ]


def _ratio(test: Tested) -> Ratio:
    main, beside = test.odds_by_domain, test.odds
    if main.value is None:
        main, beside = test.odds, Share()
    return Ratio(
        label=name(test.factor),
        value=main.value,
        low=main.low,
        high=main.high,
        beside=beside.value,
        text=_times(main),
        short="" if main.value is None else times(main.value, main.low, main.high),
        tip=_sentence(test),
    )


def _after(result: Factors) -> list[Part]:
    """How often flagged conversations are actualized at each level; nothing where no figure is there."""
    markers = list(dict.fromkeys(m for f in result.factors for at in f.levels for m in at.actualized))
    bodies, shown = [], False
    for factor in result.factors:
        rows = []
        for at in factor.levels:
            got = [cell(at.actualized[m], result.k) for m in markers]
            shown = shown or any(c.shown for c in got)
            n = max((c.n for c in got), default=0)
            rows.append(
                [Td(at.level.capitalize()), Td(number(n) if n else "", n), *(Td(brief(c), c.share) for c in got)]
            )
        bodies.append(Body(name(factor.factor), rows))
    if not shown:
        return []
    table = Table(
        caption="Actualized, of flagged conversations, at each level of each amplifying factor",
        columns=["Level", "Flagged", *(name(m) for m in markers)],
        bodies=bodies,
    )
    return [Part(title="Actualized, once flagged", figure=Figure(table=table, folded=True))]
