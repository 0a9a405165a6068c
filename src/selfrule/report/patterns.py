"""The section on patterns: a map, a list that opens, what was kept back, and how it was made."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from selfrule.patterns.records import Pattern
from selfrule.report import pattern_words as words
from selfrule.report.charts.pattern_map import Spot, map_chart
from selfrule.report.context import ReportContext
from selfrule.report.layout import Figure, Key, Part, Section
from selfrule.report.numbers import number, plural
from selfrule.report.pattern_forest import forest
from selfrule.report.pattern_lines import NAMELESS, Lines, anchor, lines
from selfrule.report.text import one_line

ANCHOR = "patterns"
MOST = 300  # circles
_ROUND = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9)
_CLASSES = ("few", "some", "many")


def section(context: ReportContext, *, taken: int = 0) -> Section | None:
    """The section; None where no patterns were made. A shareable report's have been through `shareable.public`.

    Args:
        context: Of the report.
        taken: Bytes of the page that quoted conversations take.
    """
    made = context.patterns
    if made is None:
        return None
    private = context.kind == "private"
    notes = [one_line(note, 400) for note in made.notes]
    if not made.patterns:
        said = words.none(made)
        kept = words.withheld(made.withheld, made.k)[:1] if made.withheld is not None and made.withheld.patterns else []
        return Section(
            anchor=ANCHOR,
            title="Patterns",
            parts=[Part(paragraphs=[words.WHAT, *([said, *kept] if said else notes)])],
        )
    tree = forest(made.patterns)
    leaves = tree.leaves
    groups = sum(bool(tree.children.get(i)) for i in range(len(made.patterns)))
    least = words.least(made)
    listed = lines(made.patterns, context.pattern_members, private=private, least=least, taken=taken)
    drawn = _map(made.patterns, [i for i in leaves if i in listed.listed], len(leaves), least)
    parts = [
        Part(paragraphs=words.lead(made, len(leaves), groups, drawn=drawn is not None)),
        *([drawn] if drawn is not None else []),
        _list(made.patterns, listed, private=private),
    ]
    if made.withheld is not None and not private:
        parts.append(Part(title="What was withheld", paragraphs=words.withheld(made.withheld, made.k)))
    by = {p.by for p in made.patterns}
    parts.append(Part(title="How patterns were made", paragraphs=words.how(made, by), items=notes))
    return Section(anchor=ANCHOR, title="Patterns", parts=parts)


def _list(patterns: Sequence[Pattern], listed: Lines, *, private: bool) -> Part:
    said = (
        "The bars by month are counts of conversations, each line on a height of its own; a month without one had none"
    )
    said += "." if private else ", or too few to show."
    return Part(title="Every pattern", paragraphs=[said] if any(p.months for p in patterns) else [], tree=listed.tree)


def _map(patterns: Sequence[Pattern], leaves: Sequence[int], of: int, least: int | None) -> Part | None:
    drawn = sorted(leaves, key=lambda i: -patterns[i].conversations)[:MOST]
    if not drawn:
        return None
    shade = Shades.of([patterns[i] for i in drawn], least)
    spots = [
        Spot(
            anchor=anchor(i),
            name=one_line(patterns[i].name, 120) or NAMELESS,
            place=patterns[i].place,
            size=patterns[i].conversations,
            cls=shade(patterns[i]),
            words=words.words_of(patterns[i], least),
        )
        for i in drawn
    ]
    largest = max(patterns[i].conversations for i in drawn)
    caption = (
        f"Each circle is a pattern, as large as it has conversations (the largest: {number(largest)}). Near circles are alike; "
        "how far apart others lie says nothing. The names of the largest are written where there is room."
    )
    if of > len(drawn):
        caption += f" {plural(of - len(drawn), 'smaller one is', 'smaller ones are')} not drawn."
    chart = map_chart(spots)
    if chart is None:
        return None
    return Part(title="Map", figure=Figure(caption=caption, chart=chart, legend=shade.legend({s.cls for s in spots})))


def breaks(shares: Sequence[float]) -> list[float]:
    """Round shares that cut these into about thirds: two, one or none, in order.

    >>> breaks([0.02, 0.04, 0.11, 0.13, 0.3, 0.5])
    [0.1, 0.25]
    """
    if not shares:
        return []
    got = sorted(shares)
    cuts = (got[(len(got) - 1) // 3], got[(2 * len(got)) // 3])
    found = {min(_ROUND, key=lambda r: abs(r - cut)) for cut in cuts}
    return [limit for limit in sorted(found) if got[0] < limit <= got[-1]]


@dataclass(frozen=True)
class Shades:
    """Which shade a share of severe ones has: by at most two limits, and one where it is the highest that the gate shows."""

    limits: tuple[float, ...]
    least: int | None
    top: bool

    @classmethod
    def of(cls, patterns: Sequence[Pattern], least: int | None) -> Shades:
        """Shades that tell these patterns apart."""
        known = [(p.severe, _highest(p, least)) for p in patterns if p.severe is not None]
        top = any(high for _, high in known)
        limits = breaks([share for share, high in known if not high])
        return cls(tuple(limits[:1] if top else limits), least, top)

    def __call__(self, pattern: Pattern) -> str:
        """The class of a circle."""
        if pattern.severe is None:
            return "unsaid"
        at = bisect_right(self.limits, pattern.severe)
        if self.top:
            return "many" if _highest(pattern, self.least) else ("few", "some")[at]
        return _CLASSES[at] if len(self.limits) == 2 else ("few", "many")[at] if self.limits else "some"

    def legend(self, used: set[str]) -> list[Key]:
        """What each shade stands for; those on the map alone."""
        cut = [words.whole(limit) for limit in self.limits]
        said = {"some": "about as many severe in each"}
        if self.top:
            said = {"few": f"under {cut[0]} severe", "some": f"{cut[0]} or more"} if cut else {"few": "fewer severe"}
            said["many"] = f"all, or all but about {self.least}, severe"
        elif len(cut) == 2:
            said = {"few": f"under {cut[0]} severe", "some": f"{cut[0]} to under {cut[1]}", "many": f"{cut[1]} or more"}
        elif cut:
            said = {"few": f"under {cut[0]} severe", "many": f"{cut[0]} or more"}
        said["unsaid"] = "severity not shown"
        return [Key("disc", cls, text) for cls, text in said.items() if cls in used]


def _highest(pattern: Pattern, least: int | None) -> bool:
    return pattern.severe is not None and words.highest(pattern.severe, pattern.conversations, least)
