"""Where it was found: domains and amplifying factors."""

from __future__ import annotations

from selfrule.report.cells import Cell, Cells
from selfrule.report.charts.domains import Domain, domains_chart
from selfrule.report.charts.factors import factors_chart
from selfrule.report.findings import AT_MOST, FIGURES, OVERALL, brief, figures
from selfrule.report.layout import Body, Figure, Part, Section, Table, Td
from selfrule.report.numbers import number, percent
from selfrule.report.text import one_line
from selfrule.rubric import FACTORS, LEVELS, load


def _traffic(cell: Cell, whole: Cell) -> float | None:
    total = whole.n + whole.missing
    return (cell.n + cell.missing) / total if total and cell.state not in {"suppressed", "absent"} else None


def domains(cells: Cells) -> Section | None:
    """Domains: traffic against flagged share."""
    names = load().domains
    overall = cells.flagged()
    got = [(names.get(d, one_line(d)), cells.flagged({"domain": d})) for d in cells.values("domain")]
    if not got:
        return None
    rank = {"seen": 0, "none_seen": 1, "unrated": 2, "suppressed": 3, "absent": 3}
    got.sort(key=lambda e: (rank[e[1].state], -(e[1].share or 0.0), -e[1].n, e[0]))
    entries = [Domain(name, _traffic(cell, overall), cell) for name, cell in got]
    rows = [[Td(d.name), Td(percent(d.traffic) if d.traffic else "", d.traffic), *figures(d.cell)] for d in entries]
    table = Table(
        caption="Domains: share of conversations and share flagged",
        columns=["Domain", "Of all conversations", "Flagged", *FIGURES[1:]],
        bodies=[Body("", rows)],
    )
    drawn = [d for d in entries if d.cell.shown]
    return Section(
        anchor="domains",
        title="By domain",
        parts=[
            Part(
                paragraphs=[
                    "How much of the conversation is about a domain, beside how often a conversation about it is "
                    "flagged. A conversation may belong to several domains, so the shares may add up to more than "
                    "100 %.",
                ],
                figure=Figure(
                    chart=domains_chart(drawn, overall.share if overall.state == "seen" else None) if drawn else None,
                    legend=[OVERALL, *([AT_MOST] if any(d.cell.state == "none_seen" for d in drawn) else [])],
                    table=table,
                ),
            ),
        ],
    )


def factors(cells: Cells) -> Section | None:
    """Amplifying factors: the flagged share, and the shares actualized among flagged, at each level."""
    names = {c.id: c.name for c in load().constructs}
    present = [f for f in FACTORS if cells.values(f)]
    if not present:
        return None
    panels = [(names[f], [cells.flagged({f: level}) for level in LEVELS]) for f in present]
    bodies = [
        Body(name, [[Td(v.capitalize()), *figures(c)] for v, c in zip(LEVELS, row, strict=True)])
        for name, row in panels
    ]
    shown = any(c.shown for _, row in panels for c in row)
    return Section(
        anchor="factors",
        title="Amplifying factors",
        parts=[
            Part(
                paragraphs=[
                    "Conditions of the person or of how they stand to the assistant. They are not disempowerment by "
                    "themselves; the question is whether flagged conversations are more common where they are present.",
                ],
                figure=Figure(
                    chart=factors_chart(panels) if shown else None,
                    caption="All panels have one scale." if len(panels) > 1 else "",
                    table=Table(
                        caption="Share flagged at each level of each amplifying factor",
                        columns=["Level", "Flagged", *FIGURES[1:]],
                        bodies=bodies,
                    ),
                ),
            ),
            *_after(cells, names, present),
        ],
    )


def _after(cells: Cells, names: dict[str, str], present: list[str]) -> list[Part]:
    """How often flagged conversations are actualized at each level of a factor; nothing where no figure is there."""
    markers = [c for c in load().constructs if c.actualized]
    bodies, shown = [], False
    for factor in present:
        rows = []
        for level in LEVELS:
            group = {"flagged": "yes", factor: level}
            got = [cells.get(f"actualized_{c.id}", "yes", group) for c in markers]
            shown = shown or any(c.shown for c in got)
            n = max(c.n for c in got)
            rows.append([Td(level.capitalize()), Td(number(n) if n else "", n), *(Td(brief(c), c.share) for c in got)])
        bodies.append(Body(names[factor], rows))
    if not shown:
        return []
    table = Table(
        caption="Actualized, of flagged conversations, at each level of each amplifying factor",
        columns=["Level", "Flagged", *(c.name for c in markers)],
        bodies=bodies,
    )
    return [Part(figure=Figure(table=table, folded=True))]
