"""How it was measured: the flow, the screen, the judge, people, what is missing; problems; what made what."""

from __future__ import annotations

from selfrule.report import judges
from selfrule.report.cells import Cells
from selfrule.report.charts.steps import Step, curve_chart, flow_chart
from selfrule.report.context import ReportContext
from selfrule.report.layout import Body, Figure, Part, Section, Table, Td
from selfrule.report.numbers import at_most, day, number, percent, plural
from selfrule.report.text import one_line
from selfrule.report.words import SET_ASIDE, STATUS_WORDS, WHY_UNRATED, drawn, missing_words, set_aside_and_rated
from selfrule.rubric import load

_SEVERITY = {"skipped": "left out", "repaired": "repaired and kept", "note": "kept as it is"}


def _flow(context: ReportContext) -> Figure:
    study, screening, status = context.study, context.screening, context.status_counts
    unique = max(0, study.conversations_read - study.duplicates - study.near_duplicates)
    steps = [Step("Conversations read", study.conversations_read)]
    copies = [
        ("exact copies, each kept once", study.duplicates),
        ("near copies, each kept once", study.near_duplicates),
    ]
    steps.append(Step("Different conversations", unique, [c for c in copies if c[1]]))
    left = [(STATUS_WORDS.get(s, one_line(s, 60)), c) for s, c in status.items() if s not in SET_ASIDE and c]
    rated = status.get("rated", 0)
    if screening and status.get("screened_out"):
        steps.append(Step("Kept by the screen", screening.kept, [("set aside by the screen", screening.dropped)]))
        if checked := drawn(context):
            left.insert(0, ("of those set aside, drawn as a check", -checked))
    steps.append(Step("Rated", rated, left))
    return Figure(chart=flow_chart(steps))


