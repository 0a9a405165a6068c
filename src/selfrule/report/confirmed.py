"""The answer where people labelled some of the conversations: two figures, never blended, with the uncorrected one beside."""

from __future__ import annotations

from selfrule.report.cells import FEW, Cell, Cells
from selfrule.report.context import ReportContext
from selfrule.report.honest import confirmed_words, total_words
from selfrule.report.judges import judge_name
from selfrule.report.numbers import at_most, number, one_in, plural
from selfrule.report.words import MEANING, Answer, about_judge, cautions

FEW_LABELS = 30
_FLAGGED = ("flagged", "moderate+")


def answer(context: ReportContext, cells: Cells) -> Answer | None:
    """The answer in two figures; None where there is no label that counts, or nothing was rated."""
    got, rated = context.labels, cells.flagged()
    if got is None or got.source == "none" or not rated.shown or rated.share is None:
        return None
    among, confirmed, missed, corrected = (
        cells.get(*_FLAGGED, kind=kind)
        for kind in ("confirmed_among_flagged", "confirmed", "missed_at_most", "corrected")
    )
    if missed.state == "absent":
        return None
    whose = judge_name(context.judge)
    odds = f", about {one_in(rated.share)}" if rated.share and rated.share <= 0.5 else ""
    beside = f"As rated by {whose}, uncorrected, {rated.share_text} were flagged{odds}: that is its word alone."
    if rated.state != "seen":
        beside = f"Uncorrected, {whose} flagged none of {number(rated.n)} conversations: that is its word alone."
    total = total_words(cells)
    said = [beside, *([total] if total else []), MEANING]
    said += [about] if (about := about_judge(context)) else []
    return Answer(
        [*_confirmed(rated, among), (" ", False), *_missed(missed)],
        said,
        [*_cautions(among, missed), *cautions(rated, context)],
        _beside(rated, confirmed, missed, corrected),
    )


def _confirmed(rated: Cell, among: Cell) -> list[tuple[str, bool]]:
    if among.shown:
        figure, _, rest = confirmed_words(among).partition(" (")
        return [("Of what the judge flagged, labels by people confirm ", False), (figure, True), (f" ({rest}.", False)]
    if among.state == "suppressed":
        return [("Of what the judge flagged, too little is labelled for a figure that can be shared.", False)]
    if rated.state == "none_seen":
        return [(f"The judge flagged none of the {number(rated.n)} conversations", True), (".", False)]
    return [("No label yet of what the judge flagged, so none of it is confirmed.", False)]


def _missed(missed: Cell) -> list[tuple[str, bool]]:
    if missed.state == "suppressed":
        return [("What it missed cannot be shown: too few labels for a report that can be shared.", False)]
    if missed.high is None or missed.high >= 1:
        return [
            ("What it missed has ", False),
            ("no limit yet", True),
            (": too little of the rest is labelled.", False),
        ]
    return [("What it missed is ", False), (f"at most {at_most(missed.high)}", True), (" of all conversations.", False)]


def _beside(rated: Cell, confirmed: Cell, missed: Cell, corrected: Cell) -> list[tuple[str, str, str]]:
    made = []
    if confirmed.shown:
        made.append(("Confirmed, of all", *_figure(confirmed)))
    if missed.state == "bounded":
        value = at_most(missed.high) if missed.high is not None and missed.high < 1 else "no limit yet"
        of = plural(missed.n, "label") if missed.n else "no label"
        made.append(("Missed, at most", value, f"one-sided 95 % limit, {number(missed.count)} found in {of}"))
    if corrected.shown:
        made.append(("Corrected total", *_figure(corrected)))
    made.append(("As rated, uncorrected", *_figure(rated)))
    return made


def _figure(cell: Cell) -> tuple[str, str]:
    if cell.state == "none_seen":
        return "none", f"95 % interval up to {cell.interval_text.removeprefix('at most ')}"
    return cell.share_text, f"95 % interval {cell.interval_text}, {cell.one_in_text}"


def _cautions(among: Cell, missed: Cell) -> list[str]:
    said = []
    if among.shown and among.n < FEW_LABELS:
        said.append(
            f"What is confirmed rests on {plural(among.n, 'label')} of what the judge flagged: read the interval rather than "
            "the figure."
        )
    elif among.state == "seen" and min(among.count, among.n - among.count) < FEW:
        few = "confirm" if among.count < FEW else "do not confirm"
        number_of_them = min(among.count, among.n - among.count)
        said.append(
            f"Only {plural(number_of_them, 'label')} {few} what the judge flagged."
            if number_of_them
            else f"All {among.n} labels confirm what the judge flagged: how sure that is, the interval says."
        )
    if missed.state == "bounded" and missed.high is not None and missed.high < 1 and not missed.count:
        said.append(
            f"None of {plural(missed.n, 'label')} of what the judge left reaches the level. The limit of what was missed is "
            "set by their number: more labels would lower it."
        )
    return said


def terminal_lines(context: ReportContext, cells: Cells) -> list[str]:
    """Two lines for the terminal: confirmed among flagged, and missed at most. None where there is no label that counts."""
    got = context.labels
    if got is None or got.source == "none":
        return []
    among, missed = (cells.get(*_FLAGGED, kind=kind) for kind in ("confirmed_among_flagged", "missed_at_most"))
    if missed.state == "absent":
        return []
    first = f"Confirmed by people: {among.share_text} of what was flagged ({among.interval_text}; {among.seen_text} labels)."
    if not among.shown:
        why = f"fewer than {among.k} labels" if among.state == "suppressed" else "no label of what was flagged"
        first = f"Confirmed by people: {why}."
    second = f"Missed by the judge: at most {at_most(missed.high or 1.0)} of all "
    second += f"(one-sided 95 %; {number(missed.count)} in {plural(missed.n, 'label')})."
    if missed.state != "bounded":
        second = "Missed by the judge: not shown, too few labels."
    elif missed.high is None or missed.high >= 1:
        second = "Missed by the judge: no limit yet, too little of what it left is labelled."
    return [first, second]
