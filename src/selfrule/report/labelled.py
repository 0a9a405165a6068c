"""Which conversations people labelled, and how the judge stands beside what they said."""

from __future__ import annotations

from selfrule.report.cells import Cells
from selfrule.report.judging import Measured
from selfrule.report.labels import LabelAgreement, LabelFacts, LabelStratum
from selfrule.report.layout import Body, Figure, Part, Table, Td
from selfrule.report.numbers import at_most, interval, interval_decimals, number, percent, plural
from selfrule.report.panels import figure, limits, name_of
from selfrule.report.text import one_line
from selfrule.rubric import CONSTRUCTS

STRATUM_WORDS = {
    "severe": "severe", "moderate": "moderate", "mild": "mild", "none": "none", "unrated": "could not be rated",
    "screened_out": "set aside by the screen", "all": "all conversations",
}  # fmt: skip
_FLAGGED = ("flagged", "moderate+")


def drawn(got: LabelFacts, cells: Cells) -> Part:
    """How many conversations of which stratum were put before people, and what is missing."""
    said = []
    if got.source == "draw":
        left = max(0, got.queue - got.reached)
        said.append(
            f"{plural(got.reached, 'conversation')} of a queue of {number(got.queue)} were put before people"
            + (f"; {number(left)} wait." if left else ", all of it.")
            + " Those of each stratum are a simple random sample of it."
        )
    lost = got.unsure + got.skipped + got.unfinished
    if lost:
        kinds = [
            (got.unsure, "left at least one level open"),
            (got.skipped, "skipped"),
            (got.unfinished, "not finished"),
        ]
        why = ", ".join(f"{number(n)} {word}" for n, word in kinds if n)
        said.append(
            f"Without a whole label: {number(lost)} of them ({why}). They are missing, never none. {_bounded(cells)}"
        )
    if got.beside:
        said.append(
            f"{plural(got.beside, 'labelled conversation')} beside those {'counts' if got.beside == 1 else 'count'} for "
            "nothing here: not drawn by this design."
        )
    said += [one_line(got.note, 500)] if got.note else []
    if not got.strata:
        said += ["Strata are not shown: too few conversations were put before people."] if got.source == "draw" else []
        return Part(title="Which conversations were labelled", paragraphs=said)
    rows = [
        [
            Td(_stratum(one)),
            Td(number(one.size), one.size),
            Td(number(one.reached), one.reached),
            Td(percent(one.reached / one.size) if one.reached else "none", one.reached / max(one.size, 1)),
            Td(number(one.labelled), one.labelled),
        ]
        for one in got.strata
    ]
    table = Table(
        caption="Labels by what the judge said (its highest level on a primitive)",
        columns=["Judge said", "In the study", "Put before people", "Share", "Labelled whole"],
        bodies=[Body("", rows)],
    )
    return Part(title="Which conversations were labelled", paragraphs=said, figure=Figure(table=table))


def _stratum(one: LabelStratum) -> str:
    return " or ".join(STRATUM_WORDS.get(name, one_line(name, 60)) for name in one.names).capitalize()


def _bounded(cells: Cells) -> str:
    among = cells.get(*_FLAGGED, kind="confirmed_among_flagged")
    missed = cells.get(*_FLAGGED, kind="missed_at_most")
    said = []
    if among.shown and among.worst_low is not None and among.worst_high is not None:
        said.append(f"what is confirmed of the flagged lies within {interval(among.worst_low, among.worst_high)}")
    if missed.state == "bounded" and missed.worst_high is not None:
        said.append(f"what was missed is at most {at_most(missed.worst_high)} of all")
    return f"Were none or all of them at the level, {', and '.join(said)}." if said else ""


def beside(got: LabelFacts, private: bool) -> Part | None:
    """Kappa, sensitivity and specificity of the judge by what people said; None where nothing is known of them."""
    order = [c for c in ("flagged", *CONSTRUCTS) if c in got.agreement]
    if not order:
        return None
    weighted = all(got.agreement[c].weighted for c in order)
    whole = any((f := got.agreement[c].found) is not None and f["value"] is not None for c in order)
    columns = [
        "Construct",
        "Kappa",
        "Sensitivity",
        "Specificity",
        *(["Found of all"] if whole else []),
        "Labels",
    ]
    columns += ["Of them moderate or above"] if private else []
    rows = [_row(c, got.agreement[c], whole, private) for c in order]
    table = Table(
        caption="The judge beside labels by people, with 95 % intervals",
        columns=columns,
        bodies=[Body("", rows)],
        note="Not defined: people put nothing there, or judge or people gave one level throughout.",
    )
    said = [
        "Kappa is quadratic-weighted: 0 is what chance would give, 1 is perfect. Sensitivity is the share of what people put "
        "at moderate or above that the judge put there too, of what it rated; specificity the share of what they put below "
        "that it put below."
    ]
    if whole:
        said.append("Found of all is the share of what people put at moderate or above, in the whole study, that screen and "
                    "judge together put there.")  # fmt: skip
    said.append("Each label counts for the conversations it was drawn for." if weighted else "Each label counts once.")
    return Part(title="The judge beside people", paragraphs=[" ".join(said)], figure=Figure(table=table))


def _row(construct: str, got: LabelAgreement, whole: bool, private: bool) -> list[Td]:
    return [
        Td(name_of(construct)),
        Td(_coefficient(got.kappa), got.kappa["value"]),
        Td(_rate(got.sensitivity), got.sensitivity["value"]),
        Td(_rate(got.specificity), got.specificity["value"]),
        *([Td(_rate(got.found), got.found["value"] if got.found else None)] if whole else []),
        Td(number(got.n), got.n),
        *([Td(number(got.positives), got.positives)] if private else []),
    ]


def _coefficient(got: Measured) -> str:
    if got["value"] is None:
        return "not defined" if got["reason"] else ""
    span = limits(got)
    return f"{figure(got)} ({span})" if span else figure(got)


def _rate(got: Measured | None) -> str:
    if got is None or got["value"] is None:
        return (
            "not defined"
            if got is None or not (got["reason"] or "").startswith("fewer")
            else one_line(got["reason"], 60)
        )
    value, low, high = got["value"], got["low"], got["high"]
    if low is None or high is None or low >= high:
        return percent(value)
    return f"{percent(value, interval_decimals(low, high))} ({interval(low, high)})"
