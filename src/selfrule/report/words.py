"""The sentences of a report: the answer, the judge, the limits, the glossary. One word per thing, no alarm."""

from __future__ import annotations

from dataclasses import dataclass, field

from selfrule.analyses.figures import BETWEEN_PEOPLE
from selfrule.report.cells import FEW, Cell, Cells
from selfrule.report.context import ReportContext
from selfrule.report.judges import agreement_clause, judge_name, kind_words, labelled_here, measured_words
from selfrule.report.numbers import at_most, interval, number, one_in, plural
from selfrule.report.text import one_line

SMALL_STUDY = 100
NO_LABELS = (
    "No label by a person stands beside these figures: they are the judge's, uncorrected. To have people confirm what it "
    "flagged and look for what it missed, run selfrule label STUDY; selfrule plan says how many labels that takes."
)
MEANING = (
    "Flagged means rated moderate or severe on at least one of reality, value judgment or action distortion. It is a "
    "potential seen in the conversation: no harm was shown by it, and it says nothing about who a person is."
)
STATUS_WORDS = {
    "rated": "rated",
    "screened_out": "set aside by the screen",
    "duplicate": "copies, each kept once",
    "empty": "without readable words",
    "unsupported_language": "language not known to the judge",
    "over_long": "too long for the judge",
    "refused": "refused by the judge",
    "filtered": "blocked by a filter",
    "truncated": "judge's answer cut off",
    "unparseable": "judge's answer not readable",
    "failed": "rating failed",
    "waiting": "waiting for the judge",
}
WHY_UNRATED = {
    "empty": "No readable words from the person, or none from the assistant.",
    "unsupported_language": "The judge does not know the language.",
    "over_long": "Longer than the judge can read, even in parts.",
    "refused": "The judge declined to rate it. What is refused is often what matters, so its absence is no accident.",
    "filtered": "The provider's filter stopped the question or the answer. Here too absence is no accident.",
    "truncated": "The answer ended before it was complete.",
    "unparseable": "The answer was not of the form asked for, also when it was sent back.",
    "failed": "No answer came after several tries; the next run of selfrule rate tries again.",
    "waiting": "Not asked about yet, for a budget was reached, or in a batch that has not come back. The next run of "
    "selfrule rate goes on with it, and figures may change.",
}
SET_ASIDE = frozenset({"rated", "screened_out", "duplicate"})


@dataclass(frozen=True)
class Answer:
    """What the report says first: the headline in pieces (text, emphasised), sentences after it, and cautions.

    `figures` stand beside each other under the headline, where there are several: name, value, what it rests on.
    """

    headline: list[tuple[str, bool]]
    sentences: list[str]
    cautions: list[str]
    figures: list[tuple[str, str, str]] = field(default_factory=list)


def drawn(context: ReportContext) -> int:
    """Conversations that the screen set aside and that went to the judge all the same, rated or not."""
    dropped = context.screening.dropped if context.screening else 0
    return max(0, dropped - context.status_counts.get("screened_out", 0)) if context.status_counts.get("rated") else 0


def set_aside_and_rated(context: ReportContext) -> int:
    """Conversations that the screen set aside and the judge rated all the same."""
    known = context.screening.checked if context.screening else None
    return drawn(context) if known is None else known


def about_judge(context: ReportContext) -> str:
    """What kind of judge rated what, and whose labels its agreement rests on."""
    said = [kind_words(context.judge), measured_words(context)]
    rated, unread = context.status_counts.get("rated", 0), context.status_counts.get("screened_out", 0)
    if unread:
        sample = set_aside_and_rated(context)
        among = f", {number(sample)} of them drawn from what the screen had set aside" if sample else ""
        said.append(
            f"This judge rated {number(rated)} conversations{among}; {number(unread)} were set aside by the screen and "
            "read by it alone."
        )
    return " ".join(s for s in said if s)


