"""How a budget of labels is dealt out to strata, and in which order: one endless sequence, of which a budget takes the beginning.

So a larger budget only ever adds, and stopping early leaves what the smaller budget would have drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from selfrule.errors import UsageError
from selfrule.labels.strata import GUESSES, NEGATIVES

FEWEST = 20
"""Labels in every stratum (or all of it) before any has more than its share."""

FLOOR = 0.3
MOST_NEGATIVE = 0.5
POWER = 0.5


def weights(
    sizes: Mapping[str, int], guesses: Mapping[str, float] | None = None, *, floor: float = FLOOR
) -> dict[str, float]:
    """What share of the labels each stratum is to have.

    Neyman's allocation gives a stratum of size N with a share p of positives weight N sqrt(p (1 - p)). It is best for one
    total alone: of a million and a half conversations it would label next to none of those that the judge calls severe. So
    sizes count by their square root (Bankier's power allocation with q = 1/2), between precision of the total and precision
    within every stratum; and the negatives together get what they would, within [`floor`, 0.5] (or `floor` where that is
    more): what the judge flags is confirmed by the rest.

    Args:
        sizes: Conversations in each stratum, at least 0.
        guesses: Expected share of positives in each stratum, in (0, 1); default `strata.GUESSES`.
        floor: Least share of the labels that the negatives get together, in [0, 1].

    Returns:
        Weights of the strata that are not empty; they sum to 1.

    Raises:
        UsageError: a value is out of its range.

    References:
        Neyman J (1934). On the two different aspects of the representative method. JRSS 97:558-625. Bankier MD (1988).
        Power allocations: determining sample sizes for subnational areas. The American Statistician 42:174-177.
    """
    if not 0 <= floor <= 1:
        raise UsageError(f"The 'floor' of a draw must be a share in [0, 1]. Got {floor!r} instead.")
    given = dict(GUESSES) | dict(guesses or {})
    wanted = {}
    for name, size in sizes.items():
        if size < 0:
            raise UsageError(f"The size of stratum {name!r} must be 0 or more. Got {size!r} instead.")
        guess = given.get(name, 0.5)
        if not 0 < guess < 1:
            raise UsageError(f"The guess for stratum {name!r} must be a share in (0, 1). Got {guess!r} instead.")
        if size:
            wanted[name] = size**POWER * math.sqrt(guess * (1 - guess))
    total = sum(wanted.values())
    negative = sum(value for name, value in wanted.items() if name in NEGATIVES)
    if total and 0 < negative < total:
        share = min(max(negative / total, floor), max(floor, MOST_NEGATIVE))
        scale = {True: share / negative, False: (1 - share) / (total - negative)}
        return {name: value * scale[name in NEGATIVES] for name, value in wanted.items()}
    return {name: value / total for name, value in wanted.items()}


def sequence(
    sizes: Mapping[str, int],
    budget: int,
    guesses: Mapping[str, float] | None = None,
    *,
    floor: float = FLOOR,
    fewest: int = FEWEST,
) -> list[str]:
    """The stratum of the first, second, ... label.

    Each next label goes where weight / (labels so far + 1/2) is highest (the method of Webster and Sainte-Laguë, under which
    a larger house takes no seat from anyone). Until every stratum has `fewest` labels (or all of it), only those take part
    that have fewer. Where the negatives would fall below `floor` of the labels so far, the next is one of them.

    Args:
        sizes: As for `weights`.
        budget: Labels, at least 0.
        guesses: As for `weights`.
        floor: As for `weights`.
        fewest: As above, at least 0.

    Returns:
        min(budget, all conversations) names; a stratum comes up at most as often as it has conversations.

    Raises:
        UsageError: a value is out of its range.
    """
    if budget < 0 or fewest < 0:
        raise UsageError(f"'budget' and 'fewest' must be 0 or more. Got {budget!r} and {fewest!r} instead.")
    share = weights(sizes, guesses, floor=floor)
    got = dict.fromkeys(share, 0)
    least = {name: min(fewest, sizes[name]) for name in share}
    made: list[str] = []
    negatives = 0
    while len(made) < budget:
        able = [name for name in share if got[name] < sizes[name]]
        if not able:
            break
        if negatives < floor * (len(made) + 1) and (some := [name for name in able if name in NEGATIVES]):
            able = some
        able = [name for name in able if got[name] < least[name]] or able
        chosen = max(able, key=lambda name: share[name] / (got[name] + 0.5))
        got[chosen] += 1
        negatives += chosen in NEGATIVES
        made.append(chosen)
    return made


def allocate(
    sizes: Mapping[str, int],
    budget: int,
    guesses: Mapping[str, float] | None = None,
    *,
    floor: float = FLOOR,
    fewest: int = FEWEST,
) -> dict[str, int]:
    """How many of each stratum a budget labels; see `sequence`, whose names it counts.

    Example:
        >>> allocate({"severe": 40, "moderate": 600, "none": 90_000, "screened_out": 900_000}, 200)
        {'severe': 21, 'moderate': 79, 'none': 37, 'screened_out': 63}
    """
    made = sequence(sizes, budget, guesses, floor=floor, fewest=fewest)
    return {name: made.count(name) for name in sizes}
