"""What a report says of patterns in sentences: what they are, what was kept back, how good they are, why there are none."""

from __future__ import annotations

import math

from selfrule.patterns.records import Claim, Pattern, Patterns, Withheld
from selfrule.privacy.cells import smallest
from selfrule.report.numbers import number, plural
from selfrule.report.text import one_line

WHAT = "A pattern is a kind of flagged conversation, described without anyone in it."
CANNOT = (
    "Where one pattern ends and the next begins is a choice that another run can make otherwise. Shares are of the flagged "
    "conversations of this study; none says how common something is elsewhere, and none says who a person is."
)
_REASONS = {
    "small": "of too few conversations or people",
    "complementary": "so that no small one can be found by subtraction",
    "quotation": "for words too near to those of a conversation",
    "personal": "for something personal in the words",
    "auditor": "kept back by the auditor",
    "unchecked": "for a claim that was not checked",
    "budget": "for claims that the privacy budget does not cover",
}
_NEARLY = 0.1  # of the larger share: closer than this, two shares are called about the same
_POINT = 0.01


def whole(share: float) -> str:
    """A share in whole per cent: patterns are too small for more.

    >>> whole(0.125), whole(0.004), whole(0.998), whole(0.0), whole(1.0)
    ('12 %', '< 1 %', '> 99 %', '0 %', '100 %')
    """
    if 0 < share < 0.005:
        return "< 1 %"
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{round(100 * share)} %"


def least(made: Patterns) -> int | None:
    """The smallest count that is shown of released patterns; None of private ones, whose counts are all shown."""
    if made.kind == "private" or made.k is None:
        return None
    return made.k if made.epsilon is not None else smallest(made.k)


def highest(share: float, size: int, least: int | None) -> bool:
    """Whether a share is the highest that the gate shows of so many: all but the smallest count, for that and more."""
    return least is not None and size > 0 and math.isclose(share, 1 - least / size, abs_tol=1e-9)


def part(share: float, size: int, least: int | None) -> str:
    """A share of a pattern in whole per cent, with "or more" where the gate shows none higher.

    Args:
        share: In [0, 1].
        size: Conversations that it is of.
        least: The smallest count that is shown; None where all are.

    >>> part(0.8, 50, 10), part(0.78, 50, 10), part(1.0, 50, None)
    ('80 % or more', '78 %', '100 %')
    """
    return f"{whole(share)} or more" if highest(share, size, least) else whole(share)


def counted(claim: Claim, least: int | None) -> str:
    """How many of how many show a claim."""
    if not claim.checked:
        return "not checked"
    more = " or more" if highest(claim.shown / claim.checked, claim.checked, least) else ""
    return f"{number(claim.shown)}{more} of {number(claim.checked)}"


def lead(made: Patterns, leaves: int, groups: int, *, drawn: bool) -> list[str]:
    """What the section shows, of how many, and what it cannot say."""
    within = f" in {plural(groups, 'group')}" if groups else ""
    left = made.flagged - made.described
    lost = f" {number(left)} more could not be described." if left > 0 else ""
    about = "About " if made.kind == "released" and made.epsilon is not None else ""
    of = f"{about}{plural(made.described, 'flagged conversation')}"
    how = "Choose a circle on the map, or open a line of the list," if drawn else "Open a line of the list"
    return [f"{WHAT} {plural(leaves, 'pattern')}{within} from {of}.{lost} {how} to read what one is.", CANNOT]


def none(made: Patterns) -> str:
    """Why there is no pattern; empty where the last door says it in a note."""
    if made.kind == "released":
        if made.withheld is None:
            return ""
        if made.withheld.patterns:
            return "No pattern is shown: none could be released without a risk that somebody is recognised."
        return "No conversation was flagged, or too few to speak of patterns."
    if not made.flagged:
        return "No conversation was flagged, so there is no pattern."
    if not made.described:
        return f"{plural(made.flagged, 'conversation was', 'conversations were')} flagged, and none could be described."
    return "There are too few flagged conversations to speak of patterns."


def withheld(got: Withheld, k: int | None) -> list[str]:
    """What was kept back, why, and what that does to the picture."""
    of = f", of {plural(got.conversations, 'conversation')} in all," if got.conversations else ""
    said = f"{plural(got.patterns, 'pattern')}{of} {'is' if got.patterns == 1 else 'are'} withheld."
    if not got.patterns:
        said = "No pattern was withheld as a whole."
    why = [
        f"{number(n)} {_reason(reason, k)}" for reason, n in sorted(got.reasons.items(), key=lambda r: -r[1]) if n > 0
    ]
    if why:
        said += f" By reason, of a whole pattern or of one of its claims: {', '.join(why)}."
    return [said, _bias(got)] if got.patterns else [said]


def _reason(reason: str, k: int | None) -> str:
    if reason == "small" and k is not None:
        return f"of fewer than {k} conversations or people"
    return _REASONS.get(reason, "for another reason")


def _bias(got: Withheld) -> str:
    shown, kept = got.severe_released, got.severe_withheld
    if shown is None or kept is None:
        return (
            "How severe the withheld ones are is not said: that too would be a figure of few. What is shown may look milder, or "
            "more severe, than all there is."
        )
    said = f"Of the conversations in what is shown {whole(shown)} are severe, of those withheld {whole(kept)}"
    if abs(shown - kept) <= max(_POINT, _NEARLY * max(shown, kept)):
        return f"{said}: about as many, so what is shown looks about as severe as all there is."
    return f"{said}: what is shown looks {'milder' if kept > shown else 'more severe'} than all there is."


def quality(made: Patterns) -> list[str]:
    """How good the clustering is, and how well names and summaries say what is in it."""
    q, said = made.quality, []
    if q.stability is not None:
        again = plural(q.seeds, "random start")
        said.append(
            f"Made with {again}, patterns agree with an adjusted Rand index of {_index(q.stability)} (1: the same each time; 0: "
            "no more than chance)."
        )
    if q.silhouette is not None:
        said.append(
            f"Silhouette {_index(q.silhouette)} (1: far apart; 0: patterns run into each other; below: mixed up)."
        )
    if q.faithful is not None:
        chance = f"; chance alone gives {whole(q.chance)}" if q.chance is not None else ""
        held = f" of {plural(q.held_out, 'conversation')} set aside" if q.held_out else " of conversations set aside"
        said.append(
            f"From names and summaries alone, {whole(q.faithful)}{held} were put back where they belong{chance}."
        )
    return said


def _index(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def how(made: Patterns, named_by: set[str]) -> list[str]:
    """How patterns were made, in two paragraphs: by what, and how good."""
    who = sorted(one_line(by, 80) for by in named_by if by != "terms")
    names = []
    if "terms" in named_by:
        names.append("put together from the codes that most of their conversations share")
    if who:
        names.append(f"written by {', '.join(who)}, each claim checked against conversations of its pattern")
    said = "Descriptions of flagged conversations were made into vectors"
    said += f" ({one_line(made.embedding, 80)})" if made.embedding else ""
    said += f", near copies left out, and clustered (seed {made.seed})."
    if names:
        said += f" Names and summaries were {'; '.join(names)}."
    if made.epsilon is not None:
        said += (
            f" Counts carry noise, so that one person more or less could hardly be told: differential privacy, epsilon "
            f"{made.epsilon:g}."
        )
    found = quality(made)
    return [said, " ".join(found)] if found else [said]


def words_of(pattern: Pattern, least: int | None) -> str:
    """A pattern's size and severity in a few words."""
    n = pattern.conversations
    said = plural(n, "conversation")
    return said if pattern.severe is None else f"{said}, {part(pattern.severe, n, least)} severe"
