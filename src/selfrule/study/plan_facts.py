"""What a plan can know without any study: the embedded judge's card, the published figures, a scorecard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from selfrule.errors import UsageError
from selfrule.estimate.planning import Cheap, Floats, Rate
from selfrule.estimate.reference import published, reference_for
from selfrule.rubric import PRIMITIVES
from selfrule.study.plan_labels import Levels

LEAST = 50
"""Conversations of a stratum by the cheap judge's score."""

ASSUMED: Mapping[int, tuple[float, float]] = {1: (0.9, 0.95), 2: (0.85, 0.99), 3: (0.8, 0.999)}
"""Sensitivity and specificity at mild, moderate and severe where nothing is given: a good judge, and no promise."""


class Outcome(NamedTuple):
    """What is to be estimated: as text, the level counted from, and the share to expect, half to twice the published."""

    text: str
    first: int
    expected: tuple[float, float]


def outcome_of(text: str) -> Outcome:
    """An outcome by name: "flagged", or a primitive and a level, "reality_distortion:severe".

    Raises:
        UsageError: no such outcome.
    """
    figures = published()
    total = figures["sample"]["conversations"]
    flagged = {name: figures["flagged_clusters"][name]["conversations"] / total for name in PRIMITIVES}
    if text in ("flagged", "flagged:moderate+"):
        return Outcome("flagged", 2, (max(flagged.values()) / 2, sum(flagged.values()) * 2))
    construct, _, level = text.partition(":")
    levels = {"mild": 1, "mild+": 1, "moderate": 2, "moderate+": 2, "severe": 3, "": 3}
    if construct not in PRIMITIVES or level not in levels:
        raise UsageError(
            f"The 'outcome' of a plan must be flagged, or one of {', '.join(PRIMITIVES)} with :severe, :moderate+ or :mild+. "
            f"Got {text!r} instead."
        )
    first = levels[level]
    if first == 2:
        low = high = flagged[construct]
    else:
        found = reference_for(construct, "severe" if first == 3 else "mild")
        assert found is not None
        low, high = found.low, found.high
    name = ("mild+", "moderate+", "severe")[first - 1]
    return Outcome(f"{construct}:{name}", first, (low / 2, high * 2))


def published_levels() -> Levels:
    """Shares by highest level of a primitive, put together from what the reference study printed: at most these."""
    figures = published()
    total = figures["sample"]["conversations"]
    severe = sum(figures["severe_percent"][name] for name in PRIMITIVES) / 100
    flagged = sum(figures["flagged_clusters"][name]["conversations"] for name in PRIMITIVES) / total
    mild = len(PRIMITIVES) * (1 / figures["mild_one_in"]["low"] + 1 / figures["mild_one_in"]["high"]) / 2
    return Levels(mild, flagged - severe, severe)


def thresholds(card: Mapping[str, Any]) -> Floats:
    """The screen's scores that part the strata, highest first; shape (h - 1,)."""
    return np.array([row["threshold"] for row in card["screen"]], dtype=np.float64)


def stratum_names(cuts: Sequence[float]) -> list[str]:
    """Strata between scores, highest first, in words.

    Example:
        >>> stratum_names([0.9, 0.5])
        ['score 0.90 and above', 'score 0.50 to 0.90', 'score below 0.50']
    """
    if not cuts:
        return ["all conversations"]
    said = [f"{cut:.2f}" for cut in cuts]
    middle = [f"score {low} to {high}" for high, low in pairwise(said)]
    return [f"score {said[0]} and above", *middle, f"score below {said[-1]}"]


