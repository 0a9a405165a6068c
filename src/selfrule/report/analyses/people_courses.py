"""Parts of the section on people that need an order: next levels, onset and recovery, change within people, time to the first."""

from __future__ import annotations

from selfrule.analyses.figures import Figure
from selfrule.analyses.people import People
from selfrule.analyses.people_course import Course, Runs, Seen
from selfrule.analyses.people_models import Models
from selfrule.analyses.people_survival import Survival
from selfrule.report.analyses import saying
from selfrule.report.analyses.people_words import chance, named, sure
from selfrule.report.charts.curves import Across, Curve, curves_chart
from selfrule.report.layout import Body, Key, Part, Table, Td
from selfrule.report.layout import Figure as Laid
from selfrule.report.numbers import kappa, number, percent, plural, times

_KINDS = {
    "onset": "Onset: one after at least {m} that were not",
    "escalation": "Escalation: twice higher than all before",
    "recovery": "Recovery: after one, at least {m} in a row that were not",
}


def course_parts(result: People, course: Course) -> list[Part]:
    """From one conversation to the next, and whole courses."""
    what, many = named(result), named(result, many=True)
    said = [
        f"{plural(course.pairs, 'pair')} of conversations follow one another directly in one person, both rated"
        + (f"; {number(course.gaps)} more have a gap, for one of the two could not be rated" if course.gaps else "")
        + "."
    ]
    if course.stays.value is not None and course.after_none.value is not None:
        by = (
            ""
            if course.stays_chance is None
            else f" By chance, in random order, the first would be {chance(course.stays_chance)}."
        )
        said.append(
            f"After a {what}, {sure(course.stays)} of the next ones are such too; after any other, {sure(course.after_none)}.{by}"
        )
    rows = [
        [
            Td(step.before),
            *(Td(_with(figure), figure.value) for figure in step.after),
            Td(number(n) if (n := max((f.n for f in step.after), default=0)) else "", n or None),
        ]
        for step in course.steps
    ]
    over = (
        "highest primitive"
        if result.construct == "flagged"
        else saying.outcome(result.construct, result.level).split(",")[0]
    )
    table = Table(
        caption=f"Level of the next conversation, by that of the one before ({over})",
        columns=["Before", *(f"Next: {level}" for level in course.levels), "Pairs"],
        bodies=[Body("", rows)],
    )
    kinds = Table(
        caption="Courses, of the people of whom it can be told",
        columns=["Course", "People", "Seen in", "95 % interval", "In random order", "Cannot be told"],
        bodies=[Body("", [_kind(one, course.after) for one in course.kinds])],
        note=(
            f"Onset: of people whose first {course.after} were all rated, none of them such, and who have a later one. "
            f"Escalation: of people with three rated. Recovery: of people with {course.after} rated in a row after their first "
            "such one. What could not be rated is a gap, not a no. In random order: mean and middle 95 % with each person's "
            "conversations shuffled; what is above it is of their order, not of their number."
        ),
    )
    more = _runs(course.runs, many) if course.runs is not None else []
    return [
        Part(title="From one conversation to the next", paragraphs=said, figure=Laid(table=table)),
        Part(title="Onset, escalation and recovery", paragraphs=more, figure=Laid(table=kinds)),
    ]


def _with(figure: Figure) -> str:
    if figure.value is None:
        return saying.WITHHELD.get(figure.reason or "", "no next one")
    return sure(figure)


def _kind(one: Seen, after: int) -> list[Td]:
    told = one.share.value is not None
    return [
        Td(_KINDS[one.name].format(m=after)),
        Td(number(one.share.persons or 0) if told else "", one.share.persons),
        Td(
            saying.share(one.share) if told else saying.WITHHELD.get(one.share.reason or "", "nobody to tell"),
            one.share.value,
        ),
        Td(saying.limits(one.share), one.share.low),
        Td(chance(one.chance) if told else ""),
        Td(number(one.untold) if told else "", one.untold if told else None),
    ]


def _runs(runs: Runs, many: str) -> list[str]:
    if runs.runs is None or runs.mean is None:
        return []
    by = "" if runs.mean_chance is None else f" (in random order {kappa(runs.mean_chance.value)})"
    longest = "" if runs.longest is None else f" The longest has {number(runs.longest)}."
    return [
        f"{many[0].upper()}{many[1:]} come in {plural(runs.runs, 'run')} of {plural(runs.people, 'person', 'people')}, of "
        f"{kappa(runs.mean)} conversations each on average{by}; {sure(runs.longer)} of the runs have two or more.{longest}"
    ]