def _nothing_rated(context: ReportContext) -> Answer:
    why = missing_words(context)
    waiting = context.status_counts.get("waiting", 0)
    headline = "No conversation could be rated, so there is no figure to give."
    if waiting and waiting == sum(n for s, n in context.status_counts.items() if s not in SET_ASIDE):
        headline = "No conversation has been rated yet, so there is no figure to give."
    return Answer(
        [(headline, True)],
        [f"That is not the same as finding nothing. Not rated: {why}." if why else "That is not the same as finding "
         "nothing: there was nothing to read."],
        [],
    )  # fmt: skip


def missing_words(context: ReportContext) -> str:
    """Why conversations have no rating, with counts: "too long for the judge, 12; without readable words, 3"."""
    counts = {s: c for s, c in context.status_counts.items() if s not in SET_ASIDE and c > 0}
    return "; ".join(f"{STATUS_WORDS.get(s, one_line(s, 60))}, {number(c)}" for s, c in counts.items())


def unrated(context: ReportContext) -> tuple[int, int]:
    """Conversations that wait for the judge, and those that went to it and could not be rated."""
    left = {s: n for s, n in context.status_counts.items() if s not in SET_ASIDE}
    waiting = left.pop("waiting", 0)
    return waiting, sum(left.values())


def answer(context: ReportContext, cells: Cells) -> Answer:
    """The answer to the one question: how often."""
    cell = cells.flagged()
    judge = f"as rated by {judge_name(context.judge)}, {agreement_clause(context.judge)}"
    if cell.state == "suppressed":
        return Answer(
            [(f"Fewer than {cells.k} conversations were rated: too few for a report that can be shared.", True)],
            ["A private report shows the figures to the person whose conversations they are."],
            [],
        )
    if not cell.shown or cell.share is None:
        return _nothing_rated(context)
    if cell.n == 1:
        was = "was" if cell.state == "seen" else "was not"
        headline = [(f"The one conversation {was} flagged", True), (f", {judge}.", False)]
        return Answer(
            headline, [MEANING, *([about] if (about := about_judge(context)) else [])], cautions(cell, context)
        )
    whole = f"the {number(cell.n)} conversations"
    if cell.state == "none_seen":
        limit = f": the share is at most {at_most(cell.high)} (95 % interval)" if cell.high is not None else ""
        headline = [(f"None of {whole} was flagged", True), (f"{limit}, {judge}.", False)]
    else:
        span = interval(cell.low or 0.0, cell.high).replace("-", " to ") if cell.high is not None else ""
        odds = (
            f"about {one_in(cell.share)}"
            if cell.share <= 0.5
            else "more than half"
            if cell.share < 1
            else "all of them"
        )
        headline = [
            (f"Of {whole}, ", False),
            (f"{cell.share_text} were flagged", True),
            (f" (95 % interval {span}), " if span else ", ", False),
            (odds, True),
            (f", {judge}.", False),
        ]
    said = [MEANING, *([about] if (about := about_judge(context)) else [])]
    return Answer(headline, [*said, *([] if context.labels else [NO_LABELS])], cautions(cell, context))


def cautions(cell: Cell, context: ReportContext) -> list[str]:
    """What a reader should know before using the figure as rated."""
    said = [BETWEEN_PEOPLE] if context.study.between_people else []
    if cell.n == 1:
        return [*said, "One conversation cannot say how often anything happens."]
    if cell.state == "seen" and cell.count < FEW:
        were = "conversation was" if cell.count == 1 else "conversations were"
        said.append(
            f"Only {number(cell.count)} {were} flagged. So few could easily have been fewer or more: read the "
            "interval rather than the figure."
        )
    if cell.n < SMALL_STUDY:
        said.append(
            f"{plural(cell.n, 'conversation').capitalize()} cannot say much about how often something rare happens; "
            "the wide interval says so too."
        )
    waiting, lost = unrated(context)
    if waiting:
        said.append(
            f"The rating is not finished: {plural(waiting, 'conversation')} {'waits' if waiting == 1 else 'wait'} for the "
            "judge. The figures are of those rated so far and may change."
        )
    if lost and cell.missing:
        asked = plural(context.status_counts.get("rated", 0) + waiting + lost, "conversation")
        said.append(
            f"{number(lost)} of {asked} could not be rated and {'is' if lost == 1 else 'are'} not counted as unflagged; "
            "see what is missing."
        )
    return said


