"""Patterns as lines that open: size, severity and months beside each, its released summary inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from selfrule import rubric
from selfrule.patterns.records import Claim, Pattern
from selfrule.report.charts.pattern_tree import calendar, severity_bar, trend
from selfrule.report.layout import Branch, Tree
from selfrule.report.numbers import number, plural
from selfrule.report.pattern_forest import Forest, forest
from selfrule.report.pattern_words import counted, highest, part, whole
from selfrule.report.text import one_line
from selfrule.rubric.codes import codes

ROOM = 1_450_000  # bytes of the list and of conversations quoted beside it, so that a page stays under 2 MB
NAMELESS = "Without a name"
PRINTED = 40  # lines up to which print opens those with nothing below
_MOST_CLAIMS, _MOST_CODES, _MOST_IDS = 12, 4, 60
_LINE, _SENTENCE, _TERM, _MONTH = 760, 110, 60, 22  # bytes of markup around what is said
_WORTH = 0.05  # a code or domain of fewer is not named
_HEADS = ("Number, share of flagged", "Severe", "By month")


@dataclass(frozen=True)
class _Page:
    """What lines are made from."""

    patterns: Sequence[Pattern]
    tree: Forest
    members: Mapping[str, list[str]]
    private: bool
    span: tuple[int, int] | None
    least: int | None


@dataclass(frozen=True)
class Lines:
    """The list, and the positions of the patterns that are on it."""

    tree: Tree
    listed: frozenset[int]


def anchor(i: int) -> str:
    """The id of the place where the pattern at this position is told of."""
    return f"pattern-{i}"


def lines(
    patterns: Sequence[Pattern],
    members: Mapping[str, list[str]],
    *,
    private: bool,
    least: int | None = None,
    taken: int = 0,
) -> Lines:
    """The list of patterns.

    What a page has no room for is left out by size, what is below before what is above: first summaries, then lines.

    Args:
        patterns: At least one; of a shareable report those released.
        members: By pattern id, source ids of its conversations; read where `private`.
        private: Whether the report is.
        least: The smallest count that is shown of released patterns; None where all counts are.
        taken: Bytes of the page that quoted conversations take.
    """
    tree = forest(patterns)
    page = _Page(patterns, tree, members, private, calendar([p.months for p in patterns]), least)
    made = {i: _branch(page, i) for i in tree.order()}
    listed, whole_ = _fitting(page, made, max(0, ROOM - taken))
    for i in listed - whole_:
        made[i] = _brief(made[i])
    return Lines(
        Tree(
            heads=[head for head in _HEADS if head != _HEADS[2] or page.span is not None],
            branches=[_joined(page, made, i, listed) for i in tree.roots if i in listed],
            printed=len(listed) <= PRINTED,
            left=_left(tree.roots, listed),
        ),
        listed,
    )


def _fitting(page: _Page, made: Mapping[int, Branch], all_room: float) -> tuple[frozenset[int], frozenset[int]]:
    """Which lines there is room for, in half of it at most; and of which of them, the largest first, the summaries too."""
    room, listed = all_room / 2, []
    for i in page.tree.by_level():
        room -= _bytes(_brief(made[i])) + _MONTH * len(page.patterns[i].months)
        if room < 0:
            break
        listed.append(i)
    room, whole_ = max(room, 0) + all_room / 2, set()
    for i in sorted(listed, key=lambda i: -page.patterns[i].conversations):
        room -= _bytes(made[i]) - _bytes(_brief(made[i]))
        if room < 0:
            break
        whole_.add(i)
    return frozenset(listed), frozenset(whole_)


def _bytes(line: Branch) -> int:
    """About how long a line is in the page, without those below it."""

    def long(*texts: str) -> int:
        return sum(len(escape(text).encode("utf-8", "replace")) for text in texts)

    found = _LINE + long(line.name, line.about, *line.notes) + sum(_SENTENCE + long(*said) for said in line.said)
    found += sum(_TERM + long(*term) for term in line.terms)
    return found + (_SENTENCE + long(*line.listed[1]) + 15 * len(line.listed[1]) if line.listed else 0)


def _brief(line: Branch) -> Branch:
    gone = ["To keep the page small its summary is left out: selfrule patterns has it."]
    return replace(line, said=[], terms=[], notes=gone, listed=None)


def _joined(page: _Page, made: Mapping[int, Branch], i: int, listed: frozenset[int]) -> Branch:
    below = page.tree.children.get(i, [])
    return replace(
        made[i], children=[_joined(page, made, c, listed) for c in below if c in listed], left=_left(below, listed)
    )


def _left(inside: Sequence[int], listed: frozenset[int]) -> str:
    gone = sum(i not in listed for i in inside)
    if not gone:
        return ""
    return f"{plural(gone, 'smaller one is', 'smaller ones are')} left out, to keep the page small: selfrule patterns has them."


def _branch(page: _Page, i: int) -> Branch:
    pattern = page.patterns[i]
    below = page.tree.children.get(i, [])
    return Branch(
        anchor=anchor(i),
        name=one_line(pattern.name, 120) or NAMELESS,
        about=_about(page, pattern, below),
        figures=_figures(page, pattern),
        said=[_said(page, claim) for claim in pattern.claims[:_MOST_CLAIMS]],
        terms=_terms(page, pattern),
        notes=_notes(page, pattern),
        listed=_listed(page, pattern) if not below else None,
    )


def _about(page: _Page, pattern: Pattern, below: Sequence[int]) -> str:
    """Under the name: how many are below, and the domains that most of it is about."""
    names = rubric.load().domains
    main = "; ".join(names[d] for d, _ in _top(pattern.domains, 2, 0.2) if d in names)
    if not below:
        return main
    deep = any(page.tree.children.get(i) for i in below)
    return f"{plural(len(below), 'group' if deep else 'pattern')}{f': {main}' if main else ''}"


def _top(shares: Mapping[str, float], most: int, least: float = _WORTH) -> list[tuple[str, float]]:
    """The largest shares of at least `least`."""
    return sorted(((k, v) for k, v in shares.items() if v >= least), key=lambda e: (-e[1], e[0]))[:most]


def _figures(page: _Page, pattern: Pattern) -> list[tuple[Markup | None, str]]:
    size = number(pattern.conversations)
    size += f", {whole(pattern.share)}" if pattern.share is not None else ""
    severe, picture = "not shown", None
    if pattern.severe is not None:
        severe = part(pattern.severe, pattern.conversations, page.least)
        picture = severity_bar(pattern.severe, more=highest(pattern.severe, pattern.conversations, page.least))
    found: list[tuple[Markup | None, str]] = [(None, size), (picture, severe)]
    if page.span is not None:
        picture = trend(pattern.months, page.span)
        found.append((picture, "" if picture is not None else "not shown"))
    return found


def _said(page: _Page, claim: Claim) -> tuple[str, str]:
    behind = counted(claim, page.least)
    return one_line(claim.text, 400), f"shown by {behind} checked" if claim.checked else behind


def _terms(page: _Page, pattern: Pattern) -> list[tuple[str, str]]:
    """Constructs, codes and domains, as far as they are of the rubric: text from elsewhere cannot stand here."""
    wording = rubric.load()

    def named(shares: Mapping[str, float], names: Mapping[str, str]) -> str:
        top = _top({k: v for k, v in shares.items() if k in names}, _MOST_CODES)
        return "; ".join(f"{names[k]} {part(v, pattern.conversations, page.least)}" for k, v in top)

    found = [("Moderate or severe on", named(pattern.constructs, {c.id: c.name.lower() for c in wording.constructs}))]
    known = {d: {c: v for c, v in shares.items() if c != "unknown"} for d, shares in pattern.codes.items()}
    found += [(d.name, named(known.get(d.id, {}), d.codes)) for d in codes()]
    found.append(("Domains", named(pattern.domains, wording.domains)))
    return [(name, text) for name, text in found if text]


def _notes(page: _Page, pattern: Pattern) -> list[str]:
    said = []
    if pattern.actualized:
        said.append(
            f"In {part(pattern.actualized, pattern.conversations, page.least)} the person says that it has happened."
        )
    if pattern.persons is not None:
        said.append(f"From {plural(pattern.persons, 'person', 'people')}.")
    if pattern.faithful is not None:
        of = f" of {plural(pattern.held_out, 'conversation')} set aside" if pattern.held_out else " of those set aside"
        right = part(pattern.faithful, pattern.held_out, page.least)
        said.append(f"From names and summaries alone, {right}{of} were put back here.")
    if page.private and pattern.collapsed:
        said.append(f"{plural(pattern.collapsed, 'near copy', 'near copies')} left out.")
    if not pattern.claims:
        said.insert(0, "No claim about it is shown; what is left are figures.")
    return [" ".join(said)] if said else []


def _listed(page: _Page, pattern: Pattern) -> tuple[str, list[str]] | None:
    """In a private report: in which conversations of the log to look."""
    ids = page.members.get(pattern.id, []) if page.private else []
    if not ids:
        return None
    shown = [one_line(i, 80) for i in ids[:_MOST_IDS]]
    more = f", {number(len(shown))} of {number(len(ids))}" if len(ids) > len(shown) else ""
    return f"Its conversations, by their ids in the log{more}", shown