def drift_part(result: People, models: Models) -> Part:
    """Within people and between them."""
    what = named(result, many=True)
    rows = []
    for drift in models.drifts:
        per = "number of the conversation doubled" if drift.clock == "conversations" else "a month since the first one"
        rows.append(_ratio(f"Within a person: {per}", drift.within))
        rows.append(_ratio(f"Between people: mean {per}", drift.between))
    table = Table(
        caption=f"Factor on the share of {what}",
        columns=["Compared", "Factor", "95 % interval", "Conversations"],
        bodies=[Body("", rows)],
        note="1: no change. Within: a person's own later conversations against their own earlier ones. Between: people further "
        "along on average against others, which is no change of anyone.",
    )
    said = []
    alike = models.alike
    if alike is not None and alike.again.value is not None:
        limits = ""
        if alike.correlation.low is not None and alike.correlation.high is not None:
            limits = f" ({kappa(alike.correlation.low)} to {kappa(alike.correlation.high)})"
        said.append(
            f"People differ: where one of a person's conversations is such, {sure(alike.again)} of their others are too, against "
            f"{percent(alike.rate)} of all; the correlation of two conversations of one person is "
            f"{kappa(alike.correlation.value or 0.0)}{limits}, 0 if people did not differ."
        )
    elif alike is not None:
        reason = saying.WITHHELD.get(alike.again.reason or "", alike.again.reason or "")
        said.append(f"How alike a person's conversations are: no figure ({reason}).")
    return Part(title="Within people and between them", paragraphs=said, figure=Laid(table=table) if rows else None)


def _ratio(name: str, figure: Figure) -> list[Td]:
    if figure.value is None:
        why = saying.WITHHELD.get(figure.reason or "", figure.reason or "")
        return [Td(name), Td("no figure"), Td(why), Td(number(figure.n) if figure.n else "", figure.n)]
    low, high = figure.low or 0.0, figure.high or 0.0
    return [
        Td(name),
        Td(times(figure.value, low, high), figure.value),
        Td(f"{times(low, low, high)} to {times(high, low, high)}", figure.low),
        Td(number(figure.n), figure.n),
    ]


def survival_part(result: People, found: Survival) -> Part:
    """How many people have reached the outcome by when."""
    what = named(result)
    clock = "conversations" if found.clock == "conversations" else "days since the first one"
    said = ["The same by days since a person's first conversation in the logs."]
    if found.clock == "conversations":
        said = [
            f"{number(found.reached)} of {plural(found.people, 'person', 'people')} reach a first {what} while they are "
            f"followed; {number(found.ended)} are followed to their last conversation without, {number(found.at_gap)} to one "
            "that could not be rated. The curve says how many would have reached it by then, were those who leave like those "
            "who stay."
        ]
    if found.median is not None:
        said.append(f"Half of them have by {found.clock.removesuffix('s')} {number(found.median)}.")
    rows = [
        [
            Td(_place(one.at, found.clock), one.at),
            Td(saying.share(one.share), one.share.value),
            Td(saying.limits(one.share), one.share.low),
            Td(number(one.share.persons) if one.share.persons else "", one.share.persons),
        ]
        for one in found.points
    ]
    table = Table(
        caption=f"Share of people with a first {what}, by {clock}",
        columns=["By", "Share", "95 % interval", "Still followed"],
        bodies=[Body("", rows)],
    )
    chart = None
    points = [one for one in found.points if one.share.value is not None]
    if len(points) > 1 and len(found.curve) > 1:
        log = found.clock == "conversations"
        last = max(found.curve[-1][0], points[-1].at)
        curve = found.curve if found.curve[-1][0] >= last else [*found.curve, (last, *found.curve[-1][1:])]
        if not log and curve[0][0] > 0:
            curve = [(0.0, 0.0, 0.0, 0.0), *curve]
        marks = [(p.at, p.share.value or 0.0, f"{_place(p.at, found.clock)}: {sure(p.share)}") for p in points]
        chart = curves_chart(
            [
                Curve(
                    points=[(at, share) for at, share, _, _ in curve],
                    band=[(low, high) for _, _, low, high in curve],
                    marks=marks,
                    steps=True,
                )
            ],
            Across(1.0 if log else 0.0, last, [(p.at, number(p.at)) for p in points], clock, log=log),
            name=f"people-first-{found.clock}",
            title=f"Share of people who have had a first {what}, by {clock}",
            up="share of people",
            describe=lambda: "; ".join(tip for _, _, tip in marks) + ".",
        )
    legend = [Key("circle", "flag", "share of people; shaded: 95 % interval at each place by itself")] if chart else []
    title = "Until the first: by conversations" if found.clock == "conversations" else "Until the first: by days"
    return Part(title=title, paragraphs=said, figure=Laid(chart=chart, legend=legend, table=table))


def _place(at: float, clock: str) -> str:
    return f"conversation {number(at)}" if clock == "conversations" else f"day {number(at)}"
