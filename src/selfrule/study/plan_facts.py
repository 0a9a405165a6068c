"""What a plan can know without spending anything: the embedded judge's card, a study's own logs, a scorecard."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from selfrule.errors import StudyError, UsageError
from selfrule.estimate.planning import Cheap, Floats, Rate
from selfrule.estimate.reference import published, reference_for
from selfrule.labels.given import Store
from selfrule.labels.strata import STRATA
from selfrule.records import Conversation
from selfrule.rubric import PRIMITIVES
from selfrule.store.folder import Folder
from selfrule.store.schemas import CONVERSATIONS, conversations_of
from selfrule.study import duplicates
from selfrule.study.label_rows import population
from selfrule.study.plan_labels import Levels

_SAMPLE = 200  # conversations read to size the others
_PARTS = 20

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
) -> tuple[Cheap, list[str]]:
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
        The judge, and the names of its strata.
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
) -> tuple[Cheap, list[str]]:
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
    return Cheap(joined[0], joined[1], joined[2], inside), stratum_names([cuts[end] for end in ends[:-1]])


def _dropped(kept: Sequence[float], most: int) -> int:
    """Of how many conversations the card's shares of ordinary ones are: the fewest that give these fractions."""
    for n in range(20, most + 1):
        if all(abs(round(share * n) / n - share) < 6e-5 for share in kept):
            return n
    return most // 4


class Facts(NamedTuple):
    """What a study's logs say without a rating.

    Conversations, copies left out; how many the person of a random one has; how many fall into each stratum of the screen's
    score, the unread ones last (None: not screened yet); a sample of them; median seconds of a label (None: no labels);
    shares by level as the reported judge rated (None: not rated), and that judge's name.
    """

    conversations: int
    together: float
    sizes: NDArray[np.integer] | None
    sample: list[Conversation]
    seconds: float | None
    levels: Levels | None
    judge: str | None


def facts_of(path: Path, card: Mapping[str, Any]) -> Facts:
    """Read them off a study's folder.

    Raises:
        StudyError: there is no study, or it holds no conversation.
    """
    folder = Folder.open(path)
    copies = duplicates.rows_of(folder)
    tables = folder.manifest().get("tables") or {}
    parts = folder.parts("conversations")
    people: list[pa.ChunkedArray] = []
    cuts = thresholds(card)[::-1]
    sizes = np.zeros(len(cuts) + 2, dtype=np.int64)
    screened = bool(tables)
    count = 0
    for path_ in parts:
        table = pq.read_table(path_, columns=["person"])
        mask = np.ones(table.num_rows, dtype=bool)
        mask[copies.get(path_.stem, [])] = False
        people.append(table.filter(pa.array(mask))["person"].cast(pa.string()))
        count += int(mask.sum())
        where = folder.part("screenings", tables.get("screen", ""), path_.stem)
        if screened and where.exists():
            score = np.asarray(pq.read_table(where, columns=["score"])["score"].fill_null(-1.0))
            read = score[score >= 0]
            found = np.bincount(len(cuts) - np.searchsorted(cuts, read, side="right"), minlength=len(cuts) + 1)
            sizes += np.append(found, len(score) - len(read))
        else:
            screened = False
    if not count:
        raise StudyError(f"{path} holds no conversation. Import logs into it first: selfrule import LOGS -o {path}")
    levels, judge = _rated(folder, tables)
    return Facts(
        conversations=count,
        together=_together(people, count),
        sizes=sizes if screened else None,
        sample=_sample(parts),
        seconds=_seconds(folder),
        levels=levels,
        judge=judge,
    )


def _together(people: list[pa.ChunkedArray], count: int) -> float:
    chunks = [chunk for column in people for chunk in column.chunks]
    counts = pa.chunked_array(chunks, pa.string()).drop_null().value_counts().field("counts")
    sizes = np.asarray(counts, dtype=np.float64)
    known = int(sizes.sum()) if len(sizes) else 0
    return float(((sizes**2).sum() + count - known) / count)


def _sample(parts: list[Path]) -> list[Conversation]:
    chosen = parts[:: max(1, len(parts) // _PARTS)]
    each = -(-_SAMPLE // max(1, len(chosen)))
    found: list[Conversation] = []
    for path in chosen:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(each, columns=CONVERSATIONS.names, use_threads=False):
                found += conversations_of(batch)
                break
    return found


def _seconds(folder: Folder) -> float | None:
    store = Store(folder.root / "labels" / "given").refresh()
    taken = [label.seconds for label in store.standing.values() if label.seconds]
    return statistics.median(taken) if taken else None


def _rated(folder: Folder, tables: Mapping[str, str]) -> tuple[Levels | None, str | None]:
    if not tables or not folder.parts("ratings", tables["judge"]):
        return None, None
    strata = population(folder, tables["judge"]).strata
    counts = dict(zip(STRATA, np.bincount(strata, minlength=len(STRATA)).tolist(), strict=True))
    n = len(strata)
    found = Levels(*(counts[name] / n for name in ("mild", "moderate", "severe")))
    return found, str(folder.manifest().get("choices", {}).get("judge", "embedded"))


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