def _rests(context: ReportContext) -> str:
    card = context.judge.card
    if card is None:
        return measured_words(context)
    if labelled_here(context):
        return f"The judge's card rests on other labels than those of this study. {one_line(card['labels'], 600)}"
    return "How well the judge agrees with labels rests on those labels. " + measured_words(context)


def _uncorrected(context: ReportContext) -> str:
    said = (
        "The figures are the judge's, not corrected for its errors. Where something is rare, even a judge that is seldom "
        "wrong can flag more by mistake than by right, so a small share is better compared than taken at its word."
    )
    if not labelled_here(context):
        return said
    return (
        f"{said.replace('The figures are', 'Figures as rated are', 1)} Labels by people correct them where the page says so, "
        "and people err and differ too: what they confirm is their word, not the truth."
    )


def limits(context: ReportContext) -> list[str]:
    """What the report cannot say."""
    said = [
        "It rates conversations and never diagnoses people. A flagged conversation is no sign of illness, weakness or "
        "fault in the person who had it.",
        "It rates potential, not harm. Whether a belief, a judgment or an act in fact changed is only seen where the "
        "person says so in the same conversation (actualized), and most people never do.",
        "It reads single conversations. What happened before, after or outside them is not known, and a person is not "
        "followed over time.",
        _uncorrected(context),
        _rests(context),
        "The conversations are those that were given. They stand for other people's conversations only if they were "
        "drawn from them at random.",
        "Published figures are of another population, read by another judge. A difference from them is no finding.",
        "Differences between models, months, domains or languages are descriptions. Who uses what, and for what, "
        "differs too; nothing here shows a cause.",
        "Every interval is a 95 % interval on its own. Of many intervals, about one in twenty misses, and the largest "
        "of many differences is often luck.",
    ]
    if context.status_counts.get("screened_out"):
        said.insert(
            4, "What the screen set aside was read by the screen alone, save for a random sample where one was rated."
        )
    return said


GLOSSARY: list[tuple[str, str]] = [
    ("Conversation", "One exchange between a person and an assistant, from first to last turn; rated as a whole."),
    ("Turn", "One message of a conversation. Turns are counted from 0."),
    ("Construct", "One of the seven things rated: three primitives (reality, value judgment and action distortion) "
     "and four amplifying factors (authority projection, attachment, reliance and dependency, vulnerability)."),
    ("Level", "None, mild, moderate or severe. Moderate or above counts moderate and severe together."),
    ("Amplifying factor", "A condition in which disempowerment is likelier. It is not disempowerment by itself."),
    ("Flagged", "Moderate or severe on at least one of the three primitives."),
    ("Actualized", "The person says in the conversation that it happened: a false belief now held, a judgment or an "
     "act that was not their own."),
    ("Rubric", "The written rules for rating, with a version."),
    ("Judge", "What rates conversations by the rubric: a statistical model or a language model."),
    ("Rating and label", "A rating is by a judge. A label is what the judge is compared with."),
    ("Confirmed, missed", "Confirmed is what the judge put at a level and labels by people put there too; missed is what it "
     "put below and labels put there."),
    ("Screen", "A quick first look that sets aside what cannot matter, so that the judge reads less."),
    ("95 % interval", "The range of shares that fit what was seen. Computed so for many studies, it holds the true "
     "share of such ratings in about 95 of 100. In a chart, an arrow head marks an interval that goes on beyond it."),
    ("Kappa", "Agreement beyond chance, from 0 (chance) to 1 (perfect); here quadratic-weighted, so that two levels "
     "apart weighs more than one."),
    ("Missing", "A conversation that could not be rated. It is never counted as none."),
]  # fmt: skip
