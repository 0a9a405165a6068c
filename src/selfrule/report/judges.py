"""Judges in words and tables: which rated, how they were asked, what is known of how well."""

from __future__ import annotations

from selfrule.report.charts.rows import Group, Row, rows_chart
from selfrule.report.context import ReportContext
from selfrule.report.judging import Agreement, JudgeFacts, Marks, Step
from selfrule.report.layout import Body, Figure, Part, Table, Td
from selfrule.report.numbers import kappa, number, percent, plural
from selfrule.report.panels import name_of, short_names
from selfrule.report.text import one_line
from selfrule.rubric import CONSTRUCTS

EMBEDDED = (
    "The embedded judge is a screening instrument: a small statistical model that runs on this machine. It is no "
    "language model, and it mistakes and misses more than a careful reader would."
)
_KINDS = {
    "embedded": EMBEDDED,
    "model": "A language model held the conversations that it rated against the rubric. It can be wrong, and sound sure.",
    "cascade": "Several judges rated in turn: what the first of them passed on, the next one rated. Any of them can be "
    "wrong, and figures mix what they said.",
    "object": "This judge was written for this study; selfrule knows nothing of how it reads.",
}
NOT_MEASURED = "No label by a person has been held against this judge: how often it is right is not measured."
MEASURED_HERE = "How often this judge is right is measured by labels that people gave to conversations of this study."
_PLACES = {
    "package": "on this machine, within selfrule",
    "here": "on this machine, by a local server",
    "elsewhere": "by a server elsewhere, to which the conversations were sent",
    "unknown": "not known",
}
_PROTOCOLS = {
    "joint": "joint: one request a conversation, for all constructs, markers and domains",
    "separate": "separate: one request a construct, the way of the study that defined them",
    "logprobs": "logprobs: one request a construct; levels from the probabilities of one-token answers",
}
WINDOWS = (
    "The level of a construct is the highest of its windows, for the whole course counts; cited turns are those of all; a "
    "marker is yes if any window says yes. If one window could not be rated, neither is the conversation."
)
BORROWED = (
    "Conversations that the screen set aside, or that the judge could not rate, may carry the domains that the embedded "
    "judge gave them. That places them; it says nothing of their levels."
)


def judge_name(judge: JudgeFacts) -> str:
    """The judge in running text."""
    if judge.kind == "embedded":
        version = one_line(judge.label, 80).removeprefix("embedded").strip(" @-:/")
        return f"the embedded judge ({version})" if version else "the embedded judge"
    name = short_names([judge.label])[judge.label]
    kinds = {"model": f"the language model {name}", "cascade": f"the {name}"}
    return kinds.get(judge.kind, f"the judge {name}")


def kind_words(judge: JudgeFacts) -> str:
    """What kind of thing rated."""
    return _KINDS[judge.kind]


def labelled_here(context: ReportContext) -> bool:
    """Whether people's labels of this study stand beside the judge."""
    return context.labels is not None and context.labels.source != "none"


def measured_words(context: ReportContext) -> str:
    """Whose labels its agreement rests on, or that nobody's do."""
    if labelled_here(context):
        return MEASURED_HERE
    return one_line(context.judge.card["labels"], 600) if context.judge.card else NOT_MEASURED


def pooled(judge: JudgeFacts) -> Agreement | None:
    """Agreement over all constructs together, where the card gives it."""
    got = judge.card["agreement"].get("pooled") if judge.card else None
    return got if got and got["kappa"] is not None else None


def agreement_clause(judge: JudgeFacts) -> str:
    """How well the judge agrees with labels, as the end of a sentence."""
    whole = pooled(judge)
    if whole and whole["kappa"] is not None:
        return f"which agrees with labels at a kappa of {kappa(whole['kappa'])} (0 is chance, 1 is perfect)"
    each = [a["kappa"] for a in judge.card["agreement"].values() if a["kappa"] is not None] if judge.card else []
    if not each:
        return "whose agreement with labels is not measured"
    if len(each) == 1:
        return f"which agrees with labels at a kappa of {kappa(each[0])} (0 is chance, 1 is perfect)"
    return (
        f"which agrees with labels at a kappa of {kappa(min(each))} to {kappa(max(each))}, by construct "
        "(0 is chance, 1 is perfect)"
    )


def parts(context: ReportContext) -> list[Part]:
    """The judge, who decided what in a cascade, and what became of answers on their way."""
    judge = context.judge
    made = [_judge(context)]
    if len(judge.steps) > 1:
        made.append(_steps(judge))
    if judge.marks is not None and judge.kind != "embedded":
        made.append(_answers(judge.marks))
    return made