def _screen(context: ReportContext) -> Part | None:
    screening = context.screening
    total = screening.kept + screening.dropped if screening else 0
    if screening is None or not total:
        return None
    share = screening.kept / total
    said = f"The screen kept {percent(share)} of conversations ({number(screening.kept)} of {number(total)})."
    if screening.recall is not None:
        said += (
            f" Its setting was chosen to keep {percent(screening.recall)} of flagged conversations, as measured on "
            "labelled ones; here the true share is not known."
        )
    checked = set_aside_and_rated(context)
    if context.judge.kind == "cascade":
        said += " What it keeps may be handed on to the next judge of the cascade; see who decided."
    elif checked and checked == screening.dropped:
        said += f" The {number(screening.dropped)} that it set aside were rated all the same, so no figure rests on it."
    if screening.threshold is not None:
        said += f" Its threshold is {screening.threshold:.3g}."
    curve = [p for p in screening.curve if 0 <= p["recall"] <= 1 and 0 <= p["kept"] <= 1]
    figure = None
    if len(curve) > 1:
        listed = sorted(curve, key=lambda p: -p["recall"])
        listed = listed[:: -(-len(listed) // 25)]
        rows = [[Td(percent(p["recall"]), p["recall"]), Td(percent(p["kept"]), p["kept"])] for p in listed]
        figure = Figure(
            chart=curve_chart(curve, screening.recall, share),
            caption="The more flagged conversations a screen is to keep, the more of all it must keep. The line was "
            "measured on labelled conversations, the diamond is this study.",
            table=Table(
                caption="Settings that the screen could have had",
                columns=["Flagged conversations kept", "All conversations kept"],
                bodies=[Body("", rows)],
            ),
        )
    return Part(title="The screen", paragraphs=[said], figure=figure)


def _people(context: ReportContext, cells: Cells) -> Part:
    persons, overall = context.study.persons, cells.flagged()
    if persons is None:
        said = (
            "The logs do not say who had which conversation. If a few people had many of them, the intervals are "
            "narrower than they should be."
        )
        return Part(title="People with many conversations", paragraphs=[said])
    few = context.kind == "shareable" and persons < context.k
    who = f"fewer than {context.k} people" if few else plural(persons, "person", "people")
    text = f"The conversations come from {who}, known by pseudonyms made at the door."
    if persons == 1 or (few and overall.design_effect is None):
        text += " They describe these conversations and nobody else's."
    if overall.design_effect and overall.n_effective:
        text += (
            " Conversations of one person are alike, so the intervals count the "
            f"{number(overall.n)} conversations as {number(round(overall.n_effective))} independent ones (design "
            f"effect {overall.design_effect:.2f})."
        )
    return Part(title="People with many conversations", paragraphs=[text])


def _missing(context: ReportContext, cells: Cells) -> Part:
    left, overall = missing_words(context), cells.flagged()
    screened = context.status_counts.get("screened_out", 0) > 0
    wider = (overall.worst_high or 0.0) > (overall.high or 0.0) * 1.001
    if not left and not overall.missing and not (screened and wider):
        return Part(title="What is missing", paragraphs=["Every conversation that reached the judge was rated."])
    rubric = load()
    wanted = [("Flagged", overall)]
    wanted += [(f"{c.name}, severe", cells.get(c.id, "severe")) for c in rubric.constructs]
    rows = [
        [
            Td(name),
            Td(c.share_text, c.share),
            Td(percent(c.worst_low) if c.worst_low else "none", c.worst_low),
            Td(at_most(c.worst_high), c.worst_high),
        ]
        for name, c in wanted
        if c.shown and c.worst_low is not None and c.worst_high is not None
    ]
    said = f"Not rated: {left}. " if left else ""
    said += "None of them is counted as none. " if left else ""
    said += "What the screen set aside and nobody rated is without a rating too. " if screened and wider else ""
    said += "The bounds say what the figures would be in the two extreme cases." if rows else ""
    table = Table(
        caption="The lower limit if no conversation without a rating reached the level, the upper if all did",
        columns=["Figure", "Share", "At least", "At most"],
        bodies=[Body("", rows)],
    )
    left_out = [(s, n) for s, n in context.status_counts.items() if s not in SET_ASIDE and n and s in WHY_UNRATED]
    terms = [(f"{STATUS_WORDS[s].capitalize()}, {number(n)}", WHY_UNRATED[s]) for s, n in left_out]
    return Part(title="What is missing", paragraphs=[said], terms=terms, figure=Figure(table=table) if rows else None)


def measured(context: ReportContext, cells: Cells) -> Section:
    """How it was measured."""
    overall = cells.flagged()
    method = one_line(overall.method, 600) if overall.shown else ""
    drawn = [one_line(context.study.drawn, 300)] if context.study.drawn else []
    unplaced = [context.study.unplaced] if context.study.unplaced else []
    how = [*drawn, *unplaced, *([f"The flagged share and its interval: {method}."] if method else [])]
    parts = [
        Part(paragraphs=how, figure=_flow(context)),
        _screen(context),
        *judges.parts(context),
        _people(context, cells),
    ]
    parts.append(_missing(context, cells))
    return Section(anchor="measured", title="How it was measured", parts=[p for p in parts if p])


def problems(context: ReportContext) -> Section:
    """What was read, and problems with it."""
    study, private = context.study, context.kind == "private"
    columns = ["Input", "Format", "Conversations"] + (["Recognised because"] if private else [])
    rows = []
    for i, entry in enumerate(study.inputs, start=1):
        row = [Td(one_line(entry.name) if private else str(i)), Td(one_line(entry.reader, 60))]
        row.append(Td(number(entry.conversations), entry.conversations))
        rows.append([*row, Td(one_line(entry.reason, 240))] if private else row)
    shown, rest = rows[:200], len(rows) - 200
    note = f"{number(rest)} more inputs are not listed." if rest > 0 else ""
    inputs = Table(
        caption="Inputs", columns=columns, bodies=[Body("", shown)], text_columns=frozenset({0, 1, 3}), note=note
    )
    count = sum(p.count for p in study.problems)
    said = [f"{plural(count, 'problem')} with records." if count else "No problems with the input."]
    if study.branches:
        said.append(
            f"{plural(study.branches, 'alternative branch', 'alternative branches')} of conversations left out."
        )
    table = Table(
        caption="Problems by kind",
        columns=["Kind", "What was done", "Records"],
        text_columns=frozenset({0, 1}),
        bodies=[
            Body("", [
                [Td(one_line(p.kind.replace("_", " "), 80)), Td(_SEVERITY[p.severity]), Td(number(p.count), p.count)]
                for p in sorted(study.problems, key=lambda p: -p.count)[:200]
            ]),
        ],
    )  # fmt: skip
    return Section(
        anchor="problems",
        title="Input and its problems",
        parts=[
            Part(figure=Figure(table=inputs) if rows else None),
            Part(paragraphs=said, figure=Figure(table=table) if study.problems else None),
        ],
    )


def provenance(context: ReportContext) -> Section:
    """Versions and hashes: what made what."""
    terms = [
        ("Made", day(context.study.created)),
        ("Software", one_line(context.software, 60)),
        ("Judge", one_line(context.judge.label, 200)),
        ("Rubric", one_line(context.judge.rubric, 60)),
    ]
    for name, value in context.hashes.items():
        term, made = one_line(name, 60), one_line(value, 130)
        term = term[:1].upper() + term[1:]
        if (term, made) not in terms:
            terms.append((f"{term} in full" if any(term == t for t, _ in terms) else term, made))
    terms.append(("Constructs after", load().source))
    return Section(anchor="provenance", title="Provenance", parts=[Part(terms=terms)])