def cheap_of(
    card: Mapping[str, Any],
    recall: float,
    prevalence: tuple[float, float],
    conversations: int,
    sizes: NDArray[np.integer] | None = None,
) -> tuple[Cheap, list[float]]:
    """The embedded judge as the cheap one, by the scores of its screen.

    Positives: how the card's flagged conversations fall. Look-alikes: how those fall that are not flagged and that labels
    keep all the same (mild ones, talk of the same things). All others: as those that labels drop, or as counted.

    Args:
        card: The embedded judge's.
        recall: Of the screen, in (0, 1]; its threshold is taken as the nearest one of the card that keeps as many.
        prevalence: Expected; mixes positives among all others.
        conversations: In the population; strata of fewer than `LEAST` are joined with their neighbours.
        sizes: Conversations of a study in each stratum, the unread ones last; shape (h + 1,).

    Returns:
        The judge, and the scores between its strata, highest first; what has no score goes to the lowest that is kept.
    """
    if not 0 < recall <= 1:
        raise UsageError(f"The 'recall' of the screen must be in (0, 1]. Got {recall!r} instead.")
    rows = card["screen"]
    steps = {name: np.diff([0.0, *(row[name] for row in rows), 1.0]) for name in ("reached", "kept", "kept_ordinary")}
    flagged = int(card["flagged"]["overall"]["flagged"])
    others = int(card["n"]) - flagged
    ordinary = _dropped([row["kept_ordinary"] for row in rows], others)
    kept = next((k + 1 for k, row in enumerate(rows) if row["recall"] >= recall - 1e-9), len(rows) + 1)
    positives = np.maximum(np.round(flagged * steps["reached"]), 0)
    alike = np.maximum(np.round(others * steps["kept"] - ordinary * steps["kept_ordinary"]), 0)
    if sizes is None:
        p = float(np.sqrt(prevalence[0] * prevalence[1]))
        share = p * (positives + 0.5) / (positives + 0.5).sum() + (1 - p) * np.maximum(steps["kept_ordinary"], 1e-6)
    else:
        share = sizes[:-1] + 0.5
        share[min(kept, len(share)) - 1] += sizes[-1]  # what the screen cannot read it does not drop
    return _joined(share / share.sum(), positives, alike, kept, thresholds(card).tolist(), conversations)


def _joined(
    share: Floats, positives: Floats, alike: Floats, kept: int, cuts: list[float], n: int
) -> tuple[Cheap, list[float]]:
    """The cheap judge with strata of at least `LEAST` conversations, as far as there are so many."""
    ends: list[int] = []  # the last old stratum of each new one
    held = 0.0
    for k in range(len(share)):
        held += float(share[k]) * n
        if held >= LEAST:
            ends.append(k)
            held = 0.0
    if not ends or ends[-1] < len(share) - 1:
        ends = [*ends[:-1], len(share) - 1]
    starts = [0, *(end + 1 for end in ends[:-1])]
    inside = max(sum(end < kept for end in ends), 1)
    joined = [np.add.reduceat(values, starts) for values in (share, positives, alike)]
    return Cheap(joined[0], joined[1], joined[2], inside), [cuts[end] for end in ends[:-1]]


def _dropped(kept: Sequence[float], most: int) -> int:
    """Of how many conversations the card's shares of ordinary ones are: the fewest that give these fractions."""
    for n in range(20, most + 1):
        if all(abs(round(share * n) / n - share) < 6e-5 for share in kept):
            return n
    return most // 4


def scorecard_rates(path: Path) -> tuple[Rate, Rate, str]:
    """Sensitivity and specificity of the flag from a scorecard, as `selfrule judge-check JUDGE --json` prints it.

    Returns:
        Both as so many right of so many labelled, and the judge's name.

    Raises:
        UsageError: the file cannot be read, or is no scorecard.
    """
    try:
        card = msgspec.json.decode(path.read_bytes())
        agreement = card["agreement"]
        rates = [
            Rate(float(agreement[name]["count"]), float(agreement[name]["n"]))
            for name in ("sensitivity", "specificity")
        ]
        judge = str(card["judge"])
    except OSError as error:
        raise UsageError(f"The scorecard {path} cannot be read: {error.strerror}.") from None
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        raise UsageError(f"{path} is no scorecard. Make one: selfrule judge-check JUDGE --json > {path.name}") from None
    if any(not rate.of for rate in rates):
        raise UsageError(f"The scorecard {path} holds no conversation of one of the two kinds; run the full check.")
    return rates[0], rates[1], judge


def embedded_rates(card: Mapping[str, Any]) -> tuple[float, float]:
    """Sensitivity and specificity of the embedded judge, at the highest score that its card knows: of flagged conversations
    those above it, of ordinary ones those below.
    """
    row = card["screen"][0]
    return float(row["reached"]), 1 - float(row["kept_ordinary"])