def _judge(context: ReportContext) -> Part:
    judge = context.judge
    who = judge_name(judge) if judge.kind == "cascade" else one_line(judge.label, 200)
    said = [f"Rated by {who} under rubric {one_line(judge.rubric, 60)}.", kind_words(judge)]
    said += [one_line(s, 600) for s in (judge.card["plain"], judge.card["labels"]) if s.strip()] if judge.card else []
    said += [] if judge.card or judge.kind == "embedded" else [measured_words(context)]
    said += [BORROWED] if judge.kind != "embedded" else []
    terms = _terms(judge.steps[0]) if len(judge.steps) == 1 and judge.kind == "model" else []
    agreement = judge.card["agreement"] if judge.card else {}
    order = [c for c in (*CONSTRUCTS, "flagged", "pooled") if c in agreement]
    order += [c for c in agreement if c not in order]
    if not order:
        said += ["No agreement with labels is known for this judge."] if judge.kind == "embedded" else []
        return Part(title="The judge", paragraphs=said, terms=terms)
    names = {c: name_of(c) for c in order}
    rows = [
        Row(label=names[c], value=a["kappa"], low=a["low"], high=a["high"], text=kappa(a["kappa"]),
            tip=f"{names[c]}: kappa {kappa(a['kappa'])}")
        for c in order if (a := agreement[c])["kappa"] is not None
    ]  # fmt: skip
    chart = rows_chart(
        [Group("", rows)],
        name="agreement",
        title="Agreement of the judge with labels, quadratic-weighted kappa",
        describe=lambda: "; ".join(f"{r.label} {r.text}" for r in rows) + ". The table below gives every figure.",
        kind="unit",
        long_labels=True,
    )
    table = Table(
        caption="Agreement of the judge with labels",
        columns=["Construct", "Kappa", "95 % interval", "Same level", "Within one level", "Labelled", "Above none"],
        bodies=[Body("", [_agreement_row(names[c], agreement[c]) for c in order])],
    )
    figure = Figure(
        chart=chart if rows else None,
        caption="Quadratic-weighted kappa: 0 is what chance would give, 1 is perfect agreement.",
        table=table,
        keep_open=True,
    )
    return Part(title="The judge", paragraphs=said, terms=terms, figure=figure)


def _agreement_row(name: str, got: Agreement) -> list[Td]:
    low, high = got["low"], got["high"]
    positives = got["positives"]
    return [
        Td(name),
        Td(kappa(got["kappa"]) if got["kappa"] is not None else "not defined", got["kappa"]),
        Td(f"{kappa(low)} to {kappa(high)}" if low is not None and high is not None else "", low),
        Td(percent(got["exact"]) if got["exact"] is not None else "", got["exact"]),
        Td(percent(got["within_one"]) if got["within_one"] is not None else "", got["within_one"]),
        Td(number(got["n"]), got["n"]),
        Td(number(positives) if positives is not None else "", positives),
    ]


def _terms(step: Step) -> list[tuple[str, str]]:
    terms = [("Model", one_line(step.name, 120)), ("Ran", _PLACES[step.place])]
    if step.protocol:
        terms.append(("Asked", _PROTOCOLS.get(step.protocol, one_line(step.protocol, 60))))
    if step.prompt:
        terms.append(("Prompt", one_line(step.prompt, 60)))
    return terms


def _steps(judge: JudgeFacts) -> Part:
    names = short_names([s.label for s in judge.steps])
    rows = [
        [
            Td(names[s.label]),
            Td(number(s.decided), s.decided),
            Td(number(s.unrated), s.unrated),
            Td(number(s.handed_over), s.handed_over),
            Td(
                {"package": "within selfrule", "here": "this machine", "elsewhere": "elsewhere"}.get(
                    s.place, "not known"
                )
            ),
            Td(one_line(s.prompt or s.protocol or "", 60)),
        ]
        for s in judge.steps
    ]
    table = Table(
        caption="Conversations by the judge that decided",
        columns=["Judge", "Decided", "Could not rate", "Passed on", "Ran", "Prompt"],
        bodies=[Body("", rows)],
        text_columns=frozenset({0, 4, 5}),
        note="Passed on: to the next judge of the row. Each conversation carries the word of one judge alone.",
    )
    return Part(title="Who decided", items=[one_line(r, 400) for r in judge.rules], figure=Figure(table=table))


def _answers(marks: Marks) -> Part:
    whole = plural(marks.rated, "rated conversation")
    said = [f"Of {whole}, none was marked: every answer came as asked, with its evidence."]
    if marks.repaired or marks.no_evidence or marks.citation_dropped:
        said = [
            f"Of {whole}: {number(marks.repaired)} had an answer that was sent back for repair; "
            f"{number(marks.no_evidence)} have a level above none that cites no turn, though asked for twice; in "
            f"{number(marks.citation_dropped)} a turn was cited that is not there, and the citation dropped. Their levels "
            "count as they were given."
        ]
    if marks.windowed:
        most = "2" if marks.most_windows == 2 else f"2 to {number(marks.most_windows)}"
        was = "conversation was" if marks.windowed == 1 else "conversations were"
        said.append(
            f"{number(marks.windowed)} {was} longer than the model's context and read in {most} overlapping windows. "
            f"{WINDOWS}"
        )
    figure = None
    if marks.by_construct:
        rows = [
            [Td(name_of(c)), Td(number(bare), bare), Td(number(dropped), dropped)]
            for c, (bare, dropped) in marks.by_construct.items()
        ]
        columns = ["Construct", "Level without evidence", "Citation dropped"]
        figure = Figure(table=Table(caption="Marked answers by construct", columns=columns, bodies=[Body("", rows)]))
    return Part(title="How the answers came", paragraphs=said, figure=figure)
