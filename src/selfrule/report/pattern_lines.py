"""Patterns as lines that open: size, severity and months beside each, its released summary inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from selfrule import rubric
from selfrule.patterns.records import Claim, Pattern
from selfrule.report.charts.pattern_tree import calendar, severity_bar, trend
from selfrule.report.layout import Branch, Tree
from selfrule.report.numbers import number, plural
from selfrule.report.pattern_words import whole
from selfrule.report.text import one_line
from selfrule.rubric.codes import codes

MOST = 600  # lines of a page; `selfrule patterns` has them all
BUDGET = 450_000  # bytes of what lines open to, so that the page stays under 2 MB
PRINTED = 40  # lines up to which print opens them
_MOST_CLAIMS, _MOST_CODES, _MOST_IDS = 12, 4, 60
_EACH = 900  # bytes of what else stands in a line
_WORTH = 0.05  # a code or domain of fewer is not named
_HEADS = ("Conversations, share of flagged", "Severe", "By month")


@dataclass
class Forest:
    """Patterns by what stands above them: the roots, and the children of each, the largest first."""

    roots: list[int]
    children: dict[int, list[int]] = field(default_factory=dict)

    @property
    def leaves(self) -> list[int]:
        """Those with nothing below, the largest first within each branch."""
        return [i for i in self.order() if not self.children.get(i)]

    def order(self) -> list[int]:
        """Every pattern, from the top down, each before those below it."""
        found: list[int] = []
        stack = self.roots[::-1]
        while stack:
            found.append(stack.pop())
            stack += self.children.get(found[-1], [])[::-1]
        return found


def forest(patterns: Sequence[Pattern]) -> Forest:
    """The tree that `parent` tells. A pattern whose parent is not there, or that is above itself, stands at the top."""
    at: dict[str, int] = {}
    for i, pattern in enumerate(patterns):
        at.setdefault(pattern.id, i)
    parent = [at.get(p.parent, i) if p.parent is not None else i for i, p in enumerate(patterns)]
    made = Forest([])
    for i in sorted(range(len(patterns)), key=lambda i: -patterns[i].conversations):
        above, seen = parent[i], {i}
        while above not in seen:
            seen.add(above)
            above = parent[above]
        top = parent[i] == i or parent[above] != above  # the way up ends at no root: a ring
        if top:
            made.roots.append(i)
        else:
            made.children.setdefault(parent[i], []).append(i)
    return made


@dataclass
class _Page:
    """What lines are made from, and how much room is left for what they open to."""

    patterns: Sequence[Pattern]
    tree: Forest
    members: Mapping[str, list[str]]
    private: bool
    span: tuple[int, int] | None
    kept: frozenset[int]
    whole: frozenset[int]


def anchor(i: int) -> str:
    """The id of the place where the pattern at this position is told of."""
    return f"pattern-{i}"


def lines(patterns: Sequence[Pattern], members: Mapping[str, list[str]], *, private: bool) -> Tree:
    """The list of patterns.

    Args:
        patterns: At least one; of a shareable report those released.
        members: By pattern id, source ids of its conversations; read where `private`.
        private: Whether the report is.
    """
    tree = forest(patterns)
    kept = _largest(patterns, tree)
    page = _Page(
        patterns,
        tree,
        members,
        private,
        calendar([p.months for p in patterns]),
        kept,
        frozenset(_affordable(patterns, kept)),
    )
    return Tree(
        heads=[head for head in _HEADS if head != _HEADS[2] or page.span is not None],
        branches=[_branch(page, i) for i in tree.roots if i in kept],
        printed=len(kept) <= PRINTED,
        left=_left(page, tree.roots),
    )


def _largest(patterns: Sequence[Pattern], tree: Forest) -> frozenset[int]:
    """The positions that a page lists: the first by depth and size, so that what stands above one is there with it."""
    deep = dict.fromkeys(tree.roots, 0)
    order = tree.order()
    for i in order:
        deep.update(dict.fromkeys(tree.children.get(i, []), deep[i] + 1))
    return frozenset(sorted(order, key=lambda i: (deep[i], -patterns[i].conversations))[:MOST])


def _affordable(patterns: Sequence[Pattern], kept: frozenset[int]) -> list[int]:
    """Those whose summary the page has room for, the largest first."""
    room, found = BUDGET, []
    for i in sorted(kept, key=lambda i: -patterns[i].conversations):
        room -= _EACH + sum(
            len(c.text[:400].encode("utf-8", "replace")) + 90 for c in patterns[i].claims[:_MOST_CLAIMS]
        )
        if room < 0:
            break
        found.append(i)
    return found


def _left(page: _Page, inside: Sequence[int]) -> str:
    gone = sum(i not in page.kept for i in inside)
    if not gone:
        return ""
    return f"{plural(gone, 'smaller one is', 'smaller ones are')} left out, to keep the page small: selfrule patterns has them."


def _branch(page: _Page, i: int) -> Branch:
    pattern = page.patterns[i]
    below = page.tree.children.get(i, [])
    full = i in page.whole
    notes = (
        _notes(page, pattern) if full else ["To keep the page small its summary is left out: selfrule patterns has it."]
    )
    return Branch(
        anchor=anchor(i),
        name=one_line(pattern.name, 120) or "Without a name",
        about=_about(page, pattern, below),
        figures=_figures(page, pattern),
        said=[_said(claim) for claim in pattern.claims[:_MOST_CLAIMS]] if full else [],
        terms=_terms(pattern) if full else [],
        notes=notes,
        listed=_listed(page, pattern) if full and not below else None,
        children=[_branch(page, c) for c in below if c in page.kept],
        left=_left(page, below),
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
    severe = whole(pattern.severe) if pattern.severe is not None else "not shown"
    found: list[tuple[Markup | None, str]] = [(None, size), (severity_bar(pattern.severe), severe)]
    if page.span is not None:
        picture = trend(pattern.months, page.span)
        found.append((picture, "" if picture is not None else "not shown"))
    return found


def _said(claim: Claim) -> tuple[str, str]:
    checked = f"shown by {number(claim.shown)} of {number(claim.checked)} checked" if claim.checked else "not checked"
    return one_line(claim.text, 400), checked


def _terms(pattern: Pattern) -> list[tuple[str, str]]:
    """Constructs, codes and domains, as far as they are of the rubric: text from elsewhere cannot stand here."""
    wording = rubric.load()
    found = [
        ("Moderate or severe on", _named(pattern.constructs, {c.id: c.name.lower() for c in wording.constructs}, 3))
    ]
    found += [(d.name, _named(pattern.codes.get(d.id, {}), d.codes, _MOST_CODES)) for d in codes()]
    found.append(("Domains", _named(pattern.domains, wording.domains, _MOST_CODES)))
    return [(name, text) for name, text in found if text]


def _named(shares: Mapping[str, float], names: Mapping[str, str], most: int) -> str:
    known = {k: v for k, v in shares.items() if k in names}
    return "; ".join(f"{names[k]} {whole(v)}" for k, v in _top(known, most))


def _notes(page: _Page, pattern: Pattern) -> list[str]:
    said = []
    if pattern.actualized:
        said.append(f"In {whole(pattern.actualized)} the person says that it has happened.")
    if pattern.persons is not None:
        said.append(f"From {plural(pattern.persons, 'person')}.")
    if pattern.faithful is not None:
        of = f" of {plural(pattern.held_out, 'conversation')} set aside" if pattern.held_out else " of those set aside"
        said.append(f"From names and summaries alone, {whole(pattern.faithful)}{of} were put back here.")
    if page.private and pattern.collapsed:
        said.append(f"{plural(pattern.collapsed, 'near copy', 'near copies')} left out.")
    if not pattern.claims:
        said.insert(0, "No sentence about it passed every check; what is left are figures.")
    return [" ".join(said)] if said else []


def _listed(page: _Page, pattern: Pattern) -> tuple[str, list[str]] | None:
    """In a private report: in which conversations of the log to look."""
    ids = page.members.get(pattern.id, []) if page.private else []
    if not ids:
        return None
    shown = [one_line(i, 80) for i in ids[:_MOST_IDS]]
    more = f", {number(len(shown))} of {number(len(ids))}" if len(ids) > len(shown) else ""
    return f"Its conversations, by their ids in the log{more}", shown
